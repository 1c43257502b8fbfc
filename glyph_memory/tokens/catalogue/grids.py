"""The models that cut an image into cells, a token each: a page pays for its area.

Knows models; knows nothing about how their names are spelled.
"""

from __future__ import annotations

from dataclasses import replace

from glyph_memory.style import GLYPH_MARK
from glyph_memory.tokens.canvas import BudgetRule, CanvasRule, PatchRule
from glyph_memory.tokens.catalogue import special_tokens as special
from glyph_memory.tokens.images import GridRule, RowRule
from glyph_memory.tokens.profile import ModelProfile

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

# The rule is Qwen3-VL's. So are the limits, which Qwen3.5's and 3.6's checkpoints publish.
_QWEN3_VL = replace(
    _QWEN2_VL,
    name="qwen3-vl",
    family="qwen3_vl",
    image_rule=GridRule(cell_px=32, min_px=65_536, max_px=16_777_216),
    snap_px=32,
    special_tokens=special.QWEN3,
    window_tokens=262_144,
)

# Limits as tencent/HunyuanOCR publishes them. The window is that of vLLM's example: the config of the first release
# has not been seen. That of 1.5 says 131,072.
_HUNYUAN_OCR = ModelProfile(
    name="hunyuan-ocr",
    family="hunyuan_vl",
    image_rule=GridRule(cell_px=32, min_px=262_144, max_px=4_194_304, row_breaks=True, extra_tokens=2),
    wrap_tokens=2,
    snap_px=32,
    special_tokens=special.HUNYUAN,
    window_tokens=8_192,
)

# The processor scales every image to its budget, and accepts 70 and 140 too, which are few for a page. 131,072 is
# the window of the smaller ones; 12B has 262,144.
_GEMMA_4 = ModelProfile(
    name="gemma-4",
    family="gemma4",
    image_rule=BudgetRule(cell_px=48, budget=280),
    wrap_tokens=2,
    special_tokens=special.GEMMA4,
    window_tokens=131_072,
)

GRIDS = (
    _GLM_41V,
    replace(_GLM_41V, name="glyph", window_tokens=131_072, newline_mark=GLYPH_MARK),
    replace(_GLM_41V, name="glm-4.6v", family="glm46v", window_tokens=131_072),
    _QWEN2_VL,
    replace(_QWEN2_VL, name="qwen2.5-vl", family="qwen2_5_vl", window_tokens=128_000),
    _QWEN3_VL,
    replace(_QWEN3_VL, name="qwen3.5", family="qwen3_5"),
    ModelProfile(
        name="paddleocr-vl",
        family="paddleocr_vl",
        image_rule=GridRule(cell_px=28, min_px=147_384, max_px=2_822_400, small_sides="round"),
        wrap_tokens=2,
        snap_px=28,
        special_tokens=special.PADDLEOCR_VL,
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
    # Sides of whole cells cost the same whether the processor rounds up to 14 px or, as vLLM, to 28. Of others this is
    # the larger count. The class default of the window is 40,960; the published one has not been seen.
    ModelProfile(
        name="lightonocr",
        family="lighton_ocr",
        image_rule=RowRule(cell_px=28, longest_px=1540, row_breaks=False),
        snap_px=28,
        special_tokens=special.QWEN3,
        window_tokens=16_384,
    ),
    # Limits as rednote-hilab/dots.ocr publishes them; dots.mocr's own code has the same.
    ModelProfile(
        name="dots.ocr",
        family="qwen2_vl",
        image_rule=GridRule(cell_px=28, min_px=3_136, max_px=11_289_600),
        wrap_tokens=2,
        snap_px=28,
        special_tokens=special.DOTS_OCR,
        window_tokens=131_072,
    ),
    # Class defaults of transformers, whose documentation names the checkpoint; so is the window. SGLang allows
    # 16,384 cells. The template writes "Picture 1:" and two marks: 8 tokens at most.
    ModelProfile(
        name="ernie-4.5-vl",
        family="ernie4_5_vl_moe",
        image_rule=GridRule(cell_px=28, min_px=3_136, max_px=28 * 28 * 6_177),
        wrap_tokens=8,
        snap_px=28,
        special_tokens=special.ERNIE_VL,
        window_tokens=131_072,
    ),
    # Class defaults, which transformers takes in place of the size that MiniMaxAI/MiniMax-M3 publishes; so is the
    # window. The limit is below a page of the default size, which is shrunk.
    ModelProfile(
        name="minimax-m3",
        family="minimax_m3_vl",
        image_rule=GridRule(cell_px=28, min_px=3_136, max_px=451_584),
        wrap_tokens=2,
        snap_px=28,
        special_tokens=special.MINIMAX_M3,
        window_tokens=524_288,
    ),
    _HUNYUAN_OCR,
    replace(_HUNYUAN_OCR, name="hunyuan-ocr-1.5", window_tokens=131_072),
    # Limits and window are class defaults, whose documentation names tencent/Hy4.
    replace(
        _HUNYUAN_OCR,
        name="hy4-vl",
        family="hy_v4_vl",
        image_rule=GridRule(cell_px=32, min_px=262_144, max_px=4_194_304, row_breaks=True),
        window_tokens=262_144,
    ),
    # Limits and window are class defaults, whose documentation names zai-org/GLM-5.3-Flash.
    ModelProfile(
        name="glm-5.3-flash",
        family="glm5_next",
        image_rule=CanvasRule(cell_px=28, min_tokens=16, max_tokens=8_000),
        wrap_tokens=2,
        snap_px=28,
        special_tokens=special.GLM,
        window_tokens=1_048_576,
    ),
    # Limits as the checkpoints publish them. The template writes begin, "image", content, end and a line break. 262,144
    # is what the makers serve.
    ModelProfile(
        name="kimi-k2.5",
        family="kimi_k25",
        image_rule=PatchRule(patch_px=14, max_patches=16_384, longest_patches=512),
        wrap_tokens=5,
        snap_px=28,
        special_tokens=special.KIMI,
        window_tokens=262_144,
    ),
    _GEMMA_4,
    *(
        replace(_GEMMA_4, name=f"gemma-4-{budget}", image_rule=BudgetRule(cell_px=48, budget=budget))
        for budget in (560, 1120)
    ),
)
"""A row each."""
