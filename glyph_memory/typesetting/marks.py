r"""Find what a dense page counts instead of showing it: blank lines, indentation, long runs of one sign.

A line break and the spaces after it are one mark, `⏎8`; a run of spaces is `·12`; a run of one sign is the sign and
`×80`. Knows text; knows nothing about fonts or pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SPACES_SIGN, TIMES_SIGN, TABS_SIGN = "·", "×", "→"
"""Before the number of spaces within a line, before the number of signs, after the number of tabs."""
REPEATED = 3
"""So many line breaks in a row are that many marks; more are one, and their number."""
_LONGEST = 999
"""Characters of a run that one number counts; a longer one has several, so that a page can end between them."""
_RUN = re.compile(
    rf"(?P<breaks>\n{{1,{_LONGEST}}})(?:(?P<indent> {{1,{_LONGEST}}})|(?P<tabs>\t{{1,{_LONGEST}}}))?"
    rf"|(?P<spaces> {{4,{_LONGEST}}})"
    rf"|(?P<sign>[!-/:-@\[-`{{-~\u2014\u2022\u2500-\u259f])(?P=sign){{7,{_LONGEST - 1}}}"
)
"""Letters and digits are never counted: identifiers stay as they are."""


@dataclass(frozen=True, slots=True)
class CountedRun:
    """A stretch of text that is drawn as a mark."""

    start: int
    """Its first character that the mark stands for."""
    stop: int
    """The character after its last."""
    mark: str
    """What is drawn."""
    is_break: bool
    """Whether it holds line breaks."""
    joins: bool
    """Whether it stands with the sign before it, which it counts."""


def find_runs(text: str, newline_mark: str) -> Iterator[CountedRun]:
    r"""Yield what is counted of a text, in order; every line break is.

    Args:
        text: A text, or a part of it.
        newline_mark: The style's; spaces at its ends stand round each mark.

    Example:
        >>> [run.mark for run in find_runs("if x:\n    y\n\n\n\n\n=======\n==========", "⏎")]
        ['⏎4', '⏎×5', '⏎', '×10']
    """
    for found in _RUN.finditer(text):
        start, stop = found.span()
        kind = found.lastgroup
        if kind == "sign":
            yield CountedRun(start + 1, stop, f"{TIMES_SIGN}{stop - start}", is_break=False, joins=True)
        elif kind == "spaces":
            yield CountedRun(start, stop, f"{SPACES_SIGN}{stop - start}", is_break=False, joins=False)
        else:
            indent, tabs = len(found["indent"] or ""), len(found["tabs"] or "")
            mark = spell_break(newline_mark, len(found["breaks"]), indent=indent, tabs=tabs)
            yield CountedRun(start, stop, mark, is_break=True, joins=False)


def spell_break(newline_mark: str, breaks: int, *, indent: int = 0, tabs: int = 0) -> str:
    r"""Return the mark of some line breaks and the spaces or tabs after them.

    Example:
        >>> spell_break("⏎", 1), spell_break("⏎", 2, indent=8), spell_break(" \\n ", 5, tabs=2)
        ('⏎', '⏎⏎8', ' \\n×5 2→ ')
    """
    core = newline_mark.strip()
    before, _, after = newline_mark.partition(core)
    count = f"{indent}" if indent else f"{tabs}{TABS_SIGN}" if tabs else ""
    if breaks <= REPEATED:
        return f"{before}{core * breaks}{count}{after}"
    return f"{before}{core}{TIMES_SIGN}{breaks}{count and f' {count}'}{after}"
