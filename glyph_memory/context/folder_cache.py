"""`FolderCache`: where encoded images are kept as files.

Files are named by digest alone, for their owner only. Whatever is wrong with a file, it is as if it were not there:
images are drawn again.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path

from glyph_memory.errors import StoreError
from glyph_memory.files import find_folder_fault, make_private_folder, read_file, write_atomic
from glyph_memory.locks import ForkSafeLock

_DIGEST = re.compile(r"[0-9a-f]{64}")
_CHECK_BYTES = 32
FILE_BYTES = 64 << 20
"""More than a page of 50 megapixels takes; no larger file is ours."""
_LOCKS = tuple(ForkSafeLock() for _ in range(16))
"""Of files that are written: one thread would move another's draft to its place before it is whole."""


def pages_folder(database: Path) -> Path:
    """Return the folder beside a database's file in which a memory keeps its images."""
    return database.with_name(f"{database.name}.pages")


def find_digests(text: str) -> list[str]:
    """Return what in a text may name an image: all digests."""
    return _DIGEST.findall(text)


class FolderCache:
    """Keeps images in a folder, which may be deleted at any time. Safe to share among threads and processes.

    Args:
        folder: Made when the first image comes.

    Raises:
        StoreError: Somebody else could read or replace what is in it; see `find_folder_fault`. One that becomes so
            later is not used any more.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if fault := find_folder_fault(folder):
            raise StoreError(f"no pages are kept there: {fault}")

    def get(self, digest: str) -> bytes | None:
        """Return a file, or None where there is none or its content does not match its name."""
        path = self._path(digest)
        if find_folder_fault(self.folder):
            return None
        try:
            data = read_file(path, at_most=FILE_BYTES)
        except OSError:
            return None
        return open_page_file(digest, data)

    def put(self, digest: str, data: bytes) -> None:
        """Store a file; do nothing where the disk is full or read-only."""
        path = self._path(digest)
        with _LOCKS[int(digest[0], 16)], contextlib.suppress(OSError):
            make_private_folder(self.folder)
            if path.is_symlink():  # none of ours: what it leads to is not to be replaced
                path.unlink()
            # A draft that `forget` knows, should the process be killed here. Another process that writes it at the same
            # time writes the same; until it is whole, it is as if it were not there.
            write_atomic(path, make_page_file(digest, data), mode=0o600, draft=self._temporary_path(digest))

    def forget(self, digest: str) -> bool:
        """Delete a file, as far as that is allowed; return whether it is gone."""
        is_gone = True
        for path in (self._temporary_path(digest), self._path(digest)):
            try:
                path.unlink(missing_ok=True)
            except NotADirectoryError:
                continue
            except OSError:
                is_gone = False
        return is_gone

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"{digest!r} is no SHA-256 in hex")
        return self.folder / f"{digest}.png"

    def _temporary_path(self, digest: str) -> Path:
        return self._path(digest).with_suffix(".new")


def make_page_file(digest: str, image: bytes) -> bytes:
    """Return the content of an image's file; a broken or misnamed file is recognized by the bytes that end it.

    Decoding the image to compare its pixels with the name would take twenty times as long.
    """
    return image + _checksum(digest, image)


def open_page_file(digest: str, data: bytes) -> bytes | None:
    """Return the image in a file's content; None where it is broken, or another one's."""
    image = data[:-_CHECK_BYTES]
    return image if data == make_page_file(digest, image) else None


def _checksum(digest: str, image: bytes) -> bytes:
    return hashlib.sha256(digest.encode() + image).digest()
