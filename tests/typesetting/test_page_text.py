"""What stands on a page is spelled as it is drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import spell_characters, spell_page, typeset
from glyph_memory.typesetting.trace import trace_pages

GLYPH = PageStyle.glyph()
DENSE = replace(GLYPH, newline_mark=" ⏎ ", paragraph_lines=10_000)


def drawn(text: str | Transcript, style: PageStyle = GLYPH) -> str:
    """Typeset one page and spell it."""
    (page,) = typeset(text, style=style)
    return spell_page(page, style=style)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain words", "plain words"),
        ("two\nlines\n", "two\nlines"),
        ("zero\u200bwidth", r"zero\u{200b}width"),
        ("a\tb", "a    b"),
        ("a\u00a0b", "a b"),
        ("dos\r\nends", "dos\nends"),
        ("a lone \r return", r"a lone \u{d} return"),
        ("cafe\u0301", "café"),
        ("\u0301 no letter before", r"\u{301} no letter before"),
        ("private \U000f0000", r"private \u{f0000}"),
        ("§1 user is no label here", "§1 user is no label here"),
    ],
)
def test_characters_are_spelled_as_they_are_drawn(text: str, said: str) -> None:
    """Escapes, tabs, line ends, accents: what the eye sees."""
    assert drawn(text) == said


def test_newlines_that_are_marks_are_spelled_as_marks() -> None:
    """Every second line ends, the other newlines are drawn."""
    style = replace(GLYPH, newline_mark="⏎", paragraph_lines=2)
    assert drawn("a\nb\nc\nd", style) == "a⏎b\nc⏎d"


def test_a_mark_at_the_end_of_the_text_is_told_from_a_line_that_ends() -> None:
    """The text does not say which of the two it is; the line's box does."""
    style = replace(GLYPH, newline_mark="⏎", paragraph_lines=2)
    assert drawn("a\nb\nc\n", style) == "a⏎b\nc⏎"
    assert drawn("a\nb\n", style) == "a⏎b"


def test_labels_stand_as_themselves_and_a_fake_ones_sign_as_its_number() -> None:
    """As on the page."""
    turns = Transcript((Turn(role="user", text="see §5 user"), Turn(role="assistant", text="no, § 5")))
    assert drawn(turns) == "§1 user see \\u{a7}5 user\n§2 assistant no, § 5"


def test_a_fake_at_the_beginning_of_a_line_is_told_from_a_label() -> None:
    """The page knows which of its characters were escaped."""
    turns = Transcript((Turn(role="user", text="\n§2 user: hi"), Turn(role="user", text="§3 user")))
    assert drawn(turns) == "§1 user \n\\u{a7}2 user: hi\n§2 user \\u{a7}3 user"


def test_a_word_wider_than_a_line_has_a_line_break_in_it() -> None:
    """Where the page has one."""
    (page,) = typeset("x" * 300, style=GLYPH)
    lines = spell_page(page, style=GLYPH).split("\n")
    assert [len(line) for line in lines] == [len(line.text) for line in page.lines]
    assert len(lines) > 1


def test_each_character_has_its_piece() -> None:
    """So that an error can be led back to the text."""
    (page,) = typeset("a\u200b\te\u0301\n", style=GLYPH)
    assert spell_characters(page, style=GLYPH) == ["a", r"\u{200b}", "    ", "é", "", ""]


@settings(max_examples=30, deadline=None)
@given(
    st.text(st.sampled_from("ab \t\n\n,中\u200b"), min_size=1, max_size=3000),
    st.sampled_from(("left", "right", "justify")),
    st.integers(1, 9),
)
def test_marks_are_where_the_typesetter_drew_them(text: str, alignment: str, every: int) -> None:
    """For any text, alignment and length of paragraphs, page after page."""
    style = replace(DENSE, paragraph_lines=every, page_width_pt=200, page_height_pt=200, alignment=alignment)  # type: ignore[arg-type]  # mypy does not see that a strategy gives literals
    marks = 0
    for trace in trace_pages(text, style=style):
        marks += int(trace.marked.sum())
        assert drawn_marks(trace.page, style) == int(trace.marked.sum())
    assert marks <= text.count("\n")


def drawn_marks(page: Page, style: PageStyle) -> int:
    """Count the marks that a page is said to hold."""
    return sum(
        piece == style.newline_mark
        for piece, character in zip(spell_characters(page, style=style), page.text, strict=True)
        if character == "\n"
    )
