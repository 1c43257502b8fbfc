"""The house keeps its promises: a complete public face, light imports, one version, documents that tell all."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from site_parts import FACES, write_reference

import glyph_memory
import glyph_memory.documents
import glyph_memory.windows
from tests.signatures import exported_names, is_documented, mentioned_names

ROOT = Path(__file__).parent.parent
INTEGRATIONS = {
    "langchain": "langchain_glyph_memory",
    "llama_index": "llama_index.memory.glyph",
    "ray": "glyph_memory_ray",
}
FACE = (ROOT / "glyph_memory" / "__init__.py").read_text()
IMPORTS = re.findall(r"^    from (\S+) import (\w+) as \2$", FACE, re.MULTILINE)
NAMES = [name for _, name in IMPORTS]
DOCUMENTS = exported_names(glyph_memory.documents)
"""Public, too, in a package of their own."""
PUBLIC = {
    "glyph_memory": NAMES,
    "glyph_memory.documents": DOCUMENTS,
    "glyph_memory.windows": exported_names(glyph_memory.windows),
}
"""What adapters may import, by the package that it stands in."""
HEAVY = {
    "torch", "transformers", "langchain", "langchain_core", "llama_index", "sqlalchemy", "fastapi", "httpx", "httpx2",
    "uharfbuzz", "tiktoken", "tokenizers", "typer", "rich", "click", "bm25s",
}  # fmt: skip
LIGHT = {"numpy", "PIL", "freetype", "asyncio", "dataclasses"}
"""What a page needs, and nobody who imports the package without asking for one."""


def loaded_by(statement: str) -> set[str]:
    """Return the modules that are loaded in a new process after a statement."""
    program = f"import sys; {statement}; print(*sorted(sys.modules))"
    command = [sys.executable, "-c", program]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_the_public_face_is_sorted_and_every_name_on_it_exists() -> None:
    """What can be imported from the top is listed once, module by module, in order, for checkers and at run time."""
    modules = [module for module, _ in IMPORTS]
    assert modules == sorted(modules)  # names within a module are the linter's business
    assert len(NAMES) == len(set(NAMES))
    assert all(hasattr(glyph_memory, name) for name in NAMES)
    assert {(f"glyph_memory.{module}", name) for name, module in glyph_memory._MODULES.items()} == {*IMPORTS}
    assert set(NAMES) < set(dir(glyph_memory))
    with pytest.raises(AttributeError, match="has no attribute 'GlyphMemry'"):
        glyph_memory.GlyphMemry  # type: ignore[attr-defined]  # noqa: B018  # which is the point


@pytest.mark.parametrize("face", ["glyph_memory", *INTEGRATIONS.values()])
def test_every_name_that_a_public_signature_mentions_is_public(face: str) -> None:
    """So that callers can annotate what they hold; an adapter's may stand on the core's face."""
    module = importlib.import_module(face)
    public = {*(name for names in PUBLIC.values() for name in names), *module.__all__}
    missing = {
        name: sorted(mentioned - public)
        for name in module.__all__
        if (mentioned := mentioned_names(getattr(module, name))) - public
    }
    assert missing == {}


def test_no_function_hides_a_module_of_its_package() -> None:
    """Else `import package.name` would give a module or a function, by what was imported before."""
    hidden = []
    for package in pkgutil.walk_packages(glyph_memory.__path__, "glyph_memory."):
        if package.ispkg:
            module = importlib.import_module(package.name)
            modules = {below.name for below in pkgutil.iter_modules(module.__path__)}
            hidden += [f"{package.name}.{name}" for name in exported_names(module) if name in modules]
    assert hidden == []
    assert not {below.name for below in pkgutil.iter_modules(glyph_memory.__path__)} & set(NAMES)


def test_every_public_name_is_documented() -> None:
    """Each name on the face says what it is."""
    assert [name for module, name in IMPORTS if not is_documented(name, module)] == []


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


def test_importing_the_package_loads_nothing_until_it_is_asked_for() -> None:
    """Frameworks, models, drawing and the command line's libraries come when they are needed."""
    assert loaded_by("import glyph_memory").isdisjoint(HEAVY | LIGHT)


def test_what_draws_and_folds_loads_neither_a_database_nor_an_http_client() -> None:
    """A memory opens a database when it is opened; a client is loaded with the first reader."""
    names = [name for module, name in IMPORTS if module != "glyph_memory.store"]
    assert len(names) > 50
    assert loaded_by(f"from glyph_memory import {', '.join(names)}").isdisjoint(HEAVY)


def test_the_installed_version_is_the_one_in_the_source_and_not_behind_the_changelog() -> None:
    """A release is cut from one number."""
    assert version("glyph-memory") == glyph_memory.__version__
    assert (
        f"## [{glyph_memory.__version__}]" in (ROOT / "CHANGELOG.md").read_text()
        or "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()
    )


def test_fonts_travel_with_their_licence() -> None:
    """Each shipped font is named in one of the licences that are shipped beside them, and nothing else lies there."""
    folder = ROOT / "glyph_memory" / "fonts"
    licences = {path: path.read_text() for path in folder.glob("LICENSE-*")}
    fonts = {path.name for path in folder.iterdir() if path not in licences}
    assert fonts == {"DejaVuSansMono.ttf", "GlyphMemoryEmoji.otf", "GlyphMemorySans.ttf"}
    assert all(sum(name in text for text in licences.values()) == 1 for name in fonts)


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
                assert node.module in PUBLIC, file
                assert {name.name for name in node.names} <= {*PUBLIC[node.module], "__version__"}, file


def test_no_package_stands_above_the_namespace_of_llamaindex() -> None:
    """A module there would hide everything else that is installed under `llama_index`."""
    folder = ROOT / "integrations" / "llama_index" / "llama_index"
    assert not (folder / "__init__.py").exists()
    assert not (folder / "memory" / "__init__.py").exists()
    assert not (ROOT / "integrations" / "__init__.py").exists()
