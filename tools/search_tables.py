"""What the tables of the benchmark of style searches show: one small function a table."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, share

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


def draw_search(figures: Figures) -> str:
    """Return how soon each way finds the best style, and what it has at the end."""
    rows = [
        [
            row["way"], f"{row['found']} of {figures['seeds']}", row["questions"] or "never", row["styles"],
            share(row["ρ at 25%"]), share(row["ρ at 50%"]), share(row["ρ at 100%"]),
            " to ".join(map(share, row["interval"])), _chance(row["p of ρ"]), _chance(row["p of questions"]),
        ]
        for row in figures["ways"]
    ]  # fmt: skip
    head = ["way", "found", "questions, median", "styles", "ρ after 25 %", "after 50 %", "after 100 %"]
    return markdown([*head, "95 %", "p of ρ", "p of questions"], rows)


def draw_named(figures: Figures) -> str:
    """Return what each way names, by the truth: without fresh questions, and after them."""
    seeds = figures["seeds"]
    rows = [
        [
            row["way"], f"{row['pick kept']} of {seeds}", share(row["pick accuracy"]), share(row["pick ρ"]),
            f"{row['confirmed']} of {seeds}", f"{row['kept']} of {seeds}", share(row["accuracy"]),
            share(row["least accuracy"]), share(row["ρ"]),
        ]
        for row in figures["ways"]
    ]  # fmt: skip
    head = ["way", "without fresh questions: kept the floor", "accuracy", "ρ"]
    return markdown([*head, "with: interval keeps it", "kept the floor", "accuracy", "the least", "ρ"], rows)


def draw_volumes(figures: Figures) -> str:
    """Return the hypervolume of each way."""
    rows = [
        [row["way"], *(f"{row[f'volume at {mark}']:.2f}" for mark in ("25%", "50%", "100%"))]
        for row in figures["ways"]
    ]
    return markdown(["way", "after 25 % of the questions", "after 50 %", "after 100 %"], rows)


def _chance(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
