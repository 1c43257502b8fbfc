"""The tables of what the proxy costs, and of what it survives: one small function a table."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, share

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


def draw_serve(figures: Figures) -> str:
    """Return what a request of a known conversation takes with and without the proxy."""
    keys = ("direct p50", "proxy p50", "overhead p50", "overhead p99")
    rows: list[list[object]] = [
        [row["messages"], row["requests"], *(f"{row[key]:.1f}" for key in keys)]
        for row in figures["overhead"]
    ]
    rows.append(["*aimed at, at 1,000 messages*", "", "", "", f"{figures['overhead_aim_ms']:.0f}", ""])
    head = [
        "messages",
        "requests",
        "direct, p50 ms",
        "through the proxy, p50 ms",
        "more, p50 ms",
        "more, p99 ms",
    ]
    return markdown(head, rows)


def draw_chunks(figures: Figures) -> str:
    """Return how old pieces of a streamed answer are when the client has them."""
    rows: list[list[object]] = [
        [row["way"], row["chunks"], f"{row['p50']:.2f}", f"{row['p99']:.2f}"] for row in figures["chunks"]
    ]
    rows.append(["*more by the proxy, aimed at*", "", f"{figures['chunk_aim_ms']:.0f}", ""])
    return markdown(["way", "pieces", "p50 ms", "p99 ms"], rows)


def draw_crowd(figures: Figures) -> str:
    """Return what a crowd of streamed conversations does to the proxy, as it goes on."""
    rows = [
        [
            row["turns each"], row["requests"], row["errors"], row["foreign words"], f"{row['requests/s']:.0f}",
            f"{row['memory MiB']:.0f}",
        ]
        for row in figures["crowd"]
    ]  # fmt: skip
    head = ["turns of each", "requests", "errors", "words of others", "requests a second", "memory, MiB"]
    return markdown(head, rows)


def draw_faults(figures: Figures) -> str:
    """Return what became of mixed traffic with faults."""
    rows = [
        ["seconds of traffic", f"{count:,.0f}"] if name == "seconds" else [name, count]
        for name, count in figures["faults"].items()
    ]
    return markdown(["what", "how often"], rows)


def draw_cached(figures: Figures) -> str:
    """Return what a server's prefix cache has of an agent's requests, with and without the proxy."""
    keys = ("way", "requests", "prompt tokens", "cached", "computed", "largest prompt")
    rows = [[share(row[key]) if key == "cached" else row[key] for key in keys] for row in figures["cached"]]
    return markdown(
        ["way", "requests", "tokens of all prompts", "cached", "computed", "largest prompt"], rows
    )
