"""Of a very long session, what cannot be shown is not read: the fold is the same, the work does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from glyph_memory import Fold, FoldPolicy, GlyphMemory
from glyph_memory.memory import waiting
from glyph_memory.store import Store
from glyph_memory.store.turns import from_row
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Turn

POLICY = FoldPolicy(
    window_tokens=4_000, output_tokens=500, keep_recent_tokens=100, seal_tokens=200, trigger_tokens=300,
    max_run_tokens=600, pinned_tokens=100,
)  # fmt: skip
TALK = [*agent_conversation(turns=3_000).turns]


def store_turns(path: Path, turns: list[Turn]) -> None:
    """Store turns, and fold none of them."""
    with Store.open(path) as store:
        store.session("default").append(turns)


def fold_all(path: Path, *, reads_all: bool, monkeypatch: pytest.MonkeyPatch) -> Fold:
    """Fold what is stored there anew, with or without reading all of it."""
    with monkeypatch.context() as patch:
        patch.setattr(waiting, "_WORTH", 10**9 if reads_all else 1)
        with GlyphMemory.open(path, policy=POLICY, read_only=True) as memory:
            return memory.fold()


def without_skipped_digest(fold: Fold) -> Fold:
    """Return a fold without the digest of what was skipped, and those that follow from it."""
    seals = (
        replace(seal, previous="", turns="" if seal.kind == "skipped" else seal.turns) for seal in fold.seals
    )
    return replace(fold, seals=tuple(seals))


@contextmanager
def count_rows(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Count the turns that are read, and the statements that are run."""
    counts = [0, 0]

    def read(*given: object) -> Turn:
        counts[0] += 1
        return from_row(*given)  # type: ignore[arg-type]  # as it was called

    def run(*_: object) -> None:
        counts[1] += 1

    event.listen(Engine, "before_cursor_execute", run)
    with monkeypatch.context() as patch:
        patch.setattr("glyph_memory.store.turns.from_row", read)
        yield counts
    event.remove(Engine, "before_cursor_execute", run)


@pytest.mark.parametrize("length", [700, 1_100, 1_999, 2_600])
def test_what_is_not_read_makes_no_difference(
    length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same seals, pages, request, pins and recent turns; one skipped turn is pinned."""
    store_turns(tmp_path / "a.db", [replace(turn, pinned=n == 7) for n, turn in enumerate(TALK[:length])])
    one, other = (
        fold_all(tmp_path / "a.db", reads_all=all_, monkeypatch=monkeypatch) for all_ in (False, True)
    )
    assert one.seals[0].kind == "skipped"
    assert not one.seals[0].turns
    assert [turn.anchor for turn in one.pinned] == [8]
    assert without_skipped_digest(one) == without_skipped_digest(other)


def test_turns_that_nobody_answered_are_all_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is skipped, however many there are."""
    new = [Turn(role="user", text=f"Message {n} of many.") for n in range(400)]
    store_turns(tmp_path / "a.db", [*TALK[:1_500], *new])
    one, other = (
        fold_all(tmp_path / "a.db", reads_all=all_, monkeypatch=monkeypatch) for all_ in (False, True)
    )
    assert without_skipped_digest(one) == without_skipped_digest(other)


def test_the_first_context_of_a_longer_session_reads_no_more_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice as long, and the same number of turns and statements, but for the turns up to the next user's."""
    read = []
    for length in (1_500, 3_000):
        store_turns(tmp_path / f"{length}.db", TALK[:length])
        with (
            GlyphMemory.open(tmp_path / f"{length}.db", policy=POLICY) as memory,
            count_rows(monkeypatch) as counts,
        ):
            memory.fold()
            read.append([*counts])
    (turns, statements), (more_turns, more_statements) = read
    assert turns < 1_000
    assert more_turns < 1.2 * turns + 150
    assert more_statements < 1.2 * statements + 50


def test_after_a_deletion_in_the_middle_no_more_is_read_than_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which turns are there is asked, and not what they say; the result is that of a session that never had it."""
    store_turns(tmp_path / "a.db", TALK)
    with GlyphMemory.open(tmp_path / "a.db", policy=POLICY) as memory:
        memory.fold()
        with count_rows(monkeypatch) as counts:
            assert memory.delete(1_500) == 1
        assert counts[0] < 1_000
        fold = memory.fold()
    assert 1_500 not in fold.seals[0].anchors
    assert fold.seals[0].anchors[-1] > 1_500
    anew = fold_all(tmp_path / "a.db", reads_all=True, monkeypatch=monkeypatch)
    assert [seal.turns for seal in fold.seals[1:]] == [seal.turns for seal in anew.seals[1:]]


def test_seals_before_a_deleted_turn_stay(tmp_path: Path) -> None:
    """Only those from its own on are made again."""
    with GlyphMemory.open(tmp_path / "a.db", policy=POLICY) as memory:
        for turn in TALK[:200]:
            memory.add(turn)
        before = memory.fold().seals
        gone = before[len(before) // 2].anchors[0]
        memory.delete(gone)
        kept = [seal for seal in before if seal.anchors[-1] < gone]
        assert kept
        assert list(memory.fold().seals[: len(kept)]) == kept


def test_sessions_from_before_turns_had_a_size_are_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A single turn without one is enough."""
    store_turns(tmp_path / "a.db", TALK[:1_500])
    with Store.open(tmp_path / "a.db") as store, store._database.begin_write() as connection:
        connection.exec_driver_sql("UPDATE glyph_turns SET characters = NULL WHERE anchor = 9")
    one, other = (
        fold_all(tmp_path / "a.db", reads_all=all_, monkeypatch=monkeypatch) for all_ in (False, True)
    )
    assert one.seals[0].turns
    assert one == other
