"""A page of HTML, or a piece of one, from its text to blocks. Knows what the parser cannot take; knows no elements."""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.markup.html_scan import scan_html
from glyph_memory.documents.markup.html_writer import HtmlWriter
from glyph_memory.documents.markup.pictures import FindPicture
from glyph_memory.documents.needs import load_library


def write_html(
    builder: Builder,
    html: str,
    *,
    base: str = "",
    line: int | None = None,
    file: str = "",
    find_picture: FindPicture | None = None,
    is_page: bool = False,
    is_xml: bool = False,
) -> Iterator[None]:
    """Write a page or a piece of one; yield between two blocks, where a part of a document may end.

    Args:
        builder: Gets the blocks.
        html: The page.
        base: The address that links count from.
        line: The number of its first line in the file; None leaves the builder's location as it is.
        file: Its name within an archive.
        find_picture: Returns the file of a picture by its address.
        is_page: Whether its title is the document's.
        is_xml: Whether it is XHTML.
    """
    scanned = scan_html(html.encode("utf-8", "replace").decode(), line=line, is_xml=is_xml)
    if scanned.is_deep:
        builder.add_defect("damaged", "elements nested more than 500 deep are read as if they were not")
    if scanned.is_crowded:
        builder.add_defect("damaged", "an element has more than 200 attributes; they are not read")
    if words := scanned.rest.split(maxsplit=1)[1:]:
        count = len(words[0].split())
        builder.add_defect(
            "damaged",
            f"a comment, a tag or a script has no end; nothing after its beginning is read: about {count:,} words",
        )
    parsed = load_library("selectolax.lexbor", for_="web pages").LexborHTMLParser(scanned.html)
    writer = HtmlWriter(builder, base=base, line=line, file=file, find_picture=find_picture, is_page=is_page)
    yield from writer.write(parsed.root)
