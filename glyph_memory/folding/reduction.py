"""Fold a conversation as a whole: `fold`, a reduction of `step`, and `resume`, which goes on from stored seals.

Where much more waits than can be shown, its beginning is skipped, and the reduction begins there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import takewhile

from glyph_memory.folding.budget import count_evicted
from glyph_memory.folding.costs import Costs
from glyph_memory.folding.policy import FoldPolicy
from glyph_memory.folding.seal import Seal, SealedCall, run_digest
from glyph_memory.folding.sealing import add_each, add_to_tail, seal_ready_runs
from glyph_memory.folding.skipping import (
    UnreadTurns,
    find_start,
    may_skip,
    skip_turns,
)
from glyph_memory.folding.state import Fold, Stretches
from glyph_memory.messages import AnyMessages, read_messages
from glyph_memory.transcript import Turn


def fold(
    turns: AnyMessages,
    *,
    policy: FoldPolicy,
    costs: Costs,
    seals: Sequence[Seal] = (),
    highest_sealed_anchor: int = 0,
    generation: int = 1,
    compacted_anchors: Stretches = (),
    compacted_calls: Sequence[SealedCall] = (),
    oldest: int = 1,
    head_turns: int | None = None,
    request: Turn | None = None,
    pinned: Sequence[Turn] = (),
    reserved_tokens: int = 0,
) -> Fold:
    """Fold a conversation.

    Args:
        turns: All of it, oldest first, but for evicted ones; others' messages, too: see `read_messages`. Turns without
            an anchor get one; either all have theirs, growing, or none.
        policy: When to seal, and what may be spent.
        costs: Draws and counts.
        seals: What an earlier call gave, if it was kept. Those whose turns are unchanged are taken as they are; the
            first that is not, and all after it, are dropped and their turns folded anew.
        highest_sealed_anchor: The earlier call's, so that no anchor that was ever shown is given to another
            turn.
        generation: The earlier call's `Fold.generation`; seals tell theirs, but they may be gone.
        compacted_anchors: The earlier call's, of a fold from `Fold.drop_evicted`; `seals` then begin after these turns.
            If none of the seals can be taken, the turns that were evicted have to be given, too, and this left out.
        compacted_calls: The earlier call's, with the anchors.
        oldest: The earlier call's `Fold.oldest`, as seals may have left after the last one was made.
        head_turns: How many of the turns are the head; all leading system turns unless given. Where evicted turns are
            left out, one that follows them may be a system turn, too.
        request: The newest user turn among those that were evicted, if any.
        pinned: Those among them that are pinned.
        reserved_tokens: What the prompt holds besides turns, such as a system prompt that is kept elsewhere.

    Returns:
        The same as `step` for every turn, one by one; but of a history that is much longer than what can be shown, the
        beginning is skipped: it is in one seal of the kind "skipped".
    """
    given = read_messages(turns).turns
    length = head_turns
    if length is None:
        length = next((place for place, turn in enumerate(given) if turn.role != "system"), len(given))
    head = _number_head(
        given[:length],
        before=compacted_anchors[0][0] if compacted_anchors else seals[0].anchors[0] if seals else length + 1,
    )
    kept, sealed = _match_seals(given[length:], seals, is_evicted=bool(compacted_anchors))
    highest_sealed_anchor = max([highest_sealed_anchor, *(seal.anchors[-1] for seal in seals)])
    generation = max([generation, *(seal.generation for seal in seals)])
    recent = _number_turns(
        given[length + len(sealed) :], after=max(highest_sealed_anchor, _find_last_anchor(head))
    )
    if any(seal.fingerprint != costs.fingerprint for seal in seals):
        generation, kept, sealed, recent = generation + 1, (), [], [*sealed, *recent]
    if len(kept) < len(seals):
        oldest = 1
    users = [turn for turn in [request, *sealed] if turn is not None and turn.role == "user"]
    return resume(
        head=head,
        seals=kept,
        recent=recent,
        request=users[-1] if users else None,
        pinned=[*pinned, *(turn for turn in sealed if turn.pinned)],
        generation=generation,
        highest_sealed_anchor=highest_sealed_anchor,
        compacted_anchors=compacted_anchors,
        compacted_calls=compacted_calls,
        oldest=oldest,
        reserved_tokens=reserved_tokens,
        policy=policy,
        costs=costs,
    )


def resume(
    *,
    head: Sequence[Turn],
    seals: Sequence[Seal],
    recent: Iterable[Turn],
    policy: FoldPolicy,
    costs: Costs,
    request: Turn | None = None,
    pinned: Sequence[Turn] = (),
    generation: int = 1,
    highest_sealed_anchor: int = 0,
    compacted_anchors: Stretches = (),
    compacted_calls: Sequence[SealedCall] = (),
    oldest: int = 1,
    reserved_tokens: int = 0,
    unread: UnreadTurns | None = None,
) -> Fold:
    """Fold on from stored seals; the result is the same as that of folding the whole conversation at once.

    Args:
        head: The leading system turns.
        seals: The whole chain, or what is left of it after `Fold.drop_evicted`, all of the costs' fingerprint.
        recent: The turns after it, but for those unread.
        policy: When to seal, and what may be spent.
        costs: Draws and counts.
        request: The newest user turn that is sealed, if any.
        pinned: The sealed turns that are pinned.
        generation: The generation to go on with, if it is later than the seals'.
        highest_sealed_anchor: The highest anchor that any seal ever had, dropped ones included.
        compacted_anchors: Anchors of evicted turns whose seals are not kept any more.
        compacted_calls: Tool calls of those that belong to the request.
        oldest: Number of the oldest seal that was shown, where that is a later one than the last seal says.
        reserved_tokens: What the prompt holds besides turns.
        unread: Turns that are skipped for certain: after those that were there when the last seal was made, before the
            other recent ones.
    """
    head_tokens = reserved_tokens + sum(costs.count_message_tokens(turn) for turn in head)
    oldest = max(oldest, seals[-1].oldest) if seals else 1
    # A head that has grown since may leave too little room for what was shown.
    gone = count_evicted([seal for seal in seals if seal.number >= oldest], policy, head_tokens=head_tokens)
    begun = Fold(
        head=tuple(head),
        head_tokens=head_tokens,
        seals=tuple(seals),
        oldest=oldest + gone,
        request=request,
        pinned=tuple(pinned),
        generation=max(generation, seals[-1].generation + (1 if gone else 0)) if seals else generation,
        last_anchor=max(_find_last_anchor(head), seals[-1].anchors[-1] if seals else 0),
        highest_sealed_anchor=max(highest_sealed_anchor, seals[-1].anchors[-1] if seals else 0),
        compacted_anchors=compacted_anchors,
        compacted_calls=tuple(compacted_calls),
    )
    # Up to where the last seal was made nothing more could be sealed then; so nothing is now.
    waiting = seals[-1].sealed_at if seals else 0
    rest = _number_turns(recent, after=max(begun.last_anchor, begun.highest_sealed_anchor))
    known = [*takewhile(lambda turn: (turn.anchor or 0) <= waiting, rest)]
    begun = add_to_tail(begun, known, costs)
    if any(turn.role == "user" for turn in known):
        begun = replace(begun, request=None)  # there was a newer one when the last seal was made
    begun = seal_ready_runs(begun, policy, costs) if known else begun
    return add_turns(begun, rest[len(known) :], policy=policy, costs=costs, unread=unread)


def add_turns(
    begun: Fold,
    turns: Sequence[Turn],
    *,
    policy: FoldPolicy,
    costs: Costs,
    unread: UnreadTurns | None = None,
) -> Fold:
    """Return the fold with more turns: a step for each, but that the beginning of very many is skipped.

    Args:
        begun: The fold so far.
        turns: What comes next; no leading system turns.
        policy: When to seal, and what may be spent.
        costs: Draws and counts.
        unread: Turns before these that are skipped for certain.
    """
    turns = _number_turns(turns, after=max(begun.last_anchor, begun.highest_sealed_anchor))
    before, passed = begun.sealed_characters, 0
    if unread is not None:
        before += unread.characters + begun.sums.characters
        passed = len(begun.tail)
    length = 0
    if unread is not None or may_skip(begun, turns, policy=policy, costs=costs):
        waiting = [*(recent.turn for recent in begun.tail), *turns]
        length = find_start(waiting[passed:], before=before, policy=policy, costs=costs)
    if unread is not None and not length:
        raise ValueError("turns that were not read are skipped for certain, or they are read")
    if length:
        length += passed
        begun = skip_turns(
            replace(begun, tail=()), waiting[:length], policy=policy, costs=costs, unread=unread
        )
        turns = waiting[length:]
    return add_each(begun, turns, policy=policy, costs=costs)


def _number_head(turns: Sequence[Turn], *, before: int) -> tuple[Turn, ...]:
    """Number the leading system turns from 1; those that came after the numbers were used up get none."""
    return tuple(
        turn if turn.anchor is not None or place >= before else replace(turn, anchor=place)
        for place, turn in enumerate(turns, 1)
    )


def _match_seals(
    turns: Sequence[Turn], seals: Sequence[Seal], *, is_evicted: bool
) -> tuple[tuple[Seal, ...], list[Turn]]:
    """Return the seals whose turns are unchanged, and those turns with the seals' anchors."""
    kept: list[Seal] = []
    sealed: list[Turn] = []
    for seal in seals:
        run = turns[len(sealed) : len(sealed) + len(seal.anchors)]
        named = [
            # A turn that has another anchor already is another turn, though it may say the same.
            turn if turn.anchor is not None else replace(turn, anchor=anchor)
            for turn, anchor in zip(run, seal.anchors, strict=False)
        ]
        begins = not kept and (is_evicted or not seal.previous)
        follows = begins or bool(kept and seal.previous == kept[-1].digest)
        if not follows or run_digest(named) != seal.turns:
            break
        kept.append(seal)
        sealed += named
    return tuple(kept), sealed


def _number_turns(turns: Iterable[Turn], *, after: int) -> list[Turn]:
    """Return the turns, each that had no anchor with the next free one."""
    numbered: list[Turn] = []
    for turn in turns:
        numbered.append(turn if turn.anchor is not None else replace(turn, anchor=after + 1))
        after = max(after, numbered[-1].anchor or 0)
    return numbered


def _find_last_anchor(turns: Sequence[Turn]) -> int:
    return max((turn.anchor or 0 for turn in turns), default=0)
