"""What the tables of the prefix benchmark show: one small function a table."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, share, times

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""

_STILL_SHOWN = {
    "pages": ("**pages, as here**", "everything"),
    "pages at once": ("pages at once, as before", "everything"),
    "plain text": ("plain text, growing", "everything"),
    "sliding window": ("a sliding window", "the newest turns only"),
    "rewritten summary": ("a summary, written again and again", "a summary and the newest turns"),
    "re-stacked image": ("one stack of pages, drawn again and again", "everything, without captions"),
}


def draw_ways(figures: Figures, kind: str) -> str:
    """Return how one conversation fares, sent in six ways."""
    sent, limit = figures["ways"][kind], figures["lengths"]["heavy"]["limit"]
    rows = []
    for way, (name, shows) in _STILL_SHOWN.items():
        run = sent[way]
        largest = f"{run['largest']:,}{' (too long for the model)' if run['largest'] > limit else ''}"
        rows.append(
            [name, run["all prompts"], share(run["cached"]), times(run["recomputed"]), largest, shows]
        )
    head = ["sent as", "tokens of all prompts", "cached", "recomputed", "largest prompt"]
    return markdown([*head, "the model still sees"], rows)


def draw_growth(figures: Figures) -> str:
    """Return how the cached share and the prompt grow with a conversation."""
    light, heavy = (figures["lengths"][kind]["rows"] for kind in ("light", "heavy"))

    def tell(row: Figures) -> list[object]:
        return [share(row["pages, cached"]), row["pages, last"], row["plain, last"]]

    head = ["turns", "light: cached", "light: last prompt", "as plain text"]
    head += ["heavy: cached", "heavy: last prompt", "as plain text"]
    rows = [[one["turns"], *tell(one), *tell(other)] for one, other in zip(light, heavy, strict=True)]
    return markdown(head, rows)


def draw_break_even(figures: Figures) -> str:
    """Return from which turn on something changes."""
    kinds = [figures["lengths"][kind] for kind in ("light", "heavy")]

    def begin(found: Figures) -> str:
        return f"turn {found['turn']:,} ({found['text tokens']:,} tokens of text)" if found else "never"

    def turn(number: int | None) -> str:
        return f"turn {number:,}" if number else "not within the longest run"

    rows = [
        ["pages make the smaller prompt", *(begin(kind["pages win, the prompt"]) for kind in kinds)],
        [
            "plain text is too long for the model",
            *(turn(kind["plain text over the limit"]) for kind in kinds),
        ],
        ["the oldest pages leave the prompt", *(turn(kind["oldest pages leave"]) for kind in kinds)],
    ]
    return markdown(["from when on", "light conversation", "heavy conversation"], rows)


def draw_real_server(figures: Figures) -> str:
    """Return what a real server found in its cache, and what the fake one says of the same conversation."""
    rows = [
        [
            *(row["server"], f"{row['block_tokens']} tokens", row["prompt_tokens"], row["image_tokens"]),
            *(row["cached_tokens"], share(row["share"])),
        ]
        for row in figures["servers"]
    ]
    head = ["server", "blocks of", "tokens of all prompts", "of pictures", "cached", "share"]
    return markdown(head, rows)
