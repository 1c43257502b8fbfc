"""A database whose file goes while it is open: nothing is acknowledged that went nowhere; a backup stays whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from glyph_memory.errors import StoreError
from glyph_memory.store import Store
from glyph_memory.transcript import Turn


def _add(store: Store, text: str) -> None:
    store.session("chat").append([Turn(role="user", text=text)])


def _texts(path: Path) -> list[str]:
    with Store.open(path) as store:
        return [turn.text for turn in store.session("chat").turns()]


def _unlink(path: Path) -> None:
    for name in path.parent.glob(f"{path.name}*"):
        name.unlink()


def _remove_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def _restore(path: Path) -> None:
    path.with_name("backup").replace(path)


_CALLS: dict[str, Callable[[Store], object]] = {
    "add": lambda store: _add(store, "lost?"),
    "read": lambda store: list(store.session("chat").turns()),
    "search": lambda store: store.session("chat").search("old", k=1),
    "delete": lambda store: store.session("chat").delete([1]),
    "clear": lambda store: store.session("chat").clear(),
    "compact": lambda store: store.compact(),
    "sessions": lambda store: store.sessions(),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a database with one turn, beside which a backup of it lies."""
    path = tmp_path / "folder" / "chat.db"
    path.parent.mkdir()
    with Store.open(path) as store:
        _add(store, "old")
    shutil.copy(path, path.with_name("backup"))
    return path


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps files that are open")
class TestFileThatGoes:
    """A file is removed, or replaced, while a store has it open."""

    @pytest.mark.parametrize("call", _CALLS.values(), ids=_CALLS)
    @pytest.mark.parametrize("go", [_unlink, _remove_folder, _restore])
    def test_nothing_is_acknowledged_and_what_took_its_place_stays_whole(
        self, path: Path, go: Callable[[Path], None], call: Callable[[Store], object]
    ) -> None:
        """Each call says that the file is gone; a backup that was put in its place is not touched by it."""
        store = Store.open(path)
        for number in range(5):
            _add(store, f"new {number}")
        go(path)
        for _ in range(2):
            with pytest.raises(
                StoreError, match=r"was (removed|replaced by another file) while it was open; what"
            ):
                call(store)
        path.parent.mkdir(exist_ok=True)
        assert _texts(path) == (["old"] if go is _restore else [])  # while the other is still open
        store.close()
        assert _texts(path) == (["old"] if go is _restore else [])
        with Store.open(path) as again:
            _add(again, "kept")
        assert _texts(path)[-1] == "kept"
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    def test_a_restored_backup_is_not_mixed_with_the_log_of_one_that_closes_without_a_call(
        self, path: Path
    ) -> None:
        """The log that a program leaves beside the backup is empty."""
        with Store.open(path) as store:
            for number in range(5):
                _add(store, f"new {number}")
            _restore(path)
        assert _texts(path) == ["old"]

    def test_a_database_that_was_moved_away_keeps_what_was_acknowledged(self, path: Path) -> None:
        """What stood in the log is in the file, under its new name, once another took its place."""
        with Store.open(path) as store:
            _add(store, "new")
            path.rename(path.with_name("moved"))
            _restore(path)
        assert _texts(path) == ["old"]
        assert _texts(path.with_name("moved")) == ["old", "new"]

    def test_a_file_that_goes_within_a_write_is_not_acknowledged(self, path: Path) -> None:
        """The path is looked at after the commit once more."""
        store = Store.open(path)
        with pytest.raises(StoreError, match="was removed while it was open"), store._database.begin_write():
            _unlink(path)
        store.close()

    def test_a_log_that_goes_is_told_and_what_was_added_is_saved_at_the_end(self, path: Path) -> None:
        """Others would make a log of their own: nothing more is acknowledged."""
        with Store.open(path) as store:
            _add(store, "new")
            path.with_name("chat.db-wal").unlink()
            with pytest.raises(StoreError, match=r"the log of .* was removed or replaced while it was open"):
                _add(store, "lost?")
        assert _texts(path) == ["old", "new"]
