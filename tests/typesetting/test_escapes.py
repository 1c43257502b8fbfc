r"""What cannot stand on a page is spelled `\u{…}` and counted: never an empty box, never a dropped character."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glyph_memory.page import Escape, EscapeReason, Page
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import typeset

STYLE = PageStyle(page_width_pt=300, page_height_pt=200, snap_px=1, system_fonts=False)
PIXEL = replace(PageStyle.pixel(), page_width_pt=300, page_height_pt=200, snap_px=1, system_fonts=False)
"""Whole-pixel advances, so that a spelled character and its literal spelling fall on the same pixels."""


def page_of(text: str, style: PageStyle = STYLE) -> Page:
    """The page of a text that takes one."""
    (page,) = typeset(text, style=style)
    return page


def spelled(text: str, escaped: str) -> str:
    """The text with those characters written out."""
    return "".join(f"\\u{{{ord(c):x}}}" if c in escaped else c for c in text)


REASONS: list[tuple[str, EscapeReason]] = [
    ("\ue100", "no font"),
    ("\U0010ffff", "no font"),
    ("\ufffe", "no font"),
    ("\u0378", "no font"),
    ("\0", "control"),
    ("\x1b", "control"),
    ("\x7f", "control"),
    ("\x85", "control"),
    ("\r", "control"),
    ("\v", "control"),
    ("\f", "control"),
    ("\u2028", "control"),
    ("\u2029", "control"),
    ("\u202a", "bidi control"),
    ("\u202e", "bidi control"),
    ("\u2066", "bidi control"),
    ("\u2069", "bidi control"),
    ("\u200e", "bidi control"),
    ("\u200f", "bidi control"),
    ("\u061c", "bidi control"),
    ("\u200b", "invisible"),
    ("\u200c", "invisible"),
    ("\u200d", "invisible"),
    ("\u2060", "invisible"),
    ("\ufeff", "invisible"),
    ("\u00ad", "invisible"),
    ("\u034f", "invisible"),
    ("\u3164", "invisible"),
    ("\u2800", "invisible"),
    ("\ufe0f", "invisible"),
    ("\U000e0041", "invisible"),
    ("\U000e0100", "invisible"),
    ("\ud800", "surrogate"),
    ("\udfff", "surrogate"),
]


@pytest.mark.parametrize(("character", "reason"), REASONS, ids=[f"U+{ord(c):04X}" for c, _ in REASONS])
def test_it_looks_as_if_its_number_had_been_typed(character: str, reason: EscapeReason) -> None:
    """The same ink as the literal text, counted once, with its reason."""
    page = page_of(f"a{character}b", PIXEL)
    literal = page_of(spelled(f"a{character}b", character), PIXEL)
    assert page == literal
    assert page.escaped == (Escape(character=character, count=1, reason=reason),)
    assert (page.escapes, literal.escapes) == (1, 0)
    assert page.text == f"a{character}b"


@pytest.mark.parametrize(("character", "reason"), REASONS, ids=[f"U+{ord(c):04X}" for c, _ in REASONS])
def test_it_is_as_wide_as_its_number(character: str, reason: EscapeReason) -> None:
    """With grey edges as well, so that lines break where they would for the literal text."""
    assert page_of(character).lines[0].box == page_of(spelled(character, character)).lines[0].box
    assert page_of(character).escaped[0].reason == reason


def test_every_escaped_character_is_counted_page_by_page() -> None:
    """By character, in order of their numbers."""
    first, second = typeset("\0\u200b\0a\n\0", style=replace(STYLE, page_height_pt=46))
    assert first.escaped == (
        Escape(character="\0", count=2, reason="control"),
        Escape(character="\u200b", count=1, reason="invisible"),
    )
    assert second.escaped == (Escape(character="\0", count=1, reason="control"),)


@pytest.mark.parametrize("character", ["\n", "\t", " ", "\u00a0", "\u3000", "a", "é", "√", "\\"])
def test_what_can_be_seen_or_is_plain_space_is_not_escaped(character: str) -> None:
    """Not even a backslash: its number is never the literal text's."""
    assert page_of(f"a{character}b").escaped == ()


def test_a_carriage_return_before_a_newline_is_drawn_as_nothing() -> None:
    """Windows' line ends are no noise; a lone one is."""
    assert page_of("a\r\nb") == page_of("a\nb")
    assert page_of("a\r\nb").escaped == ()
    assert page_of("a\rb").escapes == 1
    assert page_of("a\r\r\nb").escapes == 1


