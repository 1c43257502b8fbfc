"""Histories that exist already, and are long: what a first call skips, and that callers agree."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import get_args

from glyph_memory import Folding, FoldPolicy, GlyphMemory, ImagePart, Turn
from glyph_memory.context import Binder, RecentImages
from glyph_memory.context.option_fields import Captions
from glyph_memory.folding import Seal, run_digest
from glyph_memory.memory.append import _BATCH
from glyph_memory.store import Store
from glyph_memory.testing import agent_conversation

POLICY = FoldPolicy(
    window_tokens=6_000, output_tokens=500, keep_recent_tokens=200, seal_tokens=400, trigger_tokens=700,
    max_run_tokens=1_200, pinned_tokens=100,
)  # fmt: skip
TALK = [*agent_conversation(turns=700).turns]


def folding() -> Folding[Turn]:
    """A process of its own."""
    return Folding(
        turn_of=lambda turn: replace(turn, anchor=None),
        key_of=lambda turn: (turn.id, turn.text),
        name_of=lambda turn: turn.id or turn.text,
        policy=POLICY,
    )


def test_two_processes_that_keep_nothing_agree_though_one_remembers() -> None:
    """Each call, across places where a fold may begin: the same pages under the same captions."""
    warm, pages = folding(), list[int]()
    for length in range(300, 700, 9):
        one, other = warm.fold(TALK[:length]), folding().fold(TALK[:length])
        assert one.fold == other.fold
        assert one.plan_request() == other.plan_request()
        pages.append(one.fold.seals[-1].pages[-1].number)
    assert sum(later < earlier for earlier, later in pairwise(pages)) >= 2, "it never began later"


def test_they_agree_from_an_old_bookmark_too() -> None:
    """Though much has come since, which one of them saw come."""
    warm = folding()
    mark = warm.fold(TALK[:40]).bookmark
    for length in (41, 200, 333, 500, 699):
        one, other = warm.fold(TALK[:length], mark), folding().fold(TALK[:length], mark)
        assert one.fold == other.fold
        assert one.bookmark == other.bookmark


def test_skipped_messages_are_recalled_and_zoomed_into() -> None:
    """They are not shown, and nothing is lost."""
    folded = folding().fold(TALK)
    ((first, last),) = folded.bookmark.evicted
    assert (first, last) > (2, 500)
    anchor = 6
    assert folded.zoom(anchor).text == TALK[anchor - 1].full_text
    assert folded.recall(TALK[anchor - 1].text[:200])[0].place == "evicted"
    assert len(folded.anchors) == len(TALK)


def test_a_bookmark_of_a_long_history_is_small() -> None:
    """It names what was skipped as a range."""
    assert len(str(folding().fold(TALK).bookmark.to_json())) < 20_000


def test_turns_that_are_added_in_batches_are_folded_once(tmp_path: Path) -> None:
    """As if the session was opened with all of them in its store."""
    assert len(TALK) > _BATCH
    with GlyphMemory.open(tmp_path / "one.db", policy=POLICY) as memory:
        seen = list[int]()
        stored = memory.extend(TALK, progress=seen.append)
        assert (len(stored), seen) == (700, [500, 200])
        fold, report = memory.fold(), memory.report()
        assert fold.seals[0].kind == "skipped"
        assert len(fold.seals[0].anchors) > 300
        assert (report.turns, report.skipped_turns) == (700, len(fold.seals[0].anchors))
        assert report.evicted_turns >= report.skipped_turns
        assert not report.plain_exact
        memory.export(tmp_path / "one.jsonl")
        assert memory.zoom(3).text == TALK[2].full_text
        memory.delete(5)
        assert memory.fold().seals[0].turns != fold.seals[0].turns
    with GlyphMemory.open(tmp_path / "one.db", policy=POLICY) as memory:
        assert memory.report().turns == 699
    with GlyphMemory.open(tmp_path / "two.db", policy=POLICY) as memory:
        assert memory.import_(tmp_path / "one.jsonl") == 700
        assert [seal.turns for seal in memory.fold().seals] == [seal.turns for seal in fold.seals]


def test_a_batch_that_is_exactly_full_is_folded_too(tmp_path: Path) -> None:
    """The next one is empty."""
    with GlyphMemory.open(tmp_path / "one.db", policy=POLICY) as memory:
        memory.extend(TALK[:_BATCH])
    with Store.open(tmp_path / "one.db") as store:
        assert store.session("default").seals()


def test_a_lost_page_is_drawn_again_alone() -> None:
    """The files of its run that are there are taken as they are."""
    cache = RecentImages()
    binder = Binder(policy=POLICY, cache=cache, style="glyph")
    turns = [replace(turn, anchor=number) for number, turn in enumerate(TALK[1:60], 1)]
    run = binder.draw_run(turns, first_page=1, ledger_tokens=0)
    assert len(run.pages) > 2
    first, second = (page.digest for page in run.pages[:2])
    data = cache.get(second)
    cache.put(first, b"as it was")
    cache.forget(second)
    seal = Seal(
        number=1, kind="pages", anchors=tuple(range(1, 60)), turns=run_digest(turns), sealed_at=59, pages=run.pages,
        text_tokens=1, tokens=1,
    )  # fmt: skip
    parts = [part.data for part in binder.parts(seal, lambda: turns) if isinstance(part, ImagePart)]
    assert parts[:2] == [b"as it was", data]
    assert cache.get(second) == data


def test_a_run_that_was_drawn_before_has_the_same_pages_under_new_numbers() -> None:
    """A history that is folded anew draws nothing twice, whether numbers stand in text or on the page."""
    turns = [replace(turn, anchor=number) for number, turn in enumerate(TALK[1:60], 1)]
    for captions in get_args(Captions):
        warm, cold = (Binder(policy=POLICY, captions=captions) for _ in range(2))
        warm.draw_run(turns, first_page=1, ledger_tokens=100)
        assert warm.draw_run(turns, first_page=1000, ledger_tokens=100) == cold.draw_run(
            turns, first_page=1000, ledger_tokens=100
        )


def test_a_call_after_seals_left_reads_what_is_new_alone() -> None:
    """The fold is remembered under the keys of the messages that the bookmark still tells of, not of all before."""
    read = list[Turn]()

    def read_turn(turn: Turn) -> Turn:
        read.append(turn)
        return replace(turn, anchor=None)

    warm = Folding(
        turn_of=read_turn,
        key_of=lambda turn: (turn.id, turn.text),
        name_of=lambda turn: turn.id or turn.text,
        policy=POLICY,
    )
    mark, evicted = warm.fold(TALK[:60]).bookmark, set[int]()
    for length in range(61, 240):
        read.clear()
        mark = warm.fold(TALK[:length], mark).bookmark
        evicted.add(mark.evicted_count)
        # The head, the one after it, the new one; and where seals leave, some at the ends of what left.
        assert len(read) <= 10
    assert len(evicted) >= 3, "seals left too seldom to tell"
