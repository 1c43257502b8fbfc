"""Real data in the formats that programs write: JSON, YAML, INI, XML, CSV, SQL, tables, diffs, tracebacks, logs.

The data is Python's own: build variables, names of characters, modules and their functions. Knows formats; knows
nothing about pages.
"""

from __future__ import annotations

import ast
import configparser
import csv
import io
import itertools
import json
import plistlib
import sqlite3
import sysconfig
import unicodedata
from collections.abc import Iterator, Sequence

from lib.density_files import cut, find_stdlib
from lib.dice import Dice

_MODULES = (
    "argparse",
    "ast",
    "asyncio/base_events",
    "calendar",
    "configparser",
    "csv",
    "email/message",
    "gzip",
    "imaplib",
)


def list_characters(count: int = 700) -> list[dict[str, object]]:
    """Return facts about characters of Unicode, as an API might return them."""
    characters = itertools.islice(
        filter(lambda code: unicodedata.name(chr(code), ""), itertools.count(32)), count
    )
    return [
        {
            "code": code,
            "name": unicodedata.name(chr(code)),
            "category": unicodedata.category(chr(code)),
            "bidirectional": unicodedata.bidirectional(chr(code)),
            "combining": unicodedata.combining(chr(code)),
            "mirrored": bool(unicodedata.mirrored(chr(code))),
            "decomposition": unicodedata.decomposition(chr(code)).split() or None,
        }
        for code in characters
    ]


def list_functions() -> list[dict[str, object]]:
    """Return the functions of some modules, with arguments and places, as a tool that indexes code returns them."""
    found = list[dict[str, object]]()
    for module in _MODULES:
        source = (find_stdlib() / f"{module}.py").read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                found.append(
                    {
                        "module": module.replace("/", "."),
                        "function": node.name,
                        "line": node.lineno,
                        "lines": (node.end_lineno or node.lineno) - node.lineno + 1,
                        "arguments": [argument.arg for argument in node.args.args],
                        "documented": ast.get_docstring(node) is not None,
                        "summary": (ast.get_docstring(node) or "").partition("\n")[0],
                    }
                )
    return found


def list_variables() -> dict[str, object]:
    """Return what Python was built with, as `sysconfig` has it."""
    return {name: value for name, value in sorted(sysconfig.get_config_vars().items()) if str(value)}


def make_tool_calls() -> Iterator[str]:
    """Yield tool calls of an agent with the code that it writes as arguments: JSON with newlines in strings."""
    for number, function in enumerate(list_functions()):
        path = find_stdlib() / f"{str(function['module']).replace('.', '/')}.py"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        first = int(str(function["line"])) - 1
        body = "".join(lines[first : first + min(int(str(function["lines"])), 14)])
        arguments = {"path": f"src/{path.name}", "old_text": body, "new_text": body.replace("self", "this")}
        yield json.dumps({"id": f"call_{number:06d}", "name": "edit_file", "arguments": arguments}, indent=2)


def write_yaml(value: object, *, indent: int = 0) -> Iterator[str]:
    """Yield the lines of plain values as YAML in block style."""
    space = "  " * indent
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, dict | list) and item:
                yield f"{space}{key}:"
                yield from write_yaml(item, indent=indent + 1)
            else:
                yield f"{space}{key}: {json.dumps(item, ensure_ascii=False)}"
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                first, *others = write_yaml(item, indent=indent + 1)
                yield f"{space}- {first.lstrip()}"
                yield from others
            else:
                yield f"{space}- {json.dumps(item, ensure_ascii=False)}"


def make_manifests() -> str:
    """Return a service's manifests for a cluster, one for each module: what YAML is mostly written for."""
    dice = Dice(5)

    def manifests() -> Iterator[str]:
        for name in sorted(path.stem for path in find_stdlib().glob("[a-z]*.py")):
            labels = {
                "app": name,
                "tier": dice.pick(("web", "worker", "cache")),
                "release": f"r{dice.number(1, 90)}",
            }
            container = {
                "name": name,
                "image": f"registry.example.org/{name}:{dice.number(1, 9)}.{dice.number(0, 30)}",
                "ports": [{"containerPort": dice.number(3000, 9000), "protocol": "TCP"}],
                "env": [
                    {"name": f"{name.upper()}_{key}", "value": dice.words(2)}
                    for key in ("MODE", "URL", "LEVEL")
                ],
                "resources": {"limits": {"cpu": "500m", "memory": f"{dice.number(1, 8) * 128}Mi"}},
            }
            spec = {
                "replicas": dice.number(1, 9),
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            }
            kind = {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": name, "labels": labels},
            }
            yield "\n".join(write_yaml({**kind, "spec": spec}))

    return cut(manifests(), between="\n---\n")


def make_toml() -> str:
    """Return what Python was built with, and functions of modules, as TOML."""

    def tables() -> Iterator[str]:
        for function in list_functions():
            lines = [f"{key} = {json.dumps(value)}" for key, value in function.items()]
            yield f"[[functions]]\n{chr(10).join(lines)}\n"

    return cut(tables())


def make_ini() -> str:
    """Return facts about characters as an INI file, a section each."""
    parser = configparser.ConfigParser(interpolation=None)
    for row in list_characters():
        parser[f"U+{row['code']:04X}"] = {key: str(value) for key, value in row.items() if value is not None}
    file = io.StringIO()
    parser.write(file)
    return cut([file.getvalue()])


def make_plist() -> str:
    """Return functions of modules as an XML property list, with tabs for indents."""
    return cut([plistlib.dumps(list_functions()).decode()])


def make_csv(delimiter: str = ",") -> str:
    """Return facts about characters or functions as rows of separated values."""
    rows = list_characters(1200) if delimiter == "," else list_functions()
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return cut([file.getvalue()])


def make_sql() -> str:
    """Return an SQL dump, as sqlite3 writes it, of functions and characters."""
    with sqlite3.connect(":memory:") as connection:
        for name, rows in (("functions", list_functions()[:200]), ("characters", list_characters(400))):
            columns = list(rows[0])
            connection.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {', '.join(columns)})")
            marks = ", ".join("?" * len(columns))
            plain = [
                [json.dumps(cell) if isinstance(cell, list) else cell for cell in row.values()]
                for row in rows
            ]
            connection.executemany(
                f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - names are ours
                plain,
            )
        return cut(connection.iterdump())


def make_table(look: str) -> str:
    """Return functions as a padded table: `psql`, `markdown`, or `box` with lines of box drawing."""
    rows = [
        [str(cell) for cell in list(row.values())[:4]] + [str(row["summary"])[:40]]
        for row in list_functions()
    ]
    head = ["module", "function", "line", "lines", "summary"]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    left, middle, right = {
        "psql": (" ", " | ", ""),
        "markdown": ("| ", " | ", " |"),
        "box": ("│ ", " │ ", " │"),
    }[look]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if cell.isdigit() else cell.ljust(width)
            for cell, width in zip(cells, widths, strict=True)
        ]
        return f"{left}{middle.join(padded)}{right}"

    def rule(begin: str, cross: str, end: str, stroke: str = "─") -> str:
        return begin + cross.join(stroke * (width + 2) for width in widths) + end

    if look == "box":
        between = rule("├", "┼", "┤")
        body = itertools.chain.from_iterable((between, line(row)) for row in rows)
        return cut([rule("┌", "┬", "┐"), line(head), *body])
    return cut(
        [
            line(head),
            rule("|", "|", "|", "-") if look == "markdown" else rule("", "+", "", "-"),
            *map(line, rows),
        ]
    )
