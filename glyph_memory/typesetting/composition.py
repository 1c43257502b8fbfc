"""Compose a transcript into one text with coloured labels.

Each turn begins with its anchor and role, `§42 user`, in the role's colour. Content is never coloured and cannot show
the sign `§`, so nobody can write a fake turn. Knows turns; knows nothing about pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting.place import ColorSpan

LABEL_SIGN = "§"
"""Begins a label; content holding it is escaped."""


@dataclass(frozen=True, slots=True)
class Composition:
    """A transcript as one text."""

    text: str
    """What is typeset; pages' offsets refer to it."""
    labels: tuple[ColorSpan, ...]
    """Where the labels stand, and their colours."""
    turns: tuple[tuple[int, int], ...]
    """Start and stop of each turn, label included."""


def compose(transcript: Transcript, *, style: PageStyle) -> Composition:
    """Turn a transcript into text.

    Args:
        transcript: The turns. A turn without an anchor has its place in the transcript for one, counted from 1.
        style: For the labels' colours.
    """
    colors = dict(style.role_colors)
    parts: list[str] = []
    labels: list[ColorSpan] = []
    turns: list[tuple[int, int]] = []
    offset = 0

    def write(text: str) -> None:
        nonlocal offset
        parts.append(text)
        offset += len(text)

    def label(text: str, role: str) -> None:
        start = offset
        write(text)
        labels.append(ColorSpan(start, offset, colors[role]))

    for place, turn in enumerate(transcript, 1):
        begin, anchor = offset, place if turn.anchor is None else turn.anchor
        label(f"{LABEL_SIGN}{anchor} {turn.role}", turn.role)
        write(_content(turn))
        for call in turn.tool_calls:
            write("\n")
            label(f"{LABEL_SIGN}{anchor} calls", turn.role)
            write(f" {call.name} {call.arguments}")
        write("\n")
        turns.append((begin, offset))
    return Composition("".join(parts), tuple(labels), tuple(turns))


def _content(turn: Turn) -> str:
    name = f" {turn.name}:" if turn.name else ""
    pictures = f" [{len(turn.images)} picture{'s' * (len(turn.images) > 1)}]" if turn.images else ""
    text = f" {turn.text}" if turn.text else ""
    return f"{name}{text}{pictures}"
