"""`BucketCache`: page files in an object store that many machines share, behind a folder of this machine.

Whatever is wrong with the bucket, it is as if nothing were there: pages are drawn again, and it is told once. Knows
page files; knows nothing about folds, nor who shows what.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import threading
import time
import weakref
from collections.abc import Collection, Sequence
from pathlib import Path

from glyph_memory.context.bucket import Bucket
from glyph_memory.context.bucket_notes import name_note, purge_bucket
from glyph_memory.context.bucket_worker import BucketWorker
from glyph_memory.context.folder_cache import make_page_file, open_page_file
from glyph_memory.context.page_files import DAY_S, SweptFolder, delete_files, list_pages
from glyph_memory.context.timed_calls import CallFault, TimedCalls
from glyph_memory.errors import StoreError, warn
from glyph_memory.files import expand_home
from glyph_memory.image_files import open_image
from glyph_memory.locks import ForkSafeLock
from glyph_memory.page import pixel_digest

READ_S = 0.5
"""How long pages are waited for; drawing them takes milliseconds."""
ERASE_S = 2.0
"""How long an erasure is waited for; it goes on afterwards, and is told as unfinished."""
PURGE_S = 120.0
"""How long a purge is waited for: it lists all of a bucket."""
FLUSH_S = 5.0
"""How long closing and the end of a process wait for what is still to be sent."""
_PLACE = "GLYPH_MEMORY_PAGE_CACHE"


class BucketCache:
    """Keeps page files in a folder of an object store, and copies of them here. Safe to share among threads.

    `open_bucket` makes it: one for each address and process.

    Args:
        address: Such as `s3://bucket/pages`.
        folder: This machine's copies.

    Raises:
        StoreError: No library that is installed reads such addresses, or others could read the folder.
    """

    def __init__(self, address: str, folder: Path) -> None:
        self.address, self.folder = address, folder
        self._bucket, self._local = Bucket(address), SweptFolder(folder)
        self._calls = TimedCalls()
        self._worker = BucketWorker(self._bucket, self._local, self._calls)
        self._told = set[str]()
        _workers.add(self._worker)
        weakref.finalize(self, self._worker.retire).atexit = False

    def watch(self) -> None:
        """Look what others erased: now, if it is time, and every few minutes as long as this is held."""
        self._worker.watch()

    def get(self, digest: str) -> bytes | None:
        """Return a file, of this machine or of the bucket; None where neither has it whole."""
        return self.get_many([digest])[0]

    def get_many(self, digests: Sequence[str]) -> list[bytes | None]:
        """Return files, or None for each that is not there; the bucket is waited for once, and not for long."""
        self._worker.expire_local()
        self._worker.watch()
        held = {digest: self._local.get(digest) for digest in digests}
        wanted = [
            digest for digest, data in held.items() if data is None and digest not in self._bucket.erased
        ]
        if wanted:
            held |= self._fetch(wanted)
        self._tell_fault()
        return [held[digest] for digest in digests]

    def put(self, digest: str, data: bytes) -> None:
        """Store a file here, and have it sent; one that was erased lately is not stored."""
        self._worker.expire_local()
        if digest in self._bucket.erased:
            return
        self._local.put(digest, data)
        if digest in self._bucket.erased:  # meanwhile, by another thread
            self._local.forget(digest)
            return
        self._worker.send(digest, make_page_file(digest, data))
        self._tell_fault()

    def forget(self, digest: str) -> bool:
        """Delete a file here at once, and have it erased from the bucket soon; return whether it is gone here."""
        is_known = digest in self._bucket.erased
        self._bucket.refuse([digest])
        self._worker.drop([digest])
        if not is_known:
            self._worker.owe([digest])
        return self._local.forget(digest)

    def erase(self, digests: Collection[str]) -> bool:
        """Delete files here and in the bucket, and tell other machines to; return whether that is done."""
        self._bucket.refuse(digests)
        self._worker.drop(digests)
        is_gone = not [digest for digest in digests if not self._local.forget(digest)]
        try:
            self._calls.call("erase", lambda: self._bucket.erase(digests), wait_s=ERASE_S)
        except CallFault:
            return False
        return is_gone

    def keep(self, owner: str, digests: Collection[str], *, part: str = "") -> None:
        """Have it noted what an owner shows now, and what it no longer shows erased; see `PageKeeper.keep`."""
        self._worker.note(name_note(owner, part), digests)
        self._tell_fault()

    def purge(self, owner: str | None, *, older_than_days: float | None) -> int:
        """Delete page files here and in the bucket; see `purge_pages`.

        Raises:
            StoreError: The bucket does not answer, or does not let us.
        """
        self._worker.flush(FLUSH_S)
        try:
            gone, named = self._calls.call(
                "purge",
                lambda: purge_bucket(self._bucket, owner, older_than_days=older_than_days),
                wait_s=PURGE_S,
            )
        except CallFault as error:
            raise StoreError(
                f"no pages are deleted from {self._bucket.shown!r}: {error}; is the bucket there, and may you list it "
                "and delete there?"
            ) from error
        before = None if older_than_days is None else time.time() - older_than_days * DAY_S
        delete_files(list_pages(self.folder, None if owner is None else named), before=before)
        return gone

    def flush(self, wait_s: float = FLUSH_S) -> None:
        """Wait until what is to be sent is sent: not longer than that, nor where the bucket failed a moment ago."""
        left = self._worker.flush(wait_s)
        self._tell_fault()
        if left and not self._worker.is_paused:
            self._tell(f"no answer within {wait_s:g} s")

    def _fetch(self, digests: Sequence[str]) -> dict[str, bytes | None]:
        try:
            found = self._calls.call("read", lambda: self._bucket.read(digests), wait_s=READ_S)
        except CallFault as error:
            self._tell(str(error))
            return {}
        images = dict[str, bytes | None]()
        for digest, data in found.items():
            image = open_page_file(digest, data)
            if image is None or not _shows(digest, image):
                self._tell("a file there holds something else than its name says")
            else:
                self._local.put(digest, image)
                if digest in self._bucket.erased:  # meanwhile
                    self._local.forget(digest)
                images[digest] = image
        return images

    def _tell_fault(self) -> None:
        fault, self._worker.fault = self._worker.fault, ""
        if fault:
            self._tell(fault)
        if self._worker.dropped:
            self._worker.dropped = 0
            self._tell("more was to be sent than it took")

    def _tell(self, why: str) -> None:
        """Warn of what is wrong with the bucket, once for each kind."""
        if why not in self._told:
            self._told.add(why)
            warn(
                f"page files in {self._bucket.shown!r} cannot be used: {why}; pages are drawn again meanwhile. Is the "
                "bucket there, and may you read, list, write and delete there?"
            )


_caches: weakref.WeakValueDictionary[tuple[str, str], BucketCache] = weakref.WeakValueDictionary()
_workers: weakref.WeakSet[BucketWorker] = weakref.WeakSet()
_lock = ForkSafeLock()


def open_bucket(address: str) -> BucketCache:
    """Return the cache of an address: one for all who use it in this process.

    Raises:
        StoreError: No library that is installed reads such addresses, or others could read this machine's folder.
    """
    folder = find_local_folder(address)
    with _lock:
        cache = _caches.get((address, str(folder)))
        if cache is None:
            cache = _caches[address, str(folder)] = BucketCache(address, folder)
    return cache


def find_local_folder(address: str) -> Path:
    """Return where this machine keeps its copies: in the user's cache folder, or below `GLYPH_MEMORY_PAGE_CACHE`."""
    name = hashlib.sha256(address.rstrip("/").encode("utf-8", "surrogatepass")).hexdigest()[:32]
    if told := os.environ.get(_PLACE):
        return expand_home(told).absolute() / name
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return expand_home(base).absolute() / "glyph-memory" / "pages" / name


def _shows(digest: str, image: bytes) -> bool:
    """Return whether an image is what its name says: its pixels' digest, or a picture's own.

    Its file's last bytes can be made by anybody who may write into the bucket.
    """
    if hashlib.sha256(image).hexdigest() == digest:
        return True
    try:
        return pixel_digest(open_image(image)[0]) == digest
    except Exception:  # decoders of broken files raise whatever they like
        return False


def _flush_all() -> None:
    """Send what is still to be sent, where a process ends without closing."""
    ends_at = time.monotonic() + FLUSH_S
    for worker in list(_workers):
        worker.flush(max(0.0, ends_at - time.monotonic()))
        if left := worker.describe_left():
            warn(left)


# Libraries of object stores look up names in executors, which take nothing more when `atexit` is called. What was
# registered last is called first, so ours comes before the executors' end.
getattr(threading, "_register_atexit", atexit.register)(_flush_all)
