"""What a table's rows look like: whether the first one heads them, and which columns are numbers.

Both are guesses from the first rows, for how a table is drawn; its text is the same either way. Knows cells as text;
knows nothing about files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_SAMPLE = 200
"""Rows that are looked at: more would tell no more."""
_LONGEST_NAME = 80
"""Characters of a cell that may name a column."""
_AMOUNT = r"\s?[$€£¥]?\s?\d[\d.,'’ _]*(?:[eE][-+]?\d+)?\s?[%‰$€£¥]?"
_NUMBER = re.compile(rf"[-+−]?{_AMOUNT}|\({_AMOUNT}\)")
_DATA = re.compile(r"[\d\s.,:/TZ+−-]*\d[\d\s.,:/TZ+−-]*|TRUE|FALSE|#[A-Z/0]+[!?]?", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows at the top head the others: one or none.

    Every column has a name then, a short one that stands nowhere below it, and is no number but a year. A first column
    may go without: it is often an index.

    Args:
        rows: The first rows of a table; short ones are filled up with empty cells.

    Example:
        >>> find_header([["item", "EUR"], ["oak", "12"]]), find_header([["oak", "12"], ["ash", "9"]])
        (1, 0)
    """
    sample = rows[: _SAMPLE + 1]
    if len(sample) < 2:
        return 0
    names = [name.strip() for name in sample[0]]
    known = [name for place, name in enumerate(names) if name or place]
    if len(set(known)) < len(known) or max(map(len, sample[1:])) > len(names):
        return 0
    if not all(known) or not any(not _is_data(name) for name in known):
        return 0
    if any(len(name) > _LONGEST_NAME or (_is_data(name) and not _YEAR.fullmatch(name)) for name in known):
        return 0
    below = sample[1:]
    return int(
        not any(
            name and any(column < len(row) and row[column].strip() == name for row in below)
            for column, name in enumerate(names)
        )
    )


def align_columns(rows: Sequence[Sequence[str]], *, header_rows: int) -> str:
    """Return one letter a column: `r` for numbers, `l` for all else; empty where all are `l`.

    Args:
        rows: The first rows of a table.
        header_rows: How many of them say nothing of what is below.
    """
    sample = rows[header_rows : header_rows + _SAMPLE]
    letters = list[str]()
    for column in range(max(map(len, rows), default=0)):
        cells = [row[column].strip() for row in sample if column < len(row)]
        filled = [cell for cell in cells if cell]
        letters.append("r" if filled and all(map(_NUMBER.fullmatch, filled)) else "l")
    return "".join(letters) if "r" in letters else ""


def _is_data(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell) or _DATA.fullmatch(cell))
