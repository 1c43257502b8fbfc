"""The text of a block or a cell, in marked pieces. Knows text; knows nothing about blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from glyph_memory.document import SourceSpan, Span, SpanKind


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a block's text."""

    text: str
    """The characters."""
    kinds: tuple[SpanKind, ...] = ()
    """What they are marked as, in any order; none where they are plain."""
    target: str = ""
    """Of a link: where it leads."""
    line: int | None = None
    """The line of the file that it begins on, where that is not the line of the run before it."""


Line = tuple[int, int]
"""Where in a text a line of the file begins, and its number."""
_NOTHING = Run("")
Inline = str | Sequence[Run]
"""The text of a block or a cell: plain, or in marked pieces."""


def list_runs(text: Inline) -> list[Run]:
    """Return a block's text in pieces."""
    return [Run(text)] if isinstance(text, str) else [*text]


def join_runs(runs: Sequence[Run], offset: int) -> tuple[str, tuple[Span, ...], list[Line]]:
    """Return the text of runs, their spans and their lines, which count from `offset`.

    Marks go on where only the line changes.
    """
    spans, lines, at, start = list[Span](), list[Line](), offset, offset
    last = _NOTHING
    for run in runs:
        if not run.text:
            continue
        stop = at + len(run.text)
        if run.line is not None:
            lines.append((at, run.line))
        if run.kinds:
            if run.line is not None and run.kinds == last.kinds and run.target == last.target:
                del spans[-len(run.kinds) :]
            else:
                start = at
            for kind in run.kinds:
                target = run.target if kind == "link" else ""
                spans.append(Span(start=start, stop=stop, kind=kind, target=target))
        at, last = stop, run
    return "".join([run.text for run in runs]), tuple(spans), lines


def place_lines(place: SourceSpan, start: int, stop: int, lines: Sequence[Line]) -> list[SourceSpan]:
    """Return where a block comes from, a span for each line of the file that it is of.

    Args:
        place: Where it begins.
        start: Offset of its first character.
        stop: Offset after its last one.
        lines: Where further ones begin.
    """
    places, line = list[SourceSpan](), place.line
    for at, number in lines:
        if number != line:
            if at > start:
                places.append(_narrow(place, start, at, line))
            start, line = at, number
    places.append(_narrow(place, start, stop, line))
    return places


def _narrow(place: SourceSpan, start: int, stop: int, line: int | None) -> SourceSpan:
    return SourceSpan(  # dataclasses.replace takes three times as long
        start=start,
        stop=stop,
        file=place.file,
        page=place.page,
        sheet=place.sheet,
        cell=place.cell,
        line=line,
        counts_lines=place.counts_lines,
    )
