"""The formats that can be read, one module each.

To add a format, write a module here with a `Format` in it, such as `pdf.py`, and put the format into `FORMATS`:

    PDF = Format(name="a PDF", media_type="application/pdf", beginnings=(b"%PDF-",), suffixes=(".pdf",), read=read_pdf)

`read_pdf` takes a `Source` and `LoadOptions` and yields documents, which it puts together with a `Builder`; import the
library that it needs inside of it, and raise a `DocumentError` of one line where the file is broken. What begins as a
format's files do, or what it recognizes, is of that format: the first in `FORMATS`, where `refused` stands last. What
none knows is told by its name, then by what a server said; else it is text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from glyph_memory.document import Defect, Document
from glyph_memory.documents.encodings import is_valid_utf8
from glyph_memory.documents.formats.code import CODE
from glyph_memory.documents.formats.csv import CSV
from glyph_memory.documents.formats.epub import EPUB
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.html import HTML
from glyph_memory.documents.formats.json import JSON
from glyph_memory.documents.formats.mail import MAIL, OUTLOOK
from glyph_memory.documents.formats.markdown import MARKDOWN
from glyph_memory.documents.formats.mbox import MBOX
from glyph_memory.documents.formats.notebook import NOTEBOOK
from glyph_memory.documents.formats.pdf import PDF
from glyph_memory.documents.formats.refused import CONTAINERS, REFUSED, make_refusal
from glyph_memory.documents.formats.rest import REST
from glyph_memory.documents.formats.sheets import SHEETS
from glyph_memory.documents.formats.slides import SLIDES
from glyph_memory.documents.formats.text import TEXT
from glyph_memory.documents.formats.unknown import name_kind
from glyph_memory.documents.formats.word import WORD
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import CHANGED, Source
from glyph_memory.errors import DocumentError

FORMATS: tuple[Format, ...] = (
    PDF,
    WORD,
    SLIDES,
    SHEETS,
    EPUB,
    OUTLOOK,
    NOTEBOOK,
    JSON,
    MBOX,
    MAIL,
    HTML,
    MARKDOWN,
    REST,
    CSV,
    CODE,
    *REFUSED,
    TEXT,
)
"""All formats. Of two that take the same content, the first reads it."""


def read_source(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield what a source holds, in the format that it has, each document with what was guessed of its bytes.

    Args:
        source: The document; of a mail or an archive, one that it holds.
        options: How to read.

    Raises:
        DocumentError: It cannot be read.
    """
    chosen = choose_format(source)
    if chosen.is_text and not options.structure:
        chosen = TEXT
    for document in chosen.read(source, options):
        named = source.encoding if chosen.is_text else ""
        yield replace(
            document,
            encoding=document.encoding or source.found_encoding or named,
            defects=(*source.pop_defects(), *document.defects),
        )
    told = source.defects.get(CHANGED)  # no document came after it was found
    if told is not None and told.kind == "damaged":
        raise DocumentError(f"{source.shown} is not read to its end: {told.message}")


def choose_format(source: Source, formats: Sequence[Format] | None = None) -> Format:
    """Return the format of a document: by its content, else by its name or its server's word, else text.

    A name that says something else than the content does is told in `source.defects`.

    Args:
        source: The document.
        formats: Of which; `FORMATS` unless given.

    Raises:
        DocumentError: The content is of a kind that cannot be read.
    """
    known = FORMATS if formats is None else formats
    named = next((one for one in known if one.has_name(source)), None)
    found = next((one for one in known if one.takes(source)), None)
    if found is None:
        return _choose_by_name(source, named, known)
    if named is None or found.has_name(source):
        return found
    if named.is_text and found.is_text and (named.takes_any_text or found.takes_any_text):
        return named
    if found in CONTAINERS and not named.is_text:
        return named
    if found in REFUSED:
        raise make_refusal(source, found.name, unlike=named.name)
    _tell_name(source, named, found)
    return found


def _choose_by_name(source: Source, named: Format | None, known: Sequence[Format]) -> Format:
    """Return the format of a content that no format takes."""
    if kind := name_kind(source):
        raise make_refusal(source, kind, unlike=named.name if named else "")
    typed = next((one for one in known if source.media_type and one.media_type == source.media_type), None)
    if named is None or (named.takes_any_text and typed is not None):  # 'data.php' may send anything
        return typed or TEXT
    if named.is_text or not source.head or not is_valid_utf8(source.head):
        return named
    _tell_name(source, named, TEXT)
    return TEXT


def _tell_name(source: Source, named: Format, found: Format) -> None:
    source.defects["format"] = Defect(
        kind="guessed", message=f"read as {found.name}, as its content is, though its name says {named.name}"
    )
