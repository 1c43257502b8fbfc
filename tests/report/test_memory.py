"""The memory's section of a report shows what a model is shown, and all of it as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from glyph_memory import FoldPolicy, GlyphMemory
from glyph_memory.report import MemorySection, compile_query, report_html
from glyph_memory.testing import agent_conversation

HOSTILE = '<script>alert(1)</script>"><img src=x onerror="alert(2)">\u202e\x00</pre></details></dl>'


@pytest.fixture
def memory() -> Iterator[GlyphMemory]:
    """Return a conversation, most of which is on pages."""
    with GlyphMemory.open(window_tokens=65_536) as memory:
        memory.extend(agent_conversation(turns=300))
        yield memory


def html(
    memory: GlyphMemory, *, title: str = "Talk", seals: int | None = None, recent: int | None = None
) -> str:
    """Write a report about a memory alone."""
    section = MemorySection.of(memory, title=title, seals=seals, recent=recent)
    return "".join(report_html(title, [section]))


def test_every_page_that_is_shown_stands_under_its_turns(memory: GlyphMemory) -> None:
    """With its number and the anchors of the turns on it, in order."""
    written = html(memory)
    shown = [page for seal in memory.fold().visible_seals for page in seal.pages]
    assert written.count("<img") == len(shown) > 1
    places = [written.index(f"<b>Page {page.number}</b>") for page in shown]
    assert places == sorted(places)
    first, last = shown[0].anchors
    assert f"§{first} to §{last}" in written


def test_each_ledger_follows_its_pages_letter_for_letter(memory: GlyphMemory) -> None:
    """As it is sent."""
    written = html(memory)
    for seal in memory.fold().visible_seals:
        at = written.index(f"<b>Page {seal.pages[-1].number}</b>")
        for line in seal.ledger:
            anchor, _, quoted = line.partition(" ")
            assert f"{anchor} &quot;{quoted.strip(chr(34))}&quot;" in written[at:]


def test_recent_turns_are_there_as_text(memory: GlyphMemory) -> None:
    """All of them, or the last ones and how many stand before them."""
    memory.add("user", "The last word.")
    assert "The last word." in html(memory)
    part = html(memory, recent=2)
    assert "The last word." in part
    assert f"{memory.report().recent_turns - 2:,} before these are not in this file" in part


def test_pages_that_are_left_out_of_a_memory_are_counted(memory: GlyphMemory) -> None:
    """A part does not pass for the whole."""
    part = html(memory, seals=1)
    missing = memory.report().pages - len(memory.fold().visible_seals[0].pages)
    assert f"and {missing:,} page" in part


def test_what_was_sealed_as_text_is_shown_as_text() -> None:
    """Where pages would not have paid, the turns stand where the pages would."""
    policy = FoldPolicy(window_tokens=32_768, min_ratio=50.0)
    with GlyphMemory.open(policy=policy) as memory:
        memory.extend(agent_conversation(turns=200))
        assert memory.report().quoted_turns
        written = html(memory)
    assert "sealed as text: pages would not have paid" in written
    assert "For later: the person who signs off importer is the night shift." in written


def test_a_hostile_conversation_stays_text(memory: GlyphMemory) -> None:
    """In turns, names, queries, ledgers and titles."""
    memory.add("user", HOSTILE, name=HOSTILE)
    memory.add("assistant", HOSTILE, name=HOSTILE)
    found = [(HOSTILE, passage) for passage in memory.recall("script alert", k=2)]
    assert found
    section = MemorySection.of(memory, title=HOSTILE, note=HOSTILE, recalled=found)
    written = "".join(report_html(HOSTILE, [section, section]))
    assert "<script" not in written
    assert "<img src=x" not in written
    assert "\u202e" not in written
    assert "\0" not in written


def test_a_passage_has_its_querys_words_marked(memory: GlyphMemory) -> None:
    """And nothing else; the words are found as a search finds them."""
    query = "deploy KEY checkout"
    (passage,) = memory.recall(query, k=1)
    section = MemorySection.of(memory, title="Talk", recalled=[(query, passage)])
    written = "".join(report_html("Talk", [section]))
    assert '<mark class="hit">deploy</mark> <mark class="hit">key</mark> of' in written
    assert written.count('class="hit"') == 3


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("14:05", "at 14:05, not 14:50", ["14:05"]),
        ('"gate" (code)', "the Gate code", ["Gate", "code"]),
        ("a.c", "abc a.c", ["a.c"]),
        ("** ??", "** ??", []),
    ],
)
def test_query_words_are_pieces_between_blanks(query: str, text: str, found: list[str]) -> None:
    """In any case, without what stands round them; nothing in them is a pattern."""
    words = compile_query(query)
    assert (words.findall(text) if words else []) == found


def test_a_short_conversation_is_honest_about_saving_nothing(tmp_path: Path) -> None:
    """No pages, no gain."""
    with GlyphMemory.open(tmp_path / "short.db") as memory:
        memory.add("user", "Hello.")
        written = html(memory)
    assert "nothing saved: too little is on pages yet" in written
    assert "<img" not in written
