"""Notebooks are read cell by cell: text, code in the kernel's language, and what the code put out."""

from __future__ import annotations

import base64
import json
from importlib import import_module

import pytest

from glyph_memory.documents import Document, load
from glyph_memory.errors import DocumentError
from tests.documents.small_picture import make_png

nbformat = import_module("nbformat")  # so imported, its untyped functions may be called
v4 = nbformat.v4

PNG = make_png()


def output(kind: str, **fields: object) -> object:
    """Return an output of a cell."""
    return v4.new_output(kind, **fields)


def make_notebook(*outputs: object, source: str = "print(1)\n", language: str = "python") -> str:
    """Return a notebook as text: a cell of Markdown, one of code, one that is raw."""
    cells = [
        v4.new_markdown_cell("# Costs\n\nOak is *dear*."),
        v4.new_code_cell(source, outputs=list(outputs)),
        v4.new_raw_cell("as it is"),
    ]
    kernel = {"language": language, "name": "k", "display_name": "k"}
    text: str = nbformat.writes(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}))
    return text


def load_one(text: str, **fields: bool) -> Document:
    """Return the only document of a notebook."""
    [document] = load(text.encode(), name="costs.ipynb", pictures=fields.get("pictures", True))
    return document


def test_cells_come_in_order() -> None:
    """Words, code, output, and what is raw."""
    document = load_one(make_notebook(output("stream", text="1\n")))
    assert document.text == "Costs\n\nOak is dear.\n\nprint(1)\n\n1\n\nas it is\n\n"
    assert [one.kind for one in document.blocks] == ["heading", "paragraph", "code", "text", "text"]
    assert (document.title, document.media_type) == ("costs.ipynb", "application/x-ipynb+json")
    assert document.defects == ()


@pytest.mark.parametrize(("language", "named"), [("python", "python"), ("R", "r"), ("julia", "julia")])
def test_code_is_in_the_language_of_the_kernel(language: str, named: str) -> None:
    """As Pygments names it."""
    document = load_one(make_notebook(language=language))
    assert [one.language for one in document.blocks if one.kind == "code"] == [named]


def test_a_cell_may_name_its_own_language() -> None:
    """By its magic line."""
    document = load_one(make_notebook(source="%%bash\nls\n"))
    assert [one.language for one in document.blocks if one.kind == "code"] == ["bash"]


def test_a_quote_is_traced_to_its_cell() -> None:
    """Cells are counted from 1."""
    document = load_one(make_notebook())
    at = document.text.index("print")
    assert [place.file for place in document.trace(at, at + 5)] == ["cell 2"]
    assert document.locate(file="cell 3")


@pytest.mark.parametrize(
    ("held", "text", "defects"),
    [
        ({"text/plain": "   a\n0  1", "text/html": "<table>"}, "   a\n0  1\n\n", 0),
        ({"text/html": "<p>five &amp; <b>six</b></p><script>no()</script>"}, "\n\nfive & six\n\n", 0),
        (
            {"text/plain": "<x.HTML object>", "text/html": "<b>Total</b> 5"},
            "print(1)\n\nTotal 5\n\nas it is",
            0,
        ),
        ({"text/plain": "loss 5", "text/html": "<p>Loading widget"}, "Loading widget\n\nloss 5\n\n", 0),
        ({"text/plain": "<x.JSON object>", "application/json": {"k": "é"}}, ')\n\n{"k": "é"}\n\n', 0),
        ({"text/plain": "x**2", "text/latex": "$x^2$"}, ")\n\nx^2\n\n", 0),
        (
            {"text/plain": "<Figure>", "image/svg+xml": "<svg><text x='1'>axis</text></svg>"},
            ")\n\naxis\n\n",
            1,
        ),
        ({"text/html": "<script>draw()</script>"}, "print(1)\n\nas it is", 1),
        ({"application/x-thing": "?"}, "print(1)\n\nas it is", 1),
        ({"text/plain": "x", "application/x-thing": "?"}, "x\n\n", 1),
    ],
)
def test_what_was_put_out_is_text_or_told(held: dict[str, object], text: str, defects: int) -> None:
    """Of an output in several forms, the richest that can be read."""
    document = load_one(make_notebook(output("display_data", data=held)))
    assert text in document.text
    assert len(document.defects) == defects


def test_tracebacks_lose_their_colours() -> None:
    """They are for terminals."""
    error = output("error", ename="ValueError", evalue="no", traceback=["\x1b[31mline 1\x1b[0m", "no"])
    assert "line 1\nno\n" in load_one(make_notebook(error)).text


