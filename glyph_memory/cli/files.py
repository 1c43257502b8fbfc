"""Write files so that they are there as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from glyph_memory.errors import GlyphMemoryError


def write(path: Path, content: bytes | Iterable[str]) -> None:
    """Write a file next to its final path, then move it there; missing folders are made.

    Args:
        path: Where; what is there is replaced. A pipe or device is written to directly.
        content: Bytes, or text in pieces, which becomes UTF-8.

    Raises:
        GlyphMemoryError: It cannot be written.
    """
    pieces = [content] if isinstance(content, bytes) else (piece.encode() for piece in content)
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            _write(path, pieces, mode="wb")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            _write(beside, pieces, mode="xb")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        why = getattr(error, "strerror", None) or error
        raise GlyphMemoryError(f"cannot write {str(path)!r}: {why}; give another place") from error


def _write(path: Path, pieces: Iterable[bytes], *, mode: str) -> None:
    with path.open(mode) as file:
        for piece in pieces:
            file.write(piece)
