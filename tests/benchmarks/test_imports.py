"""What the benchmark of imports tells."""

from __future__ import annotations

from imports import BASE, STATEMENTS, measure_imports


def test_every_statement_is_timed_and_nothing_takes_less_than_nothing() -> None:
    """Python's own start is taken off, and never more than there is."""
    seconds = measure_imports(1)
    assert tuple(seconds) == STATEMENTS
    assert seconds[BASE] > 0
    assert min(seconds.values()) >= 0
