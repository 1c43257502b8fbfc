"""A document with a structure in, pages out. Joins setting, filling and painting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from glyph_memory.document import Document
from glyph_memory.errors import DocumentError
from glyph_memory.page import Page
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.typesetting.blocks.fit import fit_document_style
from glyph_memory.typesetting.blocks.flow import FilledPage, fill_pages
from glyph_memory.typesetting.blocks.plate import Plate
from glyph_memory.typesetting.blocks.setting import Setter
from glyph_memory.typesetting.blocks.tones import Type, prepare_type
from glyph_memory.typesetting.fit import ImageTokens


def stream_document(
    document: Document,
    style: PageStyle,
    *,
    look: DocumentLook | None = None,
    first_page: int = 1,
    image_tokens: ImageTokens | None = None,
) -> Iterator[Page]:
    """Yield the pages of a document that has blocks.

    Args:
        document: The document.
        style: How text looks.
        look: How its parts look; what goes with the style unless given.
        first_page: Number of the first page.
        image_tokens: What an image costs the model, where the layout is chosen.

    Raises:
        DocumentError: There is no text.
        FontError: A font cannot be drawn.
        StyleError: A line is too narrow for one character.
    """
    style = fit_document_style(document, style, look=look, image_tokens=image_tokens)
    kind = prepare_type(style, look or DocumentLook.of_style(style))
    start, number = 0, first_page
    for filled in fill_pages(Setter(document, kind).list_placements(), kind.geometry, style.columns):
        stop = len(document.text) if filled.is_last else filled.stop
        yield _paint(filled, document.text[start:stop], start, number, kind)
        start, number = stop, number + 1
    if number == first_page:
        raise DocumentError("there is no text to typeset; give at least one character")


def _paint(filled: FilledPage, text: str, start: int, number: int, kind: Type) -> Page:
    plate = Plate(kind)
    for draw, left, top in filled.draws:
        draw(plate, left, top)
    page = plate.paint(number=number, text=text, start=start, is_last=filled.is_last)
    return replace(page, line_table=_tile_lines(page))


def _tile_lines(page: Page) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return a page's lines in reading order, each reaching to the next: newlines that are not drawn stand between."""
    table = page.line_table[np.argsort(page.line_table[:, 0], kind="stable")]
    if len(table):
        table[0, 0], table[:-1, 1], table[-1, 1] = page.start, table[1:, 0], page.stop
    return table
