"""Find the sharpest style in which a document fits into so many tokens, or say what would fit.

Knows styles, pages and limits; knows nothing about formats, nor about what makes a style legible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from glyph_memory.checks import check_whole
from glyph_memory.document import Document
from glyph_memory.documents.drawing import DocumentPage, draw_pages
from glyph_memory.documents.ladder import describe_style, make_ladder
from glyph_memory.documents.request_costs import RequestCosts
from glyph_memory.errors import DocumentError, StyleError, show_value
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile, build_page_style


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """A style that was tried."""

    style: PageStyle = field(repr=False)
    """The style."""
    name: str
    """What sets it apart, as `72 dpi, 9 pt, dense`."""
    fits: bool
    """Whether all pages fit."""
    tokens: int
    """What the pages cost, with what is sent beside them. Where they do not fit: up to the page that was too much."""
    pages: int
    """How many pages those are."""
    excess: str = ""
    """What was too much, as `30,870 tokens (30,000 allowed)`; empty where all fits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """The sharpest style that fits, and what documents cost in it."""

    style: PageStyle
    """The style; give it to `draw_pages`."""
    pages: int
    """How many pages there are in it."""
    tokens: int
    """What they cost the model, with what is sent beside them."""
    text_tokens: int
    """What the same text costs as text, by the profile's text counter."""
    rungs: tuple[Rung, ...]
    """All styles that were tried, sharpest first; the last one is the one that fits."""
    documents: tuple[Document, ...] = field(repr=False)
    """What was measured."""
    profile: ModelProfile = field(repr=False)
    """For which model."""
    way: Literal["auto", "reflow", "native"] = "auto"
    """Which way pages are made, as `draw_pages` takes it."""
    password: str | None = field(default=None, repr=False)
    """Of an encrypted PDF."""

    def draw(self) -> Iterator[DocumentPage]:
        """Draw the pages in the style that fits."""
        return draw_pages(
            self.documents, style=self.style, profile=self.profile, way=self.way, password=self.password
        )


class DoesNotFit(DocumentError):
    """A document that costs more than it may in every style of the ladder; the fields say what would fit."""

    def __init__(
        self, message: str, *, tokens: int, pages: int, pages_that_fit: int, characters_that_fit: int
    ) -> None:
        super().__init__(message)
        self.tokens = tokens
        """What all of it costs in the densest style, the ladder's last one, with what is sent beside it."""
        self.pages = pages
        """How many pages it is in that style."""
        self.pages_that_fit = pages_that_fit
        """How many pages from its beginning fit in that style."""
        self.characters_that_fit = characters_that_fit
        """How many characters those hold."""


def fit(
    documents: Document | Iterable[Document],
    *,
    tokens: int,
    profile: ModelProfile | str = "glyph",
    style: PageStyle | str | None = None,
    ladder: Sequence[PageStyle | str] | None = None,
    way: Literal["auto", "reflow", "native"] = "auto",
    password: str | None = None,
    max_pages: int | None = None,
    overhead_tokens: int = 0,
    page_overhead_tokens: int = 0,
) -> Fit:
    """Find the sharpest style in a ladder of legible ones in which documents cost at most so many tokens.

    Styles are tried in order and their pages drawn, each only up to the page that is too much: only pixels say where a
    page is cropped, and so what it costs. So no order of costs is assumed, and counts are exact. All text is held.

    Args:
        documents: One, or several, such as `load` yields.
        tokens: What all pages, and what is sent beside them, may cost.
        profile: The model that will read. Its limits on images, pixels and bytes of a request hold, too.
        style: What pages look like otherwise: the ladder is made from it.
        ladder: Styles to try instead, sharpest first.
        way: As `draw_pages` takes it. A PDF's own pages cost the same in every style.
        password: Of an encrypted PDF, where the documents do not carry it.
        max_pages: How many pages there may be.
        overhead_tokens: What is sent beside all pages: the question, room for the answer.
        page_overhead_tokens: What is sent beside each page: its caption, its identifiers.

    Raises:
        DoesNotFit: It costs more in every style. The error says how much in the densest one, and what would fit.
        DocumentError: There is nothing to draw, or a number is out of range.
        StyleError: The ladder is empty, or a style cannot be drawn.

    Example:
        >>> book = Document(text="Ada signed the release. " * 1_000)
        >>> found = fit(book, tokens=2_000)
        >>> found.rungs[-1].name, found.tokens <= 2_000 < found.rungs[-2].tokens
        ('72 dpi, 9 pt', True)
    """
    for name, value in (("tokens", tokens), ("max_pages", max_pages)):
        check_whole(name, value, DocumentError, at_least=1, or_none=name == "max_pages")
    for name, value in (("overhead_tokens", overhead_tokens), ("page_overhead_tokens", page_overhead_tokens)):
        check_whole(name, value, DocumentError)
    model = ModelProfile.of(profile)
    styles = make_ladder(style, profile=model) if ladder is None else _check_ladder(ladder, style, model)
    held = (documents,) if isinstance(documents, Document) else tuple(documents)
    if not held:
        raise DocumentError("there is nothing to draw: no document was given")
    climbing = _Climbing(held, model, way, password, tokens, max_pages, overhead_tokens, page_overhead_tokens)
    rungs = list[Rung]()
    for one in styles:
        rungs.append(climbing.try_style(one))
        if rungs[-1].fits:
            return Fit(
                style=one,
                pages=rungs[-1].pages,
                tokens=rungs[-1].tokens,
                text_tokens=sum(model.text_tokens(document.text) for document in held),
                rungs=tuple(rungs),
                documents=held,
                profile=model,
                way=way,
                password=password,
            )
    raise climbing.explain(styles[-1])


