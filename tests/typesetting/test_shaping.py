"""Scripts whose letters join or run from right to left are drawn as they are written, or escaped; never garbled."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import iter_pages, typeset
from glyph_memory.typesetting.shaping import available

STYLE = PageStyle(
    font="mono", antialias=False, font_size_pt=12, line_height_pt=18, page_width_pt=400, page_height_pt=100,
    snap_px=1, crop_width=False, crop_last_page=False,
)  # fmt: skip

shaped = pytest.mark.skipif(not available, reason="shaping is an extra: pip install 'glyph-memory[shaping]'")


def page_of(text: str, style: PageStyle = STYLE) -> Page:
    """The page of a text that takes one."""
    (page,) = typeset(text, style=style)
    return page


def ink(page: Page) -> NDArray[np.bool_]:
    """Where the page is not white."""
    return page.array() < 255


def cut(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is true, cut out to its edges."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def words(page: Page, gap: int = 5) -> list[NDArray[np.bool_]]:
    """The ink from left to right, parted where so many columns are empty, each part cut out."""
    columns = np.flatnonzero(ink(page).any(axis=0))
    parts = np.split(columns, np.flatnonzero(np.diff(columns) > gap) + 1)
    return [cut(ink(page)[:, part[0] : part[-1] + 1]) for part in parts]


# Right to left.


@shaped
def test_hebrew_and_arabic_words_stand_from_right_to_left() -> None:
    """The first word read is the right-most one."""
    for first, second in (("ששששש", "ו"), ("سسسسس", "ا")):
        widths = [word.shape[1] for word in words(page_of(f"{first} {second}"))]
        assert widths == sorted(widths)
        assert widths[-1] > 3 * widths[0]
        assert page_of(f"{first} {second}").escapes == 0


@shaped
def test_letters_of_a_word_stand_from_right_to_left() -> None:
    """A narrow first letter stands at the word's right."""
    narrow_first, narrow_last = (cut(ink(page_of(word))) for word in ("ושששש", "ששששו"))
    letter = cut(ink(page_of("ש")))
    assert narrow_first[:, : letter.shape[1]].sum() == letter.sum()
    assert narrow_last[:, -letter.shape[1] :].sum() == letter.sum()
    assert page_of("ושששש") != page_of("ששששו")


@shaped
@pytest.mark.parametrize("number", ["1234567", "12,345.67", "14:05"])
def test_digits_within_right_to_left_text_keep_their_direction(number: str) -> None:
    """Only their place is turned round: between the words, read as everywhere."""
    left, middle, right = words(page_of(f"ששששש {number} ו"))
    assert left.shape[1] < right.shape[1]
    assert (middle == cut(ink(page_of(number)))).all()


@shaped
def test_latin_text_around_stays_where_it_is() -> None:
    """The line runs left to right; only the stretch within is turned round."""
    latin, *inside, end = words(page_of("MMMMMM שששש ו WW"))
    assert (latin == cut(ink(page_of("MMMMMM")))).all()
    assert (end == cut(ink(page_of("WW")))).all()
    assert inside[0].shape[1] < inside[1].shape[1]


@shaped
def test_each_line_is_turned_round_by_itself() -> None:
    """The words of the first line stay on the first line."""
    page = page_of("ששששש ו\nששששש ו")
    tops = [line.box[1] for line in page.lines]
    assert (ink(page)[tops[0] : tops[0] + 18] == ink(page)[tops[1] : tops[1] + 18]).all()


@shaped
def test_right_to_left_text_takes_the_room_it_takes_anywhere() -> None:
    """No ink outside the line's box, wherever the stretch stands."""
    for text in ("שלום עולם", "a שלום b עולם c", "123 שלום 456", "(שלום)"):
        page = page_of(text)
        left, _, right, _ = page.lines[0].box
        columns = np.flatnonzero(ink(page).any(axis=0))
        assert columns[0] >= left - 1
        assert columns[-1] <= right


@shaped
@pytest.mark.parametrize("alignment", ["left", "right", "center", "justify"])
def test_alignment_holds_for_right_to_left_lines(alignment: str) -> None:
    """The same edges as for a line of other letters."""
    style = PageStyle(page_width_pt=200, page_height_pt=400, snap_px=1, alignment=alignment, crop_width=False)  # type: ignore[arg-type]  # one of the four, by name
    page = page_of("שלום עולם וברכה לכולם " * 12, style)
    for line in page.lines[:-1]:
        columns = np.flatnonzero(ink(page)[line.box[1] : line.box[3]].any(axis=0))
        assert columns[0] >= 15
        assert columns[-1] <= 200 - 15
        if alignment == "justify":
            assert columns[-1] - columns[0] > 160


# Joining.


@shaped
def test_arabic_letters_join() -> None:
    """Three letters are one connected stroke, narrower than the three alone."""
    joined = cut(ink(page_of("ببب")))
    assert joined.any(axis=0).all()
    assert len(words(page_of("ب ب ب"), gap=1)) == 3
    alone = cut(ink(page_of("ب"))).shape[1]
    assert joined.shape[1] < 3 * alone


