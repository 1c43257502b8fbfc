"""Where a run of turns may end: nowhere between a tool call and its results. Knows turns; counts no tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from glyph_memory.folding.state import RecentTurn
from glyph_memory.transcript import Turn


def has_open_call(turns: Sequence[Turn]) -> bool:
    """Return whether a tool call still waits for its result; a user's turn closes all open calls."""
    return bool(_count_open_calls(turns)[-1]) if turns else False


def count_answered(turns: Sequence[Turn]) -> int:
    """Count the turns that the model has answered: all up to its own last one."""
    return next((place for place in range(len(turns), 0, -1) if turns[place - 1].role == "assistant"), 0)


def split_groups(tail: Sequence[RecentTurn]) -> Iterator[Sequence[RecentTurn]]:
    """Split the tail wherever no tool call is open, so that no call is separated from its results."""
    begin = 0
    for place in list_run_ends([recent.turn for recent in tail]):
        yield tail[begin:place]
        begin = place
    if begin < len(tail):
        yield tail[begin:]


def list_run_ends(turns: Sequence[Turn]) -> Iterator[int]:
    """Yield after how many turns no tool call is open."""
    for place, waiting in enumerate(_count_open_calls(turns), 1):
        # Results that come late, when their call was given up, still join the turn before them.
        follows = place < len(turns) and turns[place].role == "tool"
        if not waiting and not follows:
            yield place


def _count_open_calls(turns: Sequence[Turn]) -> list[int]:
    """Count the tool calls that are open after each turn."""
    waiting: list[str] = []
    counts = []
    for turn in turns:
        if turn.role == "user":
            waiting.clear()
        elif turn.role == "tool" and waiting:
            answered = turn.tool_call_id or waiting[0]
            if answered not in waiting:
                answered = ""  # A call that was given no id is answered by whatever comes.
            if answered in waiting:
                waiting.remove(answered)
        waiting += [call.id for call in turn.tool_calls]
        counts.append(len(waiting))
    return counts
