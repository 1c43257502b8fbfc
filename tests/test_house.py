"""The house keeps its promises: a complete public face, light imports, one version, documents that tell all."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from site_parts import FACES, write_reference

import glyph_memory

ROOT = Path(__file__).parent.parent
INTEGRATIONS = {"langchain": "langchain_glyph_memory", "llama_index": "llama_index.memory.glyph"}
FACE = (ROOT / "glyph_memory" / "__init__.py").read_text()
NAMES = re.findall(r"^from \S+ import (\w+) as \1$", FACE, re.MULTILINE)
# httpx brings rich and click along where they are installed, for a command line of its own.
HEAVY = (
    "torch", "transformers", "langchain", "langchain_core", "llama_index", "sqlalchemy", "fastapi",
    "uharfbuzz", "tiktoken", "tokenizers", "typer",
)  # fmt: skip


def test_the_public_face_is_sorted_and_every_name_on_it_exists() -> None:
    """What can be imported from the top is listed once, module by module, in order."""
    lines = re.findall(r"^from (\S+) import (\w+) as \2$", FACE, re.MULTILINE)
    assert lines == sorted(lines)
    assert len(NAMES) == len(set(NAMES))
    assert all(hasattr(glyph_memory, name) for name in NAMES)


def test_every_public_name_is_documented() -> None:
    """Each name on the face says what it is."""
    assert [name for name in NAMES if not (getattr(glyph_memory, name).__doc__ or "").strip()] == []


@pytest.mark.parametrize("face", FACES)
def test_every_public_name_stands_in_the_reference(face: str) -> None:
    """Nothing public is left for people to find by reading the source."""
    text = write_reference(face)
    module = importlib.import_module(face)
    names = {name for name in getattr(module, "__all__", ()) if name != "__version__"}
    # A face without `__all__` lists its names as `from x import y as y`.
    names = names or set(
        re.findall(r"^from \S+ import (\w+) as \1$", inspect.getsource(module), re.MULTILINE)
    )
    assert names
    assert [
        name for name in sorted(names) if not re.search(rf"^\.\. \S+:: {face}\.{name}$", text, re.MULTILINE)
    ] == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    """Frameworks, models and the command line's libraries come when they are needed, not with the import."""
    program = "import sys, glyph_memory; print(*sorted(sys.modules))"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout.split()
    )
    assert loaded.isdisjoint(HEAVY)


def test_the_installed_version_is_the_one_in_the_source_and_not_behind_the_changelog() -> None:
    """A release is cut from one number."""
    assert version("glyph-memory") == glyph_memory.__version__
    assert (
        f"## [{glyph_memory.__version__}]" in (ROOT / "CHANGELOG.md").read_text()
        or "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()
    )


def test_fonts_travel_with_their_licence() -> None:
    """Both shipped fonts are named in the licence that is shipped beside them."""
    folder = ROOT / "glyph_memory" / "fonts"
    licence = (folder / "LICENSE-DejaVu.txt").read_text()
    assert sorted(path.name for path in folder.glob("*.ttf")) == ["DejaVuSansMono.ttf", "GlyphMemorySans.ttf"]
    assert all(path.name in licence for path in folder.glob("*.ttf"))


@pytest.mark.parametrize("group", ["dev", "docs"])
def test_everything_that_tests_need_is_pinned(group: str) -> None:
    """Two people who run the tests run the same versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["dependency-groups"][group], *project["project"]["dependencies"]]
    for folder in INTEGRATIONS:
        file = ROOT / "integrations" / folder / "pyproject.toml"
        wanted += tomllib.loads(file.read_text())["project"]["dependencies"]
    pinned = {
        re.split(r"[=\[]", line)[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    }
    names = {re.split(r"[\[<>=!; ]", entry)[0].lower().replace("_", "-") for entry in wanted}
    assert names - pinned == {"glyph-memory"}


@pytest.mark.parametrize("folder", INTEGRATIONS)
def test_all_distributions_have_one_version_and_ask_for_that_core(folder: str) -> None:
    """They are released together."""
    project = tomllib.loads((ROOT / "integrations" / folder / "pyproject.toml").read_text())["project"]
    assert project["version"] == glyph_memory.__version__
    assert f"glyph-memory=={glyph_memory.__version__}" in project["dependencies"]


@pytest.mark.parametrize("folder", INTEGRATIONS)
def test_adapters_know_the_core_by_its_face_alone(folder: str) -> None:
    """What they need stands on it, so that anybody can write another adapter."""
    files = sorted((ROOT / "integrations" / folder).rglob("*.py"))
    assert len(files) > 1
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                assert not any(name.name.startswith("glyph_memory.") for name in node.names), file
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "glyph_memory":
                assert node.module == "glyph_memory", file
                assert {name.name for name in node.names} <= {*NAMES, "__version__"}, file


def test_no_package_stands_above_the_namespace_of_llamaindex() -> None:
    """A module there would hide everything else that is installed under `llama_index`."""
    folder = ROOT / "integrations" / "llama_index" / "llama_index"
    assert not (folder / "__init__.py").exists()
    assert not (folder / "memory" / "__init__.py").exists()
    assert not (ROOT / "integrations" / "__init__.py").exists()
