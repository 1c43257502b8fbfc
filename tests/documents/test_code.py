"""Source code and JSON stay letter for letter: one block of code, with its language and its lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.documents import Document, load
from glyph_memory.documents.parts import split_lines, split_parts


def load_one(data: bytes, name: str) -> Document:
    """Return the only document of bytes."""
    [document] = load(data, name=name)
    return document


@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        ("a.py", "def f():\n\treturn 1  \n\n\n", "python"),
        ("a.rs", "\n\nfn main() {}\r\n", "rust"),
        ("a.ts", "let a: number = 1", "typescript"),
        ("Makefile", "all:\n\techo\n", "make"),
        ("Dockerfile", "FROM x\n", "docker"),
        ("run", "#!/bin/bash\nls\n", "bash"),
        ("run", "#!/usr/bin/env python3\nimport x\n", "python"),
        ("a.yaml", "a:\n  - b\n", "yaml"),
        ("a.xml", "<?xml version='1.0'?>\n<a/>\n", "xml"),
        ("feed", "<?xml version='1.0'?>\n<a/>\n", "xml"),
        ("a.json", '{"a": [1, 2]}\n', "json"),
        ("a.jsonl", '{"a": 1}\n{"a": 2}\n', "json"),
    ],
)
def test_code_is_one_block_letter_for_letter(name: str, text: str, language: str) -> None:
    """Its language by its name, else by its first line; blank lines at both ends stay."""
    document = load_one(text.encode(), name)
    assert document.text == text
    [block] = document.blocks
    assert (block.kind, block.language, block.first_line) == ("code", language, 1)


def test_a_line_of_code_is_found_again() -> None:
    """The source map counts lines."""
    document = load_one(b"import os\n\ndef f():\n    pass\n", "a.py")
    at = document.text.index("pass")
    assert [place.line for place in document.trace(at, at + 4)] == [4]
    assert document.locate(line=3) == ((11, 19),)


def test_long_code_comes_in_parts_between_lines() -> None:
    """Each knows the number of its first line."""
    text = "".join(f"value_{number} = {number}\n" for number in range(2_000))
    documents = [*load(text.encode(), name="a.py", part_characters=5_000)]
    assert len(documents) > 5
    assert "".join(one.text for one in documents) == text
    for one in documents:
        assert one.blocks[0].first_line == one.source_map[0].line
        assert one.text.startswith(f"value_{one.blocks[0].first_line - 1} ")
        assert one.blocks[0].language == "python"


def test_code_is_read_without_the_library_that_knows_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its colours are missing."""
    for name in ("pygments", "pygments.lexers"):
        monkeypatch.setitem(sys.modules, name, None)
    document = load_one(b"x = 1\n", "a.py")
    assert (document.text, document.blocks[0].language) == ("x = 1\n", "")


def test_json_on_one_endless_line_is_kept_and_told() -> None:
    """Numbers, order and doubled keys are what they were."""
    text = "[" + ", ".join(["1.00", "1e5"] * 9_000) + "]"
    document = load_one(text.encode(), "a.json")
    assert document.text == text
    [told] = document.defects
    assert told.message.startswith("line 1 has more than 20,000 characters without a break")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 50_000, '{"a": "' + "\\" * 70_000, '["' + "x" * 70_000]
)
def test_hostile_json_is_read_as_it_is(text: str) -> None:
    """Nested without an end, a string that does not stop: no error of Python's comes out."""
    assert load_one(text.encode(), "a.json").text == text
    assert load_one(text.encode(), "").text == text


def test_large_json_is_known_by_its_beginning() -> None:
    """Though it does not end within what is looked at."""
    data = json.dumps([{"key": f"value {number}", "n": number} for number in range(9_000)], indent=1)
    document = load_one(data.encode(), "")
    assert document.blocks[0].language == "json"
    assert load_one(data.replace('"key"', "key").encode(), "").blocks[0].kind == "text"


def test_structure_can_be_left_alone(tmp_path: Path) -> None:
    """Then code and JSON are text, as any other."""
    for name in ("a.py", "a.json", "a.ipynb"):
        (tmp_path / name).write_text('{"a": 1}')
        [document] = load(tmp_path / name, structure=False)
        assert (document.text, [one.kind for one in document.blocks]) == ('{"a": 1}', ["text"])


@settings(max_examples=100)
@given(pieces=st.lists(st.text(alphabet="ab\n", max_size=30)), characters=st.integers(1, 40))
def test_parts_and_lines_are_the_whole_text(pieces: list[str], characters: int) -> None:
    """However it came in pieces; a part ends with a line, unless the line is longer than a part."""
    text = "".join(pieces)
    parts = [*split_parts(pieces, characters)]
    assert "".join(parts) == text
    assert all(len(part) <= 2 * characters for part in parts)
    assert all(part.endswith("\n") or len(part.rpartition("\n")[2]) > characters // 2 for part in parts[:-1])
    assert [*split_lines(pieces)] == text.splitlines(keepends=True)
