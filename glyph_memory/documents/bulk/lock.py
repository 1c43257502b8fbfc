"""Hold an output folder, so that two runs never write to it at once. Knows files; knows nothing about documents."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from glyph_memory.errors import GlyphMemoryError

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


LOCK = ".lock"


@contextmanager
def hold_folder(folder: Path, names: Sequence[str] = ()) -> Iterator[None]:
    """Make a folder where there is none, and hold it; the system lets go of it when the process ends, however it ends.

    Args:
        folder: The folder.
        names: What is written in it.

    Raises:
        GlyphMemoryError: Another run holds it, it cannot be written to, or one of the names is a link.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        refuse_links(folder, (LOCK, *names))
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise make_write_error(folder, error) from error
    try:
        try:
            _lock(handle)
        except OSError as error:
            raise GlyphMemoryError(
                f"another run writes to {str(folder)!r} now; wait for its end, or give another folder"
            ) from error
        yield
    finally:
        os.close(handle)


def refuse_links(folder: Path, names: Sequence[str]) -> None:
    """Raise an error where something in a folder is a link: what is written to it would lie elsewhere.

    Raises:
        GlyphMemoryError: It is.
    """
    for name in names:
        path = folder / name
        if path.is_symlink():
            raise GlyphMemoryError(
                f"{str(path)!r} is a link, and what is written would lie outside of the output folder; remove it, or "
                "give another folder"
            )


def make_write_error(path: Path, error: Exception) -> GlyphMemoryError:
    """Return the error for a place that cannot be written to."""
    why = getattr(error, "strerror", None) or error
    return GlyphMemoryError(
        f"cannot write {str(path)!r}: {why}; make room or give another folder. What is finished stays, and is not "
        "done again"
    )
