"""Files that people take for text and that nobody reads here yet: they are called what they are."""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.document import Document
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.old_office import OLE, describe_old_office
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError

_KINDS = (
    (b"%PDF-", "a PDF"),
    (b"%!PS", "PostScript"),
    (b"{\\rtf", "an RTF document"),
    (b"PK\x03\x04", "a ZIP archive (as .docx, .epub and .odt are)"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x1f\x8b", "gzip-compressed"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
)


def find_refusal(source: Source) -> DocumentError | None:
    """Return the error for a file of such a kind; None for any other."""
    refusals = (_make_refusal(source, one.name) for one in REFUSED if source.head.startswith(one.beginnings))
    return next(refusals, None)


def _make_refusal(source: Source, name: str) -> DocumentError:
    if source.head.startswith(OLE):
        return describe_old_office(source)
    return DocumentError(f"{source.shown} is {name}, not text; extract its text first")


def _make_format(beginning: bytes, name: str) -> Format:
    def refuse(source: Source, options: LoadOptions) -> Iterator[Document]:
        raise _make_refusal(source, name)

    return Format(name=name, beginnings=(beginning,), read=refuse)


REFUSED = tuple(_make_format(beginning, name) for beginning, name in _KINDS)
