"""Draw accuracy against prompt tokens: what each arm gets right for what it costs.

Needs matplotlib. Knows rows; knows nothing about how they came about.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from glyph_memory.errors import PolicyError
from glyph_memory.evaluate.plot import COLORS, check_plot
from glyph_memory.evaluate.run.result import Result
from glyph_memory.evaluate.run.table import Row, summarize

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS, _DASHES = "osD^vP*X", ("-", "--", ":", "-.")


def plot_accuracy(results: Iterable[Result], *, title: str = "", suffix: str = ".png") -> bytes:
    """Draw the share of correct answers against prompt tokens.

    There is a line for each arm and length, and a point on it for each budget. Bars are 95 % intervals. The axis of
    tokens is logarithmic.

    Args:
        results: Of a run.
        title: Above the plot, such as the model's name.
        suffix: What to draw, by the end of a file's name: `.png`, `.svg` or `.pdf`.

    Returns:
        The file.

    Raises:
        GlyphMemoryError: matplotlib is missing, or the suffix is of no format.
        PolicyError: No answer was judged: there is nothing to draw.
    """
    check_plot(Path(f"plot{suffix}"))
    rows = [
        row for row in summarize(results, by=("arm", "length", "budget")) if row.judged and row.prompt_tokens
    ]
    if not rows:
        raise PolicyError(
            "no answer was judged, so there is nothing to draw; look at the faults in the table"
        )
    import matplotlib as mpl  # noqa: PLC0415  an extra

    # Names are no formulas, whatever dollars stand in them; and the same results give the same file.
    with mpl.rc_context({"text.parse_math": False, "svg.hashsalt": "glyph-memory"}):
        return _plot(rows, title=title, suffix=suffix.lower())


def _plot(rows: list[Row], *, title: str, suffix: str) -> bytes:
    from matplotlib.figure import Figure  # noqa: PLC0415  an extra

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.add_subplot()
    lengths = list(dict.fromkeys(row.labels["length"] for row in rows))
    for place, arm in enumerate(dict.fromkeys(row.labels["arm"] for row in rows)):
        for length in lengths:
            chosen = [row for row in rows if (row.labels["arm"], row.labels["length"]) == (arm, length)]
            if chosen:
                name = arm if len(lengths) == 1 else f"{arm}, {int(length):,}"
                _draw_line(axes, chosen, name, place, _DASHES[lengths.index(length) % len(_DASHES)])
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_xlabel("prompt tokens, by the model's own count")
    axes.set_ylabel("correct answers")
    told = "Numbers: budgets. Bars: 95 % intervals."
    axes.set_title(f"{title}. {told}" if title else told, loc="left", fontsize=9.5)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="best")
    data = io.BytesIO()
    undated = {"Date": None} if suffix == ".svg" else None
    figure.savefig(data, format=suffix.lstrip("."), dpi=144, metadata=undated)
    return data.getvalue()


def _draw_line(axes: Axes, rows: list[Row], name: str, place: int, dashes: str) -> None:
    """Draw an arm's results on texts of one length, a point for each budget."""
    ordered = sorted(rows, key=lambda row: row.prompt_tokens or 0)
    color, mark = COLORS[place % len(COLORS)], _MARKS[place % len(_MARKS)]
    x = [row.prompt_tokens or 0 for row in ordered]
    y = [row.count("correct").share or 0 for row in ordered]
    intervals = [row.count("correct").interval for row in ordered]
    bars = [
        [max(up - low, 0) for up, (low, _) in zip(y, intervals, strict=True)],
        [max(high - up, 0) for up, (_, high) in zip(y, intervals, strict=True)],
    ]
    label = name.encode(errors="backslashreplace").decode()
    axes.plot(x, y, f"{dashes}{mark}", color=color, linewidth=1.4, markersize=6, label=label)
    axes.errorbar(x, y, yerr=bars, fmt="none", ecolor=color, elinewidth=1, capsize=2, alpha=0.45)
    for row, across, up in zip(ordered, x, y, strict=True):
        axes.annotate(
            row.labels["budget"],
            (across, up),
            xytext=(5, -11 - 9 * (place % 3)),
            textcoords="offset points",
            fontsize=7,
            color=color,
        )
