"""Hold an output folder in an object store, so that two runs never write to it at once.

No store keeps a lock for a process. So whoever runs writes a file, again and again: a run that is killed writes no
more, and after a while the next one takes its place. No clock is read but this machine's own, for how long.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol
from uuid import uuid4

from glyph_memory.documents.bulk.lock import LOCK
from glyph_memory.errors import GlyphMemoryError, warn

BEAT_S = 10.0
"""Between two signs of life."""
GONE_S = 45.0
"""Without a sign of life for so long, a run is dead."""


class LeaseFiles(Protocol):
    """What is asked of a store."""

    @property
    def shown(self) -> str:
        """Its address, without keys."""
        ...

    def has(self, name: str) -> bool:
        """Return whether a file is there."""
        ...

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a file."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file."""
        ...


@contextmanager
def hold_store(files: LeaseFiles) -> Iterator[Callable[[], None]]:
    """Hold a store's folder; yield what raises an error once another run has it.

    Raises:
        GlyphMemoryError: Another run holds it, or it cannot be written to.
    """
    own = uuid4().hex.encode()
    _wait_for_others(files)
    files.write(LOCK, own + b" 0")
    is_over = threading.Event()
    beats = threading.Thread(
        target=_give_signs, args=(files, own, is_over), daemon=True, name="glyph-memory-lease"
    )
    beats.start()

    def check() -> None:
        if not _is_ours(files, own):
            raise _refuse(files)

    try:
        check()
        yield check
    finally:
        is_over.set()
        beats.join()
        with suppress(GlyphMemoryError):  # the next run waits for a sign of life, and then takes it
            if _is_ours(files, own):
                files.remove(LOCK)


def _wait_for_others(files: LeaseFiles) -> None:
    """Return once nobody holds it.

    Raises:
        GlyphMemoryError: Somebody does, and is alive.
    """
    seen, since = _read(files), time.monotonic()
    if seen:
        warn(
            f"a run that was killed may have left {files.shown!r}: waiting up to {GONE_S:.0f} s for a sign of life"
        )
    while seen and time.monotonic() - since < GONE_S:
        time.sleep(BEAT_S / 5)
        now = _read(files)
        if now and now != seen:
            raise _refuse(files)
        seen = now


def _give_signs(files: LeaseFiles, own: bytes, is_over: threading.Event) -> None:
    count = 0
    while not is_over.wait(BEAT_S):
        try:
            if not _is_ours(files, own):  # we stood still for too long, and another run goes on
                return
            count += 1
            files.write(LOCK, own + b" %d" % count)
        except GlyphMemoryError:  # the store may answer again; who writes pages says so if not
            continue


def _is_ours(files: LeaseFiles, own: bytes) -> bool:
    return _read(files).startswith(own)


def _read(files: LeaseFiles) -> bytes:
    return files.read(LOCK) if files.has(LOCK) else b""


def _refuse(files: LeaseFiles) -> GlyphMemoryError:
    return GlyphMemoryError(
        f"another run writes to {files.shown!r} now; wait for its end, or give another folder. What is finished stays"
    )
