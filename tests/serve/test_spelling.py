"""Nobody in a browser, or over MCP, can follow advice that is a line of Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import glyph_memory.documents
from glyph_memory.serve.spelling import spell_for_readers

SOURCES = Path(glyph_memory.documents.__file__).parent
PYTHON = re.compile(r"\b(?:Limits\b|LoadOptions|load\()")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("'a' is no text; if it is text, name its encoding, as in load(path, encoding='cp1252')",
         "'a' is no text; if it is text, save it as UTF-8"),
        ("'a' is encrypted; give its password, as in load(…, password='…')", "'a' is encrypted; save it without one"),
        ("'a' unpacks to 9 bytes: it may be a bomb; if it is none, raise Limits.expansion, which is 200",
         "'a' unpacks to 9 bytes: it may be a bomb"),
        ("'a' has tables nested more than 9 deep; raise Limits.depth, if it is honest",
         "'a' has tables nested more than 9 deep"),
        ("'a' has more than 9 bytes; raise the limit, as in LoadOptions(limits=Limits(file_bytes=18))",
         "'a' has more than 9 bytes"),
        ("it reaches over 9 cells, more than are left of Limits.cells; raise it, or delete the cells",
         "it reaches over 9 cells, more than are read; delete the cells"),
        ("it reaches over 9 cells, more than 8; raise Limits.cells, or delete the cells",
         "it reaches over 9 cells, more than 8; delete the cells"),
        ("a part is nested deeper than Limits.depth; it is not read", "a part is nested too deep; it is not read"),
        ("'a.md' is empty; there is nothing to read in it", "'a.md' is empty; there is nothing to read in it"),
    ],
)  # fmt: skip
def test_advice_is_such_that_whoever_has_the_file_can_follow_it(told: str, said: str) -> None:
    """Or there is none."""
    assert spell_for_readers(told) == said


def test_no_message_of_the_readers_is_left_in_python() -> None:
    """A new one that names a limit has to be of a form that is known."""
    texts = [text for path in SOURCES.rglob("*.py") for text in list_messages(path.read_text())]
    assert len(texts) > 10
    assert [text for text in texts if PYTHON.search(spell_for_readers(text))] == []


def list_messages(source: str) -> list[str]:
    """Return what a module says in Python's words: strings that are written one after another, joined."""
    joined = re.sub(r"[\"']\s*\n\s*f?[\"']", "", source)
    lines = [
        line.strip() for line in joined.splitlines() if PYTHON.search(line) and re.search(r"; .*[\"']", line)
    ]
    return [line for line in lines if not line.startswith(("#", ">>>"))]
