"""What `glyph-memory train search` prints: the front, what was done, and the style that is taken."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.style import style_to_json
from glyph_memory.training.style_search import (
    Aim,
    Candidate,
    SearchReport,
    describe_confirmation,
    describe_fresh,
    list_shown,
)


def print_report(report: SearchReport, out: Path, plot: Path | None) -> None:
    """Print a search's report.

    Args:
        report: What the search came to.
        out: Its folder.
        plot: The file of its plot, where one was drawn.
    """
    table = terminal.make_table("style", "accuracy", "95 %", "questions", "fresh", "ρ", "from")
    for one in list_shown(report):
        low, high = one.result.interval
        asked = f"{one.result.asked}{'' if one.result.is_whole else ', stopped'}"
        is_taken = report.best is not None and one.number == report.best.number
        name = Text(f"{one.number}, taken" if is_taken else str(one.number))
        table.add_row(
            name, f"{one.result.accuracy:.1%}", f"{low:.1%} to {high:.1%}", asked,
            describe_fresh(one.fresh), f"{one.result.rho:.2f}", one.origin,
        )  # fmt: skip
    console = terminal.console()
    console.print(table)
    tried = terminal.format_count(len(report.candidates), "style")
    asked = terminal.format_count(report.asked, "question")
    known = f", {report.known:,} known from before" if report.known else ""
    console.print(f"\n{tried}, {asked} asked{known}; {report.stopped}.", markup=False, soft_wrap=True)
    if report.proposals.calls:
        told = report.proposals
        console.print(
            f"The language model was asked {told.calls} times: {told.accepted} of its styles tried, {told.refused} "
            f"refused, {told.failures} without an answer.",
            markup=False, soft_wrap=True,
        )  # fmt: skip
    if report.best is not None:
        console.print(_describe(report.best, report.aim), markup=False, soft_wrap=True)
        confirmed = describe_confirmation(report)
        console.print(f"{confirmed[0].upper()}{confirmed[1:]}.", markup=False, soft_wrap=True)
        console.print(
            f"Use it: --style {terminal.escape_line(str(out / 'style.json'))}", markup=False, soft_wrap=True
        )
    if plot is not None:
        console.print(f"Plot: {terminal.escape_line(str(plot))}", markup=False, soft_wrap=True)


def _describe(best: Candidate, aim: Aim) -> str:
    changed = {name: value for name, value in style_to_json(best.style).items() if name != "role_colors"}
    told = ", ".join(f"{name}={value!r}" for name, value in changed.items()) or "the default"
    return f"Taken: {aim.name}: {best.number}, which is {told}."
