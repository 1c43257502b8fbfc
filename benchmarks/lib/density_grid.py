"""What pages of a text cost, look by look: the fixed styles, the fitted one, and the best of a full grid.

Knows styles, texts and token rules; knows nothing about where texts come from.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from glyph_memory import ModelProfile, Page, PageStyle, iter_pages
from glyph_memory.tokens import Size

PROFILES = ("glyph", "qwen3-vl", "mistral3")
"""Glyph's processor, one with larger cells, and one that charges each row of cells a break."""
LOOKS = ("default", "dense", "auto")
"""Styles that are measured beside the grid's best."""
_NARROWEST_COLUMN_PT = 120
"""In a narrower column most words of prose stand alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A text's pages in one style, as far as they are counted."""

    sizes: tuple[Size, ...]
    """Width and height of each page in pixels."""
    ink: float
    """Share of the pages' area that lies in lines' boxes, blanks at a line's beginning left out."""

    def count_tokens(self, profile: ModelProfile) -> int:
        """Return what the pages cost a model, with what wraps each image."""
        return profile.pages_tokens(self.sizes)


def draw(text: str, style: PageStyle) -> Drawn:
    """Typeset a text and keep what is counted."""
    sizes, boxes, area = list[Size](), 0.0, 0
    for page in iter_pages(text, style=style):
        sizes.append(page.size)
        boxes += _measure_lines(page)
        area += page.size[0] * page.size[1]
    return Drawn(sizes=tuple(sizes), ink=boxes / area)


def _measure_lines(page: Page) -> float:
    """Return the area of the lines' boxes; a line's indent counts by its share of the characters."""
    area = 0.0
    for line in page.lines:
        left, top, right, bottom = line.box
        inked = len(line.text.strip())
        indent = len(line.text.rstrip()) - inked
        if inked:
            area += (right - left) * (bottom - top) * inked / (inked + indent / 2)
    return area


def build_look(look: str, profile: ModelProfile) -> PageStyle:
    """Return the style of a look for a model."""
    base = PageStyle.glyph().with_snap_px(profile.snap_px)
    if look == "dense":
        return base.dense(profile.newline_mark)
    if look == "auto":
        return PageStyle.auto(profile)
    return base


def name_style(style: PageStyle) -> str:
    """Return what sets a style of the grid apart, in few words."""
    parts = [
        f"{style.page_width_pt:g} pt wide" if style.page_width_pt != PageStyle().page_width_pt else "",
        f"{style.columns} columns" if style.columns > 1 else "",
        f"mark {style.newline_mark!r}" if style.newline_mark else "lines",
        "runs counted" if style.count_runs else "",
        "filled" if style.fill_page else "",
    ]
    return ", ".join(filter(None, parts))


def list_grid(profile: ModelProfile, *, is_quick: bool = False) -> Iterator[PageStyle]:
    """Yield the layouts that a text is tried in: columns, widths, marks, runs counted or not.

    Letters are as large as the default's, and every page is used up to its margin: one that is not costs more.
    """
    frame = PageStyle.glyph().with_snap_px(profile.snap_px).fill()
    for width, columns in itertools.product((595, 420, 280), (1, 2, 3, 4)):
        if width / columns >= _NARROWEST_COLUMN_PT:
            yield replace(frame, page_width_pt=width, columns=columns, column_gap_pt=8)
    marks = ("⏎", " \\n ") if is_quick else ("⏎", " ⏎ ", " \\n ")
    for mark, counts in itertools.product(marks, (False, True)):
        yield replace(frame, newline_mark=mark, count_runs=counts, paragraph_lines=10_000)


def find_best(grid: Sequence[tuple[PageStyle, Drawn]], profile: ModelProfile) -> tuple[PageStyle, Drawn]:
    """Return the cheapest layout; of equal ones the first."""
    return min(grid, key=lambda tried: tried[1].count_tokens(profile))
