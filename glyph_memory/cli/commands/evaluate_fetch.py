"""`glyph-memory evaluate fetch`: where benchmarks are had, and on what terms. Nothing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.evaluate.tasks import BENCHMARKS, Benchmark
from glyph_memory.evaluate.tasks.benchmarks import find_benchmark

_TERMS = (
    "Nothing is downloaded: read a benchmark's terms, get its file, and give it as NAME:FILE. "
    "glyph-memory evaluate fetch NAME tells more of one."
)
_NAMES = {
    "title": "asks",
    "address": "where",
    "licence": "licence",
    "size": "size",
    "format": "format",
    "file": "file to give",
    "subsets": "subsets, behind #",
    "scorer": "scored",
    "judge": "judge",
}


def show_benchmarks(names: Sequence[str], *, as_json: bool) -> None:
    """Print a table of all benchmarks, or all that is known of some.

    Raises:
        DocumentError: There is none of a name.
    """
    chosen = [find_benchmark(name) for name in names]
    if as_json:
        terminal.print_json({"benchmarks": [asdict(one) for one in chosen or BENCHMARKS.values()]})
    elif chosen:
        for place, one in enumerate(chosen):
            _print_whole(one, is_first=place == 0)
    else:
        _print_table()


def _print_table() -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head in ("benchmark", "where", "licence of its data", "size"):
        table.add_column(Text(head), overflow="fold")
    for one in BENCHMARKS.values():
        table.add_row(one.name, one.address, one.licence, one.size)
    screen = terminal.console()
    screen.print(table)
    screen.print(Text(_TERMS, "dim"))


def _print_whole(one: Benchmark, *, is_first: bool) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    table.add_row("benchmark", one.name)
    for name, shown in _NAMES.items():
        if value := getattr(one, name):
            table.add_row(shown, Text(value))
    screen = terminal.console()
    if not is_first:
        screen.print()
    screen.print(table)
