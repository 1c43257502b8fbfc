"""Choose the layout of an "auto" style for a text: the cheapest one, or real lines where they cost little more.

Letters are the same in all of them. Costs are worked out from the widths of the text's lines; nothing is drawn. Knows
styles and widths; knows nothing about models, but for what an image of a size costs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from glyph_memory.errors import StyleError
from glyph_memory.style import PageStyle, snap
from glyph_memory.typesetting.geometry import FIX, Geometry
from glyph_memory.typesetting.layout import Cursor, LineBreaker
from glyph_memory.typesetting.measure import measure
from glyph_memory.typesetting.prepared import prepare_style

ImageTokens = Callable[[tuple[int, int]], int]
"""Returns what an image of a width and height in pixels costs."""

SAMPLE = 1 << 15
"""Characters from a text's beginning that decide."""
_COLUMNS_AT_MOST = 4
_BESIDE = 0.04
"""What a page's caption costs, as a share of a full page: 25 of 632 tokens. So many small pages do not pay. The dial
sees it: `line_price` compares pages with their captions."""
_EIGHTHS = 8
"""Widths of narrower pages are in eighths of a page, so that few different styles come up."""
_COLUMNS, _NARROW_PAGE = re.compile(r"([2-9]) columns"), re.compile(r"lines on (\d{1,8}) px")
_FILLED = 0.97
"""The share of a line that words fill, where they are wrapped."""


@dataclass(frozen=True, slots=True)
class _Measures:
    """Widths of a text, in units of 2**-20 px."""

    lines: NDArray[np.int64]
    """Of each of its lines, without trailing spaces."""
    whole: int
    """Of all of it with marks for line breaks."""
    rows: int
    """How many lines of a page that fills."""
    caption: float
    """What a page's caption costs, whatever the page's width."""
    is_part: bool
    """Whether the text goes on: then the last page counts for as much of it as is filled."""


def fit_style(style: PageStyle, text: str, *, image_tokens: ImageTokens | None = None) -> PageStyle:
    r"""Return the style with the layout that suits a text; a style whose layout is fixed, as it is.

    Candidates are real lines, the same in columns or on narrower pages where at most `style.wrap_share` of the lines
    are wrapped, and line breaks as marks. The cheapest with real lines is taken if it costs at most
    `style.line_price` more than marks. What a page costs includes its caption, 4 % of a full page.

    Args:
        style: The style.
        text: The text; what stands after its first 32,768 characters has no say.
        image_tokens: What an image costs the model; in proportion to its area unless given.

    Example:
        >>> style = PageStyle.auto()
        >>> bool(fit_style(style, "one\n" * 999).newline_mark), bool(fit_style(style, "Hello, page.").newline_mark)
        (True, False)
    """
    if style.layout == "fixed":
        return style
    marks, plain = replace(style, layout="fixed"), unmark(style)
    if not text:
        return plain
    cost = image_tokens or count_area
    caption = _BESIDE * cost(plain.page_px)
    measures = _measure(text[:SAMPLE], plain, marks, caption, is_part=len(text) > SAMPLE)
    needed_px = round(np.quantile(measures.lines, 1 - plain.wrap_share) / FIX) + 1
    best = min(list_line_layouts(plain, needed_px), key=lambda one: _price_lines(measures, one, cost))
    kept = _price_lines(measures, best, cost) <= (1 + style.line_price) * _price_marks(measures, marks, cost)
    return best if kept else marks


def unmark(style: PageStyle) -> PageStyle:
    """Return a style with real lines instead of marks."""
    return replace(style, newline_mark="", count_runs=False, layout="fixed", paragraph_lines=30)


def name_layout(style: PageStyle, auto: PageStyle | None = None) -> str:
    """Return the name of a fixed style's layout: `marks`, `lines`, `2 columns`, `lines on 364 px`.

    Args:
        style: The fixed style.
        auto: The style that it was chosen from. Only with it can a narrower page be told from the style's own width,
            and only then does `restore_layout` find the same style again by the name.

    Example:
        >>> name_layout(PageStyle.glyph()), name_layout(PageStyle.glyph().dense())
        ('lines', 'marks')
    """
    if style.newline_mark:
        return "marks"
    if style.columns > 1:
        return f"{style.columns} columns"
    is_narrower = auto is not None and auto.layout == "auto" and style.page_px[0] < auto.page_px[0]
    return f"lines on {style.page_px[0]} px" if is_narrower else "lines"


def restore_layout(style: PageStyle, name: str) -> PageStyle:
    """Return an "auto" style with the layout of a name; one whose layout is fixed, as it is.

    Args:
        style: The style.
        name: As `name_layout` returns it, given the same style; "lines" where it is empty, nothing of the kind, or
            cannot be drawn in this style.

    Example:
        >>> name_layout(restore_layout(PageStyle.auto(), "3 columns"))
        '3 columns'
    """
    if style.layout == "fixed":
        return style
    if name == "marks":
        return replace(style, layout="fixed")
    plain = unmark(style)
    with suppress(StyleError):
        if found := _COLUMNS.fullmatch(name):
            return replace(plain, columns=int(found[1]))
        if found := _NARROW_PAGE.fullmatch(name):
            width_px = int(found[1])
            narrow = _cut_width(plain, width_px)
            return narrow if narrow.page_px[0] == width_px < plain.page_px[0] else plain
    return plain


