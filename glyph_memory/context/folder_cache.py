"""`FolderCache`: encoded images as files, named by digest alone, for their owner only; `Drafts`, before they get there.

Whatever is wrong with a file, it is as if it were not there: images are drawn again.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Collection
from pathlib import Path

from glyph_memory.context.cache import ImageCache, RecentImages
from glyph_memory.files import write_atomic

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
            self.folder.mkdir(mode=0o700, exist_ok=True)
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
