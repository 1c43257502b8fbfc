"""The tables of a model in the same process: what its caches are worth."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, ms, number, times

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


def draw_questions(figures: Figures) -> str:
    """Return how long questions about pages wait for their first token, with each cache and without."""
    head = [
        "pages",
        "prompt tokens",
        "first question",
        "first question, warmed",
        "follow-up, no cache",
        "features kept",
        "features, keys and values kept",
        "times as fast as without",
    ]
    rows = [
        [
            row["pages"],
            f"{row['tokens']:,}",
            *(
                ms(1000 * row[key])
                for key in ("first", "first, warmed", "follow-up, no cache", "features alone", "both")
            ),
            times(row["times faster"]),
        ]
        for row in figures["questions"]
    ]
    return markdown(head, rows)


def draw_askers(figures: Figures) -> str:
    """Return the tokens a second of one asker, and of several who share their pages."""
    found = figures["askers"]
    (together,) = (key for key in found if key.endswith("at once"))
    rows = [[found["pages"], number(found["one"]), number(found[together]), times(found["ratio"])]]
    return markdown(["shared pages", "one asker, tokens a second", f"{together}, together", "ratio"], rows)
