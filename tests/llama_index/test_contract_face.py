"""The package's face: complete, sorted, loaded part by part, and beside LlamaIndex's own memories in one namespace."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import llama_index.memory.glyph as face


def test_every_name_of_the_face_can_be_imported_and_is_told_to_type_checkers() -> None:
    """The table of names and the imports for type checkers say the same."""
    tree = ast.parse(Path(str(face.__file__)).read_text())
    told = {
        alias.name: (node.module or "").rpartition(".")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(face.__name__)
        for alias in node.names
    }
    names = [name for name in face.__all__ if name != "__version__"]
    assert names == sorted(names) == sorted(told)
    for name in names:
        found = getattr(face, name)
        assert name in dir(face)
        assert getattr(found, "__module__", "").rpartition(".")[2] == told[name]


def test_importing_the_face_loads_no_framework() -> None:
    """Who wants a reader need not wait for agents, clients and databases."""
    code = (
        "import sys, llama_index.memory.glyph; print([name for name in sys.modules if name in sys.argv[1:]])"
    )
    heavy = ["llama_index.core", "openai", "sqlalchemy", "glyph_memory", "torch"]
    run = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_namespace_is_left_open() -> None:
    """No `__init__` above ours, which would hide other distributions' memories."""
    above = Path(str(face.__file__)).parents[1:3]
    assert [folder.name for folder in above] == ["memory", "llama_index"]
    assert not any((folder / "__init__.py").exists() for folder in above)


def test_every_name_of_the_face_can_be_the_first_that_is_imported() -> None:
    """No module of the package waits for one that waits for it, wherever one begins."""
    code = """
import importlib, sys
face = importlib.import_module("llama_index.memory.glyph")
for name in face.__all__:
    for module in [module for module in sys.modules if module.startswith("llama_index.memory.glyph")]:
        del sys.modules[module]
    getattr(importlib.import_module("llama_index.memory.glyph"), name)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
