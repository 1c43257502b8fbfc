"""A file, standard input or bytes, block by block; what the system refuses becomes one of our errors.

Knows paths and bytes; knows nothing about formats.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from glyph_memory.document import Defect
from glyph_memory.documents.encodings import spell_halves
from glyph_memory.errors import DocumentError
from glyph_memory.files import is_device, is_file

STDIN = "-"
"""Stands for standard input wherever a path may stand."""

CHANGED = "changed"
"""Under which `Source.defects` tells of a file that changed while it was read."""
_BLOCK = 1 << 16
"""Bytes read at a time."""


class ByteStream(Protocol):
    """A file that was opened for bytes, or whatever is read like one."""

    def read(self, size: int, /) -> bytes:
        """Return so many bytes at the most; none at the end."""
        ...


@dataclass(kw_only=True, slots=True)
class Source:
    """A document's bytes: the first block is read, so that its format can be told; the rest comes once."""

    path: str
    """As it was given: a path, an address, `-` for standard input; empty for bytes without a name."""
    head: bytes
    """The first block; empty where there is nothing at all."""
    rest: Iterator[bytes]
    """The blocks after it, as they are read."""
    encoding: str
    """How bytes spell characters, where the format leaves that open; empty where it has to be found out."""
    media_type: str = ""
    """What a server said of what kind it is; for contents and names that say nothing."""
    charset: str = ""
    """What a server said of its encoding."""
    is_on_disk: bool = False
    """Whether the path is that of the file itself, and no mere name for bytes."""
    found_encoding: str = ""
    """What was found out, once its bytes have become text."""
    defects: dict[str, Defect] = field(default_factory=dict)
    """What was guessed before its format is read, and while its bytes become text, each under a name of its own; they
    go to the next document that comes of it."""
    _data: bytes | None = field(default=None, init=False, repr=False)

    @property
    def shown(self) -> str:
        """The name for messages, quoted."""
        return show_path(self.path)

    @property
    def name(self) -> str:
        """The last part of the path or address, without its query: what to call the document."""
        if self.path == STDIN:
            return "standard input"
        path = self.path
        if "://" in path:  # in a store's key, `?` is a letter as any other
            is_web = path.lower().startswith(("http://", "https://"))
            path = path.partition("?" if is_web else "?versionId=")[0]
        return spell_halves(Path(path).name)

    @property
    def suffix(self) -> str:
        """The end of the file's name, in small letters: `.pdf`; empty where it has none."""
        return "" if self.path == STDIN else Path(self.name).suffix.lower()

    @property
    def local(self) -> Path | None:
        """The path of a regular file of this machine, which can be opened again; None for all else."""
        return Path(self.path) if self.is_on_disk and is_file(self.path) else None

    def iter_blocks(self) -> Iterator[bytes]:
        """Yield all bytes, block by block; those of a source that was read whole, as often as they are asked for."""
        if self._data is None:
            yield self.head
            yield from self.rest
            return
        for start in range(0, len(self._data), _BLOCK):
            yield self._data[start : start + _BLOCK]

    def pop_defects(self) -> tuple[Defect, ...]:
        """Return what was guessed since this was last asked for."""
        found = tuple(self.defects.values())
        self.defects.clear()
        return found

    def read_all(self, *, at_most: int | None = None) -> bytes:
        """Return all bytes, for formats that cannot be read piece by piece; they may be asked for again.

        Args:
            at_most: How many there may be.

        Raises:
            DocumentError: There are more.
        """
        if self._data is None:
            blocks, held = [self.head], len(self.head)
            for block in self.rest:
                blocks.append(block)
                held += len(block)
                if at_most is not None and held > at_most:
                    raise DocumentError(
                        f"{self.shown} has more than {at_most:,} bytes; raise the limit, as in "
                        f"LoadOptions(limits=Limits(file_bytes={2 * at_most}))"
                    )
            self._data = b"".join(blocks)
        return self._data

    def open_file(self, *, at_most: int | None = None) -> BinaryIO:
        """Return the whole as a file that can be read at any place; whoever asks closes it.

        A file of this machine is opened; anything else is read whole.

        Args:
            at_most: How many bytes there may be, of what is read whole.

        Raises:
            DocumentError: There are more, or the file is gone.
        """
        path = self.local
        if path is None or self._data is not None:
            return io.BytesIO(self.read_all(at_most=at_most))
        try:
            return path.open("rb")
        except OSError as error:
            raise DocumentError(f"cannot read {self.shown}: {error.strerror or error}") from error


def open_source(path: str | Path, encoding: str) -> Source:
    """Open a file or standard input, and read its first block.

    Raises:
        DocumentError: It cannot be read; while reading on, too.
    """
    defects = dict[str, Defect]()
    blocks = _blocks(path, show_path(str(path)), defects)
    is_on_disk = str(path) != STDIN
    return Source(
        path=str(path),
        head=next(blocks, b""),
        rest=blocks,
        encoding=encoding,
        is_on_disk=is_on_disk,
        defects=defects,
    )


def open_bytes(data: bytes, encoding: str, *, name: str = "") -> Source:
    """Return bytes in memory as a source.

    Args:
        data: The bytes.
        encoding: As for a file.
        name: What to call them; its end tells the format where the content does not.
    """
    blocks = (data[start : start + _BLOCK] for start in range(_BLOCK, len(data), _BLOCK))
    return Source(path=name, head=data[:_BLOCK], rest=blocks, encoding=encoding)


def open_stream(stream: ByteStream, encoding: str, *, name: str = "") -> Source:
    """Return an open file as a source, from where it stands; whoever opened it closes it.

    Args:
        stream: A file that was opened for bytes.
        encoding: As for a file.
        name: What to call it.

    Raises:
        DocumentError: It cannot be read; while reading on, too.
    """
    blocks = _read_stream(stream, show_path(name))
    return Source(path=name, head=next(blocks, b""), rest=blocks, encoding=encoding)


def show_path(path: str) -> str:
    """Return a path for messages, quoted."""
    if not path:
        return "the file in memory"
    return "standard input" if path == STDIN else repr(path)


def _blocks(path: str | Path, name: str, defects: dict[str, Defect]) -> Iterator[bytes]:
    if not str(path):
        raise DocumentError("an empty text is no path; give that of a file")
    try:
        if str(path) == STDIN:
            if sys.stdin is None:  # closed by whoever started us
                raise DocumentError("standard input is closed; give a file, or pipe text in")
            yield from _read(sys.stdin.buffer)
            return
        if is_device(path):
            raise DocumentError(f"{name} is a device, which may have no end. Give a file or a pipe")
        with Path(path).open("rb") as file:
            about, held = os.fstat(file.fileno()), 0
            for block in _read(file):
                held += len(block)
                yield block
            if stat.S_ISREG(about.st_mode) and about.st_size and held != about.st_size:
                _tell_change(defects, held, about.st_size)
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


def _tell_change(defects: dict[str, Defect], held: int, size: int) -> None:
    how = "became shorter" if held < size else "grew"
    message = f"the file {how} while it was read: {held:,} bytes came, and it had {size:,}; read it again"
    defects[CHANGED] = Defect(kind="damaged" if held < size else "guessed", message=message)


def _read_stream(stream: ByteStream, name: str) -> Iterator[bytes]:
    try:
        for block in _read(stream):
            if not isinstance(block, bytes):
                raise DocumentError("the open file gives text; open it for bytes, as with open(path, 'rb')")
            yield block
    except (OSError, ValueError) as error:  # ValueError: it is closed
        raise DocumentError(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from error


def _read(file: ByteStream) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block
