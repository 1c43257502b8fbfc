"""The tower is taught what really stands in each cell."""

from __future__ import annotations

import numpy as np
import pytest

from glyph_memory.training import TrainingError
from glyph_memory.training.tiny import CellLayout
from glyph_memory.training.tiny.cells import CHARACTERS, NOTHING, draw_cells
from glyph_memory.training.tiny.layout import fit_layout

TEXT = "The key of harbor is K-4417."
TOKENS = [(10, 0, 3), (11, 3, 7), (12, 7, 10), (13, 10, 17), (14, 17, 20), (15, 20, 22), (16, 22, 23),
          (17, 23, 24), (18, 24, 25), (19, 25, 26), (20, 26, 27), (21, 27, 28)]  # fmt: skip


def _spell(characters: np.ndarray) -> str:
    return "".join((" " + CHARACTERS + "?")[number] for number in characters if number >= 0)


def test_four_characters_stand_in_each_cell_and_tokens_where_their_first_letter_is() -> None:
    """Known answers: a word's token belongs to the cell of its letter, not of the space before it."""
    (page,) = draw_cells(TEXT, CellLayout(columns=4, cells=10), TOKENS)
    assert [_spell(cell) for cell in page.characters] == [
        "The ",
        "key ",
        "of h",
        "arbo",
        "r is",
        " K-4",
        "417.",
    ]
    begun = [[token for token in cell if token != NOTHING] for cell in page.tokens.tolist()]
    assert begun == [[10], [11], [12, 13], [], [14], [15, 16, 17], [18, 19, 20, 21]]


def test_of_two_lines_in_a_cell_the_upper_one_comes_first() -> None:
    """Slots go line by line; the page is one cell high all the same."""
    layout = fit_layout(TEXT, CellLayout(columns=4, lines=2))
    (page,) = draw_cells(TEXT, layout, TOKENS)
    assert page.ink.shape == (28, 28 * page.cells)
    assert page.cells < 7
    upper = "".join(_spell(cell[:4]) for cell in page.characters)
    lower = "".join(_spell(cell[4:8]) for cell in page.characters)
    assert f"{upper.rstrip()} {lower.rstrip()}" == TEXT


@pytest.mark.parametrize(("columns", "lines"), [(3, 1), (4, 1), (6, 1), (8, 1), (6, 2), (8, 2), (8, 3)])
def test_every_character_is_drawn_within_its_cell(columns: int, lines: int) -> None:
    """However squeezed: no character of a full line is half a pixel away from its slot."""
    layout = CellLayout(columns=columns, lines=lines, cells=60)
    pages = draw_cells(TEXT * 12, layout, [])
    spelled = "".join(
        _spell(cell[line * columns : (line + 1) * columns])
        for page in pages
        for line in range(lines)
        for cell in page.characters
    )
    assert spelled.replace(" ", "") == (TEXT * 12).replace(" ", "")


def test_a_text_that_is_too_long_goes_on_on_the_next_page() -> None:
    """Nothing is lost, tokens neither."""
    pages = draw_cells(TEXT, CellLayout(columns=4, cells=4), TOKENS)
    assert "".join(page.text for page in pages) == TEXT
    assert [int(token) for page in pages for token in page.tokens[page.tokens != NOTHING]] == [
        number for number, _, _ in TOKENS
    ]


@pytest.mark.parametrize("given", [{"columns": 0}, {"columns": 4, "lines": 4}, {"columns": 4, "cells": 200}])
def test_a_layout_that_cannot_be_drawn_is_refused(given: dict[str, int]) -> None:
    """With the value and what would be right."""
    with pytest.raises(TrainingError, match="give"):
        CellLayout(**given)
