"""`PageKeeper`: keeps page files for those who show them, and deletes what nobody needs any more.

A page file is a copy of what was said, so it must not outlive it: a note beside the files says whose they are. Any file
may go at any time, since pages are drawn again. Knows files; knows nothing about folds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Collection
from pathlib import Path

from glyph_memory.checks import check_number
from glyph_memory.context.cache import ImageCache, RecentImages
from glyph_memory.context.folder_cache import find_digests
from glyph_memory.context.page_files import DAY_S, SweptFolder, delete_files, list_files, list_pages, touch
from glyph_memory.context.places import open_place, read_place
from glyph_memory.errors import StoreError
from glyph_memory.files import find_folder_fault, make_private_folder, read_file, write_atomic

_NOTES = "owners"
_NOTE_BYTES = 1 << 22


class PageKeeper:
    """Keeps page files in a folder, or in memory. Safe to share among threads and processes.

    Args:
        folder: Where: a folder, or the address of one in an object store; in memory where it is None.
        at_most_bytes: Of files in memory.

    Raises:
        StoreError: Somebody else could read or replace what is in the folder, or nothing reads such an address.
        PolicyError: It is no folder and no address.
    """

    def __init__(self, folder: Path | str | None, *, at_most_bytes: int = 64 << 20) -> None:
        self._recent = RecentImages(at_most_bytes=at_most_bytes)
        place = read_place(folder)
        self._bucket = open_place(place) if isinstance(place, str) else None
        if self._bucket is not None:
            self._bucket.watch()
        self.folder = place if isinstance(place, Path) else None
        self.images: ImageCache = self._bucket or (
            SweptFolder(place) if isinstance(place, Path) else self._recent
        )
        """The files by what they show."""

    def keep(self, owner: str, digests: Collection[str], *, part: str = "") -> None:
        """Note what an owner shows now, and delete the files of what it no longer shows; in a bucket, a moment later.

        Another owner that shows the same has it drawn again.

        Args:
            owner: Whose they are, such as a thread's id.
            digests: Of all that it shows now.
            part: Which of the owner's conversations it is, where it has several.
        """
        if self._bucket is not None:
            self._bucket.keep(owner, digests, part=part)
        if self.folder is None or find_folder_fault(self.folder):
            return
        note = _find_note(self.folder, owner, part)
        before, now = _read_note(note), sorted(set(digests))
        if before == now:
            touch(note)
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
        if self._bucket is not None:
            return purge_pages(self._bucket.address, owner, older_than_days=older_than_days)
        return 0 if self.folder is None else purge_pages(self.folder, owner, older_than_days=older_than_days)


def purge_pages(folder: str | Path, owner: str | None = None, *, older_than_days: float | None = None) -> int:
    """Delete page files from a folder, and return how many there were; whoever still shows them has them drawn again.

    Nothing but page files and notes about them is touched. A bucket tells other machines, which delete their copies; it
    does not know when a file was used, so there `older_than_days` counts from when it was written.

    Args:
        folder: What was given as `pages=`.
        owner: Only files of what it showed last, such as a thread's id of an agent; of everybody unless given.
        older_than_days: Only files that were not used for so long.

    Raises:
        StoreError: The folder cannot be read, a file in it cannot be deleted, or `older_than_days` is no number.
        PolicyError: It is no folder and no address.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     purge_pages(folder)
        0
    """
    place = read_place(folder)
    if older_than_days is not None:
        check_number("older_than_days", older_than_days, StoreError, at_least=0)
    if isinstance(place, str):
        return open_place(place).purge(owner, older_than_days=older_than_days)
    if fault := find_folder_fault(place):
        raise StoreError(f"no pages are deleted there: {fault}")
    if owner is None:
        notes, digests = [*list_files(place / _NOTES, ".json")], None
    else:
        notes = [*list_files(place / _NOTES, ".json", begins=_digest(owner))]
        digests = {digest for note in notes for digest in _read_note(note)}
    before = None if older_than_days is None else time.time() - older_than_days * DAY_S
    gone = delete_files(list_pages(place, digests), before=before)
    delete_files(notes, before=before)
    return gone


def _find_note(folder: Path, owner: str, part: str) -> Path:
    return folder / _NOTES / f"{_digest(owner)}-{_digest(part)[:16]}.json"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _read_note(note: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return sorted(set(find_digests(read_file(note, at_most=_NOTE_BYTES).decode("ascii", "replace"))))
    return []
