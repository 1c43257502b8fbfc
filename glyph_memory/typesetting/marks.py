r"""Find what a dense page counts instead of showing it: blank lines, indentation, long runs of one sign.

A line break and the spaces after it are one mark, `⏎8`; a `\r` before the break is a part of it. A run of spaces is
`·12`, one of tabs `2→`; a run of one sign is the sign and `×80`. Knows text; knows nothing about fonts or pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

SPACES_SIGN, TIMES_SIGN, TABS_SIGN = "·", "×", "→"
"""Before the number of spaces within a line, before the number of signs, after the number of tabs."""
REPEATED = 3
"""So many line breaks in a row are that many marks; more are one, and their number."""
_LONGEST = 999
"""Characters of a run that one number counts; a longer one has several, so that a page can end between them."""
_RUN = re.compile(
    rf"(?:\r?\n){{1,{_LONGEST}}} {{0,{_LONGEST}}}\t{{0,{_LONGEST}}}"
    rf"| {{4,{_LONGEST}}}|\t{{1,{_LONGEST}}}"
    rf"|(?P<sign>[!-/:-@\[-`{{-~\u2014\u2022\u2500-\u259f])(?P=sign){{7,{_LONGEST - 1}}}"
    r"(?![\u0300-\u036f\u20d0-\u20ff\ufe0e\ufe0f])"
)
"""Letters and digits are never counted: identifiers stay as they are. Nor is a sign that carries an accent or a box."""


class CountedRun(NamedTuple):
    """A stretch of text that is drawn as a mark. A tuple, as pages have hundreds."""

    start: int
    """Its first character that the mark stands for."""
    stop: int
    """The character after its last."""
    mark: str
    """What is drawn."""


def find_runs(text: str, newline_mark: str) -> Iterator[CountedRun]:
    r"""Yield what is counted of a text, in order; every line break is.

    Of a run of signs the first is drawn as itself, and the mark stands for the others.

    Args:
        text: A text, or a part of it.
        newline_mark: The style's; spaces at its ends stand round each mark.

    Example:
        >>> [run.mark for run in find_runs("if x:\n    y\n\n\n\n\n=======\n==========", "⏎")]
        ['⏎4', '⏎×5', '⏎', '×10']
    """
    spans, numbers, marks = list_runs(text, newline_mark)
    for (start, stop), number in zip(spans, numbers, strict=True):
        yield CountedRun(start + (marks[number][0] == TIMES_SIGN), stop, marks[number])


def list_runs(text: str, newline_mark: str) -> tuple[list[tuple[int, int]], list[int], list[str]]:
    """Return the spans of all runs, the number of each one's mark, and the marks by number: quick for many runs.

    Spans of signs begin with the sign itself, which no mark stands for.

    Args:
        text: A text, or a part of it.
        newline_mark: The style's.
    """
    spans = [found.span() for found in _RUN.finditer(text)]
    kinds = dict[str, int]()
    numbers = [kinds.setdefault(text[start:stop], len(kinds)) for start, stop in spans]
    return spans, numbers, [_spell(run, newline_mark) for run in kinds]


@lru_cache(maxsize=4096)
def _spell(run: str, newline_mark: str) -> str:
    if run[0] in "\r\n":
        breaks, indent, tabs = (run.count(sign) for sign in "\n \t")
        return spell_break(newline_mark, breaks, indent=indent, tabs=tabs)
    if run[0] == "\t":
        return f"{len(run) if len(run) > 1 else ''}{TABS_SIGN}"
    return f"{SPACES_SIGN if run[0] == ' ' else TIMES_SIGN}{len(run)}"


def spell_break(newline_mark: str, breaks: int, *, indent: int = 0, tabs: int = 0) -> str:
    r"""Return the mark of some line breaks and the spaces or tabs after them.

    Example:
        >>> spell_break("⏎", 1), spell_break("⏎", 2, indent=8), spell_break(" \\n ", 5, tabs=2)
        ('⏎', '⏎⏎8', ' \\n×5 2→ ')
    """
    core = newline_mark.strip()
    before, _, after = newline_mark.partition(core)
    count = " ".join([*([f"{indent}"] if indent else []), *([f"{tabs}{TABS_SIGN}"] if tabs else [])])
    if breaks <= REPEATED:
        return f"{before}{core * breaks}{count}{after}"
    return f"{before}{core}{TIMES_SIGN}{breaks}{count and f' {count}'}{after}"
