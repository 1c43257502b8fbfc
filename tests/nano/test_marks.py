"""Red marks and counts are told from text by their colour, and spelled back into what was typeset."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from glyph_memory import PageStyle, typeset
from glyph_memory.nano.sight.marks import find_marks
from glyph_memory.nano.transcribe import transcribe
from glyph_memory.transcription import ReadLine, spell_marks
from glyph_memory.typesetting.marks import find_runs

FONT = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 10)


def marked(text: str) -> tuple[str, list[bool]]:
    """Return a text without its braces, and which of its characters stood in them."""
    parts = re.split(r"\{(.*?)\}", text)
    return "".join(parts), [bool(place % 2) for place, part in enumerate(parts) for _ in part]


@pytest.mark.parametrize(
    ("drawn", "typeset_text"),
    [
        ("one{⏎}two", "one\ntwo"),
        ("if x:{⏎8}return", "if x:\n        return"),
        ("a{⏎2→}b", "a\n\t\tb"),
        ("a{⏎8 2→}b", "a\n        \t\tb"),
        ("a{⏎⏎⏎4}b", "a\n\n\n    b"),
        ("a{⏎×5}b", "a\n\n\n\n\nb"),
        ("a{⏎×5} {4}b", "a\n\n\n\n\n    b"),
        ("a{2→}b", "a\t\tb"),
        ("a{→}b{⏎×4 →}c", "a\tb\n\n\n\n\tc"),
        ("a{⏎4} b{·5} c", "a\n    b     c"),
        ("a{·12}b", "a            b"),
        ("={×80}", "=" * 80),
        ("={×9⏎}b-{×8}", "=========\nb--------"),
        ("x{⏎4⏎}y", "x\n    \ny"),
        (r"one {\n} two", "one\ntwo"),
        (r"one {\n 8} two", "one\n        two"),
        (r"one  {\n} {\n} two", "one \n\ntwo"),
        (r"{\n} two", "\ntwo"),
        (r"a \n b", r"a \n b"),
        ("8 ×2 ⏎", "8 ×2 ⏎"),
        ("4{⏎4}4", "4\n    4"),
        ("", ""),
    ],
)
def test_marks_are_spelled_back(drawn: str, typeset_text: str) -> None:
    """Every form of mark and count; the same signs in the text's own colour are text."""
    assert spell_marks(*marked(drawn)) == typeset_text


@pytest.mark.parametrize("drawn", ["a{⏎x}b", "a{7}b", "{×8}b", "a{⏎×}b", "a{·12345678}b", "a{·3×4}b"])
def test_marks_that_make_no_sense_stay_as_they_were_read(drawn: str) -> None:
    """A misread mark is shown, not guessed at, and no count makes a line of a gigabyte."""
    text, is_mark = marked(drawn)
    assert spell_marks(text, is_mark) == text


@given(st.text("ab1 =-\n\t\\n", max_size=60), st.sampled_from(["⏎", r" \n "]))
def test_what_a_dense_page_counts_is_spelled_back(text: str, mark: str) -> None:
    """The typesetter's marks, in whatever text they stand, come back as what they stand for."""
    drawn, is_mark, at = "", list[bool](), 0
    for run in find_runs(text, mark):
        for part, marked_part in ((text[at : run.start], False), (run.mark, True)):
            drawn += part
            is_mark += [marked_part and sign != " " for sign in part]
        at = run.stop
    drawn, is_mark = drawn + text[at:], is_mark + [False] * (len(text) - at)
    spelled = spell_marks(drawn, is_mark)
    assert spelled.replace(" ", "") == text.replace(" ", "")
    if not re.search(r" [\n\t]|[-=\t] {1,3}[\n\t]", text):  # spaces between two marks are taken for theirs
        assert spelled == text


def test_one_flag_a_character_is_asked_for() -> None:
    """A list of another length is another line's."""
    with pytest.raises(ValueError, match="zip"):
        spell_marks("ab", [True])


def test_a_reader_that_knows_no_marks_marks_nothing() -> None:
    """The array is as long as the text nevertheless."""
    confidence = np.ones(3, np.float32)
    line = ReadLine(text="a⏎b", box=(0, 0, 9, 9), confidence=confidence, left=confidence)
    assert line.is_mark.tolist() == [False] * 3


def draw_line(
    parts: list[tuple[str, str]], paper: str = "white"
) -> tuple[NDArray[np.uint8], NDArray[np.float32], int]:
    """Draw pieces of a line in their colours: the pixels, where each character begins, where the last one ends."""
    image = Image.new("RGB", (400, 20), paper)
    pen, x, left = ImageDraw.Draw(image), 5.0, list[float]()
    for text, color in parts:
        for sign in text:
            pen.text((x, 4), sign, font=FONT, fill=color)
            left.append(x)
            x += FONT.getlength(sign)
    return np.asarray(image), np.array(left, np.float32), round(x)


@pytest.mark.parametrize(
    ("paper", "ink"), [("white", "black"), ("#121212", "#E8E8E8"), ("#f4f0e0", "#333333")]
)
@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_red_characters_are_marks_and_others_are_not(paper: str, ink: str, shift: int) -> None:
    """On light and on dark paper, places a pixel off."""
    parts = [("mind the gap", ink), ("⏎8", "#FF0000"), ("ill. = ", ink), ("×80", "#FF0000"), (" end", ink)]
    pixels, left, right = draw_line(parts, paper)
    expected = [color == "#FF0000" for text, color in parts for _ in text]
    assert find_marks(pixels, left + shift, (4, 2, right, 18)).tolist() == expected


@pytest.mark.parametrize("color", ["#A3001E", "#B45309", "#8A2500", "#7A0F5C", "#1A4FD6", "#7A1FA2", "black"])
def test_the_colours_of_labels_and_headings_are_no_marks(color: str) -> None:
    """Dark reds and browns stand in shipped looks."""
    pixels, left, right = draw_line([("a label ", color), ("and text", "black")])
    assert not find_marks(pixels, left, (4, 2, right, 18)).any()


def test_a_page_in_red_letters_has_no_marks() -> None:
    """That is its text's colour; and a grey page has none either."""
    pixels, left, right = draw_line([("a whole line of text that is red", "#FF0000")])
    assert not find_marks(pixels, left, (4, 2, right, 18)).any()
    assert not find_marks(pixels[..., 0], left, (4, 2, right, 18)).any()


@pytest.mark.parametrize("mark", ["⏎", r" \n "])
def test_a_dense_page_is_spelled_back_to_its_lines(mark: str) -> None:
    """Typeset with red marks, read from the pixels, and the newlines are back."""
    source = "the first line ends here\nthe second one is longer than that\n\nand the last \\n one\n" * 2
    page = typeset(source.strip(), style=replace(PageStyle.glyph().dense(), newline_mark=mark))[0]
    read = transcribe(page)
    said = " ".join(spell_marks(line.text, line.is_mark) for line in read.lines)
    assert said == source.strip()


def test_a_mark_that_lost_its_stroke_is_a_line_break_all_the_same() -> None:
    """No other letter is ever drawn in the marks' colour."""
    text = "a { n12 b"
    assert spell_marks(text, [sign in "n12" for sign in text]) == "a { \n            b"
