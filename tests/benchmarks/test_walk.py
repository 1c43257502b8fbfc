"""A walk is the files that a piece of work enters, and who called whom."""

from __future__ import annotations

import importlib.util
import json
import threading
from pathlib import Path
from types import ModuleType

import pytest

import walks
from glyph_memory import typeset
from lib.walk import record_walk


@pytest.fixture
def kitchen(tmp_path: Path) -> ModuleType:
    """Two files that call each other, and a third that only one of them calls."""
    (tmp_path / "spice.py").write_text("def grind():\n    return 'pepper'\n")
    (tmp_path / "pan.py").write_text("def fry(cook):\n    return cook.taste()\n")
    (tmp_path / "cook.py").write_text(
        "def taste():\n    return spice.grind()\n\ndef work():\n    return pan.fry(cook)\n"
    )
    modules = {name: _load(tmp_path / f"{name}.py") for name in ("spice", "pan", "cook")}
    vars(modules["cook"]).update(modules)
    return modules["cook"]


def test_files_edges_and_what_goes_back_and_forth(kitchen: ModuleType, tmp_path: Path) -> None:
    """In the order in which files are entered; the result is handed on."""
    walk, result = record_walk(kitchen.work, packages={tmp_path: "kitchen/"})
    assert result == "pepper"
    assert walk.files == ("kitchen/cook.py", "kitchen/pan.py", "kitchen/spice.py")
    assert walk.edges == {
        ("kitchen/cook.py", "kitchen/pan.py"),
        ("kitchen/pan.py", "kitchen/cook.py"),
        ("kitchen/cook.py", "kitchen/spice.py"),
    }
    assert walk.back_and_forth == [("kitchen/cook.py", "kitchen/pan.py")]


def test_other_threads_count_and_are_not_mixed_up(kitchen: ModuleType, tmp_path: Path) -> None:
    """A thread's first file was called by nobody."""

    def work() -> None:
        thread = threading.Thread(target=kitchen.spice.grind)
        thread.start()
        thread.join()

    walk, _ = record_walk(work, packages={tmp_path: ""})
    assert (walk.files, walk.edges) == (("spice.py",), frozenset())


def test_files_of_others_do_not_count(kitchen: ModuleType, tmp_path: Path) -> None:
    """What stands between two of ours is passed over."""
    walk, _ = record_walk(lambda: json.dumps(kitchen.work()), packages={tmp_path / "elsewhere": ""})
    assert walk.files == ()


def test_text_to_png_begins_with_typesetting() -> None:
    """A walk through the package itself."""
    walk = walks.walk_through(lambda: [page.png() for page in typeset("One page.")])
    assert walk.files[0].startswith("typesetting/")
    assert "page.py" in walk.files


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
