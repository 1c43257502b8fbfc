"""Claims about the package as a whole: what it offers, and what that costs to load."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import langchain_glyph_memory
import pytest

import glyph_memory

PACKAGE = Path(str(langchain_glyph_memory.__file__)).parent


def _imported() -> dict[str, str]:
    """Return the names that type checkers see, and the module of each."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    return {
        str(name.asname): str(node.module).rpartition(".")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module
        and node.module.startswith("langchain_glyph_memory")
        for name in node.names
    }


def test_what_type_checkers_see_is_what_is_loaded() -> None:
    """Every name, from the same module; and all of them can be asked for."""
    assert _imported() == langchain_glyph_memory._MODULES
    assert [*langchain_glyph_memory._MODULES] == sorted(langchain_glyph_memory._MODULES)
    for name in langchain_glyph_memory.__all__:
        assert getattr(langchain_glyph_memory, name)
        assert name in dir(langchain_glyph_memory)


def test_a_name_that_is_not_there_is_told_as_python_tells_it() -> None:
    """So that `hasattr` and star imports work."""
    with pytest.raises(AttributeError, match="no attribute 'GlyphMemoryMiddelware'"):
        getattr(langchain_glyph_memory, "GlyphMemoryMiddelware")  # noqa: B009 - a checker would not let it through


def test_there_is_one_version() -> None:
    """For this package, its project file, and the house that it belongs to."""
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    assert langchain_glyph_memory.__version__ == glyph_memory.__version__ == project["version"]
    assert f"glyph-memory=={glyph_memory.__version__}" in project["dependencies"]


@pytest.mark.parametrize(
    ("asked", "unloaded"),
    [
        ("", {"langchain_core", "langchain", "langgraph", "glyph_memory", "deepagents"}),
        ("GlyphLoader", {"langchain", "langgraph", "deepagents", "sqlalchemy"}),
        ("fold_messages", {"langchain", "langgraph", "deepagents"}),
        ("glyph_token_counter", {"langchain", "langgraph", "deepagents"}),
        ("GlyphMemoryMiddleware", {"deepagents"}),
    ],
)
def test_only_what_is_asked_for_is_loaded(asked: str, unloaded: set[str]) -> None:
    """Agents' machinery takes a second, which a loader of documents need not wait for."""
    script = (
        f"import sys, langchain_glyph_memory as face; {f'face.{asked};' if asked else ''} print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not unloaded & set(done.stdout.split())


FACES = {"glyph_memory.documents"}


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: str(path.name))
def test_it_goes_through_the_houses_front_door(path: Path) -> None:
    """Adapters translate: of the core they import what its faces export, and nothing else."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
        assert not [name for name in names if name.startswith("glyph_memory.") and name not in FACES], path
