"""The door of the database's file: whatever its bytes are, turns or a `GlyphMemoryError` come; the doctor reports.

A disk, a copy that broke off, or a foreign program may have changed any of them.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory import GlyphMemory, GlyphMemoryError, GlyphMemoryWarning, StoreRepair, Turn, repair_store

LINE = "The deploy of build 7f3a9c21 went to port 8443 and was signed off by Ada. "

FUZZ = settings.get_profile("fuzz")
SLOW = settings(FUZZ, max_examples=FUZZ.max_examples // 4)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with two sessions; one has seals, and a turn that takes several pages of the file."""
    path = tmp_path_factory.mktemp("sound") / "chat.db"
    with GlyphMemory.open(path) as memory:
        memory.add("user", "A picture.", images=[b"png" * 3000])
        for number in range(6):
            memory.add("user", f"{number} {LINE * 4}")
            memory.add("assistant", "Noted.")
    with GlyphMemory.open(path, session="other", window_tokens=2048) as memory:
        memory.extend([Turn(role="user", text=LINE * 90), Turn(role="assistant", text="Noted.")] * 2)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all of a fuzzer's files."""
    return tmp_path_factory.mktemp("databases")


def use(path: Path) -> int | GlyphMemoryError:
    """Use a database in every way; return how many turns it gave, or why it gave none."""
    try:
        with GlyphMemory.open(path, wait_s=1) as memory:
            calls = (
                lambda: memory.add("user", "And now?"),
                memory.context,
                lambda: memory.recall("deploy Ada"),
                lambda: memory.zoom(3),
                memory.identifiers,
                memory.sessions,
                lambda: memory.delete(4),
                lambda: memory.fork("copy"),
            )
            for call in calls:
                with suppress(GlyphMemoryError):
                    call()
            return len(list(memory.turns()))
    except GlyphMemoryError as error:
        return error


def put(folder: Path, data: bytes, log: bytes | None = None) -> Path:
    """Write a database's file anew, with what lies beside it."""
    path = folder / "chat.db"
    for old in [*folder.glob("chat.db*"), *folder.glob(".*.part*")]:
        if old.is_file():
            old.unlink()
    path.write_bytes(data)
    if log is not None:
        path.with_name("chat.db-wal").write_bytes(log)
    return path


def repair(path: Path) -> StoreRepair | GlyphMemoryError:
    """Repair a database; return what was done, or why it cannot be."""
    try:
        return repair_store(path, drop_damaged=True, wait_s=1)
    except GlyphMemoryError as error:
        return error


def is_repaired(path: Path, repaired: StoreRepair | GlyphMemoryError) -> bool:
    """Return whether a repair left a database that works, or an error that says why there is none."""
    if isinstance(repaired, GlyphMemoryError):
        return bool(str(repaired))
    is_told = all("\n" not in str(one) and one.remedy for one in repaired.before.findings)
    return is_told and repaired.after.is_healthy and isinstance(use(path), int)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Warnings of damage are what is asked for here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GlyphMemoryWarning)
        yield


def flip(data: bytes, *, seed: int, count: int) -> bytes:
    """Return bytes of which some, anywhere, are others."""
    chance, changed = random.Random(seed), bytearray(data)
    for _ in range(count):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


@settings(SLOW)
@given(seed=st.integers(0, 2**32), count=st.sampled_from([1, 4, 64]))
def test_bytes_that_flipped_give_turns_or_an_error_of_ours(
    sound: Path, folder: Path, seed: int, count: int
) -> None:
    """And the doctor ends with a report; what it repaired works."""
    data = flip(sound.read_bytes(), seed=seed, count=count)
    assert isinstance(use(put(folder, data)), int | GlyphMemoryError)
    repaired = repair(path := put(folder, data))
    assert is_repaired(path, repaired), repaired


@settings(SLOW)
@given(length=st.integers(0, 2**18), log=st.none() | st.binary(max_size=200))
@example(length=0, log=None)
@example(length=1, log=None)
@example(length=100, log=b"")
@example(length=4096, log=b"garbage")
@example(length=2**20, log=b"7\x7f\x06\x82" + bytes(500))
def test_a_truncated_file_gives_turns_or_an_error_of_ours(
    sound: Path, folder: Path, length: int, log: bytes | None
) -> None:
    """Of no length, too; with garbage for a write-ahead log."""
    data = sound.read_bytes()[:length]
    assert isinstance(use(put(folder, data, log)), int | GlyphMemoryError)
    repaired = repair(path := put(folder, data, log))
    assert is_repaired(path, repaired), repaired


@settings(SLOW)
@given(page=st.integers(0, 60), seed=st.integers(0, 2**32))
def test_a_page_of_garbage_gives_turns_or_an_error_of_ours(
    sound: Path, folder: Path, page: int, seed: int
) -> None:
    """As after a write that the disk mixed up."""
    data = sound.read_bytes()
    at = min(4096 * page, len(data) - 4096)
    data = data[:at] + random.Random(seed).randbytes(4096) + data[at + 4096 :]
    assert isinstance(use(put(folder, data)), int | GlyphMemoryError)
    repaired = repair(path := put(folder, data))
    assert is_repaired(path, repaired), repaired
