"""`Identity` of a database's file: whether its path still leads to the file that was opened, and to its log.

A program goes on writing to a file that was removed, or whose place another file took, and nobody finds what it
wrote. Knows files; knows nothing about connections and tables.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

from glyph_memory.errors import StoreError

_GONE = (
    "{shown} was {what} while it was open; what is added since then is lost, and nothing more is stored. End all "
    "programs that use it, and open it again"
)
_LOG_GONE = (
    "{log!r}, the log of {shown}, was removed or replaced while it was open, and others would not see what is added. "
    "End all programs that use it, which saves what they added, and open it again"
)


class FileId(NamedTuple):
    """What makes a file the same one, whatever its name."""

    device: int
    """On which device it is."""
    number: int
    """Its number there."""


class Identity:
    """Remembers which file a path led to.

    Args:
        path: Of the file; None where there is none, and nothing is ever wrong.
        shown: The database, as people are to read it.
    """

    def __init__(self, path: Path | None, *, shown: str) -> None:
        self._path, self._shown = path, shown
        self._log = path and path.with_name(f"{path.name}-wal")
        self._opened = _identify(path)
        self._refusal = ""

    def check(self) -> None:
        """Check that the path still leads to the file.

        Raises:
            StoreError: It does not, or once did not: a file made later may have the same number.
        """
        if (
            self._opened is not None
            and not self._refusal
            and (found := _identify(self._path)) != self._opened
        ):
            what = "removed" if found is None else "replaced by another file"
            self._refusal = _GONE.format(shown=self._shown, what=what)
        if self._refusal:
            raise StoreError(self._refusal)

    def check_log(self, notes: MutableMapping[Any, Any]) -> None:
        """Check that a connection that has the log open has the one that others would open.

        Args:
            notes: Of this connection, which keeps the log open as long as it lives.

        Raises:
            StoreError: It has another.
        """
        if self._opened is None:
            return
        found = _identify(self._log)
        if notes.setdefault("glyph_log", found) != found:
            raise StoreError(_LOG_GONE.format(shown=self._shown, log=str(self._log)))


def _identify(path: Path | None) -> FileId | None:
    if path is None:
        return None
    try:
        found = path.stat()
    except (OSError, ValueError):  # SQLite says why it cannot be opened
        return None
    return FileId(found.st_dev, found.st_ino)
