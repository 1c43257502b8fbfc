"""The models that cut an image into tiles or slices, or squash it: a flat sum, or one that steps.

Knows models; knows nothing about how their names are spelled.
"""

from __future__ import annotations

from dataclasses import replace

from glyph_memory.tokens.catalogue import special_tokens as special
from glyph_memory.tokens.images import FlatRule
from glyph_memory.tokens.profile import ModelProfile
from glyph_memory.tokens.slices import SliceRule
from glyph_memory.tokens.tiles import AnyresRule, DeepSeekRule, SplitRule, TileRule

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

# Class defaults, whose documentation names openbmb/MiniCPM-V-4.6. Its window has not been seen: this is the class
# default of the Qwen3.5 that it is built on. A line break after an image is counted, as earlier templates write one.
_MINICPM_V = ModelProfile(
    name="minicpm-v-4.6",
    family="minicpmv4_6",
    image_rule=SliceRule(cell_px=56, slice_px=448, max_slices=9),
    wrap_tokens=1,
    special_tokens=special.MINICPM_V,
    window_tokens=32_768,
)

TILED = (
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
        image_rule=FlatRule(256, side_px=896),
        # Begin, end, and "\n\n" on both sides: one token each, unless another line break stands beside them.
        wrap_tokens=4,
        special_tokens=special.GEMMA3,
        window_tokens=131_072,
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
    _MINICPM_V,
    replace(
        _MINICPM_V,
        name="minicpm-v-4.6-4x",
        image_rule=SliceRule(cell_px=28, slice_px=448, max_slices=9),
    ),
)
"""A row each."""
