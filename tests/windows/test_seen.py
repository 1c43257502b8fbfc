"""A page is cited by the document's own page numbers, sheets or lines."""

from __future__ import annotations

import pytest

from glyph_memory.document import Document, SourceSpan
from glyph_memory.documents import draw_pages
from glyph_memory.windows import SeenPage

TEXT = "one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ((), "page 5"),
        (({"page": 12},), "page 12"),
        (({"page": 12}, {"page": 13}), "pages 12 to 13"),
        (({"page": 12, "line": 3}, {"page": 12, "line": 9}), "page 12"),
        (({"sheet": "Costs", "cell": "B7"},), "sheet 'Costs', from cell B7"),
        (({"sheet": "Costs", "cell": "B7"}, {"sheet": "Rates", "cell": "A1"}), "sheets 'Costs' to 'Rates'"),
        (({"line": 40},), "line 40"),
        (({"line": 40, "counts_lines": True}, {"line": 90}), "lines 40 to 90"),
        (({"file": "ch1.xhtml", "page": 2},), "file 'ch1.xhtml', page 2"),
        (({"file": "ch1.xhtml"}, {"file": "ch2.xhtml"}), "files 'ch1.xhtml' to 'ch2.xhtml'"),
    ],
)
def test_places_are_named_by_the_documents_own_numbers(
    places: tuple[dict[str, object], ...], expected: str
) -> None:
    """The drawn page's number stands in where there is nothing else."""
    length = len(TEXT) // max(1, len(places))
    spans = tuple(
        SourceSpan(start=number * length, stop=(number + 1) * length, **place)  # type: ignore[arg-type]  # by field
        for number, place in enumerate(places)
    )
    document = Document(text=TEXT, title="book", source_map=spans)
    (page,) = draw_pages(document, first_page=5)
    assert str(SeenPage.of(page)) == f'"book", {expected}'


def test_lines_are_counted_within_a_page() -> None:
    """A newline at a page's end begins no line of it."""
    lines = SourceSpan(start=0, stop=len(TEXT), line=7, counts_lines=True)
    (page,) = draw_pages(Document(text=TEXT, source_map=(lines,)))
    assert str(SeenPage.of(page)) == "lines 7 to 9"


def test_a_title_stays_on_its_line() -> None:
    """A file's name may hold anything, and the name of a page may not end in it."""
    name = str(SeenPage(number=1, title='a"b\nPage 9:' + "x" * 500))
    assert name.startswith('"a\\"b Page 9:xxx')
    assert name.endswith('", page 1')
    assert len(name) < 130
