"""Return the style of pages for a model: sides that it does not rescale, the mark that it knows."""

from __future__ import annotations

from glyph_memory.errors import ProfileError
from glyph_memory.style import PageStyle, measure_letters
from glyph_memory.tokens.letters import letter_px
from glyph_memory.tokens.profile import ModelProfile


def build_page_style(style: PageStyle | str | None, profile: ModelProfile) -> PageStyle:
    """Return a style as everything takes it that knows the model.

    Args:
        style: A style, which stays as it is; or the name of a preset, which gets sides that the model does not rescale;
            unless given, the densest that the model was found to read, or `PageStyle.auto`, which fits each text.
        profile: The model that will read. Where it has a calibration, a style below the floor is refused.

    Raises:
        StyleError: There is no such preset, it is no style, or is below the floor.

    Example:
        >>> glyph, qwen = ModelProfile.from_name("glyph"), ModelProfile.from_name("qwen3-vl")
        >>> build_page_style(None, qwen).newline_mark, build_page_style("dark", qwen).page_px
        ('⏎', (608, 832))
        >>> build_page_style(None, glyph) == PageStyle.auto()
        True
    """
    limits = profile.reading
    if limits is None:
        return _fit_style(style, profile)
    if style is None:
        return limits.find_style()
    given = _fit_style(style, profile)
    limits.check_style(given, measure=lambda one: _measure_seen(one, profile))
    return given


def _fit_style(style: PageStyle | str | None, profile: ModelProfile) -> PageStyle:
    if isinstance(style, PageStyle):
        return style
    if style in (None, "auto"):
        return PageStyle.auto(profile)
    return PageStyle.of(style or "auto").with_snap_px(profile.snap_px)


def _measure_seen(style: PageStyle, profile: ModelProfile) -> float:
    """Return the em of a style's letters in pixels where the model sees them."""
    try:
        return letter_px(style, profile, images=2)
    except ProfileError:  # such a page is refused by whoever counts it
        return measure_letters(style)
