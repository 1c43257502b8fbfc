"""Pack short documents, such as what a retriever found, onto as few pages as possible.

Each stands under a coloured heading, `⟦1⟧ title`. Content is never coloured and cannot show the sign `⟦`, so nobody can
write a fake heading. Knows documents; knows nothing about conversations, nor about who asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from glyph_memory.document import Document
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.telemetry import Fields, count, trace_call
from glyph_memory.tokens import ModelProfile, build_page_style
from glyph_memory.typesetting.place import ColorSpan
from glyph_memory.typesetting.stream import stream_pages

HEADING_SIGN = "⟦"
"""Begins a heading; content holding it is escaped. Rarer in documents than `§`, which laws are full of."""

_TITLE = 120
"""Characters of a title that are drawn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PackedPage:
    """A page that holds documents, or parts of them, one after the other."""

    page: Page
    """The page; its `text` has the headings, too."""
    documents: tuple[int, ...]
    """Which documents stand on it: their places in the input, counted from 0; headings count from 1."""
    texts: tuple[str, ...]
    """What of each of them stands on it, word for word. Empty where only the heading found room."""
    headings: tuple[tuple[int, int], ...]
    """Start and stop in `text` of each heading's number; with them, `repack` draws the page again."""

    @property
    def text(self) -> str:
        """All that the page says, headings included."""
        return self.page.text


@trace_call("pages.draw", lambda packed: Fields(use="results", pages=len(packed)))
def pack(
    documents: Sequence[Document],
    *,
    style: PageStyle | str | None = None,
    profile: ModelProfile | str | None = None,
) -> tuple[PackedPage, ...]:
    """Typeset documents one after the other onto as few pages as possible, in the order given.

    Args:
        documents: Each has its title for a heading, else its source.
        style: How pages look, as a `PageStyle` or by the name of a preset; unless given, the released Glyph model's,
            dense: line breaks are drawn as a red mark.
        profile: The model that will read, for the sides of a page that it does not rescale; Glyph unless given. Has no
            say where a style is given.

    Returns:
        Pages in order, none where there is no document. Every character of every document stands on exactly one of
        them, as itself or as its escape. There are never more than if each document were packed alone.

    Raises:
        FontError: A font is missing or cannot be drawn.
        ProfileError: No such model is known.
        StyleError: The page is too narrow for a single character.

    Example:
        >>> pages = pack([Document(text="It opens at nine.", title="Museum"), Document(text="It rains.")])
        >>> len(pages), pages[0].documents, pages[0].texts
        (1, (0, 1), ('It opens at nine.', 'It rains.'))
    """
    style = PageStyle.of(style) if style is not None else _choose_style(profile)
    packed = _typeset_documents(documents, style, place=0, first_page=1)
    if len(packed) > len(documents):  # else it cannot be more than alone
        # Lines may break, and paragraphs end, elsewhere than they would alone: rarely that takes a page more.
        alone = list[PackedPage]()
        for place, document in enumerate(documents):
            alone += _typeset_documents([document], style, place=place, first_page=len(alone) + 1)
        packed = alone if len(alone) < len(packed) else packed
    count("pages.drawn", len(packed), use="results")
    return tuple(packed)


def repack(
    text: str, headings: Sequence[tuple[int, int]], *, style: PageStyle | str | None = None
) -> tuple[Page, ...]:
    """Draw a packed page again from its text and the places of its headings.

    Args:
        text: `PackedPage.text`.
        headings: `PackedPage.headings`.
        style: What it was packed in; as for `pack`.

    Returns:
        One page that says the same; it may end below its last line where the other one was full. In a style whose
        paragraphs stand apart it may be two.

    Raises:
        DocumentError: There is no text.
        FontError: A font is missing or cannot be drawn.
        StyleError: The page is too narrow for a single character.
    """
    style = PageStyle.of(style) if style is not None else _choose_style(None)
    spans = [ColorSpan(start, stop, _heading_color(style)) for start, stop in headings]
    return tuple(stream_pages([text], style, spans=spans, reserved=_find_signs(text, headings)))


def _choose_style(profile: ModelProfile | str | None) -> PageStyle:
    model = ModelProfile.of("glyph" if profile is None else profile)
    style = build_page_style(None, model)
    return style.dense() if model.reading is None else style  # what it was found to read, and no denser


def _heading_color(style: PageStyle) -> str:
    return dict(style.role_colors)["user"]


@dataclass(frozen=True, slots=True)
class _DocumentSpan:
    """The place of one document in the text that is typeset."""

    place: int
    """Which document it is, counted from 0."""
    label: int
    """Offset of its heading."""
    label_stop: int
    """Offset after the heading's number."""
    start: int
    """Offset of its first character."""
    stop: int
    """Offset after its last one."""


def _typeset_documents(
    documents: Sequence[Document], style: PageStyle, *, place: int, first_page: int
) -> list[PackedPage]:
    """Typeset documents as one text."""
    if not documents:
        return []
    parts, labels, spans, offset = list[str](), list[ColorSpan](), list[_DocumentSpan](), 0
    for number, document in enumerate(documents, place):
        label, title = f"{HEADING_SIGN}{number + 1}⟧", _title(document)
        labels.append(ColorSpan(offset, offset + len(label), _heading_color(style)))
        start = offset + len(label) + len(title)
        spans.append(_DocumentSpan(number, offset, offset + len(label), start, start + len(document.text)))
        parts += [label, title, document.text, "\n"]
        offset = spans[-1].stop + 1
    held = _find_signs("".join(parts), [(label.start, label.stop) for label in labels])
    pages = stream_pages(parts[:-1], style, first_page=first_page, spans=labels, reserved=held)
    return list(_assign_documents(pages, spans))


def _find_signs(text: str, headings: Sequence[tuple[int, int]]) -> list[int]:
    """Return where content holds the sign: everywhere but where a heading begins."""
    ours = {start for start, _ in headings}
    signs = (found.start() for found in re.finditer(HEADING_SIGN, text)) if HEADING_SIGN in text else ()
    return [place for place in signs if place not in ours]


def _title(document: Document) -> str:
    """Return the rest of a heading after its number: the title on one line, with its line break."""
    title = " ".join((document.title or document.source).split())
    short = title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
    return f" {short}\n" if short else " "


def _assign_documents(pages: Iterator[Page], spans: Sequence[_DocumentSpan]) -> Iterator[PackedPage]:
    """Yield each page together with the documents, texts and headings on it."""
    first = 0
    for page in pages:
        while first < len(spans) and spans[first].label < page.start and spans[first].stop <= page.start:
            first += 1
        held = [*takewhile(lambda span: span.label < page.stop, spans[first:])]  # noqa: B023 - used up at once
        texts = [page.text[max(span.start - page.start, 0) : max(span.stop - page.start, 0)] for span in held]
        numbers = [
            (max(span.label, page.start) - page.start, min(span.label_stop, page.stop) - page.start)
            for span in held
            if span.label_stop > page.start
        ]
        yield PackedPage(
            page=page,
            documents=tuple(span.place for span in held),
            texts=tuple(texts),
            headings=tuple(numbers),
        )
