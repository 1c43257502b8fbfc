"""What the tables of the planner and of the evaluations show: one small function a table."""

from __future__ import annotations

from typing import Any

from figure_format import markdown

SHARE = "of the text's tokens"

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


def draw_planner(figures: Figures) -> str:
    """Return how the planner's costs compare with the better of text and pages, by conversation and window."""
    rows = figures["rows"]
    lines = []
    for name in dict.fromkeys(row["conversation, window"] for row in rows):
        of = [row for row in rows if row["conversation, window"] == name]
        ratios = [row["of the better"] for row in of]
        within = sum(ratio <= figures["aim"] for ratio in ratios)
        chosen = [sum(row["chosen"] == way for row in of) for way in ("text", "both", "pages")]
        lines.append([name, len(of), within, f"{max(ratios):.3f}", f"{min(ratios):.3f}", *chosen])
    head = ["conversation, window", "servers", f"within {figures['aim']:g}", "worst", "best"]
    return markdown([*head, "text chosen", "both", "pages"], lines)


def draw_needles(figures: Figures, what: str) -> str:
    """Return what the nano reader found: by arm, or by size of letters."""
    rows = figures[what]
    head = "arm" if what == "arms" else "letters"
    lines = [
        [
            f"{row['pages, about']}, {row['arm']}", row["asked"], row["correct"], row["abstained"],
            row["silently wrong"], row["pictures"], f"{row[SHARE]:.2f}",
        ]
        for row in rows
    ]  # fmt: skip
    return markdown(
        [
            f"pages, {head}",
            "asked",
            "correct",
            "abstained",
            "silently wrong",
            "pictures",
            "of the text's tokens",
        ],
        lines,
    )


def draw_rows(figures: Figures) -> str:
    """Return the rows as they are: what a small language model found, by arm; what denser old pages come to."""
    rows = figures["rows"]
    return markdown([*rows[0]], [[*row.values()] for row in rows])
