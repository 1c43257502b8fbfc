"""What the tables of the training benchmarks show: one small function a table."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, ms, number, times

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


def draw_page_speeds(figures: Figures) -> str:
    """Return how fast page data is made, by workers and by families."""
    rows = [
        [
            row["way"], row["workers"], row["samples"], row["pages"], number(row["MB"]),
            number(row["pages a minute"]), number(row["cpu ms a page"]),
            number(row["pages a minute of two processors"]),
        ]
        for row in figures["speeds"]
    ]  # fmt: skip
    head = [
        "what",
        "workers",
        "samples",
        "pages",
        "MB",
        "pages a minute, by the clock",
        "processor ms a page",
    ]
    return markdown([*head, "pages a minute of two free processors"], rows)


def draw_page_parts(figures: Figures) -> str:
    """Return where the time of a page goes."""
    return markdown(
        ["part", "processor ms a page"], [[part, number(spent)] for part, spent in figures["parts"].items()]
    )


def draw_training_cost(figures: Figures) -> str:
    """Return what a step of fine-tuning costs with text, and how many times as fast it is with pages."""
    rows = [
        [
            row["text_tokens"], row["page_count"], times(row["compression"]), ms(1000 * row["text"]["seconds"]),
            ms(1000 * row["pages"]["seconds"]), times(row["times_as_fast"]), times(row["flop_ratio"]),
            times(row["memory_ratio"]), times(row["flop_ratio_9b"]),
        ]
        for row in figures["rows"]
    ]  # fmt: skip
    head = [
        "text tokens",
        "pages",
        "compression",
        "a step with text",
        "with pages",
        "times as fast",
        "by FLOPs",
    ]
    return markdown([*head, "times less memory", "by FLOPs of 9B"], rows)
