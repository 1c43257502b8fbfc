"""Make the documentation's tables from what the benchmarks wrote: `python tools/figures.py [--check] [FILE …]`.

A table stands between `<!-- figures:NAME -->` and `<!-- /figures:NAME -->`; what a NAME shows is said in
`figure_tables.py`, its figures come from `benchmarks/results/`. Where they are missing, a line says which command
makes them; that is no complaint where it takes a GPU. With `--check` nothing is written, and each table that is not
what its figures say is a line of complaint.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from figure_tables import TABLES, Table

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"

_REGION = re.compile(
    r"^(?P<open><!-- figures:(?P<name>[\w-]+) -->\n)(?P<body>.*?)^(?P<close><!-- /figures:(?P=name) -->)$",
    re.DOTALL | re.MULTILINE,
)
_MARKER = re.compile(r"^\s*<!-- /?figures:.*$", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write all tables, or check them; return 1 where something is missing or wrong."""
    parser = argparse.ArgumentParser(
        description="Make the documentation's tables from the benchmarks' results."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; complain about what differs")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of the JSON files")
    parser.add_argument("files", nargs="*", type=Path, help="README.md and docs/ by default")
    options = parser.parse_args(arguments)
    complaints = []
    for path in options.files or find_pages():
        old = path.read_text(encoding="utf-8")
        new, missing = fill_tables(old, options.results)
        complaints += [f"{_shorten(path)}: {line}" for line in missing]
        if options.check:
            complaints += [f"{_shorten(path)}: {line}" for line in compare(old, new)]
        elif new != old:
            path.write_text(new, encoding="utf-8")
            print(f"written: {_shorten(path)}")
    for line in complaints:
        print(line, file=sys.stderr)
    return 1 if complaints else 0


def find_pages() -> list[Path]:
    """Return the README and all Markdown pages of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def fill_tables(text: str, results: Path) -> tuple[str, list[str]]:
    """Return a page with all its tables made anew, and a line for each that cannot be made."""
    complaints: list[str] = []

    def fill(region: re.Match[str]) -> str:
        name = region["name"]
        if name not in TABLES:
            complaints.append(f"there is no table {name!r}; there are {', '.join(TABLES)}")
            return region[0]
        try:
            body = draw(TABLES[name], results)
        except FileNotFoundError:
            where = ", on a machine with a GPU" if TABLES[name].needs_gpu else ""
            body = f"*Not measured yet: `{TABLES[name].command}`{where}.*"
            if not TABLES[name].needs_gpu:
                complaints.append(f"table {name!r} has no figures. Run: {TABLES[name].command}")
        except (LookupError, TypeError, ValueError) as error:
            complaints.append(f"table {name!r} cannot be made ({error!r}). Run: {TABLES[name].command}")
            return region[0]
        return f"{region['open']}\n{body}\n\n{region['close']}"

    filled = _REGION.sub(fill, text)
    left = _MARKER.findall(_REGION.sub("", text))
    complaints += [f"the marker {line.strip()!r} has no partner, or does not stand alone" for line in left]
    return filled, complaints


def draw(table: Table, results: Path) -> str:
    """Return a table's Markdown, and below it how, when and on what it was measured.

    Raises:
        FileNotFoundError: There are no figures.
        LookupError, TypeError, ValueError: The file holds something else.
    """
    result: dict[str, Any] = json.loads((results / f"{table.result}.json").read_text(encoding="utf-8"))
    measured = f"*`{result['command']}`, {result['date']}; {result['machine']}.*"
    return f"{table.draw(result['figures'])}\n\n{measured}"


def compare(old: str, new: str) -> list[str]:
    """Return a line for each table of a page that is not what it should be."""
    before, after = ([(match["name"], match[0]) for match in _REGION.finditer(text)] for text in (old, new))
    return [
        f"table {name!r} is not what its figures say. Run: make figures"
        for (name, one), (_, other) in zip(before, after, strict=True)
        if one != other
    ]


def _shorten(path: Path) -> Path:
    resolved = path.resolve()
    return resolved.relative_to(ROOT) if resolved.is_relative_to(ROOT) else path


if __name__ == "__main__":
    sys.exit(main())
