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
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"\x1f\x8b", "gzip-compressed"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
"""All that is no text, whether a format reads it or not: a format that does stands before these in `FORMATS`."""


def find_refusal(source: Source) -> DocumentError | None:
    """Return the error for a file of such a kind that was to be read as text; None for any other."""
    refusals = (make_refusal(source, one.name) for one in REFUSED if one.takes(source))
    return next(refusals, None)


def make_refusal(source: Source, name: str, *, unlike: str = "") -> DocumentError:
    """Return the error for a file that cannot be read here.

    Args:
        source: The file.
        name: What it is.
        unlike: What its name says that it is.
    """
    if source.head.startswith(OLE):
        return describe_old_office(source)
    return DocumentError(f"{source.shown} is {name}, not {unlike or 'text'}; extract its text first")


def _make_format(beginning: bytes, name: str) -> Format:
    def refuse(source: Source, options: LoadOptions) -> Iterator[Document]:
        raise make_refusal(source, name)

    return Format(name=name, beginnings=(beginning,), read=refuse)


REFUSED = tuple(_make_format(beginning, name) for beginning, name in _KINDS)
CONTAINERS = tuple(one for one in REFUSED if one.beginnings[0] in {b"PK\x03\x04", b"\xd0\xcf\x11\xe0"})
"""Those that other formats are packed in: where a name says so, that format's reader says what is wrong."""
