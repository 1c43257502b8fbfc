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


_NOTHING = Run("")
Inline = str | Sequence[Run]
"""The text of a block or a cell: plain, or in marked pieces."""


def list_runs(text: Inline) -> list[Run]:
    """Return a block's text in pieces."""
    return [Run(text)] if isinstance(text, str) else [*text]


def join_runs(runs: Sequence[Run], offset: int) -> tuple[str, tuple[Span, ...]]:
    """Return the text of runs and their spans, which count from `offset`; one span where only the line changes."""
    if len(runs) == 1 and not runs[0].kinds:
        return runs[0].text, ()
    spans, at, start = list[Span](), offset, offset
    last = _NOTHING
    for run in runs:
        stop = at + len(run.text)
        if run.kinds and run.text:
            if run.line is not None and run.kinds == last.kinds and run.target == last.target:
                del spans[-len(run.kinds) :]
            else:
                start = at
            for kind in run.kinds:
                target = run.target if kind == "link" else ""
                spans.append(Span(start=start, stop=stop, kind=kind, target=target))
        if run.text:
            last = run
        at = stop
    return "".join([run.text for run in runs]), tuple(spans)


def list_lines(text: Inline, offset: int) -> list[tuple[int, int]]:
    """Return where in a text a line of the file begins, counted from `offset`, and its number."""
    lines = list[tuple[int, int]]()
    for run in () if isinstance(text, str) else text:
        if run.line is not None and run.text:
            lines.append((offset, run.line))
        offset += len(run.text)
    return lines


def place_lines(
    place: SourceSpan, start: int, stop: int, lines: Sequence[tuple[int, int]]
) -> list[SourceSpan]:
    """Return where a block comes from, a span for each line of the file that it is of.

    Args:
        place: Where it begins.
        start: Offset of its first character.
        stop: Offset after its last one.
        lines: What `list_lines` returned.
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
