"""Draw what a reader loaded, and describe its pages. Knows documents and pages; knows nothing about nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Literal

from llama_index.memory.glyph.page_nodes import MARKS_KEY

from glyph_memory import Document, DocumentError, ModelProfile, PageStyle, explain_page, warn
from glyph_memory.documents import DocumentPage, PageRecipe, draw_pages


def draw_document(
    document: Document,
    *,
    style: PageStyle,
    profile: ModelProfile,
    way: Literal["auto", "reflow", "native"],
    password: str | None,
) -> Iterator[DocumentPage]:
    """Return a document's pages; of a PDF whose file is gone or encrypted, its text, typeset.

    Args:
        document: What `load_structure` returns.
        style: How pages look.
        profile: The model that will read.
        way: How pages of a PDF are made.
        password: Of an encrypted PDF.
    """
    pages = draw_pages(document, style=style, profile=profile, way=way, password=password)
    if document.original is None:
        return pages
    try:
        return chain([next(pages)], pages)
    except DocumentError as error:
        warn(f"its text is typeset, and none of its own pages is drawn: {error}")
        return draw_pages(replace(document, original=None), style=style, profile=profile)


def describe_page(drawn: DocumentPage, profile: ModelProfile) -> dict[str, str | int]:
    """Return where a page comes from, where its links lead, what its signs mean, and how it is drawn again."""
    recipe = PageRecipe.of(drawn, profile=profile).to_fields()
    numbers = sorted({place.page for place in drawn.source_map if place.page is not None})
    known = {
        MARKS_KEY: explain_page(drawn.page),
        "page_label": "-".join(map(str, dict.fromkeys((*numbers[:1], *numbers[-1:])))),
        "glyph_origin": drawn.document.describe_origin(drawn.page.start, drawn.page.stop),
        "glyph_links": "\n".join(drawn.links),
        "glyph_way": drawn.way if drawn.document.original is not None else "",
        "glyph_recipe": json.dumps(recipe) if recipe else "",
    }
    return {name: value for name, value in known.items() if value}
