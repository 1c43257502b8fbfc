"""Runs that are counted: what is one, and how its mark is spelled and drawn."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.errors import StyleError
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import iter_pages, typeset
from glyph_memory.typesetting.marks import find_runs, spell_break
from glyph_memory.typesetting.page_text import spell_characters, spell_page

DENSE = PageStyle.glyph().dense("⏎")


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("a\nb", "a⏎b"),
        ("a\n    b", "a⏎4b"),
        ("a\n b", "a⏎1b"),
        ("a\n\n        b", "a⏎⏎8b"),
        ("a\n\n\n\n\n  b", "a⏎×5 2b"),
        ("a\n\t\tb", "a⏎2→b"),
        ("a\n  \t\tb", "a⏎2 2→b"),
        ("a\r\n  b", "a⏎2b"),
        ("a\r\n\r\n    b", "a⏎⏎4b"),
        ("a\r\n\r\n\n\r\n\tb", "a⏎×4 1→b"),
        ("name        value", "name·8value"),
        ("a\tb\t\t\tc", "a→b3→c"),
        ("a   b", "a   b"),
        ("# =========", "# =×9"),
        ("# =======", "# ======="),
        ("    indented from the start", "·4indented from the start"),
        ("a\n    \n", "a⏎4⏎"),
        ("│────────────│", "│─×12│"),
        ("key 0000000000000000 aaaaaaaaaa", "key 0000000000000000 aaaaaaaaaa"),
    ],
)
def test_a_run_is_spelled_as_its_number(text: str, drawn: str) -> None:
    """Letters and digits are never counted: an identifier stays as it is."""
    (page,) = typeset(text, style=DENSE)
    assert spell_page(page) == drawn
    assert page.text == text


def test_the_released_models_mark_has_its_spaces_round_the_number() -> None:
    r"""A red ` \n8 `, so that neither letters nor digits of the text touch it."""
    (page,) = typeset("if x:\n        y = 1\n\nz", style=PageStyle.glyph().dense())
    assert spell_page(page) == r"if x: \n8 y = 1 \n\n z"
    assert spell_break(" \\n ", 7, indent=3) == r" \n×7 3 "


def test_marks_have_the_marks_colour_and_content_never() -> None:
    """A text that spells a mark is black; the sign that is counted is, too."""
    mark_px = _count_red(typeset("a\n  b", style=DENSE)[0])
    assert mark_px > 0
    assert _count_red(typeset("a⏎2b ×80 ·12", style=DENSE)[0]) == 0
    assert _count_red(typeset("=" * 80, style=DENSE)[0]) > 0


def _count_red(page: Page) -> int:
    pixels = np.asarray(page.image.convert("RGB"), np.int16)
    return int(((pixels[..., 0] > 200) & (pixels[..., 1] < 100)).sum())


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("ab1 \t\n=-─⏎·×§"), min_size=1, max_size=400))
def test_what_is_counted_can_be_spelled_back(text: str) -> None:
    """From what is drawn, and which of it is marks, the text is known again, letter for letter."""
    said = list[str]()
    for page in typeset(text, style=DENSE):
        pieces = spell_characters(page)
        marks = {run.start: run for run in find_runs(page.text, "⏎")}
        for place, piece in enumerate(pieces):
            if place in marks:
                said.append(_spell_back(piece, said))
            else:
                said.append(piece)
    assert "".join(said) == text


def _spell_back(mark: str, said: list[str]) -> str:
    found = re.fullmatch(
        r"(?P<breaks>⏎*)(?:×(?P<times>\d+) ?)?(?:(?P<spaces>\d+)(?: |\Z))?(?:(?P<tabs>\d*)→)?", mark
    )
    if found is None:
        return " " * int(mark[1:])
    if mark[0] == "×":
        return said[-1] * (int(mark[1:]) - 1)
    tabs = 0 if found["tabs"] is None else int(found["tabs"] or 1)
    return "\n" * int(found["times"] or len(found["breaks"])) + " " * int(found["spaces"] or 0) + "\t" * tabs


@pytest.mark.parametrize(
    "style", [DENSE, replace(PageStyle.glyph().fill(), newline_mark="⏎", paragraph_lines=9999)]
)
def test_no_line_ends_within_the_line_break_of_windows(style: PageStyle) -> None:
    r"""A page that ended between `\r` and `\n` would be two when it is drawn from its text alone."""
    draw = random.Random(5)
    text = "\r\n".join("x" * draw.randint(0, 30) + " y" * draw.randint(0, 9) for _ in range(3000))
    pages = typeset(text, style=style)
    assert "".join(page.text for page in pages) == text
    assert not [line for page in pages for line in page.lines if line.text.endswith("\r")]
    assert not [page.escaped for page in pages if page.escaped]
    pieces = (text[at : at + 7] for at in range(0, len(text), 7))
    assert [page.digest for page in iter_pages(pieces, style=style)] == [page.digest for page in pages]
    assert text.replace("\r", "").count("\n") == sum(
        piece.count("⏎") for page in pages for piece in _spell_once(page, style)
    )


def _spell_once(page: Page, style: PageStyle) -> list[str]:
    r"""Return the marks of a page, `⏎×5` as five."""
    pieces = spell_characters(page, style=style)
    return [re.sub(r"⏎×(\d+)", lambda found: "⏎" * int(found[1]), piece) for piece in pieces]


def test_a_run_never_parts_over_lines() -> None:
    """A line may break before a mark and after it; what it stands for is one."""
    text = "word\n        " * 300
    for page in typeset(text, style=DENSE):
        for line in page.lines:
            assert not line.text.startswith(" ")
            assert not line.text.endswith("\n")


def test_a_line_may_end_behind_a_comma_but_not_within_a_number() -> None:
    """Compact JSON, paths and markup fill their lines; `1,000` stays whole."""
    for text in (
        '{"key":"value","other":[true,false]},' * 200,
        "some/long/path/of/a/file," * 200,
        "<td></td>" * 400,
    ):
        lines = typeset(text, style=DENSE)[0].lines
        assert min(line.box[2] for line in lines[:-1]) > 500
        assert all(line.text[-1] in ",;/|&>)]}" for line in lines[:-1])
    numbers = "costs 1,234,567 and " * 300
    assert not any(line.text[-1] == "," for line in typeset(numbers, style=DENSE)[0].lines)


def test_endless_runs_fill_pages_and_end() -> None:
    """A million line breaks, spaces or dashes are numbers of 999 at the most, over pages where need be."""
    for sign in ("\n", " ", "-"):
        pages = typeset(sign * 300_000, style=DENSE)
        assert "".join(page.text for page in pages) == sign * 300_000
        assert 1 <= len(pages) <= 3


def test_counting_needs_a_mark() -> None:
    """Without one there is nothing to hang a number on."""
    with pytest.raises(StyleError, match="newline_mark='' draws none"):
        PageStyle(count_runs=True)
