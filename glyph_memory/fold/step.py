"""Fold turn by turn: `step`, its reduction `fold`, and `resume`, which goes on from stored seals.

Pure: what a fold becomes depends on the turns, the policy and the costs alone, never on when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from glyph_memory.fold.costs import Bound, Costs
from glyph_memory.fold.cut import runs
from glyph_memory.fold.fold import Fold, Recent
from glyph_memory.fold.policy import FoldPolicy
from glyph_memory.fold.seal import Seal, run_digest
from glyph_memory.transcript import Turn


def fold(
    turns: Iterable[Turn], *, policy: FoldPolicy, costs: Costs, seals: Sequence[Seal] = (), spent: int = 0
) -> Fold:
    """Fold a conversation.

    Args:
        turns: All of it, oldest first. Turns without an anchor get one.
        policy: When to seal, and what may be spent.
        costs: Draws and counts.
        seals: What an earlier call gave, if it was kept. Those whose turns are unchanged are taken as they are; the
            first that is not, and all after it, are dropped and their turns folded anew.
        spent: The earlier call's `Fold.spent`, so that no anchor that was ever shown is given to another turn.

    Returns:
        The same as `step` for every turn, one by one.
    """
    given = tuple(turns)
    length = next((place for place, turn in enumerate(given) if turn.role != "system"), len(given))
    head = tuple(
        turn if turn.anchor is not None else replace(turn, anchor=place)
        for place, turn in enumerate(given[:length], 1)
    )
    kept, anchored = _matching(given[length:], seals, spent=max(spent, _highest(head)))
    epoch = seals[-1].epoch if seals else 1
    if seals and seals[-1].fingerprint != costs.fingerprint:
        epoch, kept = epoch + 1, ()
    count = sum(len(seal.anchors) for seal in kept)
    sealed, recent = anchored[:count], anchored[count:]
    users = [turn for turn in sealed if turn.role == "user"]
    return resume(
        head=head,
        seals=kept,
        recent=recent,
        request=users[-1] if users else None,
        pinned=[turn for turn in sealed if turn.pinned],
        epoch=epoch,
        spent=max([spent, *(seal.anchors[-1] for seal in seals)]),
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
    epoch: int = 1,
    spent: int = 0,
) -> Fold:
    """Go on from seals, as if the conversation had been folded without a break.

    Args:
        head: The leading system turns.
        seals: The whole chain, all of the costs' fingerprint.
        recent: The turns after it.
        policy: When to seal, and what may be spent.
        costs: Draws and counts.
        request: The newest user turn that is sealed, if any.
        pinned: The sealed turns that are pinned.
        epoch: The epoch to go on with, if it is later than the seals'.
        spent: The highest anchor that any seal ever had, dropped ones included.
    """
    begun = Fold(
        head=tuple(head),
        head_tokens=sum(costs.text_tokens(turn) for turn in head),
        seals=tuple(seals),
        request=request,
        pinned=tuple(pinned),
        epoch=max(epoch, seals[-1].epoch) if seals else epoch,
        last_anchor=max(_highest(head), seals[-1].anchors[-1] if seals else 0),
        spent=max(spent, seals[-1].anchors[-1] if seals else 0),
    )
    # Up to where the last seal was made nothing more could be sealed then; so nothing is now.
    waiting = seals[-1].sealed_at if seals else 0
    rest = list(recent)
    known = [turn for turn in rest if turn.anchor is not None and turn.anchor <= waiting]
    for turn in known:
        begun = _said(begun, turn, costs)
    begun = _seal(begun, policy, costs) if known else begun
    for turn in rest[len(known) :]:
        begun = step(begun, turn, policy=policy, costs=costs)
    return begun


def step(begun: Fold, turn: Turn, *, policy: FoldPolicy, costs: Costs) -> Fold:
    """Fold one more turn."""
    turn = turn if turn.anchor is not None else replace(turn, anchor=begun.last_anchor + 1)
    if turn.role == "system" and not begun.tail and not begun.seals:
        return replace(
            begun,
            head=(*begun.head, turn),
            head_tokens=begun.head_tokens + costs.text_tokens(turn),
            last_anchor=max(begun.last_anchor, turn.anchor or 0),
        )
    return _seal(_said(begun, turn, costs), policy, costs)


def _said(begun: Fold, turn: Turn, costs: Costs) -> Fold:
    pictures = costs.picture_tokens(turn) if turn.images else 0
    recent = Recent(turn=turn, tokens=costs.text_tokens(turn), picture_tokens=pictures)
    return replace(
        begun,
        tail=(*begun.tail, recent),
        request=None if turn.role == "user" else begun.request,
        last_anchor=max(begun.last_anchor, turn.anchor or 0),
    )


def _seal(begun: Fold, policy: FoldPolicy, costs: Costs) -> Fold:
    """Seal as many runs as there are to be sealed now; mostly none."""
    while True:
        seal = _next_seal(begun, policy, costs)
        if seal is None:
            return begun
        run = [recent.turn for recent in begun.tail[: len(seal.anchors)]]
        tail = begun.tail[len(run) :]
        request = next((turn for turn in reversed(run) if turn.role == "user"), begun.request)
        has_newer = any(recent.turn.role == "user" for recent in tail)
        begun = replace(
            begun,
            seals=(*begun.seals, seal),
            tail=tail,
            request=None if has_newer else request,
            pinned=(*begun.pinned, *(turn for turn in run if turn.pinned)),
            epoch=seal.epoch,
            spent=max(begun.spent, seal.anchors[-1]),
        )


def _next_seal(begun: Fold, policy: FoldPolicy, costs: Costs) -> Seal | None:
    lengths = list(runs(begun.tail, policy))
    first_page = _pages_so_far(begun.seals) + 1
    for length in lengths:
        run = begun.tail[:length]
        text = sum(recent.tokens for recent in run)
        turns = [recent.turn for recent in run]
        bound = costs.bind(turns, first_page=first_page, ledger_tokens=int(text * policy.ledger_share))
        if bound.tokens * policy.min_ratio <= text:
            return _admitted(begun, _pages_seal(begun, turns, bound, text_tokens=text, costs=costs), policy)
    for length in lengths:
        run = begun.tail[:length]
        if sum(recent.total_tokens for recent in run) >= policy.max_run_tokens:
            return _admitted(begun, _text_seal(begun, run, costs), policy)
    return None


def _pages_seal(begun: Fold, turns: Sequence[Turn], bound: Bound, *, text_tokens: int, costs: Costs) -> Seal:
    return Seal(
        number=len(begun.seals) + 1,
        kind="pages",
        anchors=_anchors(turns),
        turns=run_digest(turns),
        sealed_at=begun.last_anchor,
        pages=bound.pages,
        pictures=bound.pictures,
        ledger=bound.ledger,
        ledger_omitted=bound.ledger_omitted,
        text_tokens=text_tokens,
        tokens=bound.tokens + sum(picture.tokens for picture in bound.pictures),
        previous=begun.seals[-1].digest if begun.seals else "",
        fingerprint=costs.fingerprint,
    )


def _text_seal(begun: Fold, run: Sequence[Recent], costs: Costs) -> Seal:
    turns = [recent.turn for recent in run]
    pictures = costs.shown_pictures(turns)
    return Seal(
        number=len(begun.seals) + 1,
        kind="text",
        anchors=_anchors(turns),
        turns=run_digest(turns),
        sealed_at=begun.last_anchor,
        pictures=pictures,
        text_tokens=sum(recent.tokens for recent in run),
        tokens=costs.quoted_tokens(turns) + sum(picture.tokens for picture in pictures),
        previous=begun.seals[-1].digest if begun.seals else "",
        fingerprint=costs.fingerprint,
    )


def _admitted(begun: Fold, seal: Seal, policy: FoldPolicy) -> Seal:
    """Say which seals are shown once this one stands: all that were, or, in a new epoch, those in half the budget."""
    budget = _Budget(policy, head_tokens=begun.head_tokens)
    shown = [*begun.live, seal]
    if budget.holds(shown, share=1):
        return replace(seal, oldest=begun.oldest, epoch=begun.epoch)
    while len(shown) > 1 and not budget.holds(shown, share=2):
        shown.pop(0)
    if not budget.holds(shown, share=1):
        shown.clear()
    return replace(seal, oldest=seal.number + 1 - len(shown), epoch=begun.epoch + 1)


class _Budget:
    """What all seals that are shown may cost together. An eighth of a request's images is for the recent turns' own."""

    def __init__(self, policy: FoldPolicy, *, head_tokens: int) -> None:
        self._tokens = policy.seal_budget_tokens(head_tokens=head_tokens)
        limits = (policy.max_images, policy.max_request_px, policy.max_request_bytes)
        self._images, self._pixels, self._bytes = (
            None if limit is None else limit - -(-limit // 8) for limit in limits
        )

    def holds(self, seals: Sequence[Seal], *, share: int) -> bool:
        """Say whether seals fit into a share of it: 1 for all, 2 for half."""
        spent = (
            (self._tokens, sum(seal.tokens for seal in seals)),
            (self._images, sum(seal.images for seal in seals)),
            (self._pixels, sum(seal.pixels for seal in seals)),
            (self._bytes, sum(seal.bytes for seal in seals)),
        )
        return all(limit is None or share * used <= limit for limit, used in spent)


def _matching(
    turns: Sequence[Turn], seals: Sequence[Seal], *, spent: int
) -> tuple[tuple[Seal, ...], list[Turn]]:
    """Give the seals whose turns are unchanged, and all turns with anchors: the seals' own, then unused ones."""
    kept: list[Seal] = []
    anchored: list[Turn] = []
    for seal in seals:
        run = turns[len(anchored) : len(anchored) + len(seal.anchors)]
        named = [replace(turn, anchor=anchor) for turn, anchor in zip(run, seal.anchors, strict=False)]
        follows = seal.previous == (kept[-1].digest if kept else "")
        if not follows or len(run) < len(seal.anchors) or run_digest(named) != seal.turns:
            break
        kept.append(seal)
        anchored += named
    last = max([spent, *(seal.anchors[-1] for seal in seals)])
    for turn in turns[len(anchored) :]:
        last = max(last + 1, turn.anchor or 0)
        anchored.append(replace(turn, anchor=last))
    return tuple(kept), anchored


def _pages_so_far(seals: Sequence[Seal]) -> int:
    return next((seal.pages[-1].number for seal in reversed(seals) if seal.pages), 0)


def _anchors(turns: Sequence[Turn]) -> tuple[int, ...]:
    return tuple(turn.anchor for turn in turns if turn.anchor is not None)


def _highest(turns: Sequence[Turn]) -> int:
    return max((turn.anchor or 0 for turn in turns), default=0)
