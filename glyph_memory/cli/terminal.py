"""What is said on the terminal: answers on standard output, everything about them on standard error."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from glyph_memory.report import Figures
from glyph_memory.tokens import EstimateCounter

_WIDTH_OF_FILES = 110
"""Columns of a table that goes to a file or a pipe."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def console() -> Console:
    """Give standard output."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_OF_FILES, highlight=False)


def side_console() -> Console:
    """Give standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def warn(sentence: str) -> None:
    """Say a warning, on one line."""
    side_console().print(Text.assemble(("warning: ", "yellow"), visible(" ".join(sentence.split()))))


def dim(sentence: str) -> None:
    """Say something by the way."""
    side_console().print(Text(sentence, "dim"))


def print_json(value: object) -> None:
    """Print JSON; nothing else goes to standard output then."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def visible(text: str) -> str:
    """Show control characters, which could move the cursor or colour the screen, as their number."""
    return _CONTROL.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)


@contextmanager
def progress(doing: str, *, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error while pages are made, if that is a terminal.

    Args:
        doing: What is being done.
        total: How much there is to do, in any unit; where it is not known, the bar has no end.

    Yields:
        What to call when a page is done, with how much of the total that was.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[pages]} pages"),
        TimeElapsedColumn(),
        console=side_console(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task, pages = bar.add_task(escape(visible(doing)), total=total, pages=0), 0

        def step(done: int) -> None:
            nonlocal pages
            pages += 1
            bar.update(task, advance=done, pages=pages)

        yield step


def figures_table(rows: Sequence[tuple[str, Figures]], *, heading: str = "text") -> Table:
    """Lay figures out, a text a row."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(heading, overflow="fold")
    for name in ("text tokens", "page tokens", "ratio", "pages", "ms a page"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, figures in rows:
        table.add_row(
            Text(visible(name)), text_tokens(figures), f"{figures.page_tokens:,}", ratio(figures.ratio),
            f"{figures.pages:,}", f"{figures.ms_a_page:.1f}",
        )  # fmt: skip
    return table


def text_tokens(figures: Figures) -> str:
    """Spell a count of text tokens; an estimate is marked as one."""
    return f"{'' if figures.text_exact else '≈ '}{figures.text_tokens:,}"


def ratio(value: float) -> Text:
    """Spell a ratio, green where pages are the cheaper way."""
    return Text(f"{value:.2f}×", "bold green" if value > 1 else "red")


def how_counted(figures: Figures) -> str:
    """Say what counted, in a few words."""
    pages = f"Page tokens: by the rule of {figures.profile}'s own image processor."
    if figures.text_exact:
        return f"Text tokens: exact, by {figures.text_counter}. {pages}"
    how = f"with {figures.text_counter}"
    if figures.text_counter == "estimate":
        how = f"without a tokenizer, mostly within {EstimateCounter().typical_error:.0%} of cl100k_base"
    return f"Text tokens: ≈ estimated {how}; the model's tokenizer.json counts exactly (--tokenizer). {pages}"
