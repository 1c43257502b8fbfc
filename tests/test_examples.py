"""Every example runs, offline, as it stands: the scripts, and those in docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import langchain_glyph_memory
import llama_index.memory.glyph
import pytest

import glyph_memory
from glyph_memory.testing import FakeVLMServer

EXAMPLES = Path(__file__).parents[1] / "examples"
MODULES = [
    module.name
    for package in (glyph_memory, langchain_glyph_memory, llama_index.memory.glyph)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


def run(name: str, *arguments: str, folder: Path) -> str:
    """Run an example in a folder; give what it prints."""
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_runs_and_says_something(path: Path, tmp_path: Path) -> None:
    """Without arguments, without a network, without a warning."""
    assert run(path.name, folder=tmp_path)


def test_pages_are_written_where_they_were_asked_for(tmp_path: Path) -> None:
    """The first example takes a folder."""
    run("01_text_to_pages.py", "here", folder=tmp_path)
    assert (tmp_path / "here" / "page-0001.png").exists()


def test_a_server_that_is_named_is_asked(tmp_path: Path) -> None:
    """The second example takes a server's address; its second question finds the pages cached."""
    with FakeVLMServer() as server:
        run("02_ask_a_server.py", server.base_url, folder=tmp_path)
    first, second = server.requests
    assert first.images == second.images
    assert second.cached_tokens > 0.9 * second.prompt_tokens


def test_the_examples_are_numbered() -> None:
    """They are read in order."""
    numbers = [int(path.name[:2]) for path in sorted(EXAMPLES.glob("*.py"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_examples_in_docstrings_say_what_happens(name: str) -> None:
    """Line for line."""
    if name.startswith("glyph_memory.evaluate.compaction."):
        pytest.importorskip("inspect_ai", reason="Inspect has an environment of its own: make clients")
    assert doctest.testmod(importlib.import_module(name)).failed == 0
