"""`BucketWorker`: the thread that sends page files to a bucket, and looks what was erased there by others.

One for each bucket and process. It keeps no process alive; a forked child begins with nothing to send. Knows a bucket
and this machine's folder; knows nothing about what pages show.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Collection
from threading import Condition, Thread

from glyph_memory.context.bucket import Bucket
from glyph_memory.context.bucket_notes import replace_note
from glyph_memory.context.page_files import SweptFolder, delete_files, list_pages
from glyph_memory.context.timed_calls import TimedCalls
from glyph_memory.errors import StoreError
from glyph_memory.files import make_private_folder, write_atomic
from glyph_memory.locks import ForkSafeLock

LOOK_S = 300.0
"""How often a machine looks what was erased by others."""
LEASE_S = 24 * 3600.0
"""How long this machine's copies are used without a look at what was erased; then they are deleted."""
_WAITING_BYTES = 64 << 20
_BATCH = 32
_LATE_S = 3600.0
"""What waited so long is not sent any more, as after a machine slept."""
_LOOKED = "looked"
"""The file whose time says when somebody of this machine looked last."""


class BucketWorker:
    """Sends, looks and erases in the background.

    Args:
        bucket: Where to.
        local: This machine's copies.
        calls: Notes failures, for whoever else asks the bucket.
    """

    def __init__(self, bucket: Bucket, local: SweptFolder, calls: TimedCalls) -> None:
        self._bucket, self._local, self._calls = bucket, local, calls
        self._is_retired = False
        self._lock = ForkSafeLock(in_child=self._begin_anew, is_brief=True)
        self._begin_anew()

    def _begin_anew(self, may_be_broken: bool = False) -> None:
        self._changed = Condition(self._lock)
        self._files: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._bytes = 0
        self._notes: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._owed: set[str] = set()
        """Pages that are still to be erased, and that nobody else knows of."""
        self._thread: Thread | None = None
        self._is_busy = False
        self._looked_at = self._read_looked()
        self.dropped = 0
        """How many files were not sent."""
        self.fault: str = ""
        """What failed last, until somebody takes it."""

    def send(self, digest: str, data: bytes) -> None:
        """Have a file sent; the oldest are dropped where too many wait."""
        with self._lock:
            if digest in self._files:
                return
            self._files[digest] = data, time.monotonic()
            self._bytes += len(data)
            while self._bytes > _WAITING_BYTES and len(self._files) > 1:
                self._drop(next(iter(self._files)))
                self.dropped += 1
            self._wake()

    def note(self, name: str, digests: Collection[str]) -> None:
        """Have it noted what an owner shows now, and what it no longer shows erased."""
        with self._lock:
            self._notes.pop(name, None)
            self._notes[name] = frozenset(digests)
            self._wake()

    def owe(self, digests: Collection[str]) -> None:
        """Have pages erased, again and again until it is done or the process ends."""
        with self._lock:
            self._owed |= set(digests)
            self._wake()

    def drop(self, digests: Collection[str]) -> None:
        """Send some files no more."""
        with self._lock:
            for digest in digests:
                self._drop(digest)

    def watch(self) -> None:
        """Have a look at what was erased, now and then, as long as this lives."""
        with self._lock:
            if self._thread is None:
                self._wake()

    def retire(self) -> None:
        """End the thread once nothing waits."""
        with self._lock:
            self._is_retired = True
            self._changed.notify_all()

    def flush(self, wait_s: float) -> int:
        """Wait until all is sent, not longer than that, nor for a bucket that failed; return how much is left."""
        ends_at = time.monotonic() + wait_s
        with self._lock:
            while (left := self._count_waiting()) and self._thread is not None:
                left_s = ends_at - time.monotonic()
                if left_s <= 0 or self.is_paused:
                    break
                self._changed.wait(min(left_s, 0.1))
            return left

    @property
    def is_paused(self) -> bool:
        """Whether the bucket failed a moment ago."""
        return self._calls.find_pause("send") is not None

    def describe_left(self) -> str:
        """Return what is told as the process ends, of what was to be done; empty where that is nothing."""
        with self._lock:
            gone, unsent = len(self._owed), 0 if self.is_paused else len(self._files)
        told = [f"to be deleted: {gone}"] * bool(gone) + [f"to be sent: {unsent}"] * bool(unsent)
        if not told:
            return ""
        return (
            f"page files in {self._bucket.shown!r} that were still {', '.join(told)}; purge_pages deletes what is left "
            "there"
        )

    def expire_local(self) -> None:
        """Delete this machine's copies where nobody could look for too long what was erased."""
        if time.time() - self._looked_at <= LEASE_S:
            return
        self._looked_at = self._read_looked()  # another process of this machine may have looked
        if time.time() - self._looked_at > LEASE_S:
            with contextlib.suppress(StoreError):
                delete_files(list_pages(self._local.folder))
                self._write_looked(time.time())  # whatever is kept from now on is new

    def _count_waiting(self) -> int:
        return len(self._files) + len(self._notes) + len(self._owed) + self._is_busy

    def _drop(self, digest: str) -> None:
        data, _ = self._files.pop(digest, (b"", 0.0))
        self._bytes -= len(data)

    def _wake(self) -> None:
        """Start the thread, or have it look; the lock is held."""
        if self._thread is not None:
            self._changed.notify_all()
            return
        self._thread = Thread(target=self._work, name="glyph-memory-pages", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the process ends, or can have no more threads
            self._thread = None
            self.dropped += len(self._files)
            self._files.clear()
            self._bytes = 0

    def _work(self) -> None:
        while self._wait():
            try:
                self._do_some()
            except Exception as error:
                self._note_fault(error)
            finally:
                with self._lock:
                    self._is_busy = False
                    self._changed.notify_all()

    def _wait(self) -> bool:
        """Wait until there is something to do; return False, and be gone, where there never will be."""
        with self._lock:
            while True:
                pause = self._calls.find_pause("send")
                if self._count_waiting() and pause is None:
                    break
                if (
                    self._is_retired and not self._owed
                ):  # what waits for a bucket that failed is not waited for
                    self._thread = None
                    self._changed.notify_all()
                    return False
                due_s = self._looked_at + LOOK_S - time.time()
                if not 0 < due_s <= LOOK_S and pause is None:
                    break
                self._changed.wait(max(0.05, pause.ends_at - time.monotonic()) if pause else due_s)
            self._is_busy = self._count_waiting() > 0  # a look alone keeps nobody waiting
            return True

    def _do_some(self) -> None:
        """Look what was erased if it is time, and send and erase some of what waits."""
        self._look()
        with self._lock:
            notes, owed = self._notes.copy(), frozenset(self._owed)
        if owed:
            self._bucket.erase(owed)
            with self._lock:
                self._owed -= owed
        for name, digests in notes.items():
            replace_note(self._bucket, name, digests, delete=self._delete_local)
            with self._lock:
                if self._notes.get(name) == digests:
                    del self._notes[name]
        if pages := self._take():
            self._bucket.send(pages)
        self._calls.end_pause("send")

    def _take(self) -> dict[str, bytes]:
        """Return the next files to send; they wait no longer."""
        taken = dict[str, bytes]()
        with self._lock:
            while self._files and len(taken) < _BATCH:
                digest, (data, since) = next(iter(self._files.items()))
                self._drop(digest)
                if time.monotonic() - since < _LATE_S:
                    taken[digest] = data
                else:
                    self.dropped += 1
        return taken

    def _look(self) -> None:
        """Delete this machine's copies of what was erased, once in a while for all processes of the machine."""
        begun = time.time()
        self._looked_at = self._read_looked() or self._looked_at
        if 0 <= begun - self._looked_at < LOOK_S:
            return
        self.expire_local()
        self._bucket.look()
        erased = self._bucket.erased
        with contextlib.suppress(StoreError):
            held = [path for path in list_pages(self._local.folder) if path.stem in erased]
            delete_files(held)
        self._write_looked(begun)

    def _delete_local(self, digests: Collection[str]) -> None:
        self.drop(digests)
        for digest in digests:
            self._local.forget(digest)

    def _note_fault(self, error: Exception) -> None:
        with self._lock:
            self.dropped += len(self._files)
            self._files.clear()
            self._bytes = 0
            self.fault = str(self._calls.note_fault("send", error))

    def _read_looked(self) -> float:
        try:
            return (self._local.folder / _LOOKED).stat().st_mtime
        except OSError:
            return 0.0

    def _write_looked(self, when: float) -> None:
        with contextlib.suppress(OSError):
            make_private_folder(self._local.folder)
            write_atomic(self._local.folder / _LOOKED, b"", mode=0o600)
        self._looked_at = when
