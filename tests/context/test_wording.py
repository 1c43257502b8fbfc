"""What a model reads of ours is worded in one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import glyph_memory
from glyph_memory.context import LossKind

ROOT = Path(glyph_memory.__file__).parent
ROOMS = [
    *(ROOT / "context").rglob("*.py"),
    *(ROOT / "memory" / "history").glob("*.py"),
    *(ROOT / "focusing").glob("*.py"),
    ROOT / "windows" / "prompts.py",
]
SENTENCE = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
FOR_PEOPLE = {
    "LossKind", "ANEW", "_CHANGED", "FONTS", "GONE", "_LEFT_OUT", "_PICTURES", "_PROSE", "_WIDER", "_advice",
    "_describe_losses", "_describe_turn", "_refuse", "describe_lost_seals", "_describe_calls", "_describe_runs",
    "_tell_too_much", "explain_unshown", "_NO_QUESTION", "_NO_WORDS", "_NO_LINE", "_NO_ROOM", "_NO_PICTURE",
    "_FUNCTION_WORDS", "spent", "there", "warn_of_calibration", "describe_left",
}  # fmt: skip
"""Notices, and what errors advise: whoever runs the program reads them."""
TELLERS = {"warn", "self._tell"}
"""What is called with words for them."""


def sentences(node: ast.AST) -> Iterator[str]:
    """Every literal in code that reads like words or an anchor, but for docstrings and what is for people."""
    if isinstance(node, ast.Raise) or getattr(node, "name", "") in FOR_PEOPLE:
        return
    if isinstance(node, ast.Call) and ast.unparse(node.func) in TELLERS:
        return
    if isinstance(node, ast.Assign) and {getattr(name, "id", "") for name in node.targets} & FOR_PEOPLE:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Constant) and node.value in get_args(LossKind):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and SENTENCE.search(node.value):
        yield node.value
    if isinstance(node, ast.JoinedStr) and "§" in (spelled := ast.unparse(node)):
        yield spelled
    for child in ast.iter_child_nodes(node):
        yield from sentences(child)


def test_no_sentence_of_ours_stands_outside_the_wording() -> None:
    """Else one room writes what another has to guess."""
    found = {
        (path.name, text)
        for path in ROOMS
        if path.name
        not in {
            "wording.py",
            "windows_wording.py",
            "page_wording.py",
            "recall_wording.py",
            "focus_wording.py",
            "beginnings.py",
        }
        for text in sentences(ast.parse(path.read_text("utf-8")))
    }
    assert found == set()
    assert len([*sentences(ast.parse((ROOT / "context" / "wording.py").read_text("utf-8")))]) > 10
