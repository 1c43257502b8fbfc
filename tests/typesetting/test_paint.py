"""Painting: many glyphs at once leave the ink that they leave one by one, wherever they lie."""

from __future__ import annotations

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from glyph_memory.style import PageStyle
from glyph_memory.typesetting import typeset
from glyph_memory.typesetting.geometry import FIX
from glyph_memory.typesetting.paint import Canvas
from glyph_memory.typesetting.prepared import prepare_style

SIZE = (200, 90)
BASELINES = np.array([20, 30, 41, 52, 70])


def drawn(text: str, x: NDArray[np.int64], line: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Ink of characters at these places, packed."""
    case = prepare_style(PageStyle.glyph())
    slots = case.table.slots(np.array([ord(character) for character in text], np.uint32))
    canvas = Canvas(SIZE)
    canvas.draw(case.atlas, slots, x, line, BASELINES)
    return canvas.crop(SIZE).copy()


def one_by_one(text: str, x: NDArray[np.int64], line: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The same, each character on a page of its own, and all pages laid over each other."""
    pages = [drawn(text[at], x[at : at + 1], line[at : at + 1]) for at in range(len(text))]
    together: NDArray[np.uint8] = np.bitwise_or.reduce(np.stack(pages))
    return together


@pytest.mark.parametrize("seed", range(20))
def test_glyphs_anywhere_leave_the_ink_they_leave_alone(seed: int) -> None:
    """In any order, on top of each other, right to left: no ink is overwritten and none appears."""
    draw = random.Random(seed)
    text = "".join(draw.choices("il.,fjmW@|_-Åg§", k=120))
    x = np.array([draw.randrange(5 * FIX, 185 * FIX) for _ in text])
    line = np.array(sorted(draw.randrange(len(BASELINES)) for _ in text))
    assert (drawn(text, x, line) == one_by_one(text, x, line)).all()


@pytest.mark.parametrize("step", [0.25, 1, 2, 2.5, 3, 6])
def test_letters_set_tight_leave_all_their_ink(step: float) -> None:
    """Narrow letters on a line, closer and closer, in reading order."""
    text = "illi|ffjl.i,lW" * 3
    x = np.array([round((8 + at * step) * FIX) for at in range(len(text))])
    line = np.zeros(len(text), np.int64)
    assert (drawn(text, x, line) == one_by_one(text, x, line)).all()


def test_ink_beyond_the_page_is_left_out_and_nothing_else() -> None:
    """A glyph far outside is not drawn; its neighbours are."""
    x, line = np.array([20 * FIX, 900 * FIX]), np.zeros(2, np.int64)
    assert (drawn("ab", x, line) == drawn("a", x[:1], line[:1])).all()


def test_the_half_byte_beyond_an_odd_width_is_empty_and_the_last_column_is_not() -> None:
    """Two pixels share a byte: of the last one, the left half is the page's last column, the right half is nobody's.

    Known answer: a full block over columns 20 and 21 is cut between them.
    """
    case, canvas = prepare_style(PageStyle.pixel()), Canvas(SIZE)
    slots = case.table.slots(np.array([ord("█")], np.uint32))
    canvas.draw(case.atlas, slots, np.array([18 * FIX]), np.zeros(1, np.int64), BASELINES)
    whole, cut = canvas.crop((200, 90)), canvas.crop((21, 90))
    rows = np.flatnonzero(whole[:, 10])
    assert len(rows) > 8
    assert set(whole[rows, 10].tolist()) == {0xFF}
    assert cut.shape == (90, 11)
    assert set(cut[rows, 10].tolist()) == {0xF0}
    assert (cut[:, :10] == whole[:, :10]).all()
    assert set(canvas.crop((200, 90))[rows, 10].tolist()) == {0xFF}  # cutting changes no ink


@pytest.mark.parametrize("width", [211, 221, 223])
def test_a_pages_last_byte_holds_no_ink_beyond_its_width(width: int) -> None:
    """Letters that hang over the page's edge are cut there: equal pixels are equal bytes, and equal files."""
    style = PageStyle(
        page_width_pt=width, page_height_pt=60, margin_x_pt=0, margin_y_pt=0, padding_pt=0, snap_px=1, crop_width=False,
        font_size_pt=20, line_height_pt=20, letter_spacing_pt=-5,
    )  # fmt: skip
    (page,) = typeset("M" * 30, style=style)
    rows = np.frombuffer(page.pixels, np.uint8).reshape(page.size[1], -1)
    assert page.size[0] == width
    assert not (rows[:, -1] & 0x0F).any()
    assert (page.array()[:, -1] < 255).any()
