"""Web pages, as a browser without scripts and styles shows them. Knows files; `html_writer` knows elements."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from glyph_memory.document import DefectKind, Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.decoding import read_old_lines
from glyph_memory.documents.encodings import detect_mark, guess_best, is_utf8
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.markup.html_page import write_html
from glyph_memory.documents.markup.pictures import FindPicture, make_picture_finder, read_beside
from glyph_memory.documents.needs import load_library
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError

_CHARSET = re.compile(
    rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w:.-]+)|^<\?xml[^>]{0,200}?encoding=["']([\w:.-]+)""",
    re.IGNORECASE,
)
_BEGINNING = re.compile(
    rb"(?>\s+|<\?xml.*?\?>|<!--.*?-->)*+<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE | re.DOTALL
)
_MARKUP = re.compile(rb"<[^<>]*>")
"""Which is ASCII, and says nothing of a page's encoding."""
_GUESSED_BY = 1 << 20
"""Bytes that an encoding is guessed by."""
_FEWEST = 16
"""Bytes beyond ASCII below which a page is Western: there is nothing to guess by."""
_SAID_FIRST = 1 << 13
"""Where browsers look for a page's encoding, eight times over."""


def add_html(
    builder: Builder,
    html: str,
    *,
    base: str = "",
    line: int | None = None,
    file: str = "",
    find_picture: FindPicture | None = None,
) -> None:
    """Add a page, or a piece of one: of a mail, a notebook, a Markdown file.

    Args:
        builder: Gets the blocks.
        html: The page.
        base: The address that links count from.
        line: The number of its first line in the file; None leaves the builder's location as it is.
        file: Its name within an archive.
        find_picture: Returns the file of a picture by its address; captions alone where there is none.
    """
    for _ in write_html(builder, html, base=base, line=line, file=file, find_picture=find_picture):
        pass


def read_html(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a web page, cut into parts between two blocks.

    Raises:
        DocumentError: It is too large, or trafilatura is asked for and not installed.
    """
    html, encoding, damage = decode_html(
        source.read_all(at_most=options.limits.file_bytes), options.encoding, served=source.charset
    )
    html = read_old_lines(source, html)
    builder = Builder(title=source.name, source=source.path, media_type="text/html", encoding=encoding)
    if damage:
        builder.add_defect(*damage)
    find = make_picture_finder(builder, options, read=read_beside(source.local))
    line: int | None = 1
    if options.main_content:
        html, line = _extract(html, builder), None
    base = source.path if "://" in source.path else ""
    is_xml = source.suffix == ".xhtml"
    for _ in write_html(builder, html, base=base, line=line, find_picture=find, is_page=True, is_xml=is_xml):
        yield from builder.pop_part(options.part_characters)
    if not builder.is_empty:
        yield builder.build()


def decode_html(
    data: bytes, named: str | None = None, *, served: str = ""
) -> tuple[str, str, tuple[DefectKind, str] | None]:
    """Return a page's text, its encoding, and what was wrong or guessed.

    A byte order mark has the first word, then the encoding that is named, then what the server said, then the page
    itself; a page that says nothing, or the wrong thing, is UTF-8 where that fits, else Windows' Western.

    Args:
        data: The page.
        named: The encoding, where the caller knows it.
        served: What the server said of it.

    Raises:
        DocumentError: The named encoding is unknown.
    """
    said = _CHARSET.search(data[:_SAID_FIRST])
    claimed = (said[1] or said[2]).decode("ascii", "replace") if said else ""
    encoding = (
        detect_mark(data)
        or _check_encoding(named or "")
        or _check_encoding(served)
        or _check_encoding(claimed)
    )
    if named and not encoding:
        raise DocumentError(f"no text encoding is named {named!r}; try 'utf-8', 'cp1252' or 'gb18030'")
    if encoding is None:
        return _guess(data, f"the page names an encoding {claimed!r} that is unknown; " if claimed else "")
    try:
        return data.decode(encoding), encoding, None
    except UnicodeError:
        if named or is_utf8(encoding) or detect_mark(data):
            message = f"bytes that are not {encoding} stand as \N{REPLACEMENT CHARACTER}"
            return data.decode(encoding, "replace"), encoding, ("damaged", message)
        return _guess(data, f"the page says that it is {encoding}, which it is not; ")


def _guess(data: bytes, why: str) -> tuple[str, str, tuple[DefectKind, str] | None]:
    try:
        text = data.decode("utf-8")
        return text, "utf-8", ("guessed", f"{why}read as utf-8") if why else None
    except UnicodeDecodeError:
        why = why or "the page names no encoding; "
    words = b"\n".join(_MARKUP.split(data[:_GUESSED_BY]))
    is_short = len(words) - len(words.decode("ascii", "ignore")) < _FEWEST
    best = "cp1252" if is_short else guess_best(words)
    try:
        return data.decode(best), best, ("guessed", f"{why}read as {best}")
    except UnicodeDecodeError:  # the broken bytes of another one
        best = best if is_utf8(best) else "cp1252"
        return data.decode(best, "replace"), best, ("guessed", f"{why}read as {best}")


def _check_encoding(name: str) -> str | None:
    """Return an encoding as Python names it, taken as browsers take it; None where there is none of text."""
    try:
        found = codecs.lookup(name).name if name else ""
        if not found or not isinstance("".encode(found), bytes):
            return None
    except (LookupError, ValueError):
        return None
    # What calls itself Latin-1 or ASCII is Windows' Western; a page whose own letters say UTF-16 is no such thing.
    return {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030"}.get(
        found, "utf-8" if found.startswith("utf-16") else found
    )


def _extract(html: str, builder: Builder) -> str:
    """Return the main text of a page as HTML, and tell how much of it is left out."""
    extract = load_library("trafilatura", for_="the main text of web pages").extract
    try:
        main = extract(
            html, output_format="html", include_tables=True, include_links=True, include_images=True
        )
    except Exception as error:
        builder.add_defect(
            "guessed", f"the main text was not found ({type(error).__name__}); all of it is read"
        )
        return html
    if not main:
        builder.add_defect("guessed", "the main text was not found; all of the page is read")
        return html
    whole, kept = (_count_words(page) for page in (html, main))
    if whole > kept:
        builder.add_defect("left out", f"{whole - kept:,} of {whole:,} words stand outside of the main text")
    return str(main)


def _count_words(html: str) -> int:
    builder = Builder()
    add_html(builder, html)
    return len(builder.build().text.split())


HTML = Format(
    name="a web page",
    media_type="text/html",
    recognizes=lambda source: bool(_BEGINNING.match(source.head.removeprefix(codecs.BOM_UTF8))),
    suffixes=(".html", ".htm", ".xhtml", ".shtml"),
    read=read_html,
)