@lru_cache(maxsize=256)
def list_line_layouts(plain: PageStyle, needed_px: int) -> tuple[PageStyle, ...]:
    """Return a style with real lines, then the same in columns and on a narrower page, where lines have room there.

    Args:
        plain: The style with one column.
        needed_px: How wide lines are.
    """
    if plain.columns > 1 or needed_px > _room_px(plain):
        return (plain,)
    found = [plain]
    for columns in range(2, _COLUMNS_AT_MOST + 1):
        with suppress(StyleError):  # indents and frames leave a column no room
            narrow = replace(plain, columns=columns)
            found += [narrow] if _room_px(narrow) >= needed_px else []
    for eighths in range(1, _EIGHTHS):
        width = snap(plain.page_px[0] * eighths / _EIGHTHS, at_least=1, multiple=plain.snap_px)
        if width >= plain.page_px[0]:
            break
        with suppress(StyleError):
            narrow = _cut_width(plain, width)
            if _room_px(narrow) >= needed_px and len(found) == 1:
                return (plain, narrow)
    return tuple(found)


def _room_px(style: PageStyle) -> float:
    geometry = Geometry.of(style)
    return min(geometry.line, geometry.first_line) / FIX


def _cut_width(plain: PageStyle, width_px: int) -> PageStyle:
    return replace(plain, page_width_pt=width_px / plain.to_horizontal_px(1))


def count_area(size: tuple[int, int]) -> int:
    """Return an image's pixels, which most models' costs are in proportion to."""
    return size[0] * size[1]


def _measure(text: str, plain: PageStyle, marks: PageStyle, caption: float, *, is_part: bool) -> _Measures:
    begin = Cursor()
    measured = measure(text, begin, prepare_style(plain).table)
    sums = np.concatenate([[0], np.cumsum(measured.advance)])
    breaks = np.flatnonzero(measured.breaks)
    starts, stops = np.append(0, breaks + 1), np.append(breaks, len(text))
    inked = LineBreaker(measured, Geometry.of(plain)).inked
    lines = sums.take(np.maximum(inked.take(stops), starts)) - sums.take(starts)
    if len(lines) > 1 and starts[-1] == len(text):
        lines = lines[:-1]
    running = measure(text, begin, prepare_style(marks).table)
    breaker = LineBreaker(running, Geometry.of(marks), shrink=marks.space_shrink)
    rows = len(breaker.lines(begin, final=True).closed)
    return _Measures(lines, int(running.advance.sum()), rows, caption, is_part)


def _price_lines(measures: _Measures, style: PageStyle, cost: ImageTokens) -> float:
    """Return what the text costs with real lines."""
    geometry, lines, down = Geometry.of(style), measures.lines, style.lines_per_column
    wrapped = np.ceil(lines / (geometry.line * _FILLED)).astype(np.int64)
    rows = np.where(lines <= geometry.line, 1, wrapped)
    widths = np.repeat(np.minimum(lines, geometry.line), rows)
    columns = np.maximum.reduceat(widths, np.arange(0, len(widths), down))
    columns += np.array(geometry.columns).take(np.arange(len(columns)) % style.columns)
    columns += geometry.indents[0] + geometry.frame[0]
    ink_px = np.maximum.reduceat(columns, np.arange(0, len(columns), style.columns)) / FIX
    rest = len(widths) % (down * style.columns)
    return _price_pages(ink_px, rest, measures, style, cost)


def _price_marks(measures: _Measures, style: PageStyle, cost: ImageTokens) -> float:
    """Return what the text costs with marks for line breaks."""
    geometry, rows = Geometry.of(style), measures.rows
    pages, rest = divmod(rows, style.lines_per_column)
    full = geometry.columns[0] + (geometry.line if rows > 1 else measures.whole)
    ink_px = np.full(pages + (rest > 0), full / FIX)
    return _price_pages(ink_px, rest, measures, style, cost)


def _price_pages(
    ink_px: NDArray[np.float64], rest: int, measures: _Measures, style: PageStyle, cost: ImageTokens
) -> float:
    """Return what pages cost, each with what stands beside it.

    Args:
        ink_px: Of each: where its right-most ink ends.
        rest: How many lines stand on the last one; 0 where it is full.
        measures: Of the text.
        style: Of the pages.
        cost: Of an image.
    """
    (width, height), margins = style.page_px, Geometry.of(style).margins_px
    across = [width] * len(ink_px)
    if style.crop_width:
        across = [min(_snap_up(ink + margins[0], style), width) for ink in ink_px.tolist()]
    sizes, last = [(one, height) for one in across], 1.0
    if rest and measures.is_part:
        last = rest / (style.lines_per_column * style.columns)
    elif rest and rest < style.lines_per_column and style.crop_last_page:
        down = (Geometry.of(style).top + rest * Geometry.of(style).pitch) / FIX
        sizes[-1] = (across[-1], min(_snap_up(down + margins[1], style), height))
    prices = [cost(size) + measures.caption for size in sizes]
    return sum(prices[:-1]) + last * prices[-1]


def _snap_up(length_px: float, style: PageStyle) -> int:
    return math.ceil(length_px / style.snap_px) * style.snap_px
