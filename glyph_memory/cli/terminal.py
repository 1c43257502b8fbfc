"""Print tables, figures, notes, errors and progress.

Knows the terminal; nothing that a text says can control it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from glyph_memory.cli.escapes import escape_controls as escape_controls  # noqa: PLC0414 - who prints needs `terminal` alone
from glyph_memory.cli.escapes import escape_json, escape_sentence
from glyph_memory.cli.escapes import escape_line as escape_line  # noqa: PLC0414 - who prints needs `terminal` alone
from glyph_memory.cli.spelling import spell_options
from glyph_memory.report import Figures
from glyph_memory.tokens import EstimateCounter

_NARROW = 80
"""Below so many columns, headings stand on several lines."""
_NAME_WIDTH = 12
"""Columns that a name has at least: what is cut to a letter names nothing."""
_WIDTH_OF_FILES = 110
"""Columns of a table that goes to a file or a pipe."""


class TokenFigures(Protocol):
    """Figures that name what counted them."""

    @property
    def profile(self) -> str:
        """The model's profile."""

    @property
    def text_counter(self) -> str:
        """What counted text tokens."""

    @property
    def text_exact(self) -> bool:
        """Whether that is the model's own tokenizer."""


def console() -> Console:
    """Return a console that prints to standard output."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_OF_FILES, highlight=False)


def side_console() -> Console:
    """Return a console that prints to standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def warn(sentence: str) -> None:
    """Print a warning on one line, to standard error."""
    side_console().print(Text.assemble(("warning: ", "yellow"), escape_sentence(spell_options(sentence))))


def print_note(sentence: str) -> None:
    """Print a remark in dim letters, to standard error."""
    side_console().print(Text(escape_controls(spell_options(sentence)), "dim"))


@contextmanager
def tell_of_stops(kept: str = "") -> Iterator[None]:
    """On Ctrl-C, say that the same command goes on, and what is kept until then.

    Args:
        kept: Such as `all answers are kept, and `.
    """
    try:
        yield
    except KeyboardInterrupt:
        print_note(f"Stopped; {kept}the same command goes on from here.")
        raise


def print_error(sentence: str) -> None:
    """Print an error on one line, to standard error, where the program goes on."""
    side_console().print(Text.assemble(("error: ", "red"), escape_sentence(spell_options(sentence))))


def print_json(value: object) -> None:
    """Print JSON; nothing else goes to standard output then."""
    sys.stdout.write(escape_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n")


def format_count(number: int, one: str, many: str = "") -> str:
    """Return a number of things in words: 1 page, 1,200 pages."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def format_time(time: datetime) -> str:
    """Return a time in the local time zone: 2025-03-03 09:30; as it is where that zone has no such time."""
    try:
        local = time.astimezone()
    except (OverflowError, ValueError):  # of the years 1 and 9999
        local = time
    return f"{local.year:04}-{local:%m-%d %H:%M}"


@contextmanager
def progress(doing: str, *, total: int | None = None, unit: str = "pages") -> Iterator[Callable[..., None]]:
    """Show a bar on standard error while something is made, if that is a terminal.

    Args:
        doing: What is being done.
        total: How much there is to do, in any unit; where it is not known, the bar has no end.
        unit: What is counted beside the bar; nothing where it is empty.

    Yields:
        What to call when a page, or several of a unit, is done: with how much of the total that was, and how many.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        console=side_console(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task, made = bar.add_task(escape(escape_line(doing)), total=total, count=_count(0, unit)), 0

        def step(done: int, several: int = 1) -> None:
            nonlocal made
            made += several
            bar.update(task, advance=done, count=_count(made, unit))

        yield step


def _count(made: int, unit: str) -> str:
    return f"{made:,} {unit}" if unit else ""


def make_table(heading: str | Text, *numbers: str) -> Table:
    """Return an empty table whose first column names something, and whose others hold numbers.

    On a narrow terminal the headings of numbers take several lines, so that names keep their room.
    """
    is_narrow = console().width < _NARROW
    gap = 1 if is_narrow else 2
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    table.add_column(heading, overflow="fold", min_width=_NAME_WIDTH if is_narrow else None)
    for name in numbers:
        table.add_column(name.replace(" ", "\n") if is_narrow else name, justify="right", no_wrap=True)
    return table


def figures_table(rows: Sequence[tuple[str, Figures]], *, heading: str = "text") -> Table:
    """Return a table of figures, a row for each text."""
    table = make_table(heading, "text tokens", "page tokens", "ratio", "pages", "ms a page")
    for name, figures in rows:
        table.add_row(
            Text(escape_line(name)), format_text_tokens(figures), f"{figures.page_tokens:,}",
            format_ratio(figures.ratio),
            f"{figures.pages:,}", f"{figures.ms_a_page:.1f}",
        )  # fmt: skip
    return table


def format_text_tokens(figures: Figures) -> str:
    """Return a number of text tokens as a string; an estimate is marked as one."""
    return f"{'' if figures.text_exact else '≈ '}{figures.text_tokens:,}"


def format_ratio(value: float) -> Text:
    """Return a ratio as text for the terminal, green where pages are cheaper."""
    return Text(f"{value:.2f}×", "bold green" if value > 1 else "red")


def describe_counting(counted: TokenFigures, *, option: str = "--tokenizer") -> str:
    """Return sentences on what counted the tokens, and which option makes the count exact."""
    pages = f"Page tokens: by the rule of {counted.profile}'s own image processor."
    if counted.text_exact:
        return f"Text tokens: exact, by {counted.text_counter}. {pages}"
    how = f"with {counted.text_counter}"
    if counted.text_counter == "estimate":
        how = f"without a tokenizer, mostly within {EstimateCounter().typical_error:.0%} of cl100k_base"
    return f"Text tokens: ≈ estimated {how}; the model's tokenizer.json counts exactly ({option}). {pages}"


class PageProgress:
    """A bar that is called with how many pages are done, and how many there are.

    Args:
        doing: What is being done.
        unit: What is counted beside the bar.
    """

    def __init__(self, doing: str, *, unit: str = "pages") -> None:
        self._doing, self._unit, self._done = doing, unit, 0
        self._stack = ExitStack()
        self._step: Callable[..., None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def __call__(self, done: int, total: int) -> None:
        """Update the bar; it disappears once all is done, since answers are printed then."""
        if self._step is None:
            self._step = self._stack.enter_context(progress(self._doing, total=total, unit=self._unit))
            self._done = 0
        self._step(done - self._done, done - self._done)
        self._done = done
        if done >= total:
            self._end()

    def _end(self) -> None:
        self._stack.close()
        self._step, self._done = None, 0
