"""How tables of the documentation are spelled: Markdown, numbers, shares, times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"[≈+-]? ?\d")


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table: the first column to the left, columns of numbers to the right."""
    lines = [[_cell(value) for value in row] for row in rows]
    numeric = [any(_NUMBER.match(line[place]) for line in lines) for place in range(len(head))]
    rule = ["---:" if place and is_numeric else "---" for place, is_numeric in enumerate(numeric)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (list(head), rule, *lines))


def share(value: float) -> str:
    """Return a share with three decimals."""
    return f"{value:.3f}"


def times(value: float | None) -> str:
    """Return a ratio with two decimals."""
    return "none" if value is None else f"{value:.2f}"


def off(value: float) -> str:
    """Return a relative error with its sign, in percent."""
    return f"{value:+.1%}"


def ms(value: float | str) -> str:
    """Return milliseconds, from a second on as seconds; what is no number stays."""
    if isinstance(value, str):
        return value
    return (
        f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.1f} s"
    )


def number(value: float) -> str:
    """Return a number with three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int | float) else str(value)
    return text.replace("|", "\\|")
