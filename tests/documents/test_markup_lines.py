"""Each word of Markdown and of web pages is traced to the line of the file that it stands on."""

from __future__ import annotations

from itertools import pairwise

from glyph_memory.document import Document
from glyph_memory.documents import load
from glyph_memory.documents.markup.markdown_values import cut_stretches


def read(text: str, name: str) -> Document:
    """Return a text as a document."""
    (document,) = load(text.encode(), name=name)
    return document


def test_each_word_of_markdown_has_its_line() -> None:
    """In paragraphs, items, quotes and rows; where code goes over a line's end, the paragraph's first line is told."""
    text = (
        "one\ntwo *three\nfour*  \nfive\n\n- six\n  seven\n\n> eight\n> nine\n\n| ten |\n|---|\n| eleven |\n"
    )
    document = read(text, "a.md")
    for word in ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"):
        at = document.text.index(word)
        (place,) = document.trace(at, at + len(word))
        assert place.line == text[: text.index(word)].count("\n") + 1, word
    assert document.describe_origin(0, document.text.index("six")) == "lines 1 to 6"
    assert {place.line for place in read("`a\nb` c\nd\n", "a.md").source_map} == {1}


def test_a_long_text_is_parsed_in_stretches() -> None:
    """It reads as if it were parsed whole: lines, fences, and notes within the text go on."""
    piece = (
        "# Head\n\nword *so*^[note]\nnext\n"
        + "words of oak " * 60
        + "\n\n```\ncode\n\n# no heading\n```\n\n$$\na\n\n$$\n\n"
    )
    text = (piece * 700).replace("\n", "\r\n")
    documents = [*load(text.encode(), name="a.md", part_characters=10_000_000)]
    whole = [*load((text + "\r\n[x]: y").encode(), name="a.md", part_characters=10_000_000)]
    assert len([*cut_stretches(text)]) > 2
    assert len(documents) == len(whole) == 1
    assert whole[0].blocks[:-1] == documents[0].blocks
    assert whole[0].source_map[:-1] == documents[0].source_map


def test_each_word_of_a_page_has_its_line() -> None:
    """In a paragraph, in a marked text, in a table's cells; lines that a browser joins are spans side by side."""
    page = "<p>one\n\n  two <b>three\nfour</b><br>\nfive</p>\n<table>\n<tr><td>six<td>\nseven\n<tr>\n<td>eight</table>"
    document = read(page, "a.html")
    for word in ("one", "two", "three", "four", "five", "six", "seven", "eight"):
        at = document.text.index(word)
        (place,) = document.trace(at, at + len(word))
        assert place.line == page[: page.index(word)].count("\n") + 1, word
    (span,) = document.blocks[0].spans
    assert document.text[span.start : span.stop] == "three four"
    ends = [(place.start, place.stop) for place in document.source_map]
    assert all(stop <= start for (_, stop), (start, _) in pairwise(ends))
