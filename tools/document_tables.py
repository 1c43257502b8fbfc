"""The tables of documents: how fast each format is read, for how many tokens, in how much memory."""

from __future__ import annotations

from typing import Any

from figure_format import markdown

_WAYS = ("reflow", "native", "auto")


def draw_formats(figures: Any) -> str:  # noqa: ANN401 - whatever the JSON holds
    """Return how fast each format is loaded and drawn."""
    rows = [
        [
            row["format"], f"{row['bytes'] / 1000:,.0f}", row["pages"], f"{row['bytes'] / row['load_s'] / 1e6:.1f}",
            f"{row['pages'] / (row['load_s'] + row['draw_s']):,.0f}",
            row["text_tokens"], row["tokens"], f"{row['text_tokens'] / row['tokens']:.2f}",
        ]
        for row in figures["formats"]
        if "error" not in row
    ]  # fmt: skip
    head = [
        "format", "file, kB", "pages", "MB a second, loaded", "pages a second, loaded and drawn", "text tokens",
        "page tokens", "ratio",
    ]  # fmt: skip
    return markdown(head, rows)


def draw_pdfs(figures: Any) -> str:  # noqa: ANN401 - as above
    """Return what PDFs cost as text, typeset, and as they look."""
    rows = [
        [row["document"], row["text_tokens"], *(_show(row.get(f"{way}_tokens")) for way in _WAYS)]
        for row in figures["pdfs"]
        if "error" not in row
    ]
    return markdown(["PDF", "text tokens", "typeset", "its own pages", "chosen page by page"], rows)


def draw_loaders(figures: Any) -> str:  # noqa: ANN401 - as above
    """Return how long loaders take for the same files, a row a file."""
    names = list(dict.fromkeys(row["loader"] for row in figures["loaders"]))
    cells: dict[str, dict[str, str]] = {}
    for row in figures["loaders"]:
        cpu_s = row.get("cpu_s")
        told = "not installed" if row.get("error") == "not installed" else "fails"
        cells.setdefault(row["format"], {})[row["loader"]] = (
            told if cpu_s is None else f"{1000 * cpu_s:,.1f} ms"
        )
    compared = {kind: by for kind, by in cells.items() if len(by) > 1}
    versions = {row["loader"]: row["version"] for row in figures["loaders"] if row.get("version")}
    head = ["file", *(f"{name} {versions.get(name, '')}".strip() for name in names)]
    return markdown(head, [[kind, *(by.get(name, "-") for name in names)] for kind, by in compared.items()])


def draw_flatness(figures: Any) -> str:  # noqa: ANN401 - as above
    """Return the most memory that texts of different lengths take."""
    first = figures["memory"][0]["peak_mb"]
    rows = [
        [
            f"{row['megabytes']:,} MB of text",
            row["pages"],
            f"{row['peak_mb']:.0f}",
            f"{row['peak_mb'] / first:.2f}",
        ]
        for row in figures["memory"]
    ]
    return markdown(["document", "pages", "most memory, MB", "ratio"], rows)


def _show(tokens: int | None) -> int | str:
    return "-" if tokens is None else tokens
