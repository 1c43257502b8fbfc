"""Which turns at the tail's start a seal may take: those that were answered, or so many that nobody answered.

Knows turns and their token counts; draws nothing. Reads no more of the tail than a run may have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from glyph_memory.folding.groups import has_open_call, split_groups
from glyph_memory.folding.policy import FoldPolicy
from glyph_memory.folding.room import find_trigger
from glyph_memory.folding.state import Fold
from glyph_memory.folding.tail import RecentTurn, TailSums

MOST_RATIO = 6
"""How many tokens of text a token of pages stands for at the most: what has more is not even drawn."""


def find_run_lengths(begun: Fold, policy: FoldPolicy, *, end: int | None = None) -> Iterator[int]:
    """Return the lengths, in turns, of the runs at the tail's start that may be sealed, best first; often none.

    The first leaves `keep_recent_tokens` and is otherwise as long as it can be: the fewer seals, the fewer times a
    server reads recent text anew. A second one takes in the group of turns that follows, if that is larger than a
    seal by itself: such a group becomes pages though little text is left behind it. No run goes beyond `end`, and one
    that would ends there, however small it is.
    """
    total = begun.tail_tokens
    if total <= find_trigger(begun, policy):
        return
    run_tokens = length = 0
    for group in list_sealable_groups(begun, policy):
        if length == end:
            break
        tokens = sum(recent.total_tokens for recent in group)
        if total - run_tokens - tokens < policy.keep_recent_tokens:
            if run_tokens >= policy.seal_tokens:
                yield length
            if tokens > policy.seal_tokens:
                yield length + len(group)
            return
        run_tokens, length = run_tokens + tokens, length + len(group)
    if run_tokens >= policy.seal_tokens or length == end:
        yield length


def count_sealable(sums: TailSums, policy: FoldPolicy) -> int:
    """Count the turns at a tail's start that may be sealed.

    What the model has not answered yet is none, unless the policy wants it as pages; nor is what still waits for a
    tool's result.
    """
    if policy.unseen == "pages":
        return 0 if sums.waiting else sums.turns
    return sums.closed


def list_sealable_groups(begun: Fold, policy: FoldPolicy) -> Iterator[Sequence[RecentTurn]]:
    """Return the groups of turns that may be sealed, oldest first."""
    return split_groups(islice(begun.tail, count_sealable(begun.sums, policy)))


def count_showable(begun: Fold, policy: FoldPolicy) -> int:
    """Count the turns that may be sealed, up to a group that is too large to be shown: that one is a seal by itself."""
    most = MOST_RATIO * policy.seal_budget_tokens(head_tokens=begun.head_tokens)
    length = 0
    for group in list_sealable_groups(begun, policy):
        if length and sum(recent.total_tokens for recent in group) > most:
            break
        length += len(group)
    return length


def count_waiting(begun: Fold, policy: FoldPolicy) -> int:
    """Count the turns at the tail's start that nobody answered and that are no part of what was asked last.

    As many as a run may have of those before the last user's turn; none where the first is larger: that one is shown in
    parts at the worst, where it would be lost as a seal.
    """
    length = tokens = 0
    # A group that the last user's turn cuts off has an open call.
    for group in split_groups(islice(begun.tail, max(0, begun.sums.users - 1))):
        size = sum(recent.total_tokens for recent in group)
        if tokens + size > policy.max_run_tokens or has_open_call(recent.turn for recent in group):
            break
        length, tokens = length + len(group), tokens + size
    return length if tokens >= policy.seal_tokens else 0
