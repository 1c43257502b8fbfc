"""What the tables of density show: text tokens for a page token by kind, and what each part of a dense page does."""

from __future__ import annotations

from typing import Any

from figure_format import markdown

Figures = Any
"""A file's `figures`, as JSON gives them."""

_LOOKS = {"default": "line for line", "dense": "dense", "auto": "auto", "best": "best of the grid"}


def draw_density(figures: Figures) -> str:
    """Return the ratios of each kind of text for Glyph, and how much of the pages is lines."""
    rows = [
        [row["kind"], row["texts"]]
        + [f"{row[look]:.2f}" for look in _LOOKS]
        + [f"{row['auto_lowest']:.2f}"]
        + [f"{row[f'{look}_ink']:.0%}" for look in ("default", "auto")]
        for row in _select(figures, "glyph")
    ]
    head = [
        "kind",
        "texts",
        *_LOOKS.values(),
        "auto, lowest",
        "lines' share, line for line",
        "lines' share, auto",
    ]
    return markdown(head, rows)


def draw_density_models(figures: Figures) -> str:
    """Return the ratios of each kind for all models, line for line and as the layout is chosen."""
    profiles = list(dict.fromkeys(row["profile"] for row in figures["kinds"]))
    rows = []
    for kind in dict.fromkeys(row["kind"] for row in figures["kinds"]):
        found = [row for name in profiles for row in _select(figures, name) if row["kind"] == kind]
        rows.append([kind, *(f"{row[look]:.2f}" for row in found for look in ("default", "auto"))])
    looks = ("line for line", "auto")
    return markdown(["kind", *(f"{name}, {look}" for name in profiles for look in looks)], rows)


def draw_density_memory(figures: Figures) -> str:
    """Return the ratio of a memory whose agent read many files."""
    rows = [
        [
            _LOOKS[row["style"]],
            row["files"],
            f"{row['text_tokens']:,}",
            f"{row['sealed_tokens']:,}",
            f"{row['ratio']:.2f}",
        ]
        for row in figures["memory"]
    ]
    return markdown(["style", "files read", "sealed turns as text", "as pages", "ratio"], rows)


def draw_levers(figures: Figures) -> str:
    """Return what each part of a dense page saves, and the letters that two readers get wrong."""
    rows = []
    for lever in dict.fromkeys(row["lever"] for row in figures["rows"]):
        same = [row for row in figures["rows"] if row["lever"] == lever]
        wrong = [_share_wrong(same, reader) for reader in figures["readers"]]
        rows.append([f"`{lever}`", f"{sum(row['page_tokens'] for row in same):,}", *wrong])
    return markdown(
        ["pages", "page tokens", *(f"letters wrong, {name}" for name in figures["readers"])], rows
    )


def _select(figures: Figures, profile: str) -> list[Any]:
    return [row for row in figures["kinds"] if row["profile"] == profile]


def _share_wrong(rows: list[Any], reader: str) -> str:
    read = [row for row in rows if f"{reader}_errors" in row]
    letters = sum(row["letters"] for row in read)
    return f"{sum(row[f'{reader}_errors'] * row['letters'] for row in read) / letters:.2%}" if letters else ""
