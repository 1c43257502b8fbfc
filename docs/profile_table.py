"""The table of models that are known by name, for the site: their rule, what a page costs them, what they take.

Knows profiles and Markdown.
"""

from __future__ import annotations

from glyph_memory import ModelProfile, PageStyle
from glyph_memory.tokens import (
    AnyresRule,
    BudgetRule,
    CanvasRule,
    DeepSeekRule,
    FlatRule,
    GridRule,
    ImageRule,
    OpenAIPatchRule,
    OpenAITileRule,
    PatchRule,
    RowRule,
    SliceRule,
    SplitRule,
    TileRule,
)
from glyph_memory.tokens.catalogue import ALIASES, PROFILES

HUB_IDS = {
    "glyph": ("zai-org/Glyph",),
    "glm-4.1v": ("zai-org/GLM-4.1V-9B-Thinking",),
    "glm-4.6v": ("zai-org/GLM-4.6V-Flash", "zai-org/GLM-OCR"),
    "glm-5.3-flash": ("zai-org/GLM-5.3-Flash",),
    "qwen2-vl": ("Qwen/Qwen2-VL-7B-Instruct",),
    "qwen2.5-vl": ("Qwen/Qwen2.5-VL-7B-Instruct",),
    "qwen3-vl": ("Qwen/Qwen3-VL-30B-A3B-Instruct",),
    "qwen3.5": ("Qwen/Qwen3.5-27B", "Qwen/Qwen3.6-27B"),
    "kimi-k2.5": ("moonshotai/Kimi-K2.5", "moonshotai/Kimi-K2.6"),
    "minimax-m3": ("MiniMaxAI/MiniMax-M3",),
    "ernie-4.5-vl": ("baidu/ERNIE-4.5-VL-28B-A3B-PT",),
    "hunyuan-ocr": ("tencent/HunyuanOCR",),
    "hy4-vl": ("tencent/Hy4",),
    "dots.ocr": ("rednote-hilab/dots.ocr",),
    "lightonocr": ("lightonai/LightOnOCR-1B-1025", "lightonai/LightOnOCR-2-1B"),
    "minicpm-v-4.6": ("openbmb/MiniCPM-V-4.6",),
    "paddleocr-vl": ("PaddlePaddle/PaddleOCR-VL",),
    "internvl3": ("OpenGVLab/InternVL3-8B-hf",),
    "gemma-3": ("google/gemma-3-27b-it",),
    "gemma-4": ("google/gemma-4-31b-it",),
    "pixtral": ("mistral-community/pixtral-12b",),
    "mistral3": ("mistralai/Mistral-Small-3.1-24B-Instruct-2503",),
    "idefics3": ("HuggingFaceM4/Idefics3-8B-Llama3",),
    "smolvlm": ("HuggingFaceTB/SmolVLM-Instruct", "HuggingFaceTB/SmolVLM2-2.2B-Instruct"),
    "smolvlm-500m": ("HuggingFaceTB/SmolVLM2-500M-Video-Instruct",),
    "smolvlm-256m": ("HuggingFaceTB/SmolVLM-256M-Instruct",),
    "llava-onevision": ("llava-hf/llava-onevision-qwen2-7b-ov-hf",),
    "deepseek-ocr": ("deepseek-ai/DeepSeek-OCR",),
    "deepseek-ocr-2": ("deepseek-ai/DeepSeek-OCR-2",),
}
"""Ids on the model hub that stand for a profile, as examples; `ModelProfile.from_name` knows them by their form."""


def write_profiles() -> str:
    """Return the models known by name as a table: their rule, what a page costs them, and what they take."""
    rows = [
        "| profile | stands for | an image costs | tokens of a full page | window | snap |",
        "|---|---|---|---|---|---|",
    ]
    for name, profile in sorted(PROFILES.items()):
        aliases = sorted(alias for alias, row in ALIASES.items() if row == name)
        ids = ", ".join(f"`{one}`" for one in [*HUB_IDS.get(name, ()), *aliases])
        snap = f"{profile.snap_px} px" if profile.snap_px > 1 else "—"
        width, height = PageStyle.glyph().with_snap_px(profile.snap_px).page_px
        page = f"{profile.image_tokens((width, height)):,} ({width} × {height})"
        rule = describe_rule(profile.image_rule) + _describe_wrap(profile)
        rows.append(f"| `{name}` | {ids} | {rule} | {page} | {profile.window_tokens:,} | {snap} |")
    return "\n".join(rows)


def _describe_wrap(profile: ModelProfile) -> str:
    return f", and {profile.wrap_tokens} round it" if profile.wrap_tokens else ""


_RULES: dict[type[ImageRule], str] = {
    FlatRule: "{rule.per_image}, whatever its size",
    GridRule: "one a cell of {rule.cell_px} × {rule.cell_px} px",
    RowRule: "one a cell of {rule.cell_px} × {rule.cell_px} px",
    CanvasRule: "one a cell of {rule.cell_px} × {rule.cell_px} px, padded",
    PatchRule: "one a cell of two by two patches of {rule.patch_px} px, padded",
    BudgetRule: "scaled to {rule.budget:,} at most, whatever its size",
    SliceRule: "one a cell of {rule.cell_px} × {rule.cell_px} px of a view and up to {rule.max_slices} slices",
    TileRule: "{rule.per_tile} a tile of {rule.tile_px} px, {rule.max_tiles} tiles at most, and a thumbnail",
    SplitRule: "{rule.per_tile} a tile of {rule.tile_px} px, long side made {rule.longest_px} px, and a thumbnail",
    AnyresRule: "as many tiles of {rule.tile_px} px as fit it if it is alone, else a flat sum",
    DeepSeekRule: "a view of {rule.base_px} px, and up to {rule.max_tiles} tiles",
    OpenAITileRule: "{rule.base}, and {rule.per_tile} a tile of 512 px",
    OpenAIPatchRule: "{rule.multiplier} a patch of 32 px, {rule.budget:,} patches at most",
}
"""Each kind of rule in words, for the table."""


def describe_rule(rule: ImageRule) -> str:
    """Return in words how many tokens an image becomes."""
    if isinstance(rule, DeepSeekRule) and rule.tile_px is None:
        return f"a view of {rule.base_px} px, whatever its size"
    row_breaks = isinstance(rule, GridRule | RowRule) and rule.row_breaks
    return _RULES[type(rule)].format(rule=rule) + (", and one a row of cells" if row_breaks else "")
