"""Pages unlike those that the reader knows are said to be, and nothing on them is sure."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from glyph_memory import Context, PageStyle, typeset
from glyph_memory.evaluate import make_texts
from glyph_memory.nano.reader import NanoReader
from glyph_memory.nano.transcribe import transcribe
from glyph_memory.nano.vouch import list_unvouched, vouch, withhold_trust
from glyph_memory.style import PRESETS
from glyph_memory.testing import agent_conversation
from glyph_memory.transcription import SURE, ReadLine, Transcription


def read_page(text: str, doubts: dict[str, tuple[int, float]] | None = None) -> Transcription:
    """Return what was read of a page of one line; of some of its signs, the first so many are as sure as is said."""
    confidence = np.full(len(text), 0.99, np.float32)
    for sign, (count, value) in (doubts or {}).items():
        confidence[[place for place, other in enumerate(text) if other == sign][:count]] = value
    line = ReadLine(text=text, box=(0, 0, 90, 10), confidence=confidence, left=confidence)
    return Transcription(size=(100, 100), lines=(line,))


@pytest.mark.parametrize("name", PRESETS)
def test_pages_of_every_shipped_look_are_vouched_for(name: str) -> None:
    """Texts and conversations, full pages, dense ones, and a line."""
    style = PageStyle.from_name(name)
    text = "\n".join(make_texts(["prose", "code", "json"], characters=800).values())
    for page in (
        typeset(text, style=style)[0],
        typeset(agent_conversation(turns=20), style=style)[0],
        typeset(text, style=style.dense())[0],
        typeset("Hello, page.", style=style)[0],
    ):
        assert transcribe(page).reason == ""


def test_a_page_that_is_not_vouched_for_has_no_character_that_is_sure() -> None:
    """Half of the pixels of this one are those of other letters."""
    page = typeset(make_texts(["prose"], characters=3000)["prose"])[0].image.convert("L")
    smaller = page.resize((round(page.width * 0.8), round(page.height * 0.8)), Image.Resampling.NEAREST)
    read = transcribe(smaller)
    assert read.lines
    assert not read.is_vouched
    assert "less than an even chance" in read.reason
    assert not any((line.confidence >= SURE).any() for line in read.lines)
    assert any((line.confidence >= SURE).any() for line in transcribe(smaller, withholds=False).lines)


def test_the_answer_names_the_pages_that_nobody_vouches_for() -> None:
    """In a line at its end."""
    page = typeset("The key is ABC-1.")[0]
    doubtful = read_page("The key is ABC-1.", {"e": (2, 0.3), "k": (1, 0.3), "y": (1, 0.2), "i": (1, 0.1)})
    doubtful = withhold_trust(vouch(doubtful, size_px=9))
    read = NanoReader(transcriber=lambda _: doubtful).read(Context.of("What is the key?", pages=[page]))
    assert "I cannot vouch for page 1: its letters are unlike" in read.text.splitlines()[-1]
    sure = NanoReader(transcriber=lambda _: read_page("The key is ABC-1."))
    assert "vouch" not in sure.read(Context.of("What is the key?", pages=[page])).text
    assert list_unvouched([("page 1", doubtful), ("page 2", doubtful)]).startswith(
        "I cannot vouch for page 1, nor for 1 more like it: "
    )


@pytest.mark.parametrize(
    ("doubts", "size_px", "reason"),
    [
        ({}, 9, ""),
        ({"a": (1, 0.4)}, 9, ""),
        ({"a": (30, 0.4)}, 9, "6.0% of them are read with less"),
        ({"a": (30, 0.8)}, 9, ""),
        ({"a": (250, 0.8)}, 9, "50% of its letters are not clear"),
        ({}, 5, "too small: a font of about 5 px"),
        ({"\N{REPLACEMENT CHARACTER}": (50, 0.0), "_": (50, 0.4), " ": (50, 0.1)}, 9, ""),
    ],
)
def test_what_counts_is_the_share_of_characters_in_doubt(
    doubts: dict[str, tuple[int, float]], size_px: float, reason: str
) -> None:
    """A single one is chance; what is declared unreadable, and rules that are counted by guess, say nothing."""
    text = "a" * 250 + "b" * 250 + "\N{REPLACEMENT CHARACTER}" * 50 + "_" * 50 + " " * 50
    found = vouch(read_page(text, doubts), size_px=size_px)
    assert reason in found.reason
    assert found.is_vouched == (not reason)


def test_letters_of_another_script_that_are_unclear_are_unsure_and_the_page_is_vouched_for() -> None:
    """And the other way round, where most of the page is in that script."""
    read = vouch(read_page("a" * 400 + "ж" * 100, {"ж": (30, 0.4)}), size_px=9)
    sure = read.lines[0].confidence >= SURE
    assert read.is_vouched
    assert sure[:400].all()
    assert not sure[400:].any()
    read = vouch(read_page("ж" * 400 + "a" * 100, {"a": (30, 0.4)}), size_px=9)
    sure = read.lines[0].confidence >= SURE
    assert read.is_vouched
    assert sure[:400].all()
    assert not sure[400:].any()
    assert not vouch(read_page("ж" * 400 + "a" * 100, {"ж": (50, 0.4)}), size_px=9).is_vouched


def test_ink_without_lines_is_not_vouched_for() -> None:
    """A blank page is."""
    assert Transcription(size=(9, 9), lines=()).is_vouched
    assert "no line" in vouch(Transcription(size=(9, 9), lines=(), unread=((0, 0, 9, 9),)), size_px=9).reason
