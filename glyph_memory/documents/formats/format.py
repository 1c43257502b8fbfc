"""What a format is: which contents and names it takes, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from glyph_memory.document import Document
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source

_TEXT = (
    "application/json",
    "application/x-ndjson",
    "message/rfc822",
    "application/x-ipynb+json",
    "application/xhtml+xml",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A kind of file."""

    name: str
    """What it is called in messages, with its article: `a PDF`."""
    read: Callable[[Source, LoadOptions], Iterator[Document]]
    """Yields the document, a long one in several parts; raises a `DocumentError` of one line where it cannot."""
    media_type: str = ""
    """Its MIME type; text is `text/…`, JSON, or a mail."""
    beginnings: tuple[bytes, ...] = ()
    """Bytes that such a file begins with, each of them enough to know it by."""
    recognizes: Callable[[Source], bool] | None = None
    """Returns whether the content is of this format, where a beginning does not tell: of an archive, what is in it.
    It may read what is read again afterwards: `source.head`, or `source.open_file()`."""
    suffixes: tuple[str, ...] = ()
    """Ends of names, in small letters, for contents that no format knows: `.html`."""
    names: tuple[str, ...] = ()
    """Whole names, in small letters, of files without such an end: `makefile`."""
    takes_any_text: bool = False
    """Whether any text may stand in such a file, so that its name says more than its content: source code."""

    @property
    def is_text(self) -> bool:
        """Whether its files are text, which can be read letter for letter."""
        return self.media_type.startswith("text/") or self.media_type in _TEXT

    def has_name(self, source: Source) -> bool:
        """Return whether a document's name is one of this format's."""
        return (source.suffix != "" and source.suffix in self.suffixes) or source.name.lower() in self.names

    def takes(self, source: Source) -> bool:
        """Return whether a document's content is of this format."""
        begins = source.head.startswith(self.beginnings) or trim_start(source.head).startswith(
            self.beginnings
        )
        return begins or (self.recognizes is not None and self.recognizes(source))


def trim_start(head: bytes) -> bytes:
    """Return a file's beginning without a byte order mark and white space before it."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip() or head
