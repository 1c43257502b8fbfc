"""Decide where the tail is cut. Knows turns and their token counts; knows nothing about pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from glyph_memory.folding.policy import FoldPolicy
from glyph_memory.folding.state import RecentTurn
from glyph_memory.transcript import Turn


def find_run_lengths(tail: Sequence[RecentTurn], policy: FoldPolicy) -> Iterator[int]:
    """Return the lengths, in turns, of the runs at the tail's start that may be sealed, best first; often none.

    The first leaves `keep_recent_tokens` and is otherwise as long as it can be: the fewer seals, the fewer times a
    server reads recent text anew. A second one takes in the group of turns that follows, if that is larger than a
    seal by itself: such a group becomes pages though little text is left behind it.
    """
    total = sum(recent.total_tokens for recent in tail)
    if total <= policy.trigger_tokens or has_open_call([recent.turn for recent in tail]):
        return
    run_tokens = length = 0
    for group in _split_groups(tail):
        tokens = sum(recent.total_tokens for recent in group)
        if total - run_tokens - tokens < policy.keep_recent_tokens:
            if run_tokens >= policy.seal_tokens:
                yield length
            if tokens > policy.seal_tokens:
                yield length + len(group)
            return
        run_tokens, length = run_tokens + tokens, length + len(group)


def has_open_call(turns: Sequence[Turn]) -> bool:
    """Return whether a tool call still waits for its result; a user's turn closes all open calls."""
    return bool(_count_open_calls(turns)[-1]) if turns else False


def _split_groups(tail: Sequence[RecentTurn]) -> Iterator[Sequence[RecentTurn]]:
    """Split the tail wherever no tool call is open, so that no call is separated from its results."""
    begin = 0
    for place, waiting in enumerate(_count_open_calls([recent.turn for recent in tail]), 1):
        # Results that come late, when their call was given up, still join the turn before them.
        follows = place < len(tail) and tail[place].turn.role == "tool"
        if not waiting and not follows:
            yield tail[begin:place]
            begin = place
    if begin < len(tail):
        yield tail[begin:]


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
