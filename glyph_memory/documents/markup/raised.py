"""Text above and below the line, of HTML, Markdown and reST. Knows runs; knows nothing about elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from glyph_memory.documents.inline import Run
from glyph_memory.documents.scripts import can_move, move_script

_ORDINALS = frozenset(("st", "nd", "rd", "th", "™", "®", "er", "º", "ª"))


def raise_runs(runs: Sequence[Run], place: str, before: str, *, is_note: bool = False) -> Sequence[Run]:
    """Return text that stands above or below the line so that plain text can be read: `x²`, `x^a`, `x^(n + 1)`, `[1]`.

    Args:
        runs: The text.
        place: `superscript` or `subscript`.
        before: The character before it.
        is_note: Whether it is a footnote's number.
    """
    text = "".join(run.text for run in runs).strip()
    if not text or text in _ORDINALS:
        return runs
    if is_note:
        return _number_note(runs, is_marked=text[0] in "[(*†‡")
    if can_move(text, place):
        return [replace(run, text=move_script(run.text.strip(), place)) for run in runs]
    if not before.strip():
        return runs
    first, mark = runs[0], "_" if place == "subscript" else "^"
    mark, end = (mark, []) if text.isalnum() else (f"{mark}(", [Run(")", first.kinds, first.target)])
    return [Run(mark, first.kinds, first.target, first.line), *runs, *end]


def _number_note(runs: Sequence[Run], *, is_marked: bool) -> Sequence[Run]:
    runs = [Run(run.text, (*run.kinds, "note"), run.target, run.line) for run in runs]
    first = runs[0]
    if is_marked:
        return runs
    return [
        Run("[", first.kinds, first.target, first.line),
        *runs,
        Run("]", first.kinds, first.target),
    ]
