"""Where a run of turns may end: nowhere between a tool call and its results. Knows turns; counts no tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

from glyph_memory.folding.calls import OpenCalls, pass_turn
from glyph_memory.folding.tail import RecentTurn
from glyph_memory.transcript import Turn


def has_open_call(turns: Iterable[Turn]) -> bool:
    """Return whether a tool call still waits for its result; a user's turn closes all open calls."""
    waiting: OpenCalls = ()
    return bool(reduce(pass_turn, turns, waiting))


def count_answered(turns: Sequence[Turn]) -> int:
    """Count the turns that the model has answered: all up to its own last one."""
    return next((place for place in range(len(turns), 0, -1) if turns[place - 1].role == "assistant"), 0)


def split_groups(tail: Iterable[RecentTurn]) -> Iterator[Sequence[RecentTurn]]:
    """Split the tail wherever no tool call is open, so that no call is separated from its results.

    No more is read than whoever asks takes: one turn beyond a group.
    """
    group: list[RecentTurn] = []
    waiting: OpenCalls = ()
    for recent in tail:
        # Results that come late, when their call was given up, still join the turn before them.
        if group and not waiting and recent.turn.role != "tool":
            yield group
            group = []
        waiting = pass_turn(waiting, recent.turn)
        group.append(recent)
    if group:
        yield group


def list_run_ends(turns: Sequence[Turn]) -> Iterator[int]:
    """Yield after how many turns no tool call is open."""
    waiting: OpenCalls = ()
    for place, turn in enumerate(turns, 1):
        waiting = pass_turn(waiting, turn)
        # Results that come late, when their call was given up, still join the turn before them.
        follows = place < len(turns) and turns[place].role == "tool"
        if not waiting and not follows:
            yield place
