"""A memory's pages in a bucket: another machine finds them, and they go with what they show, whatever happens."""

from __future__ import annotations

import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from glyph_memory import GlyphMemory, GlyphMemoryWarning, StoreError
from glyph_memory.context import timed_calls
from glyph_memory.context.bucket_cache import find_local_folder, open_bucket
from glyph_memory.store import Store
from glyph_memory.testing import agent_conversation
from tests.memory.worker import SMALL
from tests.shelf import Shelf


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """This machine's copies are the test's own, and the bucket does what it is asked."""
    monkeypatch.setenv("GLYPH_MEMORY_PAGE_CACHE", str(tmp_path / "machine one"))
    yield
    Shelf.before = Shelf.after = staticmethod(lambda call, path: None)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """The bucket's folder."""
    return tmp_path / "bucket"


def names(folder: Path) -> set[str]:
    """Return the digests of the pages in a folder or bucket."""
    return {path.stem for path in folder.glob("*.png")}


def show(database: Path, bucket: Path, *, turns: int = 0) -> list[bytes]:
    """Say something, and return the pages that a request holds."""
    with GlyphMemory.open(database, policy=SMALL, pages=f"shelf://{bucket}") as memory:
        memory.extend(agent_conversation(turns=turns)) if turns else None
        return [image.data for image in memory.context("And?").images if image.kind == "page"]


def test_a_machine_that_comes_new_finds_what_another_drew(
    tmp_path: Path, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte. It draws nothing: whatever is drawn is sent."""
    drawn = show(tmp_path / "chat.db", bucket, turns=120)
    assert len(drawn) > 2
    assert names(bucket) >= {*names(find_local_folder(f"shelf://{bucket}"))} != set()
    monkeypatch.setenv("GLYPH_MEMORY_PAGE_CACHE", str(tmp_path / "machine two"))
    sent = list[str]()
    Shelf.before = staticmethod(lambda call, path: sent.append(path) if call == "pipe" else None)
    assert show(tmp_path / "chat.db", bucket) == drawn
    assert len(names(find_local_folder(f"shelf://{bucket}"))) >= len(drawn)
    assert sent == []
    assert not (tmp_path / "chat.db.pages").exists()


@pytest.mark.parametrize("error", [PermissionError("AKIA"), None])
def test_a_memory_whose_bucket_fails_shows_the_same_pages(
    tmp_path: Path, bucket: Path, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    """Drawn again, as it does without one; with wrong bytes in it, too. It is told once."""
    drawn = show(tmp_path / "chat.db", bucket, turns=120)
    monkeypatch.setenv("GLYPH_MEMORY_PAGE_CACHE", str(tmp_path / "machine two"))
    for path in bucket.glob("*.png"):
        path.write_bytes(b"something else")

    def fail(call: str, path: str) -> None:
        if error is not None:
            raise error

    Shelf.before = staticmethod(fail)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert show(tmp_path / "chat.db", bucket) == drawn
    assert len({str(one.message) for one in told}) == len(told) == 1
    assert "AKIA" not in str(told[0].message)


@pytest.mark.parametrize("way", ["delete", "truncate", "clear"])
def test_what_is_forgotten_is_on_no_page_of_any_machine(tmp_path: Path, bucket: Path, way: str) -> None:
    """As soon as the call returns, of the bucket and this machine's folder."""
    show(tmp_path / "chat.db", bucket, turns=120)
    local = find_local_folder(f"shelf://{bucket}")
    with GlyphMemory.open(tmp_path / "chat.db", policy=SMALL, pages=f"shelf://{bucket}") as memory:
        before = {digest for seal in memory.fold().seals for digest in seal.digests}
        if way == "delete":
            memory.delete(1)
        elif way == "truncate":
            memory.truncate(after=1)
        else:
            memory.clear()
        assert not (names(bucket) | names(local)) & before
    assert before


def test_what_a_bucket_does_not_let_go_is_told_and_goes_later(
    tmp_path: Path, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal has it, with the address; another process that opens the database follows it."""
    monkeypatch.setattr(timed_calls, "_PAUSE_S", 0.0)
    show(tmp_path / "chat.db", bucket, turns=120)

    def refuse(call: str, path: str) -> None:
        if call == "rm":
            raise PermissionError(path)

    with GlyphMemory.open(tmp_path / "chat.db", policy=SMALL, pages=f"shelf://{bucket}") as memory:
        Shelf.before = staticmethod(refuse)
        with pytest.warns(GlyphMemoryWarning, match=r"not yet from .*the page images in 'shelf://"):
            memory.clear()
    assert names(bucket)
    Shelf.before = staticmethod(lambda call, path: None)
    with Store.open(tmp_path / "chat.db"):
        pass
    assert names(bucket) == set()


KILLED = """
import sys, time
from tests.shelf import Shelf
from glyph_memory import GlyphMemory
from tests.memory.worker import SMALL
def hang(call, path):
    if call == sys.argv[3]:
        print("begun", flush=True)
        time.sleep(60)
memory = GlyphMemory.open(sys.argv[1], policy=SMALL, pages=f"shelf://{sys.argv[2]}")
memory.context()
Shelf.before = staticmethod(hang)
memory.clear()
time.sleep(60)
"""


@pytest.mark.parametrize("call", ["pipe", "rm"])
def test_an_erasure_that_is_killed_is_finished_by_who_opens_next(
    tmp_path: Path, bucket: Path, call: str
) -> None:
    """Before others were told, or before the pages went."""
    show(tmp_path / "chat.db", bucket, turns=120)
    arguments = [str(tmp_path / "chat.db"), str(bucket), call]
    process = subprocess.Popen([sys.executable, "-c", KILLED, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert names(bucket)
    with Store.open(tmp_path / "chat.db"):
        pass
    assert names(bucket) == set()
    assert names(find_local_folder(f"shelf://{bucket}")) == set()


def test_a_library_that_is_missing_is_told_before_anything_is_made(tmp_path: Path) -> None:
    """In one line."""
    with pytest.raises(StoreError, match="no page files are kept in 'nosuch://bucket'"):
        GlyphMemory.open(tmp_path / "chat.db", pages="nosuch://bucket")
    with pytest.raises(StoreError, match="nosuch"):
        open_bucket("nosuch://bucket")
