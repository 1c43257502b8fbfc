"""Where a run's files are kept: a folder that all machines see, or an object store, by fsspec.

A file is there whole or not at all. Knows names and bytes; knows nothing about pages.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname
from uuid import uuid4

from glyph_memory.addresses import is_address, is_in_store, show_address
from glyph_memory.documents.bulk.lock import hold_folder, make_write_error
from glyph_memory.documents.shards.lease import hold_store
from glyph_memory.documents.stores import call_store, explain_refusal, open_store
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.files import write_atomic

_PIECE = 1 << 20
_DRAFTS = ".drafts"
_LARGE = 1_000_000_000
"""Bytes of a file that has to be read whole, about: for the time limit alone."""


class Storage:
    """A folder, here or in an object store.

    Args:
        address: A path, or an address such as `s3://bucket/pages`.

    Raises:
        GlyphMemoryError: No library reads such addresses.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     storage = Storage(folder)
        ...     storage.write("plans/0001.json", b"{}")
        ...     storage.list_files("plans"), storage.read("plans/0001.json")
        (['0001.json'], b'{}')
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._files: Any = None
        self._root = address.rstrip("/")
        if is_address(address) and urlsplit(address).scheme not in {"file", "local"}:
            self._files, self._root = _find_file_system(address)
        elif is_address(address):
            self._root = url2pathname(urlsplit(address).path)

    @property
    def shown(self) -> str:
        """The address without what lets somebody in."""
        return show_address(self.address) if is_address(self.address) else self.address

    @contextmanager
    def hold(self) -> Iterator[Callable[[], None]]:
        """Keep other runs out of it, and remove what killed workers left half written.

        Yield what raises an error once it is held no more. A folder is held by the system, against other runs of this
        machine; a store by a file with signs of life.

        Raises:
            GlyphMemoryError: Another run holds it, or it cannot be written to.
        """
        if self._files is not None:
            with hold_store(self) as check:
                yield check
            return
        with hold_folder(Path(self._root), (_DRAFTS,)):
            shutil.rmtree(self._path(_DRAFTS), ignore_errors=True)
            try:
                yield lambda: None
            finally:
                shutil.rmtree(self._path(_DRAFTS), ignore_errors=True)

    def has(self, name: str) -> bool:
        """Return whether a file is there.

        Raises:
            GlyphMemoryError: The store does not answer.
        """
        with _Told(self, "read"):
            if self._files is None:
                return self._path(name).is_file()
            self._files.invalidate_cache()
            try:
                return bool(self._call("info", name)["type"] == "file")
            except FileNotFoundError:
                return False

    def list_files(self, folder: str) -> list[str]:
        """Return the names of the files right in a folder, sorted; none where there is no such folder.

        Raises:
            GlyphMemoryError: The store does not answer.
        """
        with _Told(self, "read"):
            if self._files is None:
                path = self._path(folder)
                return sorted(one.name for one in path.iterdir() if one.is_file()) if path.is_dir() else []
            self._files.invalidate_cache()
            try:
                found = self._files.ls(f"{self._root}/{folder}", detail=True)
            except FileNotFoundError:
                return []
            names = (one["name"].rpartition("/")[2] for one in found if one["type"] == "file")
            return sorted(name for name in names if name)  # the folder itself, where something made one

    def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Raises:
            GlyphMemoryError: It is not there, or the store does not answer.
        """
        with _Told(self, "read"):
            if self._files is None:
                return self._path(name).read_bytes()
            return bytes(self._call("cat_file", name, size=_LARGE))

    @contextmanager
    def open_file(self, name: str) -> Iterator[Any]:
        """Open a file to read parts of it, such as some columns of a table.

        Raises:
            GlyphMemoryError: It is not there, or the store does not answer.
        """
        with (
            _Told(self, "read"),
            self._path(name).open("rb")
            if self._files is None
            else self._files.open(f"{self._root}/{name}", "rb") as file,
        ):
            yield file

    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all.

        Raises:
            GlyphMemoryError: It cannot be written.
        """
        with _Told(self, "written to"):
            if self._files is None:
                self._write(name, data)
            else:
                self._make_folder(name)
                self._call("pipe_file", name, data, size=len(data))

    def move_in(self, draft: Path, name: str) -> None:
        """Take a file of this machine in, whole or not at all; the draft stays.

        Raises:
            GlyphMemoryError: It cannot be written.
        """
        with _Told(self, "written to"):
            if self._files is None:
                self._write(name, _read_pieces(draft))
            else:
                self._make_folder(name)
                path = f"{self._root}/{name}"
                call_store(self._files, "put_file", str(draft), path, size=draft.stat().st_size)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there.

        Raises:
            GlyphMemoryError: The store does not let us.
        """
        with _Told(self, "cleared of what is over"):
            if self._files is None:
                self._path(name).unlink(missing_ok=True)
            else:
                with suppress(FileNotFoundError):
                    self._call("rm_file", name)

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it, if it is there.

        Raises:
            GlyphMemoryError: The store does not let us.
        """
        with _Told(self, "cleared of what is over"):
            if self._files is None:
                shutil.rmtree(self._path(folder), ignore_errors=True)
            else:
                self._files.invalidate_cache()
                for path in self._files.find(f"{self._root}/{folder}"):  # rm() takes `*` and `[` for patterns
                    with suppress(FileNotFoundError):
                        call_store(self._files, "rm_file", path)

    def _call(self, function: str, name: str, *given: object, size: int = 0) -> Any:  # noqa: ANN401 - fsspec has no types
        return call_store(self._files, function, f"{self._root}/{name}", *given, size=size)

    def _make_folder(self, name: str) -> None:
        """Make a file's folder where a store has such; s3fs would make a bucket whose name is misspelled."""
        if not is_in_store(self.address):
            self._files.makedirs(f"{self._root}/{name}".rpartition("/")[0], exist_ok=True)

    def _write(self, name: str, data: bytes | Iterable[bytes]) -> None:
        path, drafts = self._path(name), self._path(_DRAFTS)
        path.parent.mkdir(parents=True, exist_ok=True)
        drafts.mkdir(exist_ok=True)
        write_atomic(path, data, draft=drafts / uuid4().hex, sync=True)

    def _path(self, name: str) -> Path:
        return Path(self._root) / name


class _Told:
    """Make one line of what a file system's library raises."""

    def __init__(self, storage: Storage, what: str) -> None:
        self._storage, self._what = storage, what

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if error is None or isinstance(error, GlyphMemoryError) or not isinstance(error, Exception):
            return
        if isinstance(error, OSError) and not is_address(self._storage.address):
            if self._what == "read":
                why = getattr(error, "strerror", None) or error
                raise GlyphMemoryError(f"{self._storage.shown!r} cannot be read: {why}") from error
            raise make_write_error(Path(self._storage.address), error) from error
        raise GlyphMemoryError(
            f"{self._storage.shown!r} cannot be {self._what}: {explain_refusal(error)}"
        ) from None


def _read_pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _find_file_system(address: str) -> tuple[Any, str]:
    try:
        files, path = open_store(address)
    except (ImportError, ValueError) as error:
        raise GlyphMemoryError(
            f"nothing here writes to {show_address(address)!r} ({error}); install the library that fsspec names, or "
            "give a folder"
        ) from error
    return files, str(path).rstrip("/")
