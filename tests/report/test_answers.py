"""Answers in a report: the question, the quote under its anchor, and where on the page it stands."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from glyph_memory.nano import NanoReading, Quote
from glyph_memory.page import Box
from glyph_memory.report import AnsweredQuestion, AnswersSection, Excerpt, report_html

HOSTILE = '<script>alert(1)</script>"><img src=x onerror="alert(2)">\u202e\x00</pre></dl>'
PAPER = Image.new("L", (400, 500), "white")
FRAME = (0xD9, 0x3A, 0x2B)


def quote(text: str = "The gate code is 4711-B.", *, unsure: tuple[tuple[int, int], ...] = ()) -> Quote:
    """Return a quote."""
    return Quote(
        text=text, page=4, anchor="§22 tool", where="page 4", image=0, lines=(3, 3), box=(20, 100, 300, 110),
        confidence=0.97, unsure=unsure,
    )  # fmt: skip


def html(*quotes: Quote, question: str = "What is the gate code?", text: str = "") -> str:
    """Write a report about one answer."""
    excerpt = Excerpt.of(PAPER, quotes[0].box) if quotes and quotes[0].box else None
    answered = AnsweredQuestion(
        about="notes, 8 pages",
        question=question,
        reading=NanoReading(text=text, quotes=quotes),
        seconds=1.234,
        excerpt=excerpt,
    )
    return "".join(report_html("Answers", [AnswersSection(title="Asked", answers=[answered], note="Why.")]))


def reds(excerpt: Excerpt) -> Box:
    """Return where an excerpt has the frame's colour."""
    with Image.open(io.BytesIO(excerpt.png)) as image:
        assert image.size == excerpt.size
        distance = np.abs(np.asarray(image.convert("RGB"), np.int16) - FRAME).sum(axis=2)
    rows, columns = np.nonzero(distance < 30)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def test_an_answer_shows_question_quote_anchor_and_time() -> None:
    """And a picture of where it stands, which is a part of the file."""
    written = html(quote())
    assert "“What is the gate code?” <small>notes, 8 pages · 1.2 s</small>" in written
    assert "<dt>§22 tool, page 4</dt><dd><pre>\nThe gate code is 4711-B.</pre>" in written
    (picture,) = re.findall(r'src="data:image/png;base64,([^"]+)"', written)
    assert base64.b64decode(picture).startswith(b"\x89PNG")


def test_characters_that_are_not_sure_are_marked_and_their_words_named() -> None:
    """Nobody has to look for them."""
    written = html(quote(unsure=((17, 18), (22, 23))))
    assert '<mark class="doubt">4</mark>711-<mark class="doubt">B</mark>.' in written
    assert "not sure of “4711-B”" in written
    assert "not sure" not in html(quote())


def test_an_answer_without_a_quote_is_said_as_it_is() -> None:
    """There is nothing to show of it."""
    written = html(text="I found nothing about <gate>.")
    assert "<p>I found nothing about &lt;gate&gt;.</p>" in written
    assert "<img" not in written


def test_nothing_that_was_read_or_asked_can_run() -> None:
    """It came off a picture, which anybody may have drawn."""
    for written in (html(quote(HOSTILE), question=HOSTILE), html(text=HOSTILE, question=HOSTILE)):
        assert "<script" not in written
        assert "<img src=x" not in written
        assert "\u202e" not in written
        assert "\x00" not in written


def test_an_excerpt_frames_what_was_quoted_and_magnifies_it() -> None:
    """It is as wide as the page, with some of what stands above and below."""
    excerpt = Excerpt.of(PAPER, (20, 100, 300, 110))
    assert excerpt.size == (800, 2 * (10 + 2 * 22))
    assert reds(excerpt) == (2 * 18, 2 * 20, 2 * 302, 2 * 34)


@pytest.mark.parametrize(
    "box", [(0, 0, 400, 500), (-50, -50, 900, 900), (10, 480, 390, 499), (0, 700, 10, 710), (5, 5, 5, 5)]
)
def test_an_excerpt_never_reaches_beyond_its_page(box: Box) -> None:
    """However a box was read; and never is it taller than some lines."""
    excerpt = Excerpt.of(PAPER, box)
    assert excerpt.size[0] == 800
    assert 0 < excerpt.size[1] <= 640
