"""Pages are cut into groups that fit, with overlap, as they come."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.documents import Document, DocumentPage, draw_pages
from glyph_memory.errors import DocumentError
from glyph_memory.page import Page
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import typeset
from glyph_memory.windows import PageGroup, page_groups

GLYPH = ModelProfile.from_name("glyph")
BLANK = typeset("blank")[0]


def make_page(number: int, cells: int = 10) -> DocumentPage:
    """Return a page of so many cells of 28 px: for Glyph that many tokens, and 2 around them."""
    size = (28 * cells, 28)
    page = Page(
        number=number, size=size, text="x", start=0, line_table=BLANK.line_table, pixels=bytes(size[0] * 14)
    )
    return DocumentPage(page=page, document=Document(text="x"))


def numbers(groups: Iterator[PageGroup]) -> list[list[int]]:
    """Return the numbers of each group's pages."""
    return [[page.page.number for page in group.pages] for group in groups]


PRICE = GLYPH.image_tokens((280, 28))
"""Of a page of ten cells."""


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"max_pages": 3, "overlap": 0}, [[1, 2, 3], [4, 5, 6], [7]]),
        ({"max_pages": 3, "overlap": 1}, [[1, 2, 3], [3, 4, 5], [5, 6, 7]]),
        ({"max_pages": 3, "overlap": 2}, [[1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6], [5, 6, 7]]),
        ({"max_pages": 7, "overlap": 1}, [[1, 2, 3, 4, 5, 6, 7]]),
        ({"tokens": 3 * PRICE, "overlap": 1}, [[1, 2, 3], [3, 4, 5], [5, 6, 7]]),
        ({"tokens": 3 * PRICE - 1, "overlap": 1}, [[1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7]]),
        ({"tokens": PRICE, "overlap": 1}, [[1], [2], [3], [4], [5], [6], [7]]),
        ({"tokens": 10**6, "max_pages": 4, "overlap": 1}, [[1, 2, 3, 4], [4, 5, 6, 7]]),
    ],
)
def test_groups_overlap_by_the_pages_asked_for(limits: dict[str, int], expected: list[list[int]]) -> None:
    """By count or by tokens; no group shows old pages alone, and a limit is used up to its last token."""
    pages = [make_page(number) for number in range(1, 8)]
    assert numbers(page_groups(pages, **limits)) == expected  # type: ignore[arg-type]  # all are whole numbers


def test_a_large_page_repeats_fewer() -> None:
    """What is new goes before what was seen."""
    pages = [make_page(1), make_page(2), make_page(3, cells=20), make_page(4)]
    groups = list(page_groups(pages, tokens=GLYPH.image_tokens((560, 28)) + PRICE, overlap=2))
    assert numbers(iter(groups)) == [[1, 2], [2, 3], [3, 4]]
    assert [group.overlap for group in groups] == [0, 1, 1]


def test_what_stands_beside_pages_counts() -> None:
    """A caption, identifiers."""
    pages = [make_page(number) for number in (1, 2, 3)]
    (group,) = page_groups(pages, tokens=3 * PRICE + 15, beside=lambda _: 5)
    assert group.tokens == 3 * PRICE + 15
    assert numbers(page_groups(pages, tokens=3 * PRICE + 14, beside=lambda _: 5)) == [[1, 2], [2, 3]]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=30), st.integers(25, 90), st.integers(0, 4))
def test_every_page_is_new_once_in_order_and_no_group_is_too_large(
    cells: list[int], tokens: int, overlap: int
) -> None:
    """Whatever the pages' sizes; and its count is the model's own."""
    pages = [make_page(number, count) for number, count in enumerate(cells, 1)]
    groups = list(page_groups(pages, tokens=tokens, overlap=overlap))
    assert [page for group in groups for page in group.pages[group.overlap :]] == pages
    for before, group in pairwise(groups):
        assert group.overlap <= overlap
        assert group.pages[: group.overlap] == before.pages[len(before.pages) - group.overlap :]
    for group in groups:
        assert group.tokens == GLYPH.pages_tokens(page.page.size for page in group.pages) <= tokens
        assert len(group.pages) > group.overlap


def test_pages_are_taken_one_by_one_and_let_go() -> None:
    """A document of any length is never held: one page beyond the group is looked at, and no more."""
    taken = 0

    def endless() -> Iterator[DocumentPage]:
        nonlocal taken
        while True:
            taken += 1
            yield make_page(taken)

    groups = page_groups(endless(), max_pages=5, overlap=1)
    assert taken == 0
    for _ in range(100):
        last = next(groups)
    assert (last.number, last.pages[-1].page.number, taken) == (100, 401, 402)


def test_pages_of_typeset_are_taken_too() -> None:
    """Not everybody has a document."""
    pages = typeset("Ada signed the release. " * 2_000)
    assert numbers(page_groups(pages, max_pages=100)) == [[page.number for page in pages]]


def test_a_page_larger_than_a_group_is_named() -> None:
    """Cut it could not be; the groups before it have come."""
    document = Document(text="x", title="map.pdf")
    large = DocumentPage(page=make_page(3, cells=30).page, document=document)
    groups = page_groups([make_page(1), make_page(2), large], tokens=2 * PRICE)
    assert len(next(groups).pages) == 2
    with pytest.raises(DocumentError, match=r'"map.pdf", page 3 alone takes 32 tokens \(24 allowed\)'):
        next(groups)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "give tokens=, max_pages= or both"),
        ({"tokens": 0}, "tokens=0 is below 1"),
        ({"max_pages": 0}, "max_pages=0 is below 1"),
        ({"max_pages": 2, "overlap": 2}, "give less than that"),
        ({"max_pages": 2, "overlap": -1}, "overlap=-1 is below 0"),
    ],
)
def test_limits_that_mean_nothing_are_refused_at_once(arguments: dict[str, int], told: str) -> None:
    """And not with the first page."""
    with pytest.raises(DocumentError, match=told):
        page_groups([], **arguments)  # type: ignore[arg-type]  # all are whole numbers


def test_what_is_no_page_is_refused() -> None:
    """A text is a row of letters."""
    with pytest.raises(DocumentError, match="'H' is no page"):
        next(page_groups("Hello", max_pages=2))  # type: ignore[arg-type]  # which is the point


def test_no_pages_are_no_groups() -> None:
    """Nothing is made up."""
    assert list(page_groups([], max_pages=2)) == []


def test_groups_are_those_of_a_drawn_document() -> None:
    """End to end: pages as `draw_pages` yields them."""
    document = Document(text="Ada signed the release. " * 4_000)
    pages = list(draw_pages(document))
    groups = list(page_groups(draw_pages(document), tokens=3_000, overlap=1))
    assert (
        "".join(page.page.text for group in groups for page in group.pages[group.overlap :]) == document.text
    )
    assert {group.overlap for group in groups[1:]} == {1}
    assert len(groups) == -(-(len(pages) - 1) // 3)
