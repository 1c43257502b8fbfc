"""Draw documents as pages: reflowed, or a PDF's own.

Each page of a PDF goes its own way; those that follow each other the same way are drawn together. Knows documents and
pages; knows nothing about files' formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from typing import Literal

from glyph_memory.context.page_wording import explain_marks
from glyph_memory.document import Document, SourceSpan
from glyph_memory.documents.native import draw_native_page, open_original
from glyph_memory.documents.places import name_place
from glyph_memory.documents.ways import PageWay, Way, iter_ways
from glyph_memory.errors import DocumentError
from glyph_memory.page import Page
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.telemetry import Span, count, open_span
from glyph_memory.tokens import ModelProfile, build_page_style
from glyph_memory.typesetting import iter_pages, name_layout

_LOOKED_AT = 1_000
"""Pages of a PDF that are looked at before the first of them is typeset."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentPage:
    """A page of a document."""

    page: Page
    """The page; its `start` and `stop` are offsets in `document.text`, its number counts over all documents."""
    document: Document = field(repr=False)
    """The document, or the part of one, that it is a page of."""
    way: Way = "reflow"
    """How it came about."""
    reason: str = ""
    """Why it was drawn that way, where it could have been drawn another."""
    tokens: int = 0
    """What the page costs the model among other pages: LLaVA-OneVision asks more for one that is alone."""
    layout: str = ""
    """How its text is laid out: "lines", "2 columns", "lines on 364 px", "marks"; empty where another program drew it.
    Enough for `restore_layout` to find its style again from the one that it was drawn with."""
    other_tokens: int | None = None
    """About what its text would have cost the other way, where there is one and it was looked at: with `way="reflow"`
    no page of the PDF is."""

    @property
    def source_map(self) -> tuple[SourceSpan, ...]:
        """Where what stands on the page comes from."""
        return self.document.trace(self.page.start, self.page.stop)

    @property
    def place(self) -> str:
        """What of the original it shows, as `pages 12 to 13`; empty where the document has no such places."""
        return name_place(self.source_map, self.document)

    @property
    def marks(self) -> str:
        """The sentence that tells a model what coloured signs on the page stand for; empty where it has none."""
        return explain_marks(self.page.style)

    @property
    def links(self) -> tuple[str, ...]:
        """Where the links on the page lead, each once."""
        blocks = self.document.list_blocks(self.page.start, self.page.stop)
        spans = (span for block in blocks for span in block.spans)
        on_page = (span for span in spans if span.start < self.page.stop and span.stop > self.page.start)
        return tuple(dict.fromkeys(span.target for span in on_page if span.target))


def draw_pages(
    documents: Document | Iterable[Document],
    *,
    style: PageStyle | str | None = None,
    look: DocumentLook | None = None,
    profile: ModelProfile | str = "glyph",
    way: Literal["auto", "reflow", "native"] = "auto",
    native_tokens: int | None = None,
    password: str | None = None,
    first_page: int = 1,
) -> Iterator[DocumentPage]:
    """Draw documents page by page, as they are asked for; each begins a new page.

    Args:
        documents: One, or several, such as `load` yields.
        style: How typeset pages look; the one that fits each document, `PageStyle.auto`, unless given.
        look: How headings, tables and code look; what goes with the style unless given.
        profile: The model that will read.
        way: `reflow` typesets text and tables; `native` draws a PDF's own pages; `auto` decides for each page of a PDF,
            and says why. Documents that are no PDF are typeset, whatever it says.
        native_tokens: What a PDF's own page may cost; unless given, what letters as large as the default style's cost.
        password: Of an encrypted PDF, where the document does not carry it.
        first_page: Number of the first page.

    Raises:
        DocumentError: There is nothing to draw, or the PDF is gone.
        FontError: A font is missing or cannot be drawn.
        StyleError: The page is too narrow for a single character.

    Example:
        >>> [(page.page.number, page.way) for page in draw_pages(Document(text="It opens at nine."))]
        [(1, 'reflow')]
    """
    model = ModelProfile.of(profile)
    page_style = build_page_style(style, model)
    if way not in ("auto", "reflow", "native"):
        raise DocumentError(f"way={way!r} is none of auto, reflow and native; give one")
    pages = _Pages(page_style, look, model, native_tokens, password)
    number = first_page
    for document in [documents] if isinstance(documents, Document) else documents:
        span = open_span("document.draw")
        for page in span.follow(_report_pages(pages.draw(document, way, number), span)):
            number = page.page.number + 1
            yield page


