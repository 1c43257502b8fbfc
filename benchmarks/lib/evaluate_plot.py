"""Draw what `benchmarks/evaluate.py` found: correct answers against what a prompt costs, by size of letters."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
_TITLE = "Needles found by the nano reader"


def draw_sizes(sizes: Sequence[Row], arms: Sequence[Row]) -> bytes:
    """Return an SVG: a line for each number of pages through the sizes of which all pages fit, and × for the window.

    Args:
        sizes: A row for each number of pages and size of letters.
        arms: A row for each number of pages and arm.
    """
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "glyph-memory"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for pages in dict.fromkeys(row["pages, about"] for row in sizes):
        rows = _drop_smaller([row for row in sizes if row["pages, about"] == pages])
        told = "1 page" if pages == 1 else f"{pages} pages"
        shares, right = [row["of the text's tokens"] for row in rows], [_share(row) for row in rows]
        (line,) = axes.plot(shares, right, marker="o", label=told)
        for row, x, y in zip(rows, shares, right, strict=True):
            size = row["arm"].removesuffix(" px")
            axes.annotate(size, (x, y), textcoords="offset points", xytext=(0, 6), fontsize=7, ha="center")
        windows = [row for row in arms if row["pages, about"] == pages and row["arm"] == "window"]
        axes.scatter(
            [row["of the text's tokens"] for row in windows], [*map(_share, windows)],
            marker="x", color=line.get_color(),
        )  # fmt: skip
    axes.set_xlabel(
        "prompt tokens, of the text's\nnumbers: pixels a letter; ×: the newest text in half the tokens"
    )
    axes.set_ylabel("correct, %")
    axes.set_ylim(-5, 110)
    axes.set_title(_TITLE)
    axes.legend(frameon=False, loc="lower right")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    # For those who cannot see it: matplotlib puts a title into metadata alone.
    return drawn.getvalue().replace(b" <metadata>", f" <title>{_TITLE}</title>\n <metadata>".encode(), 1)


def _drop_smaller(rows: Sequence[Row]) -> list[Row]:
    """Return rows without those that cost less than smaller letters do: there the oldest pages found no room."""
    kept = list[Row]()
    for row in rows:
        if not kept or row["of the text's tokens"] >= kept[-1]["of the text's tokens"]:
            kept.append(row)
    return kept


def _share(row: Row) -> float:
    return 100.0 * float(row["correct"]) / float(row["asked"])
