"""Draw the front of accuracy against ρ: every style that was tried, and those that none dominates.

Needs matplotlib. Knows a report; knows nothing about how it came about.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from glyph_memory.evaluate.plot import COLORS, check_plot
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.style_search.outcome import SearchReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = {"drawn": "o", "given": "*", "mutated": "s", "crossed": "^", "proposed": "D"}


def plot_front(report: SearchReport, *, title: str = "", suffix: str = ".svg") -> bytes:
    """Draw accuracy against ρ.

    A point is a style; its shape says where it comes from. A hollow one was not asked all questions. The line joins
    the front, and bars on it are 95 % intervals. The style that is taken is ringed.

    Args:
        report: Of a search.
        title: Above the plot, such as the reader's name.
        suffix: What to draw, by the end of a file's name: `.png`, `.svg` or `.pdf`.

    Returns:
        The file. It holds its own description, for those who cannot see it.

    Raises:
        GlyphMemoryError: matplotlib is missing, or the suffix is of no format.
        TrainingError: No style was tried: there is nothing to draw.
    """
    check_plot(Path(f"plot{suffix}"))
    if not report.candidates:
        raise TrainingError("no style was tried, so there is nothing to draw; search first")
    import matplotlib as mpl  # noqa: PLC0415  an extra

    # Names are no formulas, whatever dollars stand in them; and the same report gives the same file.
    with mpl.rc_context({"text.parse_math": False, "svg.hashsalt": "glyph-memory"}):
        return _plot(report, title=title, suffix=suffix.lower())


def describe_front(report: SearchReport, *, title: str = "") -> str:
    """Return what the plot shows in words."""
    steps = ", ".join(f"{one.result.accuracy:.0%} at {one.result.rho:.2f}" for one in report.front)
    best = report.best
    taken = "none is taken" if best is None else (
        f"style {best.number} is taken, {best.result.accuracy:.0%} at {best.result.rho:.2f}"
    )  # fmt: skip
    lead = f"{title}. " if title else ""
    return f"{lead}Accuracy against ρ of {len(report.candidates)} page styles; the front: {steps}; {taken}."


def _plot(report: SearchReport, *, title: str, suffix: str) -> bytes:
    from matplotlib.figure import Figure  # noqa: PLC0415  an extra

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.add_subplot()
    for place, (origin, mark) in enumerate(_MARKS.items()):
        chosen = [one for one in report.candidates if one.origin == origin]
        if chosen:
            color = COLORS[place % len(COLORS)]
            axes.scatter(
                [one.result.rho for one in chosen], [one.result.accuracy for one in chosen],
                marker=mark, s=34, edgecolors=color, label=origin,
                c=[color if one.result.is_whole else "none" for one in chosen],
            )  # fmt: skip
    _draw_front(axes, report)
    if report.aim.floor is not None:
        axes.axhline(report.aim.floor, color="#888888", linewidth=0.8, linestyle=":")
    axes.set_xlabel("ρ: text tokens a page token stands for, by the model's own rule")
    axes.set_ylabel("accuracy")
    axes.set_ylim(-0.03, 1.05)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    told = "Hollow: stopped early. Bars: 95 % intervals. Ring: the style that is taken."
    axes.set_title(f"{title}. {told}" if title else told, loc="left", fontsize=9.5)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower left")
    data, words = io.BytesIO(), describe_front(report, title=title)
    metadata: dict[str, str | None] = {
        ".svg": {"Date": None, "Title": title or "The front of page styles", "Description": words},
        ".png": {"Title": title or "The front of page styles", "Description": words},
    }.get(suffix, {"Title": words})  # type: ignore[assignment]  # of matplotlib's formats each has keys of its own
    figure.savefig(data, format=suffix.lstrip("."), dpi=144, metadata=metadata)
    if suffix == ".svg":
        return _name_picture(data.getvalue(), words)
    return data.getvalue()


def _draw_front(axes: Axes, report: SearchReport) -> None:
    x = [one.result.rho for one in report.front]
    y = [one.result.accuracy for one in report.front]
    low = [max(up - one.result.interval[0], 0) for one, up in zip(report.front, y, strict=True)]
    high = [max(one.result.interval[1] - up, 0) for one, up in zip(report.front, y, strict=True)]
    axes.plot(x, y, "-", color="#000000", linewidth=1.2, label="front")
    axes.errorbar(x, y, yerr=[low, high], fmt="none", ecolor="#000000", elinewidth=0.8, capsize=2, alpha=0.4)
    if (best := report.best) is not None:
        axes.plot(
            [best.result.rho], [best.result.accuracy], "o",
            markersize=13, markerfacecolor="none", markeredgecolor="#000000",
        )  # fmt: skip


def _name_picture(svg: bytes, words: str) -> bytes:
    """Return an SVG whose first child is a title, which screen readers speak."""
    from xml.sax.saxutils import escape  # noqa: PLC0415  with a plot alone

    start = svg.index(b">", svg.index(b"<svg")) + 1
    title = f'\n <title id="told">{escape(words)}</title>'.encode()
    head = svg[: start - 1] + b' role="img" aria-labelledby="told">'
    return head + title + svg[start:]
