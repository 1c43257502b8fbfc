"""Read the turns of a session that wait to be folded: all of them, or of very many the last alone.

Where much more waits than can be shown, the beginning is skipped. What is certain to be is not even read: a store knows
how long its turns are. The fold is the same. Knows one session's store; draws nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from glyph_memory.folding import (
    Costs,
    FoldPolicy,
    Seal,
    UnreadTurns,
    count_characters,
    find_start,
    measure_span,
)
from glyph_memory.transcript import Turn

if TYPE_CHECKING:
    from glyph_memory.store import SessionStore

_SPANS = 3
"""How many spans are read at the least: one more than wait where the beginning is skipped, so that a whole one is
among them in which a fold may begin."""
_WORTH = 1_000
"""Turns that are not read, at the least: to measure what waits takes some queries, too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingTurns:
    """Turns that wait to be folded."""

    turns: tuple[Turn, ...]
    """Those that were read, in order."""
    unread: UnreadTurns | None = None
    """Those before them that were not."""

    @property
    def count(self) -> int:
        """How many they all are."""
        return len(self.turns) + (len(self.unread.anchors) if self.unread else 0)


def read_recent(
    session_store: SessionStore,
    seals: Sequence[Seal],
    *,
    after: int,
    upto: int,
    policy: FoldPolicy,
    costs: Costs,
) -> WaitingTurns:
    """Return the turns after some seals, and after an anchor."""
    # Up to where the last seal was made, nothing could be sealed: that waited then, and is read.
    sealed_at = max(after, seals[-1].sealed_at if seals else 0)
    known = tuple(session_store.turns(after=after, upto=min(sealed_at, upto)))
    said = (seals[-1].characters if seals else 0) + sum(map(count_characters, known))
    waiting = read_waiting(session_store, after=sealed_at, upto=upto, before=said, policy=policy, costs=costs)
    return replace(waiting, turns=(*known, *waiting.turns))


def read_waiting(
    session_store: SessionStore, *, after: int, upto: int, before: int, policy: FoldPolicy, costs: Costs
) -> WaitingTurns:
    """Return the turns of a range.

    Args:
        session_store: The session.
        after: The anchor that they come after.
        upto: The last one's anchor.
        before: How many characters were said before them.
        policy: How much can be shown.
        costs: How much a page holds.
    """
    begin = _find_begin(session_store, after=after, upto=upto, policy=policy, costs=costs)
    if begin is None:
        return WaitingTurns(turns=tuple(session_store.turns(after=after, upto=upto)))
    size = session_store.measure(after=after, upto=begin - 1)
    turns = tuple(session_store.turns(after=begin - 1, upto=upto))
    known = before + (size.characters or 0)
    if size.characters is None or not find_start(turns, before=known, policy=policy, costs=costs):
        first = session_store.turns(after=after, upto=begin - 1)
        return WaitingTurns(turns=(*first, *turns))
    pinned = session_store.list_pinned(upto=begin - 1)
    unread = UnreadTurns(
        anchors=tuple(session_store.anchors(after=after, upto=begin - 1)),
        characters=size.characters,
        pinned=tuple(turn for turn in pinned if (turn.anchor or 0) > after),
        read=session_store.some_turns,
    )
    return WaitingTurns(turns=turns, unread=unread)


def _find_begin(
    session_store: SessionStore, *, after: int, upto: int, policy: FoldPolicy, costs: Costs
) -> int | None:
    """Return the anchor of a user's turn with some spans after it; None where everything is to be read."""
    waiting = session_store.measure(after=after, upto=upto)
    if waiting.turns < _WORTH or waiting.characters is None or waiting.characters <= policy.trigger_tokens:
        return None
    wanted, said, is_known = _SPANS * measure_span(policy, costs), 0, policy.unseen == "pages"
    if waiting.characters < wanted:
        return None
    for passed, turn in enumerate(session_store.sizes(after=after, upto=upto), 1):
        # What the model has not answered yet is neither skipped nor counted.
        is_known = is_known or turn.role == "assistant"
        said += (turn.characters or 0) if is_known else 0
        if waiting.turns - passed < _WORTH:
            return None
        if said >= wanted and turn.role == "user":
            return turn.anchor
    return None


def find_unchanged(session_store: SessionStore, seals: Sequence[Seal]) -> Sequence[Seal]:
    """Return the seals before the first whose turns are not all there; later seals depend on its digest.

    A store changes no turn: it is enough to know which there are.
    """
    there = set(session_store.anchors(after=0, upto=seals[-1].anchors[-1] if seals else 0))
    return tuple(takewhile(lambda seal: there.issuperset(seal.anchors), seals))
