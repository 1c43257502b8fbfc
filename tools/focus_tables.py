"""What the tables of the focus benchmark show: one small function a table."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, share

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


def draw_answers(figures: Figures, reader: str) -> str:
    """Return how often answers of a reader were right, without focus and with it."""
    rows = [
        [
            f"{row['size']:g} pt", f"{row['budget']:.0%}", row["arm"], row["tasks"], row["pairs"],
            share(row["without"]), share(row["with"]), row["only with"], row["only without"],
        ]
        for row in figures[reader]
    ]  # fmt: skip
    head = ["letters", "budget", "arm", "tasks", "pairs", "without", "with focus"]
    return markdown([*head, "right with it alone", "right without it alone"], rows)


def draw_prefixes(figures: Figures) -> str:
    """Return what a prefix cache keeps of a conversation, without focus and with it."""
    rows = [
        [
            f"{row['conversation']}, {row['turns']} turns", row["focus tokens"], row["with lines"], row["added"],
            row["lost"], f"{row['cached without']:.4f}", f"{row['cached with']:.4f}",
        ]
        for row in figures["prefix"]
    ]  # fmt: skip
    head = ["conversation", "at most", "questions with lines", "tokens added", "cached tokens lost"]
    return markdown([*head, "cached share without", "with focus"], rows)
