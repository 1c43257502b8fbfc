"""Whether there is room to repeat one more turn as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glyph_memory.context import Binder, quote_turns
from glyph_memory.errors import PolicyError

if TYPE_CHECKING:
    from glyph_memory.store import SessionStore


def check_room(anchor: int, shelf: SessionStore, binder: Binder) -> None:
    """Check that a turn may be pinned beside those that are pinned already.

    Raises:
        PolicyError: All of them together would take more than the policy's `pinned_tokens`.
    """
    turn = shelf.turn(anchor)
    if turn is None or turn.pinned:
        return
    pinned = [one for one in shelf.list_pinned(upto=shelf.state().last_anchor) if one.role != "system"]
    needed = sum(binder.count(quote_turns([one], remark="pinned")) for one in [*pinned, turn])
    if needed > binder.policy.pinned_tokens:
        raise PolicyError(
            f"§{anchor} and the {len(pinned)} turns pinned already take {needed:,} tokens, more than pinned_tokens="
            f"{binder.policy.pinned_tokens:,}. Unpin another, or raise pinned_tokens"
        )
