"""The formats that can be read, one module each.

To add a format, write a module here with a `Format` in it, such as `pdf.py`, and put the format into `FORMATS`:

    PDF = Format(name="a PDF", media_type="application/pdf", beginnings=(b"%PDF-",), suffixes=(".pdf",), read=read_pdf)

`read_pdf` takes a `Source` and `LoadOptions` and yields documents, which it puts together with a `Builder`; import the
library that it needs inside of it, and raise a `DocumentError` of one line where the file is broken. If `refused` lists
the format, take it out there. What begins as a format's files do is of that format, then what a format recognizes;
else the name decides; else it is text.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Sequence

from glyph_memory.documents.formats.csv import CSV
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.html import HTML
from glyph_memory.documents.formats.mail import MAIL, OUTLOOK
from glyph_memory.documents.formats.markdown import MARKDOWN
from glyph_memory.documents.formats.refused import REFUSED
from glyph_memory.documents.formats.sheets import SHEETS
from glyph_memory.documents.formats.text import TEXT
from glyph_memory.documents.source import Source

FORMATS: tuple[Format, ...] = (
    SHEETS,
    OUTLOOK,
    MAIL,
    HTML,
    MARKDOWN,
    CSV,
    *REFUSED,
    TEXT,
)
"""All formats. Of two that take the same content, the first reads it."""


def choose_format(source: Source, formats: Sequence[Format] | None = None) -> Format:
    """Return the format of a document: by its content, else by its name, else text.

    Args:
        source: The document.
        formats: Of which; `FORMATS` unless given.
    """
    known = FORMATS if formats is None else formats
    head = source.head.removeprefix(BOM_UTF8).lstrip() or source.head
    for one in known:
        if source.head.startswith(one.beginnings) or head.startswith(one.beginnings):
            return one
        if one.recognizes is not None and one.recognizes(source):
            return one
    by_name = (one for one in known if source.suffix and source.suffix in one.suffixes)
    return next(by_name, TEXT)
