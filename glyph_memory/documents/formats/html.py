"""HTML."""

from __future__ import annotations

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.markup.pictures import FindPicture


def add_html(builder: Builder, html: str, *, base: str = "", find_picture: FindPicture | None = None) -> None:
    """Add a page, or a piece of one."""
    from selectolax.lexbor import LexborHTMLParser

    body = LexborHTMLParser(html).body
    if body:
        builder.add_paragraph(" ".join(body.text(separator=" ").split()))
