"""`SharedFiles`: what each of several workers must find, whichever of them it was given to; files of one folder.

The folder is made for one run of the server, for its user alone. Knows files; knows nothing about what is kept.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from contextlib import suppress
from pathlib import Path

from glyph_memory.files import write_atomic

_AT_MOST_BYTES = 1 << 30


class SharedFiles:
    """Values by names. Without a folder nothing is kept: one worker has all in its memory.

    Args:
        folder: Where; nobody else may write into it.
        at_most_bytes: What all of them may take; those that were not asked for longest go first.
    """

    def __init__(self, folder: Path | None, *, at_most_bytes: int = _AT_MOST_BYTES) -> None:
        self._folder, self._at_most_bytes = folder, at_most_bytes

    def put(self, value: object, *names: str) -> None:
        """Keep a value; on a full disk only the worker that has it can answer for it."""
        if self._folder is None:
            return
        with suppress(OSError):
            write_atomic(self._find_path(self._folder, names), pickle.dumps(value), mode=0o600)
            self._drop(self._folder)

    def get(self, *names: str) -> object:
        """Return a value, or None where there is none."""
        if self._folder is None:
            return None
        path = self._find_path(self._folder, names)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return pickle.loads(data)  # noqa: S301 - written by a worker of this server; nobody else may

    def _find_path(self, folder: Path, names: tuple[str, ...]) -> Path:
        spelled = "".join(f"{len(name)}:{name}" for name in names)
        return folder / hashlib.blake2b(spelled.encode(errors="surrogatepass"), digest_size=20).hexdigest()

    def _drop(self, folder: Path) -> None:
        found = []
        for entry in os.scandir(folder):
            with suppress(OSError):  # another worker dropped it
                told = entry.stat()
                found.append((told.st_mtime_ns, told.st_size, Path(entry.path)))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self._at_most_bytes:
                return
            with suppress(OSError):
                path.unlink()
            total -= size
