"""Write what a command was asked to write; what goes wrong becomes one of our errors."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.files import write_atomic


def make_folder(path: Path) -> None:
    """Make a folder, and those that it stands in; one that is there is taken.

    Raises:
        GlyphMemoryError: It cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise _make_error(path, error) from error


def write(path: Path, content: bytes | Iterable[str], *, is_private: bool = False) -> None:
    """Write a file, whole or not at all; missing folders are made.

    Args:
        path: Where; what is there is replaced. A pipe or device is written to directly.
        content: Bytes, or text in pieces, which becomes UTF-8.
        is_private: Whether it holds a conversation: then its owner alone may read it, whatever the umask.

    Raises:
        GlyphMemoryError: It cannot be written.
    """
    encoded = (
        content
        if isinstance(content, bytes)
        else (piece.encode(errors="backslashreplace") for piece in content)
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, encoded, mode=0o600 if is_private else 0o666)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise _make_error(path, error) from error


def _make_error(path: Path, error: Exception) -> GlyphMemoryError:
    why = getattr(error, "strerror", None) or error
    return GlyphMemoryError(f"cannot write {str(path)!r}: {why}; give another place")
