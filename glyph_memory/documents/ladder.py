"""The ladder of legible styles: from sharp to dense, each read with few errors. Knows styles; draws nothing.

A model may read worse or better than the package's own reader; docs/guides/howto-check-legibility.md says how to
measure yours.
"""

from __future__ import annotations

from dataclasses import replace

from glyph_memory.style import PageStyle, find_denser
from glyph_memory.tokens import LEGIBLE_PX, ModelProfile, build_page_style

_LADDER: tuple[tuple[float, float, bool], ...] = (
    (4 / 3, 1, False),
    (7 / 6, 1, False),
    (1, 1, False),
    (1, 1, True),
    (1, 8 / 9, False),
    (1, 8 / 9, True),
)
"""Of each rung: dpi and size of letters as shares of the base style's, and whether line breaks are drawn as a mark.

On prose, code, JSON and numbers the nano reader gets at most 0.7 % of the letters wrong on rungs of 9 pt of the default
base, the style that Glyph was trained on (72 dpi, 9 pt), 0.7 to 1.1 % at 8 pt, and up to 2.3 % there with marks. At
7 pt it is 2 % without: the ladder ends before that. At 9 pt marks cost no more than 0.2 %: so marks come first.
"""
_SMALLEST_PX = LEGIBLE_PX - 1e-6
"""Of letters on a rung that is made here, whatever the base."""


def make_ladder(
    style: PageStyle | str | None = None, *, profile: ModelProfile | str = "glyph"
) -> tuple[PageStyle, ...]:
    """Return legible styles from sharp to dense: 96 dpi at first, 8 pt with marks for line breaks at last.

    Args:
        style: What pages look like otherwise; the default is the style that Glyph was trained on. It stands on the
            ladder itself; other rungs have letters of 8 px or more.
        profile: The model that will read: a style that is not given as an object is snapped for it. Where it has a
            calibration, rungs below its floor are left out.

    Raises:
        StyleError: There is no such style.

    Example:
        >>> [describe_style(rung) for rung in make_ladder()]
        ['96 dpi, 9 pt', '84 dpi, 9 pt', '72 dpi, 9 pt', '72 dpi, 9 pt, dense', '72 dpi, 8 pt', '72 dpi, 8 pt, dense']
    """
    model = ModelProfile.of(profile)
    limits = model.reading
    base = build_page_style("glyph" if style is None and limits is None else style, model)
    rungs = [
        _change(base, dpi_share, size_share, is_dense=is_dense) for dpi_share, size_share, is_dense in _LADDER
    ]
    legible = [
        rung
        for rung in rungs
        if rung.font_size_pt >= base.font_size_pt or rung.font_size_pt * rung.dpi / 72 >= _SMALLEST_PX
    ]
    if limits is not None:
        legible = [rung for rung in legible if not find_denser(rung, limits.find_style())]
    return tuple(dict.fromkeys(legible))


def describe_style(style: PageStyle) -> str:
    """Return what sets a rung apart, as `72 dpi, 9 pt, dense`."""
    dense = ", auto" if style.layout == "auto" else ", dense" if style.newline_mark else ""
    return f"{style.dpi:.4g} dpi, {style.font_size_pt:.3g} pt{dense}"


def _change(base: PageStyle, dpi_share: float, size_share: float, *, is_dense: bool) -> PageStyle:
    size = base.font_size_pt * size_share
    style = replace(
        base,
        dpi=base.dpi * dpi_share,
        font_size_pt=size,
        line_height_pt=base.line_height_pt * size_share,
    )
    return style.dense() if is_dense else style
