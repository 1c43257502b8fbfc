"""EPUB: a book's chapters in reading order, each as a web page with its file's name. Knows archives and pages."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from glyph_memory.document import Document
from glyph_memory.documents.archives import Archive, open_archive
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.html import decode_html
from glyph_memory.documents.markup.epub_package import read_package, resolve
from glyph_memory.documents.markup.html_page import write_html
from glyph_memory.documents.markup.pictures import make_picture_finder
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError

_MARK = b"mimetypeapplication/epub+zip"
_MOST_NAMES = 20
_PICTURE_AT_MOST = 100_000_000


def read_epub(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a book, cut into parts between two blocks.

    Raises:
        DocumentError: It is no EPUB, broken, a bomb, or locked.
    """
    with open_archive(source, options) as archive:
        package = read_package(archive)
        builder = Builder(
            title=package.title or source.name, source=source.path, media_type="application/epub+zip"
        )
        for told in package.unread:
            builder.add_defect("left out", told)
        if package.unordered:
            names = ", ".join(map(repr, package.unordered[:_MOST_NAMES]))
            more = len(package.unordered) - _MOST_NAMES
            builder.add_defect(
                "left out",
                f"pages that the book's order does not name are not read: {names}"
                + (f" and {more:,} more" if more > 0 else ""),
            )
        if package.creators:
            builder.add_paragraph(", ".join(package.creators))
        for chapter in package.chapters:
            for _ in _write_chapter(builder, archive, chapter, options):
                yield from builder.pop_part(options.part_characters)
        if not builder.is_empty:
            yield builder.build()


def _write_chapter(builder: Builder, archive: Archive, name: str, options: LoadOptions) -> Iterator[None]:
    found = archive.find(name)
    if found is None:
        builder.add_defect("left out", f"the chapter {name!r} is not in the archive")
        return
    try:
        data = archive.read(found)
    except DocumentError as error:  # one broken chapter does not cost the book
        builder.add_defect("damaged", f"the chapter {name!r} is not read: {error}")
        return
    html, _, damage = decode_html(data)
    if damage:
        builder.add_defect(damage[0], f"{name!r}: {damage[1]}")
    find = make_picture_finder(builder, options, read=_read_beside(archive, found))
    yield from write_html(builder, html, line=1, file=found, find_picture=find, is_xml=True)


def _read_beside(archive: Archive, chapter: str) -> Callable[[str], bytes | None]:
    """Return what reads pictures of the archive, by their addresses in a chapter."""

    def read(path: str) -> bytes | None:
        name = archive.find(resolve(posixpath.dirname(chapter), path))
        if name is None:
            return None
        try:
            return archive.read(name, at_most=_PICTURE_AT_MOST)
        except DocumentError:
            return None

    return read


def _is_epub(source: Source) -> bool:
    return source.head.startswith(b"PK\x03\x04") and _MARK in source.head[:200]


EPUB = Format(
    name="an EPUB",
    media_type="application/epub+zip",
    recognizes=_is_epub,
    suffixes=(".epub",),
    read=read_epub,
)
