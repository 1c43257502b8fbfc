"""Documents are drawn so that plain text runs on over its parts, and what a limit leaves out is told."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from glyph_memory.document import Document
from glyph_memory.documents import Builder, PageRun, draw_pages, load
from glyph_memory.documents.flow import draw_flow
from glyph_memory.errors import DocumentError
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import iter_pages, typeset

TEXT = "".join(f"Line {number} of the log.\n" for number in range(1, 20_001))


def test_a_text_in_parts_looks_as_it_does_in_one_piece() -> None:
    """Wherever it was cut; offsets and lines are those of the whole."""
    pages = list(draw_flow(load(TEXT.encode(), name="a.log", part_characters=10_000), style="glyph"))
    whole = typeset(TEXT)
    assert [page.page for page in pages] == list(whole)
    assert [page.page.number for page in pages] == [page.number for page in whole]
    for page, expected in zip(pages, whole, strict=True):
        assert page.document.text == page.page.text == expected.text
        assert page.document.offset + page.page.start == expected.start
        assert "".join(line.text for line in page.page.lines) == expected.text
        (place, *_) = page.source_map
        assert place.line == 1 + TEXT.count("\n", 0, expected.start)
        assert (place.start, page.source_map[-1].stop) == (0, len(expected.text))


def test_each_text_begins_a_page() -> None:
    """Also after another text, and between documents of other kinds."""
    builder = Builder(title="minutes")
    builder.add_heading(1, "Minutes")
    documents = [Document(text="one"), Document(text="two"), builder.build(), Document(text="three")]
    pages = list(draw_flow(documents, first_page=5))
    assert [page.document.text.strip() for page in pages] == ["one", "two", "Minutes", "three"]
    assert [page.page.number for page in pages] == [5, 6, 7, 8]
    assert pages[2].page == next(draw_pages(documents[2])).page


def test_text_of_any_length_comes_page_by_page() -> None:
    """Parts are read as pages are asked for."""
    read = list[int]()

    def make_parts() -> Iterator[Document]:
        for number in count(1):
            read.append(number)
            yield Document(text="The canary was calm.\n" * 500, part=number, offset=10_500 * (number - 1))

    pages = draw_flow(make_parts())
    for _ in range(20):
        next(pages)
    assert len(read) < 200


def test_a_character_that_is_escaped_stays_where_it_is() -> None:
    """Offsets of pages that were moved are those of their own text."""
    text = "word \x07 " * 3_000
    for page, expected in zip(draw_flow([Document(text=text)], style="glyph"), iter_pages(text), strict=True):
        assert page.page.escaped == expected.escaped
        assert page.page.array().tobytes() == expected.array().tobytes()


def test_pages_up_to_a_limit_and_what_is_left_out() -> None:
    """With the number of characters, and where in the original they begin."""
    documents = load(TEXT.encode(), name="a.log", part_characters=10_000)
    run = PageRun(documents=documents, style="glyph", max_pages=2)
    pages = list(run.draw())
    assert [page.page for page in pages] == list(typeset(TEXT))[:2]
    left = len(TEXT) - sum(len(page.page.text) for page in pages)
    line = 1 + TEXT.count("\n", 0, len(TEXT) - left)
    (defect,) = run.defects
    assert defect.kind == "left out"
    assert (
        defect.message
        == f"{left:,} characters after the first 2 pages, from its line {line} on, were not drawn"
    )


def test_nothing_is_left_out_where_all_fits() -> None:
    """Exactly as many pages as there may be."""
    run = PageRun(documents=[Document(text="one"), Document(text="two")], max_pages=2)
    assert len(list(run.draw())) == 2
    assert run.defects == []


def test_what_has_no_end_is_not_counted() -> None:
    """A pipe, for one."""
    endless = (Document(text="y\n" * 5_000, part=number) for number in count(1))
    run = PageRun(documents=endless, max_pages=1, counts_rest=False)
    assert len(list(run.draw())) == 1
    assert run.defects[0].message.startswith("all that comes after the first page was not drawn")


def test_what_is_very_long_is_counted_up_to_a_number() -> None:
    """A file may have any length."""
    long = Document(text="y" * 30_000_000, part=2)
    run = PageRun(documents=[Document(text="y" * 9_000), *[long] * 9], max_pages=1)
    assert len(list(run.draw())) == 1
    assert "more than 100,000,000 characters" in run.defects[0].message


def test_a_limit_of_no_pages_is_refused() -> None:
    """Zero, or what is no number."""
    for none in (0, -1, 1.5):
        with pytest.raises(DocumentError, match="max_pages"):
            PageRun(documents=[], max_pages=none)  # type: ignore[arg-type]  # which is the point


def test_the_style_is_taken() -> None:
    """As `draw_pages` takes it: a preset by name, or a style."""
    dark = next(draw_flow([Document(text="one")], style="dark")).page
    assert dark == next(iter_pages("one", style=PageStyle.from_name("dark")))
