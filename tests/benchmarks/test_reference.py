"""The reference pipeline tells where it broke the lines, and crops as it should."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from lib import reference
from lib.corpus import FONTS

_FONT = FONTS["en"]
_PAPER = (255, 255, 255)
_CONFIG: reference.Config = {**reference.load_config(), "page-size": "72,52"}
"""Room for two lines of 40 pt: one word of four letters."""


def test_breaks_are_offsets_into_the_text() -> None:
    """One word a line, two lines a page; the empty line takes room but has no ink."""
    text = "aaaa bbbb cccc\n\ndddd"
    assert reference.reference_breaks(text, _CONFIG, _FONT) == [[(0, 4), (5, 9)], [(10, 14)], [(16, 20)]]


def test_breaks_count_what_is_dropped_and_what_is_escaped() -> None:
    """Soft hyphens are not drawn and `&` becomes `&amp;` on the way; offsets are the text's all the same."""
    text = "a\u00ada<&  b\nc"
    assert reference.reference_breaks(text, _CONFIG, _FONT) == [[(0, 8), (9, 10)]]


def test_a_newline_mark_is_not_taken_for_text() -> None:
    """The mark is red, and not a character of the text."""
    config = {**_CONFIG, "newline-markup": '<font color="#FF0000"> \\n </font>'}
    assert reference.reference_breaks("aa\nbb cc", config, _FONT) == [[(0, 5), (6, 8)]]


def test_a_closing_mark_hangs_in_the_margin() -> None:
    """In Chinese a line does not begin with 。; it does begin with ，, as reportlab has it."""
    seven = "中" * 7
    assert reference.reference_breaks(f"{seven}。{seven}", _CONFIG, _FONT) == [[(0, 8), (8, 15)]]
    assert reference.reference_breaks(f"{seven}，中", _CONFIG, _FONT) == [[(0, 7), (7, 9)]]


def test_a_space_may_give_way_by_a_twentieth() -> None:
    """The setting is `spaceShrinkage`: of 2.86 pt of space, 0.14 pt may be missing, and no more."""
    natural_pt = (13 * 569 + 651) / 2048 * 9
    for missing_pt, lines in ((0.13, [(0, 14)]), (0.15, [(0, 7), (8, 14)])):
        config = {**_CONFIG, "page-size": f"{32 + natural_pt - missing_pt},52"}
        assert reference.reference_breaks("lllllll iiiiii", config, _FONT) == [lines]


def test_pages_are_cropped_to_their_ink() -> None:
    """Ink is what differs from the paper by more than five grey levels."""
    page = np.full((50, 40, 3), 255, np.uint8)
    page[10, 20] = 0
    page[30, 30] = 250
    assert reference.crop_right(page, 3, _PAPER).shape == (50, 24, 3)
    assert reference.crop_bottom(page, 3, _PAPER).shape == (14, 40, 3)
    assert reference.crop_right(page, 90, _PAPER).shape == page.shape


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler is not installed; get poppler-utils")
def test_pixels_and_png_are_the_same_pages() -> None:
    """Both come from one PDF: full pages at the size asked for, the last one cropped."""
    text = "aaaa bbbb cccc"
    first, last = reference.reference_pages(text, _CONFIG, _FONT)
    assert first.shape[0] == 52
    assert last.shape[0] < 52
    assert first.min() < 100
    assert len(reference.reference_png(text, _CONFIG, _FONT)) == 2
