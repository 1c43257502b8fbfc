"""The text of a block or a cell, in marked pieces. Knows text; knows nothing about blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from glyph_memory.document import Span, SpanKind


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a block's text."""

    text: str
    """The characters."""
    kinds: tuple[SpanKind, ...] = ()
    """What they are marked as, in any order; none where they are plain."""
    target: str = ""
    """Of a link: where it leads."""


Inline = str | Sequence[Run]
"""The text of a block or a cell: plain, or in marked pieces."""


def list_runs(text: Inline) -> list[Run]:
    """Return a block's text in pieces."""
    return [Run(text)] if isinstance(text, str) else [*text]


def join_runs(runs: Sequence[Run], offset: int) -> tuple[str, tuple[Span, ...]]:
    """Return the text of runs and their spans, which count from `offset`."""
    spans, at = list[Span](), offset
    for run in runs:
        stop = at + len(run.text)
        if run.text:
            spans += (
                Span(start=at, stop=stop, kind=kind, target=run.target if kind == "link" else "")
                for kind in run.kinds
            )
        at = stop
    return "".join(run.text for run in runs), tuple(spans)
