"""What a format is: which contents and names it takes, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from glyph_memory.document import Document
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A kind of file."""

    name: str
    """What it is called in messages, with its article: `a PDF`."""
    read: Callable[[Source, LoadOptions], Iterator[Document]]
    """Yields the document, a long one in several parts; raises a `DocumentError` of one line where it cannot."""
    media_type: str = ""
    """Its MIME type."""
    beginnings: tuple[bytes, ...] = ()
    """Bytes that such a file begins with, each of them enough to know it by."""
    recognizes: Callable[[Source], bool] | None = None
    """Returns whether the content is of this format, where a beginning does not tell: of an archive, what is in it.
    It may read what is read again afterwards: `source.head`, or `source.open_file()`."""
    suffixes: tuple[str, ...] = ()
    """Ends of names, in small letters, for contents that no format knows: `.html`."""
