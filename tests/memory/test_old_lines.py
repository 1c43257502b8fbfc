"""A memory puts lines of old turns before a question, from pages and from what is no longer shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from glyph_memory import FoldPolicy, GlyphMemory, GlyphMemoryWarning, PolicyError, Text, Turn
from glyph_memory.context import Context
from glyph_memory.memory.old_lines import find_old_lines

POLICY = FoldPolicy(
    window_tokens=4_000, keep_recent_tokens=200, trigger_tokens=600, seal_tokens=200, output_tokens=500
)
TURNS = [
    Turn(
        role="assistant" if place % 2 else "user",
        text=f"The key of shop {place} is KEY-{place * 7919:06}-B, and it opens at nine every day.",
    )
    for place in range(1, 501)
]


@pytest.fixture(scope="module")
def memory() -> Iterator[GlyphMemory]:
    """A conversation whose oldest turns are not shown any more."""
    with GlyphMemory.open(":memory:", session="shops", profile="glyph", policy=POLICY) as opened:
        opened.extend(TURNS)
        assert opened.fold().evicted_span is not None
        yield opened


def added(context: Context) -> str:
    """Return the lines that were added."""
    *_, lines, asked = context.messages[-1].parts
    assert isinstance(lines, Text) and isinstance(asked, Text)
    assert lines.kind == "repeated"
    return lines.text


def test_evicted_and_sealed_turns_are_found_and_told_apart(memory: GlyphMemory) -> None:
    """Nothing else of the request changes, and its prefix least of all."""
    fold = memory.fold()
    evicted, sealed = 7, fold.visible_seals[0].anchors[0]
    question = f"What are the keys of shop {evicted} and of shop {sealed}?"
    plain, focused = memory.context(question), memory.context(question, focus_tokens=200)
    page = memory.recall(TURNS[sealed - 1].text)[0].page
    assert page is not None
    assert added(focused) == (
        f"§7 assistant, no longer shown:\n  {TURNS[6].text}\n"
        f"§{sealed} {TURNS[sealed - 1].role}, page {page}:\n  {TURNS[sealed - 1].text}\n\n"
    )
    assert 0 < memory.tokens(focused) - memory.tokens(plain) <= 200
    assert focused.stable_prefix() == plain.stable_prefix() is not None
    old, new = plain.messages[-1].parts, focused.messages[-1].parts
    assert (*new[: len(old) - 1], new[-1]) == old
    assert focused.messages[:-1] == plain.messages[:-1]


def test_without_it_nothing_is_added(memory: GlyphMemory) -> None:
    """It is off by default, also where turns are still text or nothing fits the question."""
    question = "What is the key of shop 7?"
    assert memory.context(question) == memory.context(question, focus_tokens=0)
    assert memory.context("Zebras?", focus_tokens=500) == memory.context("Zebras?")
    recent = "What is the key of shop 500?"
    assert TURNS[6].text not in str(memory.context(recent, focus_tokens=500))
    with GlyphMemory.open(":memory:", session="new", profile="glyph") as new:
        new.add(TURNS[6])
        assert new.context(question, focus_tokens=500) == new.context(question)


def test_a_turn_that_is_named_is_found_by_its_anchor(memory: GlyphMemory) -> None:
    """One that never was is not."""
    assert TURNS[2].text in added(memory.context("And §3?", focus_tokens=100))
    assert memory.context("And §90000?", focus_tokens=100) == memory.context("And §90000?")


def test_the_latest_words_of_a_user_are_the_question_where_none_is_given() -> None:
    """They are stored, and come last."""
    with GlyphMemory.open(":memory:", session="asked", profile="glyph", policy=POLICY) as memory:
        memory.extend([*TURNS[:100], Turn(role="user", text="What is the key of shop 7?")])
        plain, focused = memory.context(), memory.context(focus_tokens=100)
        assert TURNS[6].text in added(focused)
        assert focused.messages[-1].parts[-1] == plain.messages[-1].parts[-1]
        memory.add("assistant", "KEY-055433-B.")
        assert memory.context(focus_tokens=100) == memory.context()


def test_where_no_line_fits_it_is_told(memory: GlyphMemory) -> None:
    """Once a call, with what to do; the context is as it was."""
    with pytest.warns(
        GlyphMemoryWarning, match="none of 1 fits into 9 tokens. Give more focus_tokens than 9"
    ):
        context = memory.context("What is the key of shop 7?", focus_tokens=9)
    assert context == memory.context("What is the key of shop 7?")


def test_the_window_is_never_overrun(memory: GlyphMemory) -> None:
    """However much is asked for."""
    context = memory.context("What are the keys of all shops?", focus_tokens=10**9)
    assert memory.tokens(context) <= memory.policy.prompt_tokens


def test_only_what_the_search_finds_is_read(memory: GlyphMemory) -> None:
    """A session of any length costs the same; recent turns are no old lines."""

    class Watched:
        """The store, whose turns are counted."""

        def __init__(self) -> None:
            self.read = 0

        def search(self, query: str, *, k: int) -> object:
            """Search, and count."""
            self.read += k
            return memory._session_store.search(query, k=k)

        def turn(self, anchor: int) -> object:
            """Read one."""
            self.read += 1
            return memory._session_store.turn(anchor)

    watched, fold = Watched(), memory.fold()
    lines = [
        *find_old_lines(
            "the key of shop 7 and §9 every day",
            fold=fold,
            session_store=watched,  # type: ignore[arg-type]  # what is asked of it
            binder=memory._binder,
        )
    ]
    assert watched.read <= 32 + 96 + 1
    anchors = [line.anchor for line in lines]
    assert anchors == sorted(anchors)  # type: ignore[type-var]  # of turns, all have one
    assert {7, 9} <= set(anchors) and len(set(anchors)) <= 33
    recent = {recent.turn.anchor for recent in fold.tail}
    assert not recent & set(anchors)


def test_the_async_twin_does_the_same(memory: GlyphMemory) -> None:
    """In a thread, as all of them."""
    question = "What is the key of shop 7?"
    assert asyncio.run(memory.acontext(question, focus_tokens=90)) == memory.context(
        question, focus_tokens=90
    )


@pytest.mark.parametrize("tokens", [-1, 1.5, "many", True])
def test_what_is_no_count_is_refused(memory: GlyphMemory, tokens: object) -> None:
    """Before anything is drawn."""
    with pytest.raises(PolicyError, match="focus_tokens="):
        memory.context("Key?", focus_tokens=tokens)  # type: ignore[arg-type]  # which is the point
