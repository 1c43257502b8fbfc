"""Return the style of pages for a model: sides that it does not rescale, the mark that it knows."""

from __future__ import annotations

from glyph_memory.style import PageStyle
from glyph_memory.tokens.profile import ModelProfile


def build_page_style(style: PageStyle | str | None, profile: ModelProfile) -> PageStyle:
    """Return a style as everything takes it that knows the model.

    Args:
        style: A style, which stays as it is; or the name of a preset, which gets sides that the model does not rescale;
            the one that fits each text, `PageStyle.auto`, unless given.
        profile: The model that will read.

    Raises:
        StyleError: There is no such preset, or it is no style.

    Example:
        >>> glyph, qwen = ModelProfile.from_name("glyph"), ModelProfile.from_name("qwen3-vl")
        >>> build_page_style(None, qwen).newline_mark, build_page_style("dark", qwen).page_px
        ('⏎', (608, 832))
        >>> build_page_style(None, glyph) == PageStyle.auto()
        True
    """
    if isinstance(style, PageStyle):
        return style
    if style in (None, "auto"):
        return PageStyle.auto(profile)
    return PageStyle.of(style or "auto").with_snap_px(profile.snap_px)
