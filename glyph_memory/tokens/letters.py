"""How large letters are where a model sees them, and whether that is enough to read them.

Knows styles and token rules; knows nothing about fonts, nor about any reader.
"""

from __future__ import annotations

from glyph_memory.errors import ProfileError
from glyph_memory.style import PageStyle
from glyph_memory.tokens.images import Size
from glyph_memory.tokens.profile import ModelProfile

LEGIBLE_PX = 8
"""The smallest em, in whole pixels, that readers are measured to read: at 8 px the nano reader gets less than 0.5 % of
prose, code and numbers wrong, at 7 px 1 % of prose. A model may read better or worse.
"""


def letter_px(
    style: PageStyle, profile: ModelProfile | str, size: Size | None = None, *, images: int = 1
) -> float:
    """Return the em of a page's letters in pixels, after the model's processor has rescaled the page.

    Letters that are enlarged count as they were drawn: no detail is added.

    Args:
        style: What the page is typeset in.
        profile: The model that reads.
        size: Width and height of the page in pixels; a full page of the style unless given.
        images: How many pages one request holds. LLaVA-OneVision sees each of several smaller.

    Raises:
        ProfileError: There is no such model, or it refuses such a page.

    Example:
        >>> letter_px(PageStyle.glyph(), "glyph")
        9.0
        >>> round(letter_px(PageStyle.glyph(), "deepseek-ocr-tiny"), 1)
        5.5
    """
    rule = ModelProfile.of(profile).image_rule
    drawn = style.to_vertical_px(style.font_size_pt) * min(1.0, style.horizontal_scale)
    return drawn * min(1.0, rule.measure_scale(size or style.page_px, images=images))


def is_legible(letters_px: float) -> bool:
    """Return whether letters of so many pixels can be read."""
    return round(letters_px) >= LEGIBLE_PX


def describe_small_letters(style: PageStyle, profile: ModelProfile, *, images: int = 1) -> str | None:
    """Return a sentence for those who ask for pages that the model cannot read; None where it can.

    Args:
        style: What pages are typeset in.
        profile: The model that reads.
        images: How many pages a request holds.
    """
    try:
        seen = letter_px(style, profile, images=images)
    except ProfileError:  # such a page is refused by whoever counts it
        return None
    if is_legible(seen):
        return None
    if is_legible(style.to_vertical_px(style.font_size_pt)):
        width, height = style.page_px
        return (
            f"{profile.name!r} shrinks pages of {width} × {height} px until their letters have {seen:.2g} px, too "
            f"small to read: {LEGIBLE_PX} px or more are legible. Set larger letters, or name another model"
        )
    return (
        f"letters of {seen:.2g} px are too small to read: {LEGIBLE_PX} px or more are legible. Set larger letters, or "
        "more dots an inch"
    )
