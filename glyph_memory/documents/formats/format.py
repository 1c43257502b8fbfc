"""What a format is: which contents and names it takes, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from glyph_memory.documents.source import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A kind of file."""

    name: str
    """What it is called in messages, with its article: `a PDF`."""
    read: Callable[[Source], Iterator[str]]
    """Yields the text in pieces; raises a `DocumentError` of one line where it cannot."""
    beginnings: tuple[bytes, ...] = ()
    """Bytes that such a file begins with, each of them enough to know it by."""
    suffixes: tuple[str, ...] = ()
    """Ends of names, in small letters, for contents that no format knows: `.html`."""
