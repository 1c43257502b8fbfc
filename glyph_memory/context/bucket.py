"""`Bucket`: page files in an object store, by fsspec, and what was erased from it.

Whoever erases pages first writes their names into a file below `erased/`, then deletes them. Whoever has written a page
looks there afterwards, and takes back what was erased meanwhile. So a page whose upload comes late does not stay,
whichever machine sent it. Knows names and bytes; knows nothing about folders of this machine, nor about time limits.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from glyph_memory.addresses import show_address
from glyph_memory.context.folder_cache import FILE_BYTES, find_digests
from glyph_memory.errors import StoreError
from glyph_memory.locks import ForkSafeLock

ERASED_DAYS = 3
"""For how many days the names of erased pages stay; as long, nobody stores these pages again."""
_HOUR_S = 3600
_NAMES_EACH = 10_000
_ERASED = "erased"
_MARKER = re.compile(r"([0-9]{8})-[0-9a-f]{16}\.txt")
_FLAT = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
"""Stores that have buckets and no folders."""
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "timeModified", "created")
"""What libraries call the time at which a file was written."""


class Bucket:
    """A folder in an object store. Its calls may take any time, and raise whatever fsspec's libraries raise.

    Args:
        address: Such as `s3://bucket/pages`. Keys and endpoints are told to fsspec, by its configuration.

    Raises:
        StoreError: No library that is installed reads such addresses.
    """

    def __init__(self, address: str) -> None:
        self.address, self.shown = address, show_address(address)
        _require_library(address)
        self._lock = ForkSafeLock(in_child=self._renew, is_brief=True)
        self._renew()

    def _renew(self, may_be_broken: bool = False) -> None:
        self._held: tuple[Any, str] | None = None
        self._markers: dict[str, frozenset[str]] = {}
        self._refused: frozenset[str] = frozenset()
        self.erased: frozenset[str] = frozenset()
        """The names of all pages that are known to have been erased."""

    def refuse(self, digests: Collection[str]) -> None:
        """Store some pages no more, from this process, before the bucket is told."""
        with self._lock:
            self._refused |= frozenset(digests)
            self.erased |= self._refused

    def read(self, digests: Collection[str]) -> dict[str, bytes]:
        """Return those files that are there, unchecked."""
        files, root = self._find_files()
        found = files.cat(
            [f"{root}/{digest}.png" for digest in digests], on_error="return", start=0, end=FILE_BYTES + 1
        )
        data = {path.rpartition("/")[2].removesuffix(".png"): value for path, value in found.items()}
        for value in data.values():
            if isinstance(value, Exception) and not isinstance(value, FileNotFoundError):
                raise value
        return {digest: value for digest, value in data.items() if isinstance(value, bytes)}

    def send(self, pages: Mapping[str, bytes]) -> None:
        """Write files, but none that was erased; whatever was erased meanwhile is deleted again."""
        files, root = self._find_files()
        wanted = {digest: data for digest, data in pages.items() if digest not in self.erased}
        try:
            for digest, data in wanted.items():
                _write(files, f"{root}/{digest}.png", data)
        finally:
            self.look()
            self.delete(wanted.keys() & self.erased)

    def erase(self, digests: Collection[str]) -> None:
        """Erase pages: write down their names for everybody, then delete them."""
        files, root = self._find_files()
        self.refuse(digests)
        for names in _split(sorted(digests)):
            text = "\n".join(names).encode()
            hour = int(time.time() // _HOUR_S)
            name = f"{hour:08d}-{hashlib.sha256(text).hexdigest()[:16]}.txt"
            _write(files, f"{root}/{_ERASED}/{name}", text)
            self.delete(names)
            with self._lock:
                self._markers[name] = frozenset(names)
        with self._lock:
            self._refused -= frozenset(digests)

    def look(self) -> None:
        """Read what was erased since the last time, by anybody, and delete what is there of it.

        A page is there that was sent by a process which was killed before it looked. Where the names are old enough
        to be forgotten, so is one that was sent after everybody had looked.
        """
        files, root = self._find_files()
        files.invalidate_cache()
        try:
            listed = files.ls(f"{root}/{_ERASED}", detail=False)
        except FileNotFoundError:
            listed = []
        names = {name for path in listed if _MARKER.fullmatch(name := str(path).rpartition("/")[2])}
        oldest = int(time.time() // _HOUR_S) - 24 * ERASED_DAYS
        old = {name for name in names if int(name[:8]) < oldest}
        with self._lock:
            known = self._markers.copy()
        markers: dict[str, frozenset[str]] = {}
        if new := sorted((names - known.keys()) | old):
            paths = [f"{root}/{_ERASED}/{name}" for name in new]
            found = files.cat(paths, on_error="return", start=0, end=FILE_BYTES)
            for path, value in found.items():
                if isinstance(value, FileNotFoundError):  # another machine took it away
                    continue
                if not isinstance(value, bytes):
                    raise value
                name = str(path).rpartition("/")[2]
                erased = find_digests(value.decode("ascii", "replace"))
                self.delete(erased)
                if name not in old:
                    markers[name] = frozenset(erased)
        with self._lock:
            gone = known.keys() - (names - old)  # what was added meanwhile stays
            kept = {name: held for name, held in self._markers.items() if name not in gone}
            self._markers = kept | markers
            self.erased = self._refused.union(*self._markers.values())
        for name in old:
            _delete(files, [f"{root}/{_ERASED}/{name}"])

    def delete(self, digests: Collection[str]) -> None:
        """Delete files; one that is not there is none to delete."""
        files, root = self._find_files()
        if digests:
            _delete(files, [f"{root}/{digest}.png" for digest in digests])

    def list_pages(self) -> dict[str, float | None]:
        """Return the names of all pages, with when they were written; None where the library does not say."""
        return {
            name.removesuffix(".png"): written
            for name, written in self._list("", ".png").items()
            if find_digests(name) == [name.removesuffix(".png")]
        }

    def list_notes(self, folder: str) -> dict[str, float | None]:
        """Return the names of the notes in a folder, with when they were written."""
        return self._list(f"/{folder}", ".json")

    def read_note(self, name: str) -> bytes:
        """Return a small file; empty where there is none."""
        files, root = self._find_files()
        try:
            return bytes(files.cat_file(f"{root}/{name}", start=0, end=FILE_BYTES))
        except FileNotFoundError:
            return b""

    def write_note(self, name: str, data: bytes) -> None:
        """Write a small file."""
        files, root = self._find_files()
        _write(files, f"{root}/{name}", data)

    def delete_notes(self, names: Collection[str]) -> None:
        """Delete small files."""
        files, root = self._find_files()
        if names:
            _delete(files, [f"{root}/{name}" for name in names])

    def _list(self, folder: str, ends: str) -> dict[str, float | None]:
        files, root = self._find_files()
        files.invalidate_cache()
        try:
            found = files.ls(f"{root}{folder}", detail=True)
        except FileNotFoundError:
            return {}
        return {
            str(one["name"]).rpartition("/")[2]: _read_time(one)
            for one in found
            if one["type"] == "file" and str(one["name"]).endswith(ends)
        }

    def _find_files(self) -> tuple[Any, str]:
        """Return the library's file system, one for each process, and the folder's path in it."""
        if self._held is None:
            from fsspec import core  # noqa: PLC0415 - heavy, and for addresses alone

            files, path = core.url_to_fs(self.address)
            self._held = files, str(path).rstrip("/")
        return self._held


def _require_library(address: str) -> None:
    scheme = urlsplit(address).scheme
    try:
        from fsspec import get_filesystem_class  # noqa: PLC0415 - as above
    except ImportError as error:
        raise StoreError(
            f"page files in {show_address(address)!r} need fsspec; pip install 'glyph-memory[documents]'"
        ) from error
    try:
        get_filesystem_class(scheme)
    except (ImportError, ValueError) as error:
        raise StoreError(
            f"no page files are kept in {show_address(address)!r}: {error}; install the library that fsspec names, "
            "or give a folder"
        ) from error


def _write(files: Any, path: str, data: bytes) -> None:  # noqa: ANN401 - fsspec has no types
    try:
        files.pipe_file(path, data)
    except FileNotFoundError:
        spelled = files.protocol
        if _FLAT.intersection({spelled} if isinstance(spelled, str) else spelled):
            raise  # the bucket is not there, and none is made: its name may be spelled wrong
        files.makedirs(path.rpartition("/")[0], exist_ok=True)
        files.pipe_file(path, data)


def _delete(files: Any, paths: Collection[str]) -> None:  # noqa: ANN401 - as above
    try:
        files.rm(list(paths))  # one call for a thousand, where a store has that
    except FileNotFoundError:
        for path in paths:
            try:
                files.rm_file(path)
            except FileNotFoundError:
                continue


def _read_time(info: Mapping[str, Any]) -> float | None:
    for name in _TIMES:
        value = info.get(name)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _split(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _NAMES_EACH):
        yield names[start : start + _NAMES_EACH]