def test_the_literal_spelling_is_not_counted() -> None:
    r"""A text that says `\u{200b}` has no escapes: pages look the same, their counts tell them apart."""
    assert page_of("\\u{200b}").escapes == 0


def test_no_character_up_to_the_ideographs_is_blank() -> None:
    """Twelve thousand of them: each one is a space or has ink."""
    tall = replace(STYLE, page_height_pt=25_000, line_height_pt=20)
    blank = []
    for start in range(0x21, 0x3000, 0x400):
        characters = [chr(code) for code in range(start, start + 0x400)]
        page = page_of("\n".join(characters), tall)
        inked = np.any(page.array() < 255, axis=1).tolist()
        for character, line in zip(characters, page.lines, strict=True):
            if unicodedata.category(character) != "Zs" and not any(inked[line.box[1] : line.box[3]]):
                blank.append(f"U+{ord(character):04X}")
    assert blank == []


@pytest.mark.parametrize(
    "cluster", ["é", "n\u0303", "x\u0301", "a\u0308\u0301", "Ω\u0302", "ж\u0306", "1\u0331"]
)
def test_marks_are_drawn_onto_their_letter(cluster: str) -> None:
    """No wider than the letter, with more ink, nothing escaped."""
    page, letter = page_of(cluster), page_of(unicodedata.normalize("NFD", cluster)[0])
    assert page.escaped == ()
    assert page.lines[0].box[2] == letter.lines[0].box[2]
    assert (page.array() < 255).sum() > (letter.array() < 255).sum()


def test_composed_and_decomposed_letters_look_the_same() -> None:
    """Where the font has the composed one; the page's text stays what was given."""
    assert page_of("e\u0301") == page_of("é")
    assert page_of("e\u0301").text == "e\u0301"


@pytest.mark.parametrize(("mark", "up"), [("\u0301", True), ("\u0323", False)])
def test_a_second_mark_stands_beyond_the_first(mark: str, up: bool) -> None:
    """Above or below it, not upon it: the ink reaches further, on that side alone."""
    tall = replace(STYLE, line_height_pt=40, crop_last_page=False)
    one, two = (
        np.flatnonzero((page_of(text, tall).array() < 255).any(axis=1))
        for text in ("x" + mark, "x" + 2 * mark)
    )
    assert (two[0] < one[0], two[-1] > one[-1]) == (up, not up)


@pytest.mark.parametrize("lead", ["", " ", "\n", "\0", "a\n", "a "])
def test_a_mark_without_a_letter_is_escaped(lead: str) -> None:
    """At a line's start, after a space, after an escape: it would sit on something else, or on nothing."""
    page = page_of(f"{lead}\u0301b")
    assert Escape(character="\u0301", count=1, reason="invisible") in page.escaped


def test_marks_beyond_eight_are_escaped() -> None:
    """A heap of marks would cover the lines around it."""
    assert page_of("e" + "\u0301" * 8).escapes == 0
    page = page_of("e" + "\u0301" * 20)
    assert page.escaped == (Escape(character="\u0301", count=12, reason="invisible"),)


def test_a_sign_that_a_label_could_begin_with_is_escaped_in_content() -> None:
    """On conversation pages only, and no other sign."""
    (page,) = typeset(Transcript((Turn(role="user", text="§ 7 BGB, see §7 user"),)), style=STYLE)
    assert page.escaped == (Escape(character="§", count=1, reason="reserved"),)
    assert [page.text[place : place + 3] for place in page.reserved] == ["§7 "]
    assert page_of("see §7 user").escaped == ()
    (law,) = typeset(
        Transcript((Turn(role="user", text="Nach § 433 Abs. 1 BGB und §§ 434, 437"),)), style=STYLE
    )
    assert (law.escaped, law.reserved) == ((), ())


def test_a_fallback_font_turns_escapes_into_letters(odd_font: Path) -> None:
    """Only for what it covers."""
    page = page_of("\ue100\ue101", replace(STYLE, fallback_fonts=(str(odd_font),)))
    assert page.escaped == (Escape(character="\ue101", count=1, reason="no font"),)


def test_an_escape_is_never_cut_in_two() -> None:
    """Not on the narrowest page that takes one; the rest goes to the next line."""
    page = page_of("\U0010ffff" * 9, replace(STYLE, page_width_pt=120))
    assert all(line.box[2] <= 120 - 16 for line in page.lines)
    assert np.flatnonzero((page.array() < 255).any(axis=0)).max() <= 120 - 16
