"""What the table of the GRPO benchmark shows."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, share

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


def draw_grpo(figures: Figures) -> str:
    """Return how many completions begin with the right letter, by step, with the reward and with a shuffled one."""
    rows = [
        [row["steps"], *(" ".join(share(value) for value in row[name]) for name in ("rewarded", "shuffled"))]
        for row in figures["rows"]
    ]
    seeds = ", ".join(map(str, figures["seeds"]))
    return markdown(["steps", f"rewarded (seeds {seeds})", "points by place, not by what is said"], rows)
