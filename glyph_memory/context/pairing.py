"""Pair tool calls with their results, by id. Knows turns; knows nothing about requests."""

from __future__ import annotations

from collections.abc import Sequence

from glyph_memory.context.cleaning import call_id
from glyph_memory.transcript import Turn

RESULT = -1
"""Stands for a result where others have a call's number."""
CallIds = dict[tuple[int, int], str]
"""Ids of calls and results, by turn and place."""


def pair_calls(turns: Sequence[Turn]) -> CallIds:
    """Return the ids of calls and results that belong together, by turn and place; a result's place is `RESULT`.

    A result belongs to a call of the last turn that was no result: servers take nothing in between. Calls that are
    open at the end have an id as well: their results are yet to come.
    """
    ids: CallIds = {}
    waiting: CallIds = {}
    for place, turn in enumerate(turns):
        if turn.role != "tool":
            calls = turn.tool_calls if turn.role == "assistant" else ()
            waiting = {(place, number): call_id(turn, number) for number in range(len(calls))}
            continue
        key = next((key for key, name in waiting.items() if turn.tool_call_id in {name, None, ""}), None)
        if key is not None:
            ids[key] = ids[place, RESULT] = waiting.pop(key)
    return ids | waiting