@shaped
def test_arabic_with_marks_and_digits_is_not_escaped() -> None:
    """Vowel signs, Arabic digits and punctuation, joiners inside a word."""
    page = page_of("مُحَمَّد ١٢٣، نعم؟ می\u200cخواهم")
    assert page.escaped == ()


@shaped
def test_a_joiner_outside_a_word_is_escaped() -> None:
    """Nothing joins there."""
    assert page_of("a\u200db").escapes == 1
    assert page_of("مرحبا\u200c b").escapes == 1


@shaped
def test_two_scripts_side_by_side_are_shaped_each_by_its_own_font() -> None:
    """No font covers both; none of them is escaped for it."""
    for text in ("क्षि", "مرحبا", "שלום"):
        if page_of(text).escapes:
            pytest.skip(f"no installed font covers {text!r}")
    assert page_of("क्षिمرحبا").escaped == ()
    assert page_of("مرحباשלום").escaped == ()


@shaped
def test_one_letter_without_a_font_does_not_escape_its_word() -> None:
    """Only what no font covers is spelled."""
    page = page_of("مرحبا\u05ff")
    assert [escape.character for escape in page.escaped] == ["\u05ff"]


@shaped
@pytest.mark.parametrize(
    "word", ["مرحبا" * 40, "שלום" * 40, "क्षि" * 40], ids=["Arabic", "Hebrew", "Devanagari"]
)
def test_a_shaped_word_wider_than_its_line_is_cut_like_any_other(word: str) -> None:
    """All of its ink stands on the page: every line holds some, and none reaches over the edge."""
    style = PageStyle(page_width_pt=150, page_height_pt=400, snap_px=1, crop_width=False, line_height_pt=20)
    page = page_of(word, style)
    assert "".join(line.text for line in page.lines) == word
    for line in page.lines:
        assert line.box[2] <= 150 - 16
        assert ink(page)[line.box[1] : line.box[3], 16 : 150 - 16].any()


@shaped
def test_where_pieces_are_cut_inside_a_shaped_word_makes_no_difference() -> None:
    """A word is shaped as a whole, also where the text is taken up in the middle of it."""
    style = PageStyle(page_width_pt=300, page_height_pt=42, snap_px=1)
    text = "xx" * ((1 << 14) - 12) + "क्षि" + "مرحبا" * 20
    whole = typeset(text, style=style)
    for lead in (1, 2, 3, 5, 7, 100):
        assert list(iter_pages([text[:lead], text[lead:]], style=style)) == whole


DEVANAGARI = {
    "a conjunct is narrower than its letters": ("क्ष", "कष"),
    "a vowel sign takes no room of its own": ("कु", "कक"),
}


@shaped
@pytest.mark.parametrize("claim", DEVANAGARI)
def test_devanagari_letters_combine(claim: str) -> None:
    """Where a font for it is installed."""
    combined, apart = DEVANAGARI[claim]
    style = replace(STYLE, antialias=True)
    if page_of(combined, style).escapes:
        pytest.skip("no installed font covers Devanagari, such as Lohit")
    assert page_of(combined, style).lines[0].box[2] < page_of(apart, style).lines[0].box[2]


@shaped
def test_devanagari_i_stands_left_of_its_consonant() -> None:
    """It is written after it and drawn before it: the letter moves to the right."""
    style = replace(STYLE, antialias=True)
    if page_of("कि", style).escapes:
        pytest.skip("no installed font covers Devanagari, such as Lohit")
    alone, with_sign = cut(ink(page_of("क", style))), cut(ink(page_of("कि", style)))
    grown = with_sign.shape[1] - alone.shape[1]
    assert grown > 0
    # The consonant's right edge, its last column's ink, is the pair's.
    assert with_sign[-alone.shape[0] :, -3:].any()
    assert page_of("कि", style) != page_of("की", style)


# Without HarfBuzz.

HIDDEN = """
import json, sys
sys.modules["uharfbuzz"] = None  # as where it is not installed
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import typeset
style = PageStyle(page_width_pt=900, snap_px=1, font="mono", antialias=False)
texts = json.loads(sys.argv[1])
pages = [typeset(text, style=style)[0] for text in texts]
literals = ["".join(c if c in " 0123456789ab" else f"\\\\u{{{ord(c):x}}}" for c in text) for text in texts]
print(json.dumps([
    [{escape.reason: escape.count for escape in page.escaped} for page in pages],
    [sum(escape.count for escape in page.escaped) for page in pages],
    [page == typeset(literal, style=style)[0] for page, literal in zip(pages, literals)],
]))
"""


def test_without_harfbuzz_complex_scripts_are_spelled_out_in_logical_order() -> None:
    """Letter for letter, first letter first: the same page as the literal spelling."""
    texts = ["مرحبا", "שלום 12 a", "क्षि", "b مر"]
    done = subprocess.run(
        [sys.executable, "-c", HIDDEN, json.dumps(texts)],
        capture_output=True, text=True, cwd=Path.cwd(), check=True,
    )  # fmt: skip
    reasons, counts, same = json.loads(done.stdout)
    assert [list(reason) for reason in reasons] == [["needs shaping"]] * 4
    assert counts == [5, 4, 4, 2]
    assert same == [True] * 4
