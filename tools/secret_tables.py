"""What the tables of the secret guard show of `benchmarks/secret_guard.py`'s figures."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, number

Figures = Any
"""A file's `figures`, as JSON gives them."""


def draw_secrets(figures: Figures) -> str:
    """Return what finders of secrets find, find wrongly, and take."""
    rows = [
        [
            row["finder"],
            f"{row['found']:.1%}",
            f"{row['whole']:.1%}",
            *(f"{wrong:,.0f}" for wrong in row["wrong"].values()),
            number(row["mb_s"]),
        ]
        for row in figures["finders"]
    ]
    wrong = [f"wrong in 1 MB of {name}" for name in figures["characters"]]
    return markdown(["finder", "found", "found whole", *wrong, "MB/s at the least"], rows)


def draw_secret_kinds(figures: Figures) -> str:
    """Return what the package's own finder finds, by kind."""
    rows = [[row["kind"], row["labelled"], row["found"], row["whole"]] for row in figures["kinds"]]
    return markdown(["kind", "labelled", "found", "found whole"], rows)
