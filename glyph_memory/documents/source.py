"""A file or standard input as bytes, block by block; what the system refuses becomes one of our errors.

Knows paths and bytes; knows nothing about formats.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from glyph_memory.errors import DocumentError
from glyph_memory.files import is_device

STDIN = "-"
"""Stands for standard input wherever a path may stand."""

_BLOCK = 1 << 16
"""Bytes read at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A document's bytes, once: the first block is read, so that its format can be told."""

    path: str
    """As it was given; `-` for standard input."""
    head: bytes
    """The first block; empty where there is nothing at all."""
    rest: Iterator[bytes]
    """The blocks after it, as they are read."""
    encoding: str
    """How bytes spell characters, where the format leaves that open."""

    @property
    def shown(self) -> str:
        """The name for messages, quoted."""
        return show_path(self.path)

    @property
    def suffix(self) -> str:
        """The end of the file's name, in small letters: `.pdf`; empty where it has none."""
        return "" if self.path == STDIN else Path(self.path).suffix.lower()

    def read_all(self) -> bytes:
        """Return all bytes, for formats that cannot be read piece by piece."""
        return self.head + b"".join(self.rest)


def open_source(path: str | Path, encoding: str) -> Source:
    """Open a file or standard input, and read its first block.

    Raises:
        DocumentError: It cannot be read; while reading on, too.
    """
    blocks = _blocks(path, show_path(str(path)))
    return Source(path=str(path), head=next(blocks, b""), rest=blocks, encoding=encoding)


def show_path(path: str) -> str:
    """Return a path for messages, quoted."""
    return "standard input" if path == STDIN else repr(path)


def _blocks(path: str | Path, name: str) -> Iterator[bytes]:
    try:
        if str(path) == STDIN:
            if sys.stdin is None:  # closed by whoever started us
                raise DocumentError("standard input is closed; give a file, or pipe text in")
            yield from _read(sys.stdin.buffer)
            return
        if is_device(path):
            raise DocumentError(f"{name} is a device, which may have no end. Give a file or a pipe")
        with Path(path).open("rb") as file:
            yield from _read(file)
    except FileNotFoundError as error:
        raise DocumentError(f"there is no file {name}; is its name spelled right?") from error
    except IsADirectoryError as error:
        raise DocumentError(f"{name} is a folder; give the files in it") from error
    except PermissionError as error:
        raise DocumentError(
            f"{name} may not be read by this user; change its permissions, or copy it"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise DocumentError(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from error


def _read(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block
