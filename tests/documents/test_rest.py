"""reStructuredText becomes blocks, each with its line; nothing that it names is run or read."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyph_memory.document import Document, Merge
from glyph_memory.documents import load
from glyph_memory.errors import DocumentError


def read(text: str) -> Document:
    """Return a text in reStructuredText as a document."""
    (document,) = load(text.encode(), name="a.rst")
    return document


def show(document: Document) -> list[tuple[str, str]]:
    """Return kind and text of each block."""
    return [(block.kind, document.text[block.start : block.stop].rstrip("\n")) for block in document.blocks]


def show_spans(document: Document) -> list[tuple[str, str, str]]:
    """Return kind, text and target of all that is marked."""
    spans = [span for block in document.blocks for span in block.spans]
    return [(span.kind, document.text[span.start : span.stop], span.target) for span in spans]


def test_each_kind_of_block_is_known() -> None:
    """No mark is left in the text."""
    text = """\
Title
=====

:Author: me

Sub
---

Two *three*
four::

    x  =  1

    y

>>> 1 + 1
2

| a
|   b

term
  means

  Quoted.

  -- Someone

.. note:: Careful

----

.. math:: x^2

-a FILE  option text
"""
    document = read(text)
    assert show(document) == [
        ("heading", "Title"),
        ("item", "Author:"),
        ("item", "me"),
        ("heading", "Sub"),
        ("paragraph", "Two three four:"),
        ("code", "x  =  1\n\ny"),
        ("code", ">>> 1 + 1\n2"),
        ("paragraph", "a\n\u2003b"),
        ("item", "term"),
        ("item", "means"),
        ("item", "Quoted."),
        ("item", "-- Someone"),
        ("paragraph", "Note"),
        ("paragraph", "Careful"),
        ("rule", ""),
        ("formula", "x^2"),
        ("item", "-a  FILE"),
        ("item", "option text"),
    ]
    assert [block.level for block in document.blocks if block.kind == "heading"] == [1, 2]
    assert document.blocks[13].quotes == 1


def test_items_have_their_markers() -> None:
    """Numbers as the text spells them."""
    assert show(read("3. a\n4. b\n\n   * c\n\n(i) d\n(ii) e\n")) == [
        ("item", "3. a"),
        ("item", "4. b"),
        ("item", "• c"),
        ("item", "(i) d"),
        ("item", "(ii) e"),
    ]


def test_tables_of_all_kinds_keep_their_cells() -> None:
    """Drawn with lines, simple, of lists and of values with commas."""
    text = """\
+---+---+
| a | b |
+===+===+
| 1     |
+---+---+

== ==
c  d
== ==
2  3
== ==

.. list-table:: Cap
   :header-rows: 1

   * - e
     - f
   * - 4
     - * 5
       * 6

.. csv-table::

   g,"h, i"
"""
    document = read(text)
    tables = [block for block in document.blocks if block.table]
    texts = [document.text[block.start : block.stop].strip("\n") for block in tables]
    assert texts == ["a\tb\n1\t", "c\td\n2\t3", "e\tf\n4\t• 5\n• 6", "g\th, i"]
    assert [block.table.header_rows for block in tables if block.table] == [1, 1, 1, 0]
    assert tables[0].table is not None
    assert tables[0].table.merges == (Merge(row=1, column=0, columns=2),)


def test_marks_and_links_are_spans() -> None:
    """Roles of Sphinx' keep their text; so does a link whose address is unknown."""
    text = "*e* **s** ``c`` `l <http://x>`__ :math:`y` |sub| w_ [1]_ :ref:`see <there>` :func:`~os.path` nowhere_\n"
    document = read(
        text + "\n.. |sub| replace:: put in\n.. _w: http://w\n.. [1] note\n.. _unused: http://u\n"
    )
    assert document.text.startswith("e s c l y put in w [1] see os.path nowhere\n")
    assert show_spans(document)[:8] == [
        ("emphasis", "e", ""),
        ("strong", "s", ""),
        ("code", "c", ""),
        ("link", "l", "http://x"),
        ("formula", "y", ""),
        ("link", "w", "http://w"),
        ("note", "[1]", ""),
        ("code", "os.path", ""),
    ]
    assert show(document)[1:] == [("footnote", "[1] note"), ("paragraph", "unused: http://u")]


def test_code_has_its_language() -> None:
    """With options that docutils does not know, too."""
    document = read(
        ".. code-block:: python\n   :linenos:\n   :caption: cap\n\n   if x:\n       y\n\n.. code:: c\n\n   z\n"
    )
    assert show(document) == [("paragraph", "cap"), ("code", "if x:\n    y"), ("code", "z")]
    assert [block.language for block in document.blocks] == ["", "python", "c"]


