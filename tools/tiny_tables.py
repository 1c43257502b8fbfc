"""What the tables of the tiny model show: one small function a table."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, share

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


def draw_tiny(figures: Figures) -> str:
    """Return how many questions were answered right, by model and by how densely its pages were written."""
    rows = [
        [
            row["model"],
            row["shown"],
            ""
            if row["text tokens for one of a page"] is None
            else f"{row['text tokens for one of a page']:.1f}",
            "a question" if row["task"] == "question" else "values of a page, copied",
            row["asked"],
            share(row["share"]),
            f"{row['from']:.0%} to {row['to']:.0%}",
        ]
        for row in figures["rows"]
    ]
    head = ["model", "shown", "text tokens for one of a page", "asked for", "times", "right", "95 % interval"]
    return markdown(head, rows)