def _report_pages(pages: Iterator[DocumentPage], span: Span) -> Iterator[DocumentPage]:
    """Yield a document's pages; tell a span and the metrics of those that were drawn, be it all of them or not."""
    drawn, tokens, ways = 0, 0, set[Way]()
    try:
        for page in pages:
            drawn, tokens = drawn + 1, tokens + page.tokens
            ways.add(page.way)
            yield page
    finally:
        span.set(pages=drawn, page_tokens=tokens, way="both" if len(ways) > 1 else next(iter(ways), "reflow"))
        count("pages.drawn", drawn, use="document")


@dataclass(frozen=True, slots=True)
class _Pages:
    """Draws documents, one after the other."""

    style: PageStyle
    look: DocumentLook | None
    profile: ModelProfile
    native_tokens: int | None
    password: str | None

    def draw(
        self, document: Document, way: Literal["auto", "reflow", "native"], number: int
    ) -> Iterator[DocumentPage]:
        """Yield the pages of one document, the first of that number."""
        if document.original is None:
            yield from self._reflow(document, document, 0, (), number)
            return
        ways = iter_ways(
            document,
            way=way,
            style=self.style,
            profile=self.profile,
            tokens=self.native_tokens,
            password=self.password,
        )
        if way == "reflow":
            yield from self._reflow(document, document, 0, [*ways], number)
            return
        first = number
        with ExitStack() as stack:
            stack.enter_context(closing(ways))
            opened = stack.enter_context(open_original(document, password=self.password))
            for group in _group_ways(ways):
                if group[0].way == "native":
                    page = draw_native_page(
                        opened,
                        document,
                        group[0].page,
                        profile=self.profile,
                        tokens=self.native_tokens,
                        first_page=number,
                        plan=group[0].plan,
                    )
                    yield self._describe(page, document, group)
                    number += 1
                    continue
                start, stop = group[0].start, group[-1].stop
                part = document.cut(start, stop)
                if part.text.strip():
                    for drawn in self._reflow(part, document, start, group, number):
                        number = drawn.page.number + 1
                        yield drawn
            if number == first:
                yield from self._reflow(document, document, 0, (), number)

    def _reflow(
        self, part: Document, whole: Document, offset: int, ways: Sequence[PageWay], number: int
    ) -> Iterator[DocumentPage]:
        for page in iter_pages(
            part,
            style=self.style,
            look=self.look,
            first_page=number,
            image_tokens=lambda size: self.profile.image_tokens(size, images=2),
        ):
            moved = page if not offset else _move(page, offset)
            yield self._describe(moved, whole, [one for one in ways if _meets(one, moved)])

    def _describe(self, page: Page, document: Document, ways: Sequence[PageWay]) -> DocumentPage:
        way: Way = ways[0].way if ways else "reflow"
        return DocumentPage(
            page=page,
            document=document,
            way=way,
            reason="; ".join(dict.fromkeys(one.reason for one in ways)),
            tokens=self.profile.image_tokens(page.size, images=2),
            layout=name_layout(page.style, self.style) if page.style is not None else "",
            other_tokens=_price_other(ways, page),
        )


def _group_ways(ways: Iterable[PageWay]) -> Iterator[list[PageWay]]:
    """Yield pages of a PDF that are drawn together: those that follow each other and are typeset.

    There are no more of them than can be looked at in a moment.
    """
    group = list[PageWay]()
    for way in ways:
        if group and (way.way == "native" or len(group) == _LOOKED_AT):
            yield group
            group = []
        group.append(way)
        if way.way == "native":
            yield group
            group = []
    if group:
        yield group


def _meets(way: PageWay, page: Page) -> bool:
    """Return whether text of a PDF's page stands on a page of ours."""
    return way.start < page.stop and way.stop > page.start


def _move(page: Page, offset: int) -> Page:
    """Return a page whose offsets count from another beginning."""
    table = page.line_table.copy()
    table[:, :2] += offset
    return replace(
        page, start=page.start + offset, line_table=table, reserved=tuple(at + offset for at in page.reserved)
    )


def _price_other(ways: Sequence[PageWay], page: Page) -> int | None:
    """Return what a page's text would cost the other way: of PDF pages that stand on it in part, their part."""
    if not ways:
        return None
    if ways[0].way == "native":
        return ways[0].reflow_tokens
    total = 0.0
    for way in ways:
        if way.native_tokens is None:
            return None
        held = min(way.stop, page.stop) - max(way.start, page.start)
        total += way.native_tokens * held / max(way.stop - way.start, 1)
    return round(total)