def test_a_table_of_an_output_is_a_table() -> None:
    """As pandas puts it out; its plain text says the same."""
    held = {
        "text/plain": "   a\n0  1",
        "text/html": "<table><tr><th>a</th></tr><tr><td>1</td></tr></table> 0",
    }
    document = load_one(make_notebook(output("display_data", data=held)))
    assert [one.kind for one in document.blocks][3] == "table"
    assert document.text.count("a\n1") == 1


def test_what_an_error_says_beside_its_traceback_is_read() -> None:
    """Some kernels put it there alone."""
    error = output("error", ename="Fault", evalue="no oak", traceback=["line 1"])
    assert "line 1\n\nFault: no oak\n" in load_one(make_notebook(error)).text


@pytest.mark.parametrize(("name", "held"), [("a.png", PNG), ("gone.png", None)])
def test_a_cell_carries_pictures_of_its_own(name: str, held: bytes | None) -> None:
    """Pasted into its Markdown; one that is not there is told."""
    cell = v4.new_markdown_cell(f"![A plan](attachment:{name})")
    cell["attachments"] = {"a.png": {"image/png": base64.b64encode(PNG).decode()}}
    document = load_one(nbformat.writes(v4.new_notebook(cells=[cell])))
    [block] = [one for one in document.blocks if one.kind == "picture"]
    assert (block.picture.data if block.picture else None) == held
    assert document.text.strip() == "A plan"
    assert bool(document.defects) is (held is None)


@pytest.mark.parametrize(("pictures", "held"), [(True, PNG), (False, None)])
def test_pictures_are_pictures(pictures: bool, held: bytes | None) -> None:
    """With their file, unless pictures are not wanted."""
    data = {"image/png": base64.b64encode(PNG).decode(), "text/plain": "<Figure size 1x1>"}
    document = load_one(make_notebook(output("display_data", data=data)), pictures=pictures)
    [block] = [one for one in document.blocks if one.kind == "picture"]
    assert (block.picture.data if block.picture else None) == held
    assert "Figure" not in document.text


def test_a_notebook_of_version_3_is_read() -> None:
    """Its library knows how it became what it is now."""
    old = nbformat.writes(
        nbformat.reads(make_notebook(output("stream", text="1\n")), as_version=4), version=3
    )
    document = load_one(old)
    assert document.text.index("Costs") < document.text.index("print(1)")
    assert "1\n\n" in document.text


@pytest.mark.parametrize(
    "text",
    [
        make_notebook()[:-200],
        '{"nbformat": 4, "cells": [], "cells": 3}',
        '{"nbformat": 4, "nbformat_minor": 5}',
        '{"nbformat": "x", "cells": []}',
        '{"nbformat": 3, "worksheets": [3], "cells": [{"cell_type": "code"}]}',
        "[1]",
        "no JSON",
        '{"cells": ' + "[" * 100_000,
    ],
)
def test_a_damaged_notebook_is_read_as_json(text: str) -> None:
    """Its words are all there, and what is wrong is told."""
    document = load_one(text)
    assert document.text == text
    assert any(one.kind == "damaged" or "its name says" in one.message for one in document.defects)


def test_odd_cells_are_told_and_the_rest_is_read() -> None:
    """A list of which one is no cell, a picture that is none, a source that is no text."""
    held = json.loads(make_notebook(output("display_data", data={"image/png": "%"})))
    held["cells"] += [
        3,
        {"cell_type": "code", "source": 7, "outputs": 3},
        {"cell_type": "code", "outputs": [{}]},
    ]
    document = load_one(json.dumps(held))
    assert "as it is" in document.text
    assert {one.message for one in document.defects} >= {
        "cell 4 is none, and was left out",
        "cell 6 has an output of an unknown kind",
    }


@pytest.mark.parametrize("cells", ["[]", '[{"cell_type": "code", "source": []}]'])
def test_a_notebook_without_words_is_empty(cells: str) -> None:
    """Though its file is not."""
    with pytest.raises(DocumentError, match="holds no text; there is nothing to read in it"):
        load_one(f'{{"nbformat": 4, "cells": {cells}}}')


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("10%|#  |\r 50%|## |\r100%|###|\n", "100%|###|"),
        ("a long line\rshort\r\n", "shortg line"),
        ("a long line\r\x1b[2Kshort\n", "short"),
        ("ab\bc\b\b\b\bd\ne\bf\n", "d\nf"),
        ("\x1b[1;32mgreen\x1b[0m \x1b[?25l\x1b]8;;https://a.example\x07link\x1b]8;;\x07", "green link"),
        ("windows\r\nlines\r\r\n", "windows\nlines"),
    ],
)
def test_output_is_what_a_terminal_shows_at_the_end(written: str, shown: str) -> None:
    """A carriage return overwrites its line, a backspace removes a character, and colours are none."""
    document = load_one(make_notebook(output("stream", name="stdout", text=written)))
    assert document.text.split("print(1)\n")[1].split("as it is")[0].strip() == shown
