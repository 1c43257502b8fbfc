"""Draw documents so that the parts of one plain text run on: its pages do not depend on where it was cut.

Knows documents and pages; knows nothing about files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Literal

from glyph_memory.document import Block, Document, SourceSpan
from glyph_memory.documents.drawing import DocumentPage, draw_pages
from glyph_memory.page import Page
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.tokens import ModelProfile, build_page_style
from glyph_memory.typesetting import iter_pages, name_layout


def draw_flow(
    documents: Iterable[Document],
    *,
    style: PageStyle | str | None = None,
    look: DocumentLook | None = None,
    profile: ModelProfile | str = "glyph",
    way: Literal["auto", "reflow", "native"] = "auto",
    password: str | None = None,
    first_page: int = 1,
) -> Iterator[DocumentPage]:
    """Draw documents as `draw_pages` does; parts of one plain text run on from page to page.

    The document of a page of plain text is what stands on that page; its `offset` says where in the text that is.

    Args:
        documents: Such as `load` yields.
        style: As for `draw_pages`.
        look: As for `draw_pages`.
        profile: As for `draw_pages`.
        way: As for `draw_pages`.
        password: As for `draw_pages`.
        first_page: Number of the first page.

    Raises:
        GlyphMemoryError: As `draw_pages` raises.
    """
    model = ModelProfile.of(profile)
    page_style = build_page_style(style, model)
    number = first_page
    for text, group in groupby(documents, _TextNumber()):
        if text:
            pages = _draw_text(group, page_style, model, number)
        else:
            pages = draw_pages(
                group,
                style=page_style,
                look=look,
                profile=model,
                way=way,
                password=password,
                first_page=number,
            )
        for page in pages:
            number = page.page.number + 1
            yield page


class _TextNumber:
    """Returns for each document the number of the plain text that it is a part of; 0 for what is no plain text."""

    def __init__(self) -> None:
        self._texts = 0

    def __call__(self, document: Document) -> int:
        if document.original is not None or any(block.kind != "text" for block in document.blocks):
            return 0
        self._texts += document.part == 1 or not self._texts
        return self._texts


def _draw_text(
    parts: Iterable[Document], style: PageStyle, profile: ModelProfile, number: int
) -> Iterator[DocumentPage]:
    near = deque[tuple[int, Document]]()
    """Parts that pages to come may stand in, each with where it begins."""

    def read() -> Iterator[str]:
        at = 0
        for part in parts:
            near.append((at, part))
            at += len(part.text)
            yield part.text

    for page in iter_pages(
        read(),
        style=style,
        first_page=number,
        image_tokens=lambda size: profile.image_tokens(size, images=2),
    ):
        while len(near) > 1 and near[1][0] <= page.start:
            near.popleft()
        document = _cut_document(page, near)
        tokens = profile.image_tokens(page.size, images=2)
        layout = name_layout(page.style, style) if page.style is not None else ""
        yield DocumentPage(page=_move(page), document=document, tokens=tokens, layout=layout)


def _cut_document(page: Page, near: Iterable[tuple[int, Document]]) -> Document:
    """Return what stands on a page as a document of its own."""
    (at, first), *_ = near
    places = tuple[SourceSpan, ...]()
    for start, part in near:
        found = part.trace(max(page.start - start, 0), max(page.stop - start, 0))
        shift = start - page.start
        places += tuple(replace(one, start=one.start + shift, stop=one.stop + shift) for one in found)
    return replace(
        first,
        text=page.text,
        blocks=(Block(start=0, stop=len(page.text), kind="text"),),
        source_map=places,
        defects=(),
        offset=first.offset + page.start - at,
    )


def _move(page: Page) -> Page:
    """Return a page whose offsets count from its own beginning."""
    lines = page.line_table.copy()
    lines[:, :2] -= page.start
    reserved = tuple(offset - page.start for offset in page.reserved)
    return replace(page, start=0, line_table=lines, reserved=reserved)
