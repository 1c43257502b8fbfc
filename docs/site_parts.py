"""The parts of the site that are made from the code when it is built: the reference, the command line, the profiles.

A page asks for a part with a line of its own, `<!-- made from the code: profiles -->`; `expand` puts it there. Knows
the package and Markdown; knows nothing about Sphinx, so that tests read the same text as the site's readers do.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from profile_table import write_profiles
from serve_tables import write_log_fields, write_metrics, write_rules
from telemetry_tables import write_attributes, write_spans
from telemetry_tables import write_metrics as write_telemetry_metrics

from glyph_memory.cli.program import app

FACES = (
    "glyph_memory",
    "glyph_memory.documents",
    "glyph_memory.evaluate",
    "glyph_memory.evaluate.arms",
    "glyph_memory.evaluate.calibration",
    "glyph_memory.evaluate.run",
    "glyph_memory.evaluate.tasks",
    "glyph_memory.nano",
    "glyph_memory.serve",
    "glyph_memory.serve.mcp",
    "glyph_memory.testing",
    "glyph_memory.tokens",
    "glyph_memory.training",
    "glyph_memory.training.grpo",
    "glyph_memory.training.models",
    "glyph_memory.training.pages",
    "glyph_memory.training.rewards",
    "glyph_memory.training.sft",
    "glyph_memory.training.style_search",
    "glyph_memory.training.tiny",
    "glyph_memory.windows",
    "glyph_memory_ray",
    "langchain_glyph_memory",
    "llama_index.memory.glyph",
)
"""The modules that are public: their names are all in the reference, and no others are."""

_PART = re.compile(r"^<!-- made from the code: (\S+)(?: (\S+))? -->$", re.MULTILINE)

_GLOB = re.compile(r"^(\S+)\*$\n", re.MULTILINE)

ROOT = Path(__file__).parents[1]
"""The repository."""


def expand(text: str) -> str:
    """Return a page's Markdown with the parts in it that are made from the code."""
    whole = _PART.sub(lambda asked: _make_part(asked[1], asked[2] or ""), text)
    # Sphinx cannot be told that a chapter may be empty.
    return _GLOB.sub(lambda line: line[0] if any((ROOT / "docs").glob(f"{line[1]}*.md")) else "", whole)


def is_made(text: str) -> bool:
    """Return whether a page has parts that are made from the code."""
    return bool(_PART.search(text))


def _make_part(kind: str, module: str) -> str:
    parts = {
        "reference": lambda: write_reference(module),
        "command-line": write_command_line,
        "profiles": write_profiles,
        "floors": write_floors,
        "prefix-rules": write_rules,
        "metrics": write_metrics,
        "access-log": write_log_fields,
        "telemetry-spans": write_spans,
        "telemetry-metrics": write_telemetry_metrics,
        "telemetry-attributes": write_attributes,
    }
    if kind not in parts:
        raise ValueError(f"no part {kind!r} is made from the code; there are {', '.join(parts)}")
    return parts[kind]()


# The reference.


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicName:
    """A name that can be imported from a public module."""

    name: str
    """As it is imported."""
    home: str
    """The module that it is imported from there, in full."""


def list_public_names(module: str) -> tuple[PublicName, ...]:
    """List the names that a module exports, `from x import y as y`, by where they come from."""
    source = inspect.getsource(importlib.import_module(module))
    found = [
        PublicName(name=alias.name, home=node.module or "")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    ]
    return tuple(sorted(found, key=lambda one: (one.home, one.name)))


def write_reference(module: str) -> str:
    """Return the reference of a public module: every name that it exports, under the package that it lives in."""
    parts = []
    for package, names in _group_by_package(module):
        heading = inspect.cleandoc(importlib.import_module(package).__doc__ or "").split("\n\n")[0]
        listed = ", ".join(
            f"`{one.name}`" if _stands_in_core(module, one) else f"[`{one.name}`](#{module}.{one.name})"
            for one in names
        )
        directives = "\n\n".join(_write_directive(module, one) for one in names)
        parts.append(
            f"## `{package}`\n\n{heading}\n\n{listed}\n\n"
            f"```{{eval-rst}}\n.. currentmodule:: {module}\n\n{directives}\n```"
        )
    return "\n\n".join(parts)


def _group_by_package(module: str) -> Iterator[tuple[str, Sequence[PublicName]]]:
    names = list_public_names(module)
    for home in dict.fromkeys(one.home for one in names):
        yield home, [one for one in names if one.home == home]


def _stands_in_core(module: str, one: PublicName) -> bool:
    """Return whether a name of a package is the same as one of `glyph_memory`, where it is told in full."""
    core = importlib.import_module("glyph_memory")
    value = getattr(importlib.import_module(module), one.name)
    return module.startswith("glyph_memory.") and getattr(core, one.name, None) is value