def _check_ladder(
    ladder: Sequence[PageStyle | str], style: PageStyle | str | None, model: ModelProfile
) -> tuple[PageStyle, ...]:
    if style is not None:
        raise StyleError(
            "style= and ladder= are both given; a ladder is made from style=, so give one of them"
        )
    if isinstance(ladder, str | PageStyle) or not ladder:
        raise StyleError(f"ladder={show_value(ladder)} holds no styles; give a list, sharpest first")
    return tuple(build_page_style(one, model) for one in ladder)


@dataclass(frozen=True, slots=True)
class _Climbing:
    """Tries styles on the same documents under the same limits."""

    documents: tuple[Document, ...]
    model: ModelProfile
    way: Literal["auto", "reflow", "native"]
    password: str | None
    tokens: int
    max_pages: int | None
    overhead_tokens: int
    page_overhead_tokens: int

    def try_style(self, style: PageStyle) -> Rung:
        """Draw in a style until it is all, or too much."""
        costs, excess = self._begin(), ""
        for page in self._draw(style):
            costs.add(page.page, tokens_beside=self.page_overhead_tokens)
            excess = self._find_excess(costs)
            if excess and costs.images > 1:  # one that is alone may cost more than among others
                break
        return Rung(
            style=style,
            name=describe_style(style),
            fits=not excess,
            tokens=costs.tokens,
            pages=costs.images,
            excess=excess,
        )

    def explain(self, style: PageStyle) -> DoesNotFit:
        """Return the error that says what all costs in the densest style, and how much of the beginning fits."""
        costs, characters, fitting = self._begin(), 0, (0, 0)
        for page in self._draw(style):
            costs.add(page.page, tokens_beside=self.page_overhead_tokens)
            characters += page.page.stop - page.page.start
            if not self._find_excess(costs):
                fitting = (costs.images, characters)
        advice = "Allow more"
        if costs.images > 1:
            advice += ", load fewer pages (pages='1-9'), or read it window by window (glyph_memory.windows)"
        called = next((document.source or document.title for document in self.documents), "")
        return DoesNotFit(
            f"{show_value(called) if called else 'this'} takes {costs.tokens:,} tokens on {_count_pages(costs.images)} "
            f"in the densest style, {describe_style(style)!r}: {self._find_excess(costs)}. Of its {characters:,} "
            f"characters the first {fitting[1]:,} fit, on {_count_pages(fitting[0])}. {advice}",
            tokens=costs.tokens,
            pages=costs.images,
            pages_that_fit=fitting[0],
            characters_that_fit=fitting[1],
        )

    def _begin(self) -> RequestCosts:
        return RequestCosts(self.model, tokens_beside=self.overhead_tokens)

    def _draw(self, style: PageStyle) -> Iterator[DocumentPage]:
        return draw_pages(
            self.documents, style=style, profile=self.model, way=self.way, password=self.password
        )

    def _find_excess(self, costs: RequestCosts) -> str:
        return costs.find_excess(self.tokens, max_images=self.max_pages)


def _count_pages(count: int) -> str:
    return f"{count:,} page" + "s" * (count != 1)
