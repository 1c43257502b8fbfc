"""`PageFolder`: a folder of files as LangChain's byte store, for page files or whatever else has a key.

Knows files; knows nothing about pages.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

from langchain_core.stores import BaseStore

from glyph_memory import StoreError, make_private_folder, write_atomic

_PLAIN = re.compile(rb"[^a-z0-9_.-]|\A\.")
"""What is not spelled as it is in a file's name: capitals neither, since some file systems know no case."""
_NAME_BYTES = 200
"""Longer names are replaced by a digest, with the key in a file beside it."""
_LONG, _KEY = "=", ".key"


class PageFolder(BaseStore[str, bytes]):
    """Keeps bytes in a folder, a file for each key. Safe to share among threads and processes.

    A file appears whole or not at all; files and folder are for their owner alone. Any string is a key; a page's
    digest makes a readable name. What is no longer wanted may be deleted by hand.

    Args:
        folder: Made when something is first kept.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     pages = PageFolder(folder)
        ...     pages.mset([("a", b"1"), ("b", b"2")])
        ...     pages.mget(["b", "c"]), [*pages.yield_keys()]
        ([b'2', None], ['a', 'b'])
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def path_of(self, key: str) -> Path:
        """Return the path of the file for a key's value, whether it exists or not."""
        return self.folder / _encode_name(key)

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value of each key, None where there is none.

        Raises:
            StoreError: A file cannot be read.
        """
        return [self._read(self.path_of(key)) for key in keys]

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Store values; existing ones are replaced.

        Raises:
            StoreError: A file cannot be written.
        """
        for key, value in key_value_pairs:
            name = _encode_name(key)
            if name.startswith(_LONG):
                self._write(self.folder / f"{name}{_KEY}", key.encode("utf-8", "surrogatepass"))
            self._write(self.folder / name, value)

    def mdelete(self, keys: Sequence[str]) -> None:
        """Delete values; missing keys are no error.

        Raises:
            StoreError: A file cannot be deleted.
        """
        for key in keys:
            path = self.folder / _encode_name(key)
            try:
                path.unlink(missing_ok=True)
                if path.name.startswith(_LONG):
                    path.with_name(f"{path.name}{_KEY}").unlink(missing_ok=True)
            except OSError as error:
                raise _make_error("delete", path, error) from error

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Yield all keys that begin with a prefix, in order of their files' names."""
        try:
            names = sorted(entry.name for entry in os.scandir(self.folder) if entry.is_file())
        except FileNotFoundError:
            names = []
        for name in names:
            if name.startswith(".") or (name.startswith(_LONG) and name.endswith(_KEY)):
                continue
            key = self._read_key(name)
            if key is not None and key.startswith(prefix or ""):
                yield key

    def _read_key(self, name: str) -> str | None:
        """Return the key that a file's name stands for; None for a file that this store did not write."""
        if name.startswith(_LONG):
            spelled = self._read(self.folder / f"{name}{_KEY}")
        else:
            spelled = unquote_to_bytes(name) if name != "%" else b""
        try:
            key = None if spelled is None else spelled.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return None
        return key if key is not None and _encode_name(key) == name else None

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _make_error("read", path, error) from error

    def _write(self, path: Path, data: bytes) -> None:
        try:
            make_private_folder(self.folder)
            write_atomic(path, data, mode=0o600)
        except OSError as error:
            raise _make_error("write", path, error) from error


def _encode_name(key: str) -> str:
    """Return the file name for a key."""
    spelled = key.encode("utf-8", "surrogatepass")
    name = _PLAIN.sub(lambda found: f"%{found[0][0]:02x}".encode(), spelled).decode() or "%"
    return name if len(name) <= _NAME_BYTES else f"{_LONG}{hashlib.sha256(spelled).hexdigest()}"


def _make_error(verb: str, path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot {verb} {str(path)!r}: {error.strerror or error}. Give a folder of your own with room in it"
    )
