"""Cut a long row of pages into groups that fit into a window, with overlap, as they are drawn.

Knows pages and what they cost; knows nothing about questions. Holds one group and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from glyph_memory.checks import check_whole
from glyph_memory.document import Document
from glyph_memory.documents import DocumentPage
from glyph_memory.documents.request_costs import RequestCosts
from glyph_memory.errors import DocumentError, show_value
from glyph_memory.page import Page
from glyph_memory.tokens import ModelProfile
from glyph_memory.windows.seen import SeenPage


@dataclass(frozen=True, kw_only=True, slots=True)
class PageGroup:
    """Pages that are looked at together."""

    number: int
    """Counted from 1."""
    pages: tuple[DocumentPage, ...] = field(repr=False)
    """The pages, in order."""
    overlap: int
    """How many of the first ones the group before ends with."""
    tokens: int
    """What they cost the model, with what stands beside each."""


def page_groups(
    pages: Iterable[DocumentPage | Page],
    *,
    tokens: int | None = None,
    max_pages: int | None = None,
    overlap: int = 1,
    profile: ModelProfile | str = "glyph",
    beside: Callable[[DocumentPage], int] | None = None,
) -> Iterator[PageGroup]:
    """Yield groups of pages, each as large as fits, in order, as pages come.

    Each group but the first begins with the last pages of the one before, so that what goes over a page's end is seen
    whole once. Where a page leaves no room for all of them, fewer are repeated.

    Args:
        pages: Such as `draw_pages` yields; taken one by one.
        tokens: What the pages of a group may cost, by the model's own rule.
        max_pages: How many pages a group may have; the model's limit holds, too.
        overlap: How many pages of a group the next one shows again.
        profile: The model that will read.
        beside: Counts the tokens of what is sent beside a page; nothing unless given.

    Raises:
        DocumentError: A page alone is more than a group may be, or a number is out of range; neither limit is given.

    Example:
        >>> from glyph_memory.documents import Document, draw_pages
        >>> pages = draw_pages(Document(text="Ada signed the release. " * 2_000))
        >>> [(group.pages[0].page.number, group.pages[-1].page.number) for group in page_groups(pages, max_pages=3)]
        [(1, 3), (3, 5)]
    """
    for name, value in (("tokens", tokens), ("max_pages", max_pages)):
        check_whole(name, value, DocumentError, at_least=1, or_none=True)
    check_whole("overlap", overlap, DocumentError)
    if tokens is None and max_pages is None:
        raise DocumentError("a group of pages has no limit; give tokens=, max_pages= or both")
    if max_pages is not None and overlap >= max_pages:
        raise DocumentError(
            f"overlap={overlap} leaves no room for a new page in a group of max_pages={max_pages}; give less than that"
        )
    filling = _Filling(ModelProfile.of(profile), tokens, max_pages, beside or (lambda _: 0))
    return _fill_groups(map(take_page, pages), filling, overlap)


def take_page(page: object) -> DocumentPage:
    """Return a page of a document; one that was typeset alone becomes a page of a document without a name.

    Raises:
        DocumentError: It is no page.
    """
    if isinstance(page, DocumentPage):
        return page
    if isinstance(page, Page):
        return DocumentPage(page=page, document=Document(text=""))
    raise DocumentError(f"{show_value(page)} is no page; give what draw_pages yields, or pages of typeset")


@dataclass(frozen=True, slots=True)
class _Filling:
    """What a group may hold."""

    model: ModelProfile
    tokens: int | None
    max_pages: int | None
    beside: Callable[[DocumentPage], int]

    def count(self, pages: Iterable[tuple[DocumentPage, int]]) -> RequestCosts:
        """Return what pages cost, each with what stands beside it."""
        costs = RequestCosts(self.model)
        for page, beside in pages:
            costs.add(page.page, tokens_beside=beside)
        return costs

    def find_excess(self, costs: RequestCosts) -> str:
        """Return what is too much for a group; empty where it fits."""
        tokens = costs.tokens if self.tokens is None else self.tokens
        return costs.find_excess(tokens, max_images=self.max_pages)


def _fill_groups(pages: Iterator[DocumentPage], filling: _Filling, overlap: int) -> Iterator[PageGroup]:
    held: list[tuple[DocumentPage, int]] = []  # each with what stands beside it
    costs, number, repeated = filling.count([]), 1, 0
    for page in pages:
        beside = filling.beside(page)
        before = costs.tokens
        costs.add(page.page, tokens_beside=beside)
        if filling.find_excess(costs) and len(held) > repeated:
            yield _make_group(number, held, repeated, before)
            held, number = held[len(held) - min(overlap, len(held)) :], number + 1
            costs = filling.count([*held, (page, beside)])
            while held and filling.find_excess(costs):
                del held[0]
                costs = filling.count([*held, (page, beside)])
            repeated = len(held)
        if not held and (excess := filling.find_excess(costs)):
            raise DocumentError(
                f"{SeenPage.of(page)} alone takes {excess} of a group of pages; allow more, or draw smaller pages "
                "(glyph_memory.documents.fit)"
            )
        held.append((page, beside))
    if len(held) > repeated:
        yield _make_group(number, held, repeated, costs.tokens)


def _make_group(number: int, held: list[tuple[DocumentPage, int]], repeated: int, tokens: int) -> PageGroup:
    return PageGroup(number=number, pages=tuple(page for page, _ in held), overlap=repeated, tokens=tokens)
