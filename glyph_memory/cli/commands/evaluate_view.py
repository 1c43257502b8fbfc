"""What `glyph-memory evaluate` prints: tables of results and of comparisons, and the list of what there is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.evaluate.arms import ARMS
from glyph_memory.evaluate.run import (
    OUTCOMES,
    TEST,
    Comparison,
    Label,
    Result,
    Row,
    keep_common,
    summarize,
)
from glyph_memory.evaluate.run.table import format_faults, format_number, format_percent, format_share
from glyph_memory.evaluate.tasks import BENCHMARKS, TASKS

_MEANT = (
    "In per cent of judged answers, with 95 % intervals. A budget is the most that a prompt may cost: a share of "
    "what the whole text costs, or a number of tokens."
)
_COMMON = "At equal budgets, on the samples that every arm answered:"
_ONE_IN_TWENTY = 0.05


def print_list(*, as_json: bool) -> None:
    """Print the tasks and the arms."""
    if as_json:
        tasks = [{"name": one.name, "title": one.title, "source": one.source} for one in TASKS.values()]
        arms = [{"name": name, "shows": shows} for name, shows in ARMS.items()]
        terminal.print_json({"tasks": tasks, "arms": arms})
        return
    screen = terminal.console()
    table = _make_table("task", "asks for", "texts")
    for task in TASKS.values():
        table.add_row(task.name, task.title, task.source)
    screen.print(table)
    screen.print(Text(f"From files of your own, as in longbench:FILE: {', '.join(BENCHMARKS)}.", "dim"))
    screen.print(Text("glyph-memory evaluate fetch tells where they are had.", "dim"))
    screen.print()
    table = _make_table("arm", "shows")
    for name, shows in ARMS.items():
        table.add_row(name, shows)
    screen.print(table)
    screen.print(Text("Arms of pages take settings: pages@style=dark@dpi=96@size=9, or @style=dense.", "dim"))


def print_report(results: Sequence[Result], labels: Sequence[Label], plot: Path | None) -> None:
    """Print a table of results, and another one of what all arms answered, where that is less."""
    screen = terminal.console()
    screen.print(_fit_table(summarize(results, by=labels), screen))
    common = keep_common(results)
    judged = [result for result in results if result.outcome is not None]
    if len(common) < len(judged) and common:
        screen.print()
        screen.print(Text(_COMMON))
        screen.print(_fit_table(summarize(common, by=labels), screen))
    for row in summarize(results, by=()):
        if row.faults:
            screen.print(Text(f"No answer to judge: {format_faults(row)}.", "dim"))
    screen.print(Text(_MEANT, "dim"))
    if plot is not None:
        screen.print(Text(f"plot: {terminal.escape_line(str(plot))}"), soft_wrap=True)


def print_comparisons(compared: Sequence[Comparison]) -> None:
    """Print a table of comparisons; nothing where there are none."""
    if not compared:
        return
    screen = terminal.console()
    names = tuple(terminal.escape_line(name) for name in (compared[0].first, compared[0].second))
    table, legend = _comparison_table(compared, *names), ""
    if not _fits(table, screen):  # as with the paths of two folders: numbers need the room
        table, legend = (
            _comparison_table(compared, "first", "second"),
            f"first: {names[0]}, second: {names[1]}",
        )
        _let_wrap(table, screen)
    screen.print()
    screen.print(table)
    if legend:
        screen.print(Text(legend), soft_wrap=True)
    screen.print(Text(f"Correct answers. p: {TEST}; not corrected for the number of rows.", "dim"))


def _comparison_table(compared: Sequence[Comparison], first: str, second: str) -> Table:
    table = _make_table(
        "budget",
        "task",
        "pairs",
        first,
        second,
        f"only {first}",
        f"only {second}",
        "tokens",
        "p",
        numbers_from=2,
    )
    for one in compared:
        p = one.p_value
        table.add_row(
            one.budget,
            terminal.escape_line(one.task) or "all",
            f"{one.pairs:,}",
            format_share(one.first_correct),
            format_share(one.second_correct),
            f"{one.first_only:,}",
            f"{one.second_only:,}",
            f"{one.first_tokens:,.0f} / {one.second_tokens:,.0f}",
            Text(format_chance(p), "bold" if p < _ONE_IN_TWENTY else ""),
        )
    return table


def format_chance(p: float) -> str:
    """Return a p-value with what of it means something.

    Example:
        >>> format_chance(0.0215), format_chance(1.0), format_chance(1e-9)
        ('0.021', '1.000', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _fit_table(rows: Sequence[Row], screen: Console) -> Table:
    """Return the table with as much in it as fits the terminal's width; the JSON holds everything."""
    for extras in (("tokens", "of text", "s"), ("tokens", "of text"), ("tokens",), ()):
        table = _rows_table(rows, extras)
        if _fits(table, screen):
            return table
    _let_wrap(table, screen)
    return table


def _fits(table: Table, screen: Console) -> bool:
    endless = screen.options.update(max_width=10_000)
    return screen.measure(table, options=endless).maximum <= screen.width


def _let_wrap(table: Table, screen: Console) -> None:
    """Let cells take several lines where the table is wider than the screen: nothing of it is cut."""
    if not _fits(table, screen):
        for column in table.columns:
            column.no_wrap = False


def _rows_table(rows: Sequence[Row], extras: Sequence[str]) -> Table:
    labels = list(rows[0].labels) if rows else []
    table = _make_table(*labels, *OUTCOMES, "judged", "none", *extras, numbers_from=len(labels))
    before = dict.fromkeys(labels, "")
    for row in rows:
        names = dict(row.labels)
        # What a row has in common with the one above it is not said again.
        same = [label for label in labels[:-1] if names[label] == before[label]]
        before = names
        numbers = {
            "tokens": format_number(row.prompt_tokens),
            "of text": format_percent(row.text_share),
            "s": "–" if row.seconds is None else f"{row.seconds:.1f}",
        }
        table.add_row(
            *("" if label in same else terminal.escape_line(names[label]) for label in labels),
            *(format_share(row.count(outcome)) for outcome in OUTCOMES),
            f"{row.judged:,}",
            f"{sum(row.faults.values()):,}",
            *(numbers[name] for name in extras),
        )
    return table


def _make_table(*heads: str, numbers_from: int | None = None) -> Table:
    """Return an empty table; where it has numbers, nothing in it is cut or goes over several lines."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for place, head in enumerate(heads):
        is_number = numbers_from is not None and place >= numbers_from
        table.add_column(
            Text(head),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=numbers_from is not None,
        )
    return table
