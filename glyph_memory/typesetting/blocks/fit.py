"""Choose the layout of an "auto" style for a document that has blocks: real lines, or marks for line breaks.

Both are laid out for the document's beginning; nothing is painted. Knows layouts; knows nothing about models, but for
what an image of a size costs.
"""

from __future__ import annotations

from dataclasses import replace

from glyph_memory.document import Document
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.typesetting.blocks.flow import FilledPage, fill_pages
from glyph_memory.typesetting.blocks.setting import Setter
from glyph_memory.typesetting.blocks.tones import Type, prepare_type
from glyph_memory.typesetting.fit import SAMPLE, ImageTokens, count_area, unmark


def fit_document_style(
    document: Document,
    style: PageStyle,
    *,
    look: DocumentLook | None = None,
    image_tokens: ImageTokens | None = None,
) -> PageStyle:
    """Return the style with the layout that suits a document; a style whose layout is fixed, as it is.

    Args:
        document: The document; what stands after its first 32,768 characters has no say.
        style: The style.
        look: How the document's parts look.
        image_tokens: What an image costs the model; in proportion to its area unless given.
    """
    if style.layout == "fixed":
        return style
    marks, plain = replace(style, layout="fixed"), unmark(style)
    cost = (image_tokens or count_area)(style.page_px)
    kept = _price(document, plain, look, cost) <= (1 + style.line_price) * _price(document, marks, look, cost)
    return plain if kept else marks


def _price(document: Document, style: PageStyle, look: DocumentLook | None, page_tokens: int) -> float:
    """Return what the beginning of a document costs, a page that is filled in part as much of one."""
    kind = prepare_type(style, look or DocumentLook.of_style(style))
    stop, pages = min(SAMPLE, len(document.text)), 0.0
    start = 0
    for filled in fill_pages(Setter(document, kind).list_placements(), kind.geometry, style.columns):
        if filled.is_last:
            pages += _find_share(filled, kind)
            break
        if filled.stop >= stop:
            pages += (stop - start) / max(filled.stop - start, 1)
            break
        pages, start = pages + 1, filled.stop
    return pages * page_tokens


def _find_share(filled: FilledPage, kind: Type) -> float:
    """Return about how much of a page is filled, from where the last thing on it begins."""
    if kind.style.columns > 1:
        return 1.0
    top = max((top for _, _, top in filled.draws), default=kind.geometry.top)
    return (top - kind.geometry.top + kind.pitch) / kind.geometry.room
