"""What every benchmark does with its numbers: print them as a table, write them as JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).with_name("results")
"""Where the JSON files go."""

_PACKAGES = ("glyph-memory", "numpy", "pillow", "freetype-py", "reportlab", "pdf2image", "scikit-image")


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table: the first column aligned to the left, all others to the right."""
    table = [list(head), *([_format_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    print(f"\n{title}")
    for number, row in enumerate(table):
        first, *others = row
        cells = [
            first.ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)),
        ]
        print("  " + "  ".join(cells).rstrip())
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))


def write_results(name: str, results: Mapping[str, object]) -> Path:
    """Write the results of one benchmark and the environment as JSON; return the file's path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"measured_with": _environment(), **results}, indent=1), encoding="utf-8")
    print(f"\nwritten: {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    return path


def _format_cell(value: object) -> str:
    if isinstance(value, float):
        return (
            f"{value:,.4f}" if abs(value) <= 1 else f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
        )
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def _environment() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "system": sys.platform,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
