"""Which tool calls wait for their results, turn by turn. Knows turns; knows nothing of folds."""

from __future__ import annotations

from glyph_memory.transcript import Turn

OpenCalls = tuple[str, ...]
"""Ids of calls that wait for their results, in the order in which they were made."""


def pass_turn(waiting: OpenCalls, turn: Turn) -> OpenCalls:
    """Return which calls wait after a turn; a user's turn closes all open calls."""
    if turn.role == "user":
        waiting = ()
    elif turn.role == "tool" and waiting:
        answered = turn.tool_call_id or waiting[0]
        if answered not in waiting:
            answered = ""  # A call that was given no id is answered by whatever comes.
        if answered in waiting:
            place = waiting.index(answered)
            waiting = (*waiting[:place], *waiting[place + 1 :])
    return (*waiting, *(call.id for call in turn.tool_calls)) if turn.tool_calls else waiting
