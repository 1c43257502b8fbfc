"""Print what is compared as a table, each thing beside the other."""

from __future__ import annotations

from collections.abc import Sequence


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


def say_whether(is_reached: bool) -> str:
    """Return the word for a target that was reached, or was not."""
    return "reached" if is_reached else "missed"


def _format_cell(value: object) -> str:
    if isinstance(value, float):
        return (
            f"{value:,.4f}" if abs(value) <= 1 else f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
        )
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
