"""What the tables of many machines show: one small function a table."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, number, times

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


def draw_ray_speed(figures: Figures) -> str:
    """Return how fast documents are drawn, by workers, and what the driver takes."""
    rows = [
        [
            row["workers"],
            number(row["drawn"]),
            number(row["failures"]),
            number(row["pages"]),
            f"{row['seconds']:.1f} s",
            times(row["ratio"]),
            f"{row['memory_first'] >> 20} MiB",
            f"{row['memory_last'] >> 20} MiB",
        ]
        for row in figures["throughput"]
    ]
    head = [
        "workers", "documents", "failed", "pages", "with starting", "times as fast", "driver, after a tenth",
        "at the end",
    ]  # fmt: skip
    return markdown(head, rows)


def draw_ray_kills(figures: Figures) -> str:
    """Return what was killed, and how many runs came to other files."""
    killed = figures["kills"]
    kinds = [killed.get(kind, 0) for kind in ("worker", "driver", "node")]
    head = ["workers killed", "drivers killed", "nodes killed", "runs", "runs whose files differ by a bit"]
    return markdown(head, [[*kinds, figures["runs"], figures["differing_runs"]]])


def draw_ray_many(figures: Figures) -> str:
    """Return what many small documents take, and the driver's memory."""
    rows = [
        [
            number(row["documents"]),
            number(row["drawn"]),
            f"{row['seconds']:,.0f} s",
            *(f"{row[name] >> 20} MiB" for name in ("memory_first", "memory_last", "memory_most")),
        ]
        for row in figures["runs"]
    ]
    head = ["documents", "drawn", "with starting", "driver, after a tenth", "at the end", "at most"]
    return markdown(head, rows)