def _write_directive(module: str, one: PublicName) -> str:
    value = getattr(importlib.import_module(module), one.name)
    full = f"{module}.{one.name}"
    if _stands_in_core(module, one):
        return f".. py:data:: {full}\n   :no-index:\n\n   The same as :py:obj:`glyph_memory.{one.name}`."
    if inspect.isclass(value) and issubclass(value, BaseException):
        return f".. autoexception:: {full}\n   :show-inheritance:"
    if inspect.isclass(value):
        is_ours = module.startswith("glyph_memory")
        inherited = "\n   :inherited-members: object, Protocol, Generic" if is_ours else ""
        return f".. autoclass:: {full}\n   :members:{inherited}"
    if inspect.isroutine(value):
        return f".. autofunction:: {full}"
    about = _find_docstring(one)
    if get_origin(value) is Literal:
        about += f"\n\nOne of {', '.join(f'``{choice!r}``' for choice in get_args(value))}."
    about = about.replace("\n", "\n   ")
    return f".. py:data:: {full}\n\n   {about}"


def _find_docstring(one: PublicName) -> str:
    """Return the string below the assignment of a value, looked for where the name really comes from."""
    statements = ast.parse(inspect.getsource(importlib.import_module(one.home))).body
    for statement, after in pairwise([*statements, ast.Pass()]):
        if isinstance(statement, ast.ImportFrom):
            if any(alias.name == one.name for alias in statement.names):
                return _find_docstring(PublicName(name=one.name, home=statement.module or ""))
            continue
        targets = (
            statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        )
        is_it = any(isinstance(target, ast.Name) and target.id == one.name for target in targets)
        if is_it and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            return inspect.cleandoc(str(after.value.value))
    raise ValueError(f"{one.home}.{one.name} has no docstring; write one below its assignment")


# The command line.


def write_command_line() -> str:
    """Return what `--help` says of every command, as Markdown."""
    group: Any = typer.main.get_command(app)
    parts = [_plain(group.help)]
    for name, command in group.commands.items():
        parts += [f"## {name}", _plain(command.help), _write_usage(name, command), _write_options(command)]
        if command.epilog:
            parts.append(_write_examples(command.epilog))
    return "\n\n".join(parts)


def _write_usage(name: str, command: Any) -> str:
    arguments = [one for one in command.params if not one.opts[0].startswith("-")]
    shown = [one.metavar or one.name.upper() for one in arguments]
    words = [word if one.required else f"[{word}]" for word, one in zip(shown, arguments, strict=True)]
    return f"```text\n{' '.join(['glyph-memory', name, *words, '[OPTIONS]'])}\n```"


def _write_options(command: Any) -> str:
    rows = ["| | what it does |", "|---|---|"]
    for one in command.params:
        names = ", ".join(
            f"`{name} {one.metavar or ''}`".replace(" `", "`") for name in [*one.opts, *one.secondary_opts]
        )
        if not one.opts[0].startswith("-"):
            names = f"`{one.metavar or one.name.upper()}`"
        is_told = one.default not in (None, False, (), "") and one.show_default and not callable(one.default)
        default = f" Without it: `{one.default}`." if is_told else ""
        about = _plain(one.help or "").replace("|", "\\|")
        rows.append(f"| {names.replace('|', chr(92) + '|')} | {about}{default} |")
    return "\n".join(rows)


def _write_examples(epilog: str) -> str:
    lines = [line.strip() for line in epilog.splitlines() if line.strip() and "[bold]Examples" not in line]
    shown = [
        re.sub(r"\[[^\]]*\]", "", line) if line.startswith("[bold cyan]") else f"# {line}" for line in lines
    ]
    return "```text\n" + "\n".join(shown) + "\n```"


def _plain(text: str | None) -> str:
    """Return help as Markdown: what the terminal shows in bold is code."""
    marked = re.sub(r"\[bold[^\]]*\](.*?)\[/[^\]]*\]", r"`\1`", text or "")
    return marked.replace("<", "&lt;")


# The packages.


def write_floors() -> str:
    """Return the packages as a table, the highest floor first, as the import contract lists them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers: list[str] = next(one["layers"] for one in contracts if one["type"] == "layers")
    rows = ["| floor | package or module | what it does |", "|---|---|---|"]
    for floor, layer in enumerate(reversed(layers)):
        rows += [f"| {floor} | {_describe_package(package)} |" for package in layer.split(" | ")]
    return "\n".join([*rows[:2], *reversed(rows[2:])])


def _describe_package(package: str) -> str:
    module = ROOT / "glyph_memory" / package
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    about = (ast.get_docstring(ast.parse(file.read_text())) or "").split("\n\n")[0].replace("\n", " ")
    shown = f"{package}/" if module.is_dir() else f"{package}.py"
    return f"`{shown}` | {about.replace('|', chr(92) + '|')}"


def list_pages() -> tuple[Path, ...]:
    """List every document that people read: the README, the pages of the site, the adapters' READMEs."""
    docs = sorted((ROOT / "docs").rglob("*.md"))
    return (ROOT / "README.md", *docs, *sorted((ROOT / "integrations").glob("*/README.md")))
