"""Where encoded images are kept: in memory, or as files; and `LruCache`, for whatever else is used again soon.

Files are named by digest alone, for their owner only. Whatever is wrong with a file, it is as if it were not there:
images are drawn again.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Collection, Hashable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from glyph_memory.files import write_atomic

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ImageCache(Protocol):
    """Stores image files by the digest of what they show; `get` must return the very bytes that `put` got."""

    def get(self, digest: str) -> bytes | None:
        """Return a file, or None where it is no longer there."""

    def put(self, digest: str, data: bytes) -> None:
        """Store a file if there is room; it may be dropped at any time."""

    def forget(self, digest: str) -> None:
        """Delete a file, because what it shows is to be erased."""


class LruCache(Generic[K, V]):
    """Keeps the values used last, up to a total weight. Safe to share among threads.

    Args:
        at_most: What all of them may weigh; the newest stays in any case.
    """

    def __init__(self, *, at_most: int) -> None:
        self._at_most, self._weight = at_most, 0
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return a value, or None where it was dropped."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def put(self, key: K, value: V, *, weight: int = 1) -> None:
        """Store a value, and drop those not used for longest."""
        with self._lock:
            self._weight += weight - self._held.pop(key, (None, 0))[1]
            self._held[key] = value, weight
            while self._weight > self._at_most and len(self._held) > 1:
                self._weight -= self._held.popitem(last=False)[1][1]

    def forget(self, key: K) -> None:
        """Drop a value."""
        with self._lock:
            self._weight -= self._held.pop(key, (None, 0))[1]


class RecentImages:
    """Keeps the files used last in memory. Safe to share among threads.

    Args:
        at_most_bytes: Of all files together; 64 MiB hold some 2,000 dense pages.
    """

    def __init__(self, *, at_most_bytes: int = 64 << 20) -> None:
        self._files = LruCache[str, bytes](at_most=at_most_bytes)

    def get(self, digest: str) -> bytes | None:
        """Return a file, or None where it was dropped."""
        return self._files.get(digest)

    def put(self, digest: str, data: bytes) -> None:
        """Keep a file, and drop those not used for longest."""
        self._files.put(digest, data, weight=len(data))

    def forget(self, digest: str) -> None:
        """Drop a file."""
        self._files.forget(digest)


_DIGEST = re.compile(r"[0-9a-f]{64}")
_CHECK_BYTES = 32
_DRAFT_BYTES = 16 << 20
"""Some hundreds of dense pages: more than one request holds."""


class FolderCache:
    """Keeps images in a folder, which may be deleted at any time. Safe to share among threads and processes.

    Args:
        folder: Made when the first image comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, digest: str) -> bytes | None:
        """Return a file, or None where there is none or its content does not match its name."""
        path = self._path(digest)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        image = data[:-_CHECK_BYTES]
        return image if data == image + _checksum(digest, image) else None

    def put(self, digest: str, data: bytes) -> None:
        """Store a file; do nothing where the disk is full or read-only."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A draft that `forget` knows, should the process be killed here. Two that write at once write the same.
            write_atomic(
                self._path(digest),
                data + _checksum(digest, data),
                mode=0o600,
                draft=self._temporary_path(digest),
            )

    def forget(self, digest: str) -> None:
        """Delete a file, as far as that is allowed."""
        for path in (self._temporary_path(digest), self._path(digest)):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"{digest!r} is no SHA-256 in hex")
        return self.folder / f"{digest}.png"

    def _temporary_path(self, digest: str) -> Path:
        return self._path(digest).with_suffix(".new")


def _checksum(digest: str, image: bytes) -> bytes:
    """Return the bytes that end an image's file; a broken or misnamed file is recognized by them.

    Decoding the image to compare its pixels with the name would take twenty times as long.
    """
    return hashlib.sha256(digest.encode() + image).digest()


class Drafts:
    """Holds drawn images in memory until their seal is stored, then hands them to a cache.

    Runs are drawn that are never sealed, because they do not pay or another process was faster. In a cache, no one
    would know the names of their images, and their turns could not be erased.

    Args:
        cache: Where images are kept in the end.
    """

    def __init__(self, cache: ImageCache) -> None:
        self._cache, self._held = cache, RecentImages(at_most_bytes=_DRAFT_BYTES)

    def get(self, digest: str) -> bytes | None:
        """Return a file, or None where it is not there any more."""
        return self._held.get(digest) or self._cache.get(digest)

    def put(self, digest: str, data: bytes) -> None:
        """Hold a file."""
        self._held.put(digest, data)

    def forget(self, digest: str) -> None:
        """Drop a file, here and in the cache."""
        self._held.forget(digest)
        self._cache.forget(digest)

    def keep(self, digests: Collection[str]) -> bool:
        """Move the held files of some digests to the cache; return whether there were any."""
        kept = [(digest, data) for digest in digests if (data := self._held.get(digest)) is not None]
        for digest, data in kept:
            self._cache.put(digest, data)
            self._held.forget(digest)
        return bool(kept)
