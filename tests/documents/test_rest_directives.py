"""Directives that docutils does not run as they are: their text is kept, what is not shown is told."""

from __future__ import annotations

from glyph_memory.document import Document
from glyph_memory.documents import load


def read(text: str) -> Document:
    """Return a text in reStructuredText as a document."""
    (document,) = load(text.encode(), name="a.rst")
    return document


def show(document: Document) -> list[tuple[str, str]]:
    """Return kind and text of each block."""
    return [(block.kind, document.text[block.start : block.stop].rstrip("\n")) for block in document.blocks]


def test_a_setting_that_docutils_does_not_know_leaves_the_directive_what_it_is() -> None:
    """A formula with Sphinx' label is one; each setting is told once."""
    for text in (".. math:: a^2\n   :label: one\n", ".. math::\n   :label: one\n   :nowrap:\n\n   a^2\n"):
        document = read(text)
        assert show(document) == [("formula", "a^2")]
        assert "the setting 'label' of the directive 'math' is unknown" in document.defects[0].message
    document = read(".. figure:: x.png\n   :alt: A\n   :odd: B\n\n   C\n")
    assert document.text.split() == ["A", "C"]


def test_the_pages_of_a_book_are_a_list() -> None:
    """A page's title is a link to it; each has its line."""
    document = read("Text.\n\n.. toctree::\n   :caption: All\n\n   one\n   Two <two>\n")
    assert show(document)[2:] == [("paragraph", "All"), ("item", "• one"), ("item", "• Two")]
    assert document.blocks[-1].spans[0].target == "two"
    at = document.text.index("Two")
    assert document.trace(at, at + 3)[0].line == 7


def test_text_that_is_not_shown_is_counted() -> None:
    """Comments, settings of pages, substitutions that nothing uses; a used one stands where it is used."""
    document = read(
        "|used| it\n\n.. |used| replace:: Yes\n\n.. |odd| replace:: two words\n\n.. A licence\n   of four.\n\n"
        ".. once more\n\n.. meta::\n   :description: so it is\n"
    )
    assert document.text == "Yes it\n\n"
    assert [defect.message for defect in document.defects] == [
        "comments are left out: 2, 6 words",
        "settings of web pages (meta) are left out: 1, 3 words",
        "substitutions that nothing uses are left out: 1, 2 words",
    ]


def test_raw_text_of_other_writers_is_kept_and_a_file_is_not_followed() -> None:
    """The defect says which."""
    document = read(".. raw:: latex\n\n   KEPT\n\n.. raw:: html\n   :file: x.html\n")
    assert show(document) == [("code", "KEPT")]
    assert [(defect.kind, defect.message) for defect in document.defects] == [
        ("guessed", "line 1: the text of the directive 'raw latex' stands as it is written"),
        ("refused", "line 5: the directive 'raw html' is not followed"),
    ]
