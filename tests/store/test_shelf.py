"""Turns go in and come out: exactly, in order, once; in a file, in memory and on a server alike."""

from __future__ import annotations

from datetime import UTC, datetime

from glyph_memory.store import Shelf, ShelfState
from glyph_memory.transcript import Turn

NOON = datetime(2025, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def say(*texts: str) -> list[Turn]:
    """Let the user say something, several times."""
    return [Turn(role="user", text=text) for text in texts]


def texts(shelf: Shelf) -> list[str]:
    """Give what was said in a session."""
    return [turn.text for turn in shelf.turns()]


def test_an_appended_turn_gets_an_anchor_an_id_and_a_time(shelf: Shelf) -> None:
    """Anchors count from 1; what the caller gave stays."""
    before = datetime.now(UTC)
    one, two = shelf.append([Turn(role="user", text="hi"), Turn(role="assistant", id="mine", time=NOON)])
    assert (one.anchor, two.anchor) == (1, 2)
    assert one.id != two.id == "mine"
    assert two.time == NOON
    assert one.time is not None
    assert before <= one.time <= datetime.now(UTC)
    assert list(shelf.turns()) == [one, two]
    assert shelf.state() == ShelfState(last_anchor=2, turns=2, edits=0)
