"""Read one source whose bytes are known by their digest, and notice where it changes meanwhile.

Knows files and addresses; knows nothing about pages.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from glyph_memory.addresses import is_address
from glyph_memory.document import Document
from glyph_memory.documents.addresses import open_address
from glyph_memory.documents.loader import load, load_source
from glyph_memory.documents.options import LoadOptions
from glyph_memory.errors import DocumentError, show_value
from glyph_memory.files import is_file

_BLOCK = 1 << 20
_State = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceReading:
    """A source that is being read."""

    digest: str
    """Of its bytes; empty of what is no file and no address."""
    documents: Iterable[Document]
    """What is in it, read as it is asked for."""
    source: str
    """Its path or address."""
    _state: _State | None = field(default=None, repr=False)

    def check_unchanged(self) -> None:
        """Raise an error where a file is not what it was when it was opened.

        Raises:
            DocumentError: It changed, or is gone.
        """
        if get_state(self.source) != self._state:
            raise DocumentError(f"{self.source!r} changed while it was read; run it again")


def read_source(source: str, options: LoadOptions, *, known: str = "") -> SourceReading | None:
    """Open a source; None where its bytes are those that were known.

    Args:
        source: Its path or address.
        options: How it is read.
        known: A digest; empty where none is known.

    Raises:
        GlyphMemoryError: It cannot be read.
    """
    state = get_state(source)
    if state is None and is_address(source):
        opened = open_address(source, options.encoding or "", options)
        data = opened.read_all(at_most=options.limits.file_bytes)
        digest = hashlib.sha256(data).hexdigest()
        again = replace(opened, head=data[:_BLOCK], rest=iter([data[_BLOCK:]]))
    else:
        digest, again = _digest_file(source) if state else "", None
    if digest and known == digest:
        return None
    documents = load(source, options=options) if again is None else load_source(again, options)
    return SourceReading(digest=digest, documents=documents, source=source, _state=state)


def get_state(source: str) -> _State | None:
    """Return what tells whether a file changes; None for what is no file."""
    if not is_file(source):
        return None
    try:
        found = os.stat(source)  # noqa: PTH116 - a name may be no text
    except OSError as error:
        raise DocumentError(f"{source!r} is gone; it was there a moment ago") from error
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _digest_file(source: str) -> str:
    digest = hashlib.sha256()
    try:
        with open(source, "rb") as file:  # noqa: PTH123 - as above
            while block := file.read(_BLOCK):
                digest.update(block)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        why = getattr(error, "strerror", None) or error
        raise DocumentError(f"cannot read {show_value(source)}: {why}") from error
    return digest.hexdigest()
