"""Above how many tokens of text turns are sealed: at a policy's trigger, or later, where seals leave room.

Knows token counts; knows nothing about turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glyph_memory.checks import check_whole
from glyph_memory.errors import PolicyError, show_value

NOTE_TOKENS = 256
"""Kept free for the note above the pages and for what a chat template puts round messages."""

if TYPE_CHECKING:
    from glyph_memory.folding.policy import FoldPolicy


def read_late_triggers(pairs: object) -> tuple[tuple[int, int], ...]:
    """Return pairs of tokens a turn and of a trigger for such turns; lists, as JSON has them, become tuples.

    Raises:
        PolicyError: They are no pairs, or the turns do not grow from one to the next.
    """
    if not isinstance(pairs, list | tuple) or not all(
        isinstance(one, list | tuple) and len(one) == 2 for one in pairs
    ):
        raise PolicyError(
            f"late_triggers={show_value(pairs)} are no pairs; give a tuple such as ((500, 60_000),)"
        )
    before = 0
    for size, late in pairs:
        check_whole("late_triggers: tokens a turn", size, PolicyError, at_least=before + 1)
        check_whole("late_triggers: a trigger", late, PolicyError, at_least=1)
        before = size
    return tuple((size, late) for size, late in pairs)


def find_trigger_tokens(
    policy: FoldPolicy, *, turn_tokens: float, head_tokens: int, sealed_tokens: int
) -> int:
    """Return above how many tokens of text turns are sealed.

    What seals do not take yet, text may have: as much as still fits once it is sealed. So the first seals leave no
    sooner than with the policy's own trigger alone. They are larger, and leave as a whole.

    Args:
        policy: What may be spent.
        turn_tokens: Of a recent turn, on average.
        head_tokens: Of the head.
        sealed_tokens: Of all seals that are shown.
    """
    if not policy.late_triggers:
        return policy.trigger_tokens
    fitting = (late for size, late in policy.late_triggers if turn_tokens <= size)
    late = next(fitting, policy.late_triggers[-1][1])
    return max(policy.trigger_tokens, min(late, _count_room(policy, head_tokens, sealed_tokens)))


def find_latest_trigger(policy: FoldPolicy, *, head_tokens: int) -> int:
    """Return the most text that a policy has room for before anything is sealed."""
    return max(policy.trigger_tokens, _count_room(policy, head_tokens, 0))


def _count_room(policy: FoldPolicy, head_tokens: int, sealed_tokens: int) -> int:
    """Return how much text fits beside seals, and fits as a seal beside them once it is one."""
    left = max(0, policy.seal_budget_tokens(head_tokens=head_tokens) - sealed_tokens)
    if sealed_tokens:
        return policy.trigger_tokens + left
    beside = policy.prompt_tokens - head_tokens - NOTE_TOKENS
    return min(beside, policy.keep_recent_tokens + int(policy.min_ratio * left))