def test_what_only_sphinx_runs_keeps_its_text() -> None:
    """It is told; no message of docutils' stands in the text."""
    text = """\
.. versionadded:: 1.0
   A *thing*.

.. py:function:: f(a, b)

   Does this.

   .. deprecated:: 2

.. toctree::
   :maxdepth: 2

   intro
"""
    document = read(text)
    words = "versionadded 1.0 A *thing*. function f(a, b) Does this. deprecated 2 toctree • intro"
    assert " ".join(document.text.split()) == words
    assert [defect.kind for defect in document.defects] == ["guessed"]


def test_other_files_are_not_read(tmp_path: Path) -> None:
    """Neither included, nor as tables, nor as code; each is told."""
    (tmp_path / "secret.txt").write_text("secret,word\n")
    path = tmp_path / "a.rst"
    path.write_text(
        ".. include:: secret.txt\n\n.. csv-table::\n   :file: secret.txt\n\n.. literalinclude:: secret.txt\n\n"
        f".. raw:: html\n   :file: secret.txt\n\n.. include:: {tmp_path}/secret.txt\n\nend\n"
    )
    (document,) = load(path)
    assert "secret,word" not in document.text
    assert document.text.split()[-1] == "end"
    assert sum(defect.kind == "refused" for defect in document.defects) >= 3


def test_raw_html_is_read_as_a_page() -> None:
    """Without its scripts."""
    assert read(".. raw:: html\n\n   <p>a</p><script>b</script>\n\nc\n").text.split() == ["a", "c"]


def test_broken_markup_loses_nothing() -> None:
    """A table that is none is shown as it stands."""
    document = read("+---+\n| a  |\n+---+\n\n*never ends\n\n`x\n\nTitle\n==\n\n  odd\n back\n")
    assert {"a", "*never", "ends", "`x", "Title", "odd", "back"} <= set(document.text.split())
    assert [defect.kind for defect in document.defects] == ["damaged"]


def test_lines_of_the_file_are_found_again() -> None:
    """Each block's own, and each line of code."""
    text = "T\n=\n\npara\nmore\n\n* i\n\n* j\n\n"
    text += "::\n\n  code1\n  code2\n\n.. tip:: k\n\n.. foo:: arg\n\n   inner\n\nend\n"
    document = read(text)
    lines = {
        word: document.trace(document.text.index(word), document.text.index(word) + 1)[0].line
        for word in ("T", "para", "code1", "code2", "inner", "end")
    }
    assert lines == {"T": 1, "para": 4, "code1": 13, "code2": 14, "inner": 20, "end": 22}


@pytest.mark.parametrize("text", ["*" * 9_000, "`" * 9_000, "|x " * 900, "a_ " * 900, "x" * 90_000])
def test_marks_that_never_end_are_text(text: str) -> None:
    """And a long line is no trouble."""
    assert read(text + "\n\nend\n").text.split()[-1] == "end"


def test_thousands_of_marks_that_never_end_are_plain_text() -> None:
    """Docutils would look for the end of each; nothing is lost, and it is told."""
    text = "*x " * 10_000 + "\n\nend\n"
    document = read(text)
    assert document.text == text
    assert [defect.kind for defect in document.defects] == ["guessed"]


def test_a_text_that_is_nested_too_deeply_is_one_sentence() -> None:
    """Docutils calls itself for each list in a list."""
    with pytest.raises(DocumentError, match="nested too deeply; read it as plain text"):
        read("* " * 3_000 + "x")


def test_figures_have_captions() -> None:
    """The alternative text first, where there is one."""
    text = ".. figure:: a.png\n   :alt: alt\n\n   Caption\n\n   Legend\n\n.. figure:: b.png\n\n   Other\n"
    assert show(read(text)) == [
        ("picture", "alt"),
        ("paragraph", "Caption"),
        ("paragraph", "Legend"),
        ("picture", "Other"),
    ]


def test_a_quote_names_who_said_it() -> None:
    """Its last line, after dashes."""
    document = read("Text.\n\n    Said.\n\n    -- Someone\n")
    assert show(document)[1:] == [("paragraph", "Said."), ("paragraph", "— Someone")]
    assert [block.quotes for block in document.blocks] == [0, 1, 1]


def test_thousands_of_links_in_a_paragraph_are_plain_text() -> None:
    """They took docutils a time that grows with their square; as many paragraphs with a link each are no trouble."""
    document = read("a_ " * 20_000)
    assert document.text == "a_ " * 20_000
    assert "read as plain text" in document.defects[0].message
    assert "read as plain text" not in str(read("see a_ now\n\n" * 3_500).defects)


def test_raised_and_lowered_text_is_as_in_other_formats() -> None:
    """In signs of Unicode where it has all of them, else after a sign that says so."""
    assert read("H\\ :sub:`2`\\ O, 4\\ :sup:`th`, x\\ :sup:`a`\n").text.strip() == "H₂O, 4th, x^a"
