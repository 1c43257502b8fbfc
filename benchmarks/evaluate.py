"""What does the nano reader still know, by arm, number of pages, and size of letters? Known needles, pixels read.

RULER's needles in essays, a number and a UUID, and identifiers in an agent's logs, in texts of 1 to 64 pages; each
sample as text, as the newest text that half of its tokens hold, and as pages within the same budget, with a ledger,
with lines that bear on the question besides, and in letters of 6 to 12 pixels. The nano reader reads pages from their
pixels and quotes; it does not reason, so a rewritten summary is no arm here, and what it makes of pages is no model's
figure.

An hour on one core, most of it reading. What was asked is kept under out/benchmarks, and not asked again.

    python benchmarks/evaluate.py [--quick]
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from glyph_memory.evaluate.run import Result, Row, read_results, run_tasks, summarize
from glyph_memory.evaluate.tasks import find_task
from glyph_memory.files import write_atomic
from glyph_memory.nano import NanoReader
from lib.evaluate_plot import draw_sizes
from lib.report import print_table
from lib.results import ROOT, write_results

TASKS = ("niah_single_2", "niah_single_3", "identifiers")
SIZES_PX = (6, 7, 8, 9, 10, 12)
BUDGET = "50%"
WAYS = ("window", "pages", "pages+ledger", "pages+ledger+focus")
PLOT = ROOT / "docs" / "images" / "evaluate.svg"


@dataclass(frozen=True, kw_only=True, slots=True)
class Length:
    """How long samples are, and how many are asked."""

    tokens: int
    """Of text."""
    pages: int
    """That are about as many pages, in letters of 9 pixels."""
    samples: int
    """Of each task."""
    has_sizes: bool = True
    """Whether all sizes of letters are tried."""


LENGTHS = (
    Length(tokens=1_500, pages=1, samples=8),
    Length(tokens=6_500, pages=3, samples=8),
    Length(tokens=26_000, pages=11, samples=3),
    Length(tokens=158_000, pages=64, samples=1, has_sizes=False),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask all, print two tables, write the numbers and the plot."""
    parser = argparse.ArgumentParser(description="What the nano reader still knows, by arm, pages and size.")
    parser.add_argument("--quick", action="store_true", help="one page, one task")
    parser.add_argument("--anew", action="store_true", help="ask again what was asked before")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    tasks, lengths = (TASKS[:1], LENGTHS[:1]) if options.quick else (TASKS, LENGTHS)
    folder = ROOT / "out" / "benchmarks" / ("evaluate-quick" if options.quick else "evaluate")
    if options.anew:
        shutil.rmtree(folder, ignore_errors=True)
    for length in lengths:
        ask(tasks, length, folder)
    results = [one for one in read_results(folder) if one.length in {length.tokens for length in lengths}]
    arms = tabulate_arms(results, lengths)
    sizes = tabulate_sizes(results, lengths)
    print_table(
        f"needles found by the nano reader, budget {BUDGET} of the text's tokens",
        tuple(arms[0]),
        rows_of(arms),
    )
    print_table("the same by size of letters, arm 'pages'", tuple(sizes[0]), rows_of(sizes))
    if not options.quick:
        write_atomic(PLOT, draw_sizes(sizes, arms))
    write_results(
        "evaluate",
        {"tasks": tasks, "budget": BUDGET, "arms": arms, "sizes": sizes},
        arguments=[one for one in given if one != "--anew"],
    )


def ask(tasks: Sequence[str], length: Length, folder: Path) -> None:
    """Ask all samples of a length, in every arm; what was asked before is not asked again."""
    sized = [f"pages@size={size}" for size in SIZES_PX if size != 9] if length.has_sizes else []
    for arms, budget in ((["text"], "100%"), ([*WAYS, *sized], BUDGET)):
        run_tasks(
            [find_task(name) for name in tasks],
            reader=NanoReader(),
            out=folder,
            arms=arms,
            lengths=[length.tokens],
            budgets=[budget],
            samples=length.samples,
            max_concurrent=1,
            progress=lambda done, of: print(
                f"\r{length.pages} pages: {done} of {of}", end="", file=sys.stderr
            ),
        )


def tabulate_arms(results: Sequence[Result], lengths: Sequence[Length]) -> list[dict[str, Any]]:
    """Return a row for each length and arm."""
    rows = []
    for length in lengths:
        for arm in ("text", *WAYS):
            rows += tabulate(
                [one for one in results if (one.length, one.arm) == (length.tokens, arm)], length, arm
            )
    return rows


def tabulate_sizes(results: Sequence[Result], lengths: Sequence[Length]) -> list[dict[str, Any]]:
    """Return a row for each length and size of letters."""
    rows = []
    for length in lengths:
        for size in SIZES_PX if length.has_sizes else ():
            arm = "pages" if size == 9 else f"pages@size={size}"
            asked = [one for one in results if (one.length, one.arm) == (length.tokens, arm)]
            rows += tabulate(asked, length, f"{size} px")
    return rows


def tabulate(asked: Sequence[Result], length: Length, name: str) -> list[dict[str, Any]]:
    """Return what came of some results as a row; none where there are none."""
    rows: Sequence[Row] = summarize(asked, by=("length",))
    return [
        {
            "pages, about": length.pages,
            "arm": name,
            "asked": row.judged,
            "correct": row.count("correct").count,
            "abstained": row.count("abstained").count,
            "silently wrong": row.count("silently wrong").count,
            "pictures": round(median(one.images for one in asked)),
            "of the text's tokens": round(
                median((one.prompt_tokens or 0) / one.text_tokens for one in asked if one.prompt_tokens), 2
            ),
        }
        for row in rows
        if row.judged
    ]


def rows_of(told: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return rows as tuples."""
    return [tuple(one.values()) for one in told]


if __name__ == "__main__":
    main()
