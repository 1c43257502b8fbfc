"""`PageKeeper`: keeps page files for those who show them, and deletes what nobody needs any more.

A page file is a copy of what was said, so it must not outlive it: a note beside the files says whose they are. Any file
may go at any time, since pages are drawn again. Knows files; knows nothing about folds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from glyph_memory.checks import check_number
from glyph_memory.context.cache import ImageCache, RecentImages
from glyph_memory.context.folder_cache import FolderCache, find_digests
from glyph_memory.errors import StoreError
from glyph_memory.files import find_folder_fault, make_private_folder, read_file, write_atomic

KEPT_DAYS = 30
"""After how many days without use a page file is deleted, whoever it belonged to."""
_DAY_S = 24 * 3600
_SWEEP_S = 3600
"""How often a folder is looked through at the most."""
_NOTES = "owners"
_NOTE_BYTES = 1 << 22


class PageKeeper:
    """Keeps page files in a folder, or in memory. Safe to share among threads and processes.

    Args:
        folder: Where; in memory where it is None.
        at_most_bytes: Of files in memory.

    Raises:
        StoreError: Somebody else could read or replace what is in the folder.
    """

    def __init__(self, folder: Path | None, *, at_most_bytes: int = 64 << 20) -> None:
        self.folder = folder
        self._recent = RecentImages(at_most_bytes=at_most_bytes)
        self.images: ImageCache = self._recent if folder is None else _SweptFolder(folder)
        """The files by what they show."""

    def keep(self, owner: str, digests: Collection[str], *, part: str = "") -> None:
        """Note what an owner shows now, and delete the files of what it no longer shows.

        Another owner that shows the same has it drawn again.

        Args:
            owner: Whose they are, such as a thread's id.
            digests: Of all that it shows now.
            part: Which of the owner's conversations it is, where it has several.
        """
        if self.folder is None or find_folder_fault(self.folder):
            return
        note = _find_note(self.folder, owner, part)
        before, now = _read_note(note), sorted(set(digests))
        if before == now:
            _touch(note)
            return
        gone = set(before) - set(now)
        is_gone = [self.images.forget(digest) for digest in gone]
        if not all(is_gone):  # tried again with the next call
            now = sorted({*before, *now})
        with contextlib.suppress(OSError):
            make_private_folder(note.parent)
            write_atomic(note, json.dumps(now).encode(), mode=0o600)

    def drop(self, digests: Collection[str]) -> None:
        """Delete the files of what is no longer shown; a file that cannot be deleted stays."""
        for digest in digests:
            self.images.forget(digest)

    def purge(self, owner: str | None = None, *, older_than_days: float | None = None) -> int:
        """Delete page files: an owner's, those not used for some days, or all; see `purge_pages`."""
        self._recent.clear()
        return 0 if self.folder is None else purge_pages(self.folder, owner, older_than_days=older_than_days)


def purge_pages(folder: str | Path, owner: str | None = None, *, older_than_days: float | None = None) -> int:
    """Delete page files from a folder, and return how many there were; whoever still shows them has them drawn again.

    Nothing but page files and notes about them is touched.

    Args:
        folder: What was given as `pages=`.
        owner: Only files of what it showed last, such as a thread's id of an agent; of everybody unless given.
        older_than_days: Only files that were not used for so long.

    Raises:
        StoreError: The folder cannot be read, a file in it cannot be deleted, or `older_than_days` is no number.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     purge_pages(folder)
        0
    """
    place = Path(folder)
    if older_than_days is not None:
        check_number("older_than_days", older_than_days, StoreError, at_least=0)
    if fault := find_folder_fault(place):
        raise StoreError(f"no pages are deleted there: {fault}")
    if owner is None:
        notes, digests = [*_list_files(place / _NOTES, ".json")], None
    else:
        notes = [*_list_files(place / _NOTES, ".json", begins=_digest(owner))]
        digests = {digest for note in notes for digest in _read_note(note)}
    before = None if older_than_days is None else time.time() - older_than_days * _DAY_S
    gone = _delete_files(_list_pages(place, digests), before=before)
    _delete_files(notes, before=before)
    return gone


class _SweptFolder(FolderCache):
    """A folder from which goes what was not used for long."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._swept_at = 0.0

    def get(self, digest: str) -> bytes | None:
        """Return a file, and note that it was used."""
        data = super().get(digest)
        if data is not None:
            _touch(self._path(digest))
        return data

    def put(self, digest: str, data: bytes) -> None:
        """Store a file; now and then, delete those that were not used for long."""
        super().put(digest, data)
        if time.monotonic() - self._swept_at > _SWEEP_S or not self._swept_at:
            self._swept_at = time.monotonic()
            with contextlib.suppress(StoreError):
                purge_pages(self.folder, older_than_days=KEPT_DAYS)


def _find_note(folder: Path, owner: str, part: str) -> Path:
    return folder / _NOTES / f"{_digest(owner)}-{_digest(part)[:16]}.json"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _read_note(note: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return sorted(set(find_digests(read_file(note, at_most=_NOTE_BYTES).decode("ascii", "replace"))))
    return []


def _touch(path: Path) -> None:
    """Note that a file is used, once a day."""
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > _DAY_S:
            os.utime(path)


def _list_pages(folder: Path, digests: Collection[str] | None) -> Iterator[Path]:
    if digests is not None:
        yield from (folder / f"{digest}{end}" for digest in digests for end in (".png", ".new"))
        return
    for end in (".png", ".new"):
        yield from (path for path in _list_files(folder, end) if find_digests(path.stem) == [path.stem])


def _list_files(folder: Path, ends: str, *, begins: str = "") -> Iterator[Path]:
    """Yield the files of a folder, links among them left out."""
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


def _delete_files(paths: Collection[Path] | Iterator[Path], *, before: float | None) -> int:
    """Delete files that were not used since a time; return how many were pages."""
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
