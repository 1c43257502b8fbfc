"""Whoever takes a shard over knows how many did not come to its end, and where each was lost."""

from __future__ import annotations

from pathlib import Path

from glyph_memory.documents.shards.attempts import (
    Attempts,
    find_first_plan,
    forget_attempts,
    is_compacting_left,
    note_compacting,
)
from glyph_memory.documents.shards.plan import ATTEMPTS
from glyph_memory.documents.shards.storage import Storage


def begin(out: Path) -> tuple[Attempts, int]:
    """Begin a shard as a new worker does; return its notes, and how many were lost before."""
    attempts = Attempts(Storage(str(out)), ATTEMPTS, "shard")
    return attempts, attempts.begin()


def test_each_lost_worker_counts_once_where_it_was_lost(tmp_path: Path) -> None:
    """Three at one place, two at another."""
    for place in ("0", "1", "0", "1", "0"):
        begin(tmp_path)[0].note(place)
    attempts, lost = begin(tmp_path)
    assert (lost, attempts.count_deaths("0"), attempts.count_deaths("1")) == (5, 3, 2)


def test_a_place_that_was_done_once_is_not_at_fault(tmp_path: Path) -> None:
    """A shard begins anew with each worker: its first place sees all of them, and loses none by itself."""
    for _ in range(3):
        begin(tmp_path)[0].note("0")
    attempts, _ = begin(tmp_path)
    attempts.note("0")
    attempts.note("1")
    attempts, _ = begin(tmp_path)
    assert (attempts.count_deaths("0"), attempts.count_deaths("1")) == (0, 1)
    attempts.note("1")
    attempts.note(None)
    attempts, lost = begin(tmp_path)
    assert (lost, attempts.count_deaths("1")) == (5, 0)


def test_a_worker_that_is_lost_before_it_came_anywhere_counts_at_no_place(tmp_path: Path) -> None:
    """Many may be lost while they start: none of that is a document's fault."""
    begin(tmp_path)[0].note("0")
    for _ in range(7):
        begin(tmp_path)
    attempts, lost = begin(tmp_path)
    assert (lost, attempts.count_deaths("0")) == (8, 1)


def test_what_came_to_its_end_is_forgotten(tmp_path: Path) -> None:
    """The next attempt is the first."""
    attempts, _ = begin(tmp_path)
    attempts.note("0")
    attempts.end()
    attempts, lost = begin(tmp_path)
    assert (lost, attempts.count_deaths("0")) == (0, 0)


def test_who_leaves_a_shard_to_others_is_not_lost(tmp_path: Path) -> None:
    """As if it had not begun; those that were lost before stay counted."""
    attempts, _ = begin(tmp_path)
    attempts.note("0")
    attempts.leave()
    assert begin(tmp_path)[1] == 0
    attempts, lost = begin(tmp_path)
    attempts.note("0")
    attempts.leave()
    attempts, again = begin(tmp_path)
    assert (lost, again, attempts.count_deaths("0")) == (1, 1, 0)


def test_shards_are_forgotten_and_that_tables_have_to_be_compacted_is_not(tmp_path: Path) -> None:
    """Whoever is killed between the two would leave them as they are for good."""
    storage = Storage(str(tmp_path))
    note_compacting(storage, ATTEMPTS, plan=3)
    begin(tmp_path)
    forget_attempts(storage, ATTEMPTS)
    assert begin(tmp_path)[1] == 0
    assert is_compacting_left(storage, ATTEMPTS)
    assert find_first_plan(storage, ATTEMPTS) == 3


def test_a_note_that_names_no_plan_is_one_of_a_stopped_run(tmp_path: Path) -> None:
    """One of an older version, or half of one."""
    storage = Storage(str(tmp_path))
    assert find_first_plan(storage, ATTEMPTS) is None
    for data in (b"{}", b"", b'{"pl'):
        storage.write(f"{ATTEMPTS}/compact", data)
        assert find_first_plan(storage, ATTEMPTS) == 0
