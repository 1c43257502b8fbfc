"""The benchmarks of density: what is counted, on cases known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from glyph_memory import ModelProfile, PageStyle, typeset
from glyph_memory.transcription import ReadLine, Transcription
from lib import density_files, density_made, density_outputs
from lib.density_errors import LetterErrors, count_letter_errors
from lib.density_grid import build_look, draw, find_best, list_grid

GLYPH = ModelProfile.from_name("glyph")


def read(text: str) -> Transcription:
    """Return what a reader says that reads this."""
    confidence, left = np.ones(len(text), np.float32), np.zeros(len(text), np.float32)
    line = ReadLine(text=text, box=(0, 0, 9, 9), confidence=confidence, left=left)
    return Transcription(size=(9, 9), lines=(line,))


def test_an_exact_reading_has_no_errors_however_marks_are_read() -> None:
    """Marks and counts are no letters: they may come back as anything, and beside them nothing counts."""
    (page,) = typeset("if x:\n        return 1\n", style=PageStyle.glyph().dense("⏎"))
    for said in ("if x: ⏎8 return 1 ⏎", "if x: 48 return 1 4", "if x: return 1"):
        found = count_letter_errors(page, read(said))
        assert (found.edits, found.letters) == (0, 11)


def test_a_wrong_letter_away_from_marks_counts() -> None:
    """Once, and white space not at all."""
    (page,) = typeset("all\nis well", style=replace(PageStyle.glyph(), newline_mark="⏎"))
    assert count_letter_errors(page, read("a1l ⏎ iswell")) == LetterErrors(edits=1, letters=9)


def test_a_page_full_of_lines_has_more_ink_than_one_with_short_lines() -> None:
    """Shares of the pages' area, between nothing and all."""
    style = PageStyle.glyph()
    full, short = (draw(text, style).ink for text in ("word " * 3000, "word\n" * 3000))
    assert 0 < short < 0.6 < full < 1


def test_the_best_of_the_grid_is_the_cheapest() -> None:
    """Short lines want marks; a text in one endless line wants none."""
    tried = [(style, draw("x = 1\n" * 2000, style)) for style in list_grid(GLYPH, is_quick=True)]
    style, pages = find_best(tried, GLYPH)
    assert style.newline_mark
    assert pages.count_tokens(GLYPH) == min(drawn.count_tokens(GLYPH) for _, drawn in tried)


def test_dense_has_the_models_own_mark() -> None:
    """As the command line and a memory have it."""
    assert build_look("dense", GLYPH) == PageStyle.glyph().dense(GLYPH.newline_mark)


def test_made_texts_are_the_same_every_time() -> None:
    """And long enough to be measured."""
    for make in (
        density_outputs.make_web_log,
        density_made.make_manifests,
        density_made.make_csv,
        density_made.make_sql,
    ):
        assert make() == make()
        assert len(make()) > density_files.LEAST_CHARACTERS
