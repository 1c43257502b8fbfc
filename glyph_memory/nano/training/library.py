"""The standard library's texts that are for training."""

from __future__ import annotations

import ast
import sys
import sysconfig
from functools import cache
from pathlib import Path

from glyph_memory.nano.held_out import is_held_out


class Library:
    """Sources, paragraphs of docstrings, and their words, of the modules that are not kept for measuring."""

    def __init__(self) -> None:
        root = Path(sysconfig.get_paths()["stdlib"])
        names = sorted(name for name in sys.stdlib_module_names if not is_held_out(name))
        files = [root / f"{name}.py" for name in names] + [root / name / "__init__.py" for name in names]
        texts = [file.read_text(encoding="utf-8", errors="ignore") for file in files if file.is_file()]
        self.sources = [text.replace("\f", "").splitlines() for text in texts if text.count("\n") > 40]
        self.paragraphs = [
            " ".join(paragraph.split())
            for text in texts
            for docstring in _docstrings(text)
            for paragraph in docstring.split("\n\n")
            if len(paragraph) > 120
        ]
        words = {word for paragraph in self.paragraphs for word in paragraph.split() if word.isalpha()}
        self.words = sorted(words)


@cache
def load_library() -> Library:
    """Read the library once, and return it."""
    return Library()


def _docstrings(source: str) -> list[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, owners))
    return [docstring for docstring in found if docstring]
