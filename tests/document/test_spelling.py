"""A document goes through JSON whole, and JSON from anybody gives a document or one kind of error."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.document import Document
from glyph_memory.documents import Builder
from glyph_memory.errors import DocumentError
from tests.document.made_documents import documents

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("nvskltpmbxchia"), inner, max_size=4)
    ),
    max_leaves=12,
)


def costs() -> Document:
    """Return a table with a header, after a heading."""
    builder = Builder(title="Costs")
    builder.add_heading(1, "Costs")
    builder.set_location(page=3)
    builder.add_table([["item", "EUR"], ["oak", "12"]], header_rows=1)
    return builder.build()


def complaint(spelled: str) -> str:
    """Read JSON that is no document; return the message."""
    with pytest.raises(DocumentError) as caught:
        Document.from_json(spelled)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_json_is_short_and_known() -> None:
    """Vector stores keep it beside each page; other programs may read it."""
    spelled = costs().to_json(text=False)
    assert spelled == (
        '{"glyph_document":1,"title":"Costs","blocks":[{"n":7,"k":"heading","v":1},{"n":17,"k":"table",'
        '"t":{"c":2,"s":[0,5,4,4],"h":1}}],"map":[{"b":7,"n":15,"p":3}]}'
    )
    assert Document.from_json(spelled, text=costs().text) == costs()


@given(documents())
def test_a_document_comes_back_whole(document: Document) -> None:
    """With its pictures where they are asked for; with their captions alone where they are not."""
    assert Document.from_json(document.to_json(pictures=True)) == document
    blocks = tuple(replace(block, picture=None) for block in document.blocks)
    assert Document.from_json(document.to_json(text=False), text=document.text) == replace(
        document, blocks=blocks
    )


def test_half_a_character_goes_through_any_file() -> None:
    """The JSON is plain ASCII, whatever the text holds."""
    document = Document(text="a\ud800漢")
    assert document.to_json().isascii()
    assert Document.from_json(document.to_json()) == document


@pytest.mark.parametrize(
    "spelled",
    [
        "",
        "pages",
        "[1]",
        "null",
        '{"text":"a"}',
        '{"glyph_document":2,"text":"a"}',
        '{"glyph_document":1}',
        "[" * 200_000,
        '{"glyph_document":1,"text":"a","offset":' + "9" * 5_000 + "}",
    ],
)
def test_what_is_no_document_is_refused(spelled: str) -> None:
    """In one line, also where the JSON would break its reader."""
    assert "Document.to_json" in complaint(spelled)


def change(spelled: str, keys: list[str | int], value: object) -> str:
    """Return JSON with another value at one place."""
    found = json.loads(spelled)
    at = found
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = value
    return json.dumps(found)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["text"], "shorter"),
        (["text"], None),
        (["title"], 7),
        (["part"], -1),
        (["offset"], True),
        (["blocks"], {}),
        (["blocks", 0], []),
        (["blocks", 0, "n"], 8),
        (["blocks", 0, "n"], 10**30),
        (["blocks", 0, "k"], "chapter"),
        (["blocks", 0, "k"], []),
        (["blocks", 0, "k"], "table"),
        (["blocks", 0, "v"], 7),
        (["blocks", 0, "q"], 10**9),
        (["blocks", 0, "s"], [[0, 99, "link"]]),
        (["blocks", 0, "s"], [[0, 1, "blink"]]),
        (["blocks", 0, "s"], [[0, 1, "link", 3]]),
        (["blocks", 0, "p"], ["not base64!"]),
        (["blocks", 0, "p"], ["aaaa", -1]),
        (["blocks", 0, "p"], ["aaaa", float("nan")]),
        (["blocks", 0, "p"], ["aaaa", 10**400]),
        (["blocks", 1, "t"], None),
        (["blocks", 1, "t", "c"], 0),
        (["blocks", 1, "t", "c"], 3),
        (["blocks", 1, "t", "s"], [0, 99, 1, 1]),
        (["blocks", 1, "t", "s"], [0, -1, 1, 1]),
        (["blocks", 1, "t", "h"], 3),
        (["blocks", 1, "t", "a"], "lz"),
        (["blocks", 1, "t", "m"], [[0, 2, 1, 1]]),
        (["blocks", 1, "t", "m"], [[0, 0]]),
        (["blocks", 1, "t", "x"], [["a", "b", "c"]]),
        (["blocks", 1, "t", "x"], [[1]]),
        (["map"], [{"b": 5, "n": 1}, {"b": 0, "n": 1}]),
        (["map", 0, "b"], 99),
        (["map", 0, "p"], "3"),
        (["map", 0, "c"], "A" + "9" * 5_000),
        (["defects"], [["lost", "a row"]]),
        (["defects"], [["damaged"]]),
    ],
)
def test_each_value_is_checked(keys: list[str | int], value: object) -> None:
    """A store may be anybody's; what it gives back is drawn, so it has to fit."""
    complaint(change(costs().to_json(), keys, value))


def test_a_merge_that_reaches_too_far_is_cut_to_the_table() -> None:
    """It is drawn as wide as there is room."""
    spelled = change(costs().to_json(), ["blocks", 1, "t", "m"], [[1, 0, 10**9, 10**9]])
    table = Document.from_json(spelled).blocks[1].table
    assert table is not None
    assert (table.merges[0].rows, table.merges[0].columns) == (1, 2)


@given(st.sampled_from([["blocks"], ["blocks", 0], ["blocks", 1, "t"], ["map", 0], ["defects"]]), JSON)
def test_no_json_raises_another_error(keys: list[str | int], value: object) -> None:
    """Whatever stands there, it is a document or a `DocumentError`, and it can be cut."""
    try:
        document = Document.from_json(change(costs().to_json(), keys, value))
    except DocumentError:
        return
    for place in range(len(document.text)):
        assert document.cut(place, len(document.text)).text == document.text[place:]
        document.trace(place, place + 1)
