"""Draw error against ρ: how much more text a token holds, and what that costs a reader.

Needs matplotlib, which nothing else here does. Knows figures; knows nothing about how they came about.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.evaluate.legibility import Legibility, LegibilityReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".png", ".svg", ".pdf")
"""What a plot can be written as, by the end of its file's name."""

# Okabe and Ito's colours, which people who see few of them tell apart, the yellow left out.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", ":", "-.")


def check_plot(path: Path) -> None:
    """Raise an error for a plot that could not be drawn later, before anything is measured.

    Raises:
        GlyphMemoryError: matplotlib is missing, or the file's name ends in no format.
    """
    if path.suffix.lower() not in FORMATS:
        raise GlyphMemoryError(
            f"a plot cannot be written as {str(path)!r}; give a name that ends in {', '.join(FORMATS)}"
        )
    try:
        import matplotlib.figure  # noqa: F401, PLC0415  an extra
    except ImportError as error:
        raise GlyphMemoryError("a plot needs matplotlib; pip install 'glyph-memory[plot]'") from error


def plot(report: LegibilityReport, *, reader: str, suffix: str = ".png") -> bytes:
    """Draw the character error rate against ρ, a line for each text and style, a point for each size.

    The error's axis is logarithmic. A hollow point had no error at all: it stands at half an error.

    Args:
        report: What was measured.
        reader: What to call who read.
        suffix: One of `FORMATS`.

    Returns:
        The file.

    Raises:
        GlyphMemoryError: As `check_plot` does.
    """
    check_plot(Path(f"plot{suffix}"))
    import matplotlib as mpl  # noqa: PLC0415  an extra

    # Names of files and styles are no formulas, whatever dollars stand in them.
    with mpl.rc_context({"text.parse_math": False}):
        return _plot(report, reader=reader, suffix=suffix)


def _plot(report: LegibilityReport, *, reader: str, suffix: str) -> bytes:
    from matplotlib.figure import Figure  # noqa: PLC0415  an extra

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.add_subplot()
    lines = _group_rows(report)
    kinds = list(dict.fromkeys(kind for _, kind in lines))
    styles = list(dict.fromkeys(style for style, _ in lines))
    for (style, kind), rows in lines.items():
        color = COLORS[kinds.index(kind) % len(COLORS)]
        name = kind if len(styles) == 1 else f"{kind}, {style}"
        _draw(axes, rows, name, color, _DASHES[styles.index(style) % len(_DASHES)])
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5 * min(map(_height, report.rows)))
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel(f"ρ, text tokens a page token ({report.profile})")
    axes.set_ylabel("character error rate")
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.set_title(
        f"What {reader} misreads. Numbers: size of the letters in points. Bars: 95 % intervals. Hollow: no error seen",
        loc="left",
        fontsize=9.5,
    )
    axes.grid(alpha=0.25, which="both", linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="best")
    data = io.BytesIO()
    figure.savefig(data, format=suffix.lower().lstrip("."), dpi=144)
    return data.getvalue()


def _group_rows(report: LegibilityReport) -> dict[tuple[str, str], list[Legibility]]:
    """Return the rows of each style in all its sizes, and text, the smallest letters first."""
    lines: dict[tuple[str, str], list[Legibility]] = {}
    for row in sorted(report.rows, key=lambda row: row.size_pt):
        lines.setdefault((row.style.removesuffix(f" {row.size_pt:g} pt"), row.kind), []).append(row)
    return lines


def _draw(axes: Axes, rows: Sequence[Legibility], name: str, color: str, dashes: str) -> None:
    x = [row.ratio for row in rows]
    y = [_height(row) for row in rows]
    # Nought is nowhere on this axis: a bar that reaches it goes down to the edge, one of a hollow point only up.
    low = [
        up - max(row.interval[0], up / 100) if row.errors.edits else 0.0
        for row, up in zip(rows, y, strict=True)
    ]
    high = [max(row.interval[1] - up, 0.0) for row, up in zip(rows, y, strict=True)]
    axes.plot(x, y, dashes, color=color, linewidth=1.6, label=name.encode(errors="backslashreplace").decode())
    axes.errorbar(x, y, yerr=[low, high], fmt="none", ecolor=color, elinewidth=1, capsize=2, alpha=0.45)
    for row, across, up in zip(rows, x, y, strict=True):
        fill = color if row.errors.edits else "white"
        axes.plot([across], [up], "o", color=color, markerfacecolor=fill, markersize=6)
        axes.annotate(
            f"{row.size_pt:g}",
            (across, up),
            xytext=(5, -11),
            textcoords="offset points",
            fontsize=8,
            color=color,
        )


def _height(row: Legibility) -> float:
    return max(row.errors.edits, 0.5) / max(row.errors.characters, 1)
