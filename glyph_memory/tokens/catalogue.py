"""The models known by name: one row each.

Limits on pixels are those of the published checkpoints' `preprocessor_config.json`, which differ from the
defaults of transformers' classes; windows are `max_position_embeddings` of their `config.json`, or the length
their makers serve. A row is a starting point: `dataclasses.replace` fits it to a server that is set up
otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from glyph_memory.tokens import special_tokens as special
from glyph_memory.tokens.images import FlatRule, GridRule, RowRule
from glyph_memory.tokens.profile import ModelProfile
from glyph_memory.tokens.tiles import (
    AnyresRule,
    DeepSeekRule,
    OpenAIPatchRule,
    OpenAITileRule,
    SplitRule,
    TileRule,
)

# 12,544 to 9,633,792 px: THUDM/GLM-4.1V-9B-Thinking allows 2184x2184 at most, which is 6,084 tokens, and
# GLM-OCR publishes these very numbers. The class default, 28 * 28 * 15,000, is only that.
_GLM_41V = ModelProfile(
    name="glm-4.1v",
    family="glm4v",
    image_rule=GridRule(cell_px=28, min_px=12_544, max_px=9_633_792, frames=2, small_sides="scale"),
    wrap_tokens=2,
    snap_px=28,
    special_tokens=special.GLM,
    window_tokens=65_536,
)

_QWEN2_VL = ModelProfile(
    name="qwen2-vl",
    family="qwen2_vl",
    image_rule=GridRule(cell_px=28, min_px=3_136, max_px=12_845_056),
    wrap_tokens=2,
    snap_px=28,
    special_tokens=special.QWEN_TEXT,
    window_tokens=32_768,
)

_PIXTRAL = ModelProfile(
    name="pixtral",
    family="pixtral",
    image_rule=RowRule(cell_px=16, longest_px=1024),
    snap_px=16,
    special_tokens=special.MISTRAL,
    window_tokens=131_072,
)

_SMOLVLM = ModelProfile(
    name="smolvlm",
    family="smolvlm",
    image_rule=SplitRule(longest_px=1536, tile_px=384, per_tile=81),
    special_tokens=special.SMOLVLM,
    window_tokens=16_384,
)

_SMOLVLM_500M = replace(
    _SMOLVLM,
    name="smolvlm-500m",
    image_rule=SplitRule(longest_px=2048, tile_px=512, per_tile=64),
    window_tokens=8_192,
)

_DEEPSEEK_OCR = ModelProfile(
    name="deepseek-ocr",
    family="deepseek_ocr",
    # vLLM cuts into 6 tiles at most; the model's own code goes up to 9.
    image_rule=DeepSeekRule(base_px=1024, tile_px=640, max_tiles=6, row_breaks=True),
    special_tokens=special.DEEPSEEK_OCR,
    window_tokens=8_192,
)

_GPT_4O = ModelProfile(
    name="gpt-4o",
    family="openai",
    image_rule=OpenAITileRule(base=85, per_tile=170),
    special_tokens=special.OPENAI,
    encoding="o200k_base",
    window_tokens=128_000,
    max_images=500,
    max_request_px=None,
    max_request_bytes=50_000_000,
    image_uuids=False,
)

_ROWS = (
    _GLM_41V,
    replace(_GLM_41V, name="glyph", window_tokens=131_072),
    replace(_GLM_41V, name="glm-4.6v", family="glm46v", window_tokens=131_072),
    _QWEN2_VL,
    replace(_QWEN2_VL, name="qwen2.5-vl", family="qwen2_5_vl", window_tokens=128_000),
    replace(
        _QWEN2_VL,
        name="qwen3-vl",
        family="qwen3_vl",
        image_rule=GridRule(cell_px=32, min_px=65_536, max_px=16_777_216),
        snap_px=32,
        special_tokens=special.QWEN3,
        window_tokens=262_144,
    ),
    ModelProfile(
        name="paddleocr-vl",
        family="paddleocr_vl",
        image_rule=GridRule(cell_px=28, min_px=147_384, max_px=2_822_400, small_sides="round"),
        wrap_tokens=2,
        snap_px=28,
        special_tokens=special.PADDLEOCR_VL,
        window_tokens=131_072,
    ),
    ModelProfile(
        name="internvl3",
        family="internvl",
        image_rule=TileRule(tile_px=448, max_tiles=12, per_tile=256),
        wrap_tokens=2,
        special_tokens=special.INTERNVL,
        window_tokens=32_768,
    ),
    ModelProfile(
        name="gemma-3",
        family="gemma3",
        image_rule=FlatRule(256),
        # Begin, end, and "\n\n" on both sides: one token each, unless another line break stands beside them.
        wrap_tokens=4,
        special_tokens=special.GEMMA3,
        window_tokens=131_072,
    ),
    _PIXTRAL,
    replace(
        _PIXTRAL,
        name="mistral3",
        family="mistral3",
        image_rule=RowRule(cell_px=28, longest_px=1540),
        snap_px=28,
    ),
    ModelProfile(
        name="idefics3",
        family="idefics3",
        image_rule=SplitRule(longest_px=1456, tile_px=364, per_tile=169),
        special_tokens=special.IDEFICS3,
        window_tokens=131_072,
    ),
    _SMOLVLM,
    _SMOLVLM_500M,
    replace(_SMOLVLM_500M, name="smolvlm-256m"),
    ModelProfile(
        name="llava-onevision",
        family="llava_onevision",
        image_rule=AnyresRule(tile_px=384, canvas_tiles=6, queries=27, max_tiles=9),
        special_tokens=special.LLAVA_ONEVISION,
        window_tokens=32_768,
    ),
    _DEEPSEEK_OCR,
    *(
        replace(
            _DEEPSEEK_OCR, name=f"deepseek-ocr-{mode}", image_rule=DeepSeekRule(base_px=side, row_breaks=True)
        )
        for mode, side in (("tiny", 512), ("small", 640), ("base", 1024), ("large", 1280))
    ),
    replace(
        _DEEPSEEK_OCR,
        name="deepseek-ocr-2",
        family="deepseek_ocr2",
        image_rule=DeepSeekRule(base_px=1024, tile_px=768, max_tiles=6),
    ),
    _GPT_4O,
    *(
        replace(_GPT_4O, name=name, image_rule=OpenAITileRule(base=base, per_tile=tile), window_tokens=window)
        for name, base, tile, window in (
            ("gpt-4o-mini", 2833, 5667, 128_000),
            ("gpt-4.1", 85, 170, 1_047_576),
            ("gpt-5", 70, 140, 400_000),
            ("o1", 75, 150, 200_000),
            ("o3", 75, 150, 200_000),
        )
    ),
    *(
        replace(
            _GPT_4O,
            name=name,
            image_rule=OpenAIPatchRule(multiplier=multiplier),
            snap_px=32,
            window_tokens=window,
        )
        for name, multiplier, window in (
            ("gpt-4.1-mini", 1.62, 1_047_576),
            ("gpt-4.1-nano", 2.46, 1_047_576),
            ("gpt-5-mini", 1.62, 400_000),
            ("gpt-5-nano", 2.46, 400_000),
            ("o4-mini", 1.72, 200_000),
        )
    ),
)

PROFILES = MappingProxyType({row.name: row for row in _ROWS})
"""Every row by its name."""

ALIASES = MappingProxyType(
    {
        "glm4v": "glm-4.1v",
        "glm46v": "glm-4.6v",
        "glm-4.5v": "glm-4.1v",
        "qwen2-5-vl": "qwen2.5-vl",
        "qwen2vl": "qwen2-vl",
        "qwen2.5vl": "qwen2.5-vl",
        "qwen3vl": "qwen3-vl",
        "qwen3.5": "qwen3-vl",
        "qwen3.6": "qwen3-vl",
        "internvl3.5": "internvl3",
        "internvl3-5": "internvl3",
        "gemma3": "gemma-3",
        "mistral-small-3.1": "mistral3",
        "mistral-small-3.2": "mistral3",
        "mistral-small3.1": "mistral3",
        "mistral-small3.2": "mistral3",
        "deepseek-ocr-gundam": "deepseek-ocr",
        "smolvlm2-2.2b": "smolvlm",
        "smolvlm2-500m": "smolvlm-500m",
        "smolvlm2-256m": "smolvlm-256m",
    }
)
"""Other spellings of a row's name, all lower case."""
