"""The house is written in plain words: functions are verbs, docstrings say what is returned, modules are short."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    path
    for folder in ("glyph_memory", "integrations", "benchmarks", "tools", "docs")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)
PARTICIPLES = frozenset(
    {"begun", "broken", "chosen", "drawn", "found", "given", "gone", "heard", "held", "hidden", "kept", "known", "lost",
     "made", "met", "said", "seen", "sent", "shown", "spelled", "spent", "stuck", "taken", "thrown", "told", "worn",
     "written"}
)  # fmt: skip
"""Irregular ones; the regular ones end in -ed."""
VERBS = frozenset({"embed", "feed", "need", "seed"})
OLD_WORDS = ("easel", "intake", "squeezed", "livefold", "departed", "shedding", "epoch")
"""Words of an earlier draft that nobody outside could understand."""


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return a module's functions and methods, but not its properties and validators."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not any(re.search("property|validator|setter", ast.unparse(one)) for one in node.decorator_list)
    ]


def is_participle(name: str) -> bool:
    """Return whether a name is a single participle, such as `shown` or `_joined`: it does not say what is done."""
    word = name.strip("_")
    return word in PARTICIPLES or (word.endswith("ed") and word.isalpha() and word not in VERBS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_plain(path: Path) -> None:
    """At most 300 lines; functions are verbs; docstrings open with what is returned or done."""
    text = path.read_text()
    tree = ast.parse(text)
    assert text.count("\n") <= 300
    assert [node.name for node in functions(tree) if is_participle(node.name)] == []
    documented = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    opened = [(node.name, ast.get_docstring(node) or "") for node in documented]
    assert [name for name, text in opened if re.match(r"(Give|Say|Tell) ", text)] == []


def test_a_participle_is_known_when_it_is_seen() -> None:
    """The guard above can fail."""
    assert all(map(is_participle, ["_shown", "joined"]))
    assert not any(map(is_participle, ["feed", "draw_page", "add_cached_image"]))


def test_words_of_an_earlier_draft_are_gone() -> None:
    """From names, files and documentation alike."""
    folders = ("glyph_memory", "integrations", "benchmarks", "tools", "tests", "docs", "examples")
    told = [
        path for folder in folders for path in (ROOT / folder).rglob("*.*") if path.suffix in {".py", ".md"}
    ]
    told = [*told, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    told.remove(Path(__file__).resolve())
    pattern = re.compile(rf"(?<![a-z])({'|'.join(OLD_WORDS)})(?![a-z])", re.IGNORECASE)
    told = [path for path in told if "training" not in path.parts and path.name != "test_training.py"]
    texts = {path: path.read_text().replace("extract(epoch FROM", "") for path in told}  # as SQL spells it
    assert [f"{path}: {found[0]}" for path, text in texts.items() for found in pattern.finditer(text)] == []


def test_the_readme_is_read_in_a_few_minutes() -> None:
    """The rest stands in the documentation."""
    assert len((ROOT / "README.md").read_text().split()) <= 900
