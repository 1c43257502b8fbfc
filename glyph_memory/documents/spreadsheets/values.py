"""The values of cells as a person sees them. Knows Python's values; knows nothing about files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

_EXACT = 1e15
"""Below, a double holds each whole number, and a spreadsheet shows all of its digits."""


def show_cell(value: object) -> str:
    """Return a cell's text: whole numbers without `.0`, fifteen digits as spreadsheets have them, dates as in ISO 8601.

    Example:
        >>> [show_cell(value) for value in (12.0, 0.1 + 0.2, True, date(2024, 2, 29), timedelta(hours=36))]
        ['12', '0.3', 'TRUE', '2024-02-29', '36:00:00']
    """
    return _SHOW.get(type(value), str)(value)


def _show_text(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value


def _show_float(value: float) -> str:
    return str(int(value)) if -_EXACT < value < _EXACT and value == int(value) else f"{value:.15g}"


def _show_bool(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _show_time(value: datetime | time) -> str:
    return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()


def _show_length(value: timedelta) -> str:
    seconds = round(abs(value).total_seconds())
    sign = "-" if value < timedelta() else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


_SHOW: dict[type, Callable[..., str]] = {
    str: _show_text,
    float: _show_float,
    bool: _show_bool,
    datetime: _show_time,
    date: date.isoformat,
    time: _show_time,
    timedelta: _show_length,
}
