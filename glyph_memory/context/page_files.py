"""`SweptFolder`: a folder of page files from which goes what was not used for long; and how such folders are emptied.

Knows files; knows nothing about who shows what is in them.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from glyph_memory.context.folder_cache import FolderCache, find_digests
from glyph_memory.errors import StoreError

KEPT_DAYS = 30
"""After how many days without use a page file is deleted, whoever it belonged to."""
DAY_S = 24 * 3600
_SWEEP_S = 3600
"""How often a folder is looked through at the most."""


class SweptFolder(FolderCache):
    """A folder from which goes what was not used for long."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._swept_at = 0.0

    def get(self, digest: str) -> bytes | None:
        """Return a file, and note that it was used."""
        data = super().get(digest)
        if data is not None:
            touch(self._path(digest))
        return data

    def put(self, digest: str, data: bytes) -> None:
        """Store a file; now and then, delete those that were not used for long."""
        super().put(digest, data)
        if time.monotonic() - self._swept_at > _SWEEP_S or not self._swept_at:
            self._swept_at = time.monotonic()
            with contextlib.suppress(StoreError):
                delete_files(list_pages(self.folder), before=time.time() - KEPT_DAYS * DAY_S)


def touch(path: Path) -> None:
    """Note that a file is used, once a day."""
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > DAY_S:
            os.utime(path)


def list_pages(folder: Path, digests: Collection[str] | None = None) -> Iterator[Path]:
    """Yield the page files of a folder and their drafts: of some digests, whether they are there or not, or all."""
    if digests is not None:
        yield from (folder / f"{digest}{end}" for digest in digests for end in (".png", ".new"))
        return
    for end in (".png", ".new"):
        yield from (path for path in list_files(folder, end) if find_digests(path.stem) == [path.stem])


def list_files(folder: Path, ends: str, *, begins: str = "") -> Iterator[Path]:
    """Yield the files of a folder, links among them left out.

    Raises:
        StoreError: It cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            found = [
                folder / entry.name
                for entry in entries
                if entry.name.endswith(ends)
                and entry.name.startswith(begins)
                and entry.is_file(follow_symlinks=False)
            ]
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"cannot read {str(folder)!r}: {error.strerror or error}") from error
    yield from found


def delete_files(paths: Iterable[Path], *, before: float | None = None) -> int:
    """Delete files that were not used since a time, or all; return how many were pages.

    Raises:
        StoreError: One cannot be deleted.
    """
    gone = 0
    for path in paths:
        try:
            if before is not None and path.stat().st_mtime > before:
                continue
            path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise StoreError(f"cannot delete {str(path)!r}: {error.strerror or error}") from error
        gone += path.suffix == ".png"
    return gone
