"""A page file does not outlive what it shows."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path

import pytest

from glyph_memory import PageKeeper, StoreError, purge_pages

A, B, C = (sha256(name.encode()).hexdigest() for name in "abc")
DAY_S = 24 * 3600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "pages"


@pytest.fixture
def keeper(folder: Path) -> PageKeeper:
    """What keeps pages in it, with three of them."""
    made = PageKeeper(folder)
    for digest in (A, B, C):
        made.images.put(digest, digest.encode())
    return made


def names(folder: Path) -> set[str]:
    """Return the digests of the pages there."""
    return {path.stem for path in folder.glob("*.png")}


def test_what_an_owner_no_longer_shows_is_deleted(keeper: PageKeeper, folder: Path) -> None:
    """What it shows still, and what others show, stays."""
    keeper.keep("thread 1", [A, B])
    assert names(folder) == {A, B, C}
    keeper.keep("thread 1", [B])
    assert names(folder) == {B, C}


def test_another_process_knows_what_was_shown(keeper: PageKeeper, folder: Path) -> None:
    """A note beside the files says so, without the owner's name."""
    keeper.keep("alice@example.com", [A])
    PageKeeper(folder).keep("alice@example.com", [])
    assert names(folder) == {B, C}
    assert not any("alice" in path.name or b"alice" in path.read_bytes() for path in folder.rglob("*.*"))


def test_parts_of_an_owner_are_apart_and_purged_together(keeper: PageKeeper, folder: Path) -> None:
    """An agent and its subagent have one thread."""
    keeper.keep("thread", [A])
    keeper.keep("thread", [B], part="tools|model")
    assert names(folder) == {A, B, C}
    assert keeper.purge("thread") == 2
    assert names(folder) == {C}
    assert keeper.purge("thread") == 0


def test_what_was_not_used_for_long_goes(keeper: PageKeeper, folder: Path) -> None:
    """Reading a file counts as using it."""
    for path in folder.glob("*.png"):
        os.utime(path, (0, time.time() - 40 * DAY_S))
    assert keeper.images.get(A) is not None
    assert purge_pages(folder, older_than_days=30) == 2
    assert names(folder) == {A}


def test_a_folder_is_swept_when_something_is_kept(folder: Path) -> None:
    """Nobody has to ask for it."""
    PageKeeper(folder).images.put(A, b"a")
    os.utime(folder / f"{A}.png", (0, time.time() - 40 * DAY_S))
    PageKeeper(folder).images.put(B, b"b")
    assert names(folder) == {B}


def test_purging_all_leaves_what_is_not_ours(keeper: PageKeeper, folder: Path) -> None:
    """Pages, drafts and notes go; nothing else does, nor what a link leads to."""
    (folder / "notes.txt").write_text("mine")
    (folder / "photo.png").write_bytes(b"mine")
    (folder / f"{A}.new").write_bytes(b"a draft")
    (folder / f"{'0' * 64}.png").symlink_to(folder / "notes.txt")
    keeper.keep("thread", [A])
    assert keeper.purge() == 3
    left = {path.name for path in folder.rglob("*") if path.is_file()}
    assert left == {"notes.txt", "photo.png", f"{'0' * 64}.png"}


@pytest.mark.parametrize("days", [-1, "7", float("nan"), True])
def test_days_are_a_number(folder: Path, days: object) -> None:
    """Nothing is deleted by mistake."""
    with pytest.raises(StoreError, match="older_than_days"):
        purge_pages(folder, older_than_days=days)  # type: ignore[arg-type]


def test_a_folder_of_somebody_elses_is_refused(keeper: PageKeeper, folder: Path, tmp_path: Path) -> None:
    """A link might lead anywhere."""
    link = tmp_path / "link"
    link.symlink_to(folder)
    with pytest.raises(StoreError, match="is a link"):
        purge_pages(link)
    assert names(folder) == {A, B, C}


def test_in_memory_nothing_is_noted(tmp_path: Path) -> None:
    """Purging drops what is held."""
    keeper = PageKeeper(None)
    keeper.images.put(A, b"a")
    keeper.keep("thread", [A])
    assert (keeper.purge("thread"), keeper.images.get(A)) == (0, None)
    assert [*tmp_path.iterdir()] == []
