"""Add one turn to a fold: decide where the tail is cut, seal what may be sealed, evict what no longer fits.

Knows turns and their token counts; what pages cost comes in as `Costs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from glyph_memory.folding.budget import count_evicted
from glyph_memory.folding.costs import Costs
from glyph_memory.folding.policy import FoldPolicy
from glyph_memory.folding.room import count_beside, count_leaving, find_trigger, is_crowded
from glyph_memory.folding.runs import (
    MOST_RATIO,
    count_sealable,
    count_showable,
    count_waiting,
    find_run_lengths,
)
from glyph_memory.folding.seal import Seal, describe_calls, run_digest
from glyph_memory.folding.skipping import find_run_end
from glyph_memory.folding.state import Fold
from glyph_memory.folding.tail import RecentTurn, TailSums, count_characters
from glyph_memory.transcript import Turn


def step(begun: Fold, turn: Turn, *, policy: FoldPolicy, costs: Costs) -> Fold:
    """Return the fold with one more turn, sealed as far as the policy asks."""
    is_head = _is_head(begun, turn)
    if turn.anchor is None:
        # What is head is never cited, so its numbers need not be unspent ones.
        last = begun.last_anchor if is_head else max(begun.last_anchor, begun.highest_sealed_anchor)
        turn = replace(turn, anchor=last + 1)
    if is_head:
        return replace(
            begun,
            head=(*begun.head, turn),
            head_tokens=begun.head_tokens + costs.count_message_tokens(turn),
            last_anchor=max(begun.last_anchor, turn.anchor or 0),
        )
    return seal_ready_runs(add_to_tail(begun, [turn], costs), policy, costs)


def add_each(begun: Fold, turns: Sequence[Turn], *, policy: FoldPolicy, costs: Costs) -> Fold:
    """Return the fold with more turns that have their anchors, as a step for each returns it.

    The tail is put together where something may be sealed, not with every turn.
    """
    recent, sums = list[RecentTurn](), begun.sums
    for turn in turns:
        if not recent and _is_head(begun, turn):
            begun = step(begun, turn, policy=policy, costs=costs)
            continue
        recent.append(_count_recent(turn, costs))
        sums = sums.add(recent[-1])
        if _may_change(begun, sums, policy):
            begun = seal_ready_runs(_put_together(begun, recent, sums), policy, costs)
            recent, sums = [], begun.sums
    return _put_together(begun, recent, sums)


def add_to_tail(begun: Fold, turns: Sequence[Turn], costs: Costs) -> Fold:
    """Return the fold with turns added to its tail."""
    recent, sums = [_count_recent(turn, costs) for turn in turns], begun.sums
    for one in recent:
        sums = sums.add(one)
    return _put_together(begun, recent, sums)


def _is_head(begun: Fold, turn: Turn) -> bool:
    return turn.role == "system" and not begun.tail and not begun.seals


def _count_recent(turn: Turn, costs: Costs) -> RecentTurn:
    pictures = costs.count_picture_tokens(turn) if turn.images or turn.attachments else 0
    return RecentTurn(turn=turn, tokens=costs.count_message_tokens(turn), picture_tokens=pictures)


def _put_together(begun: Fold, recent: Sequence[RecentTurn], sums: TailSums) -> Fold:
    """Return the fold with recent turns after its own; the sums are those of all of them."""
    if not recent:
        return begun
    last = max(begun.last_anchor, *(one.turn.anchor or 0 for one in recent))
    return begun.with_recent(recent, sums, last_anchor=last)


def _may_change(begun: Fold, sums: TailSums, policy: FoldPolicy) -> bool:
    """Return whether a seal may be made, or leave, were the tail to have these sums; asked with every turn."""
    is_due = sums.tokens > find_trigger(begun, policy, sums=sums) and count_sealable(sums, policy) > 0
    return is_due or is_crowded(begun, policy, sums=sums)


def seal_ready_runs(begun: Fold, policy: FoldPolicy, costs: Costs) -> Fold:
    """Seal all runs that are ready to be sealed, mostly none; then make room for what is new."""
    if not _may_change(begun, begun.sums, policy):
        return begun
    while (seal := _next_seal(begun, policy, costs) or _early_seal(begun, policy, costs)) is not None:
        begun = _add_seal(begun, seal)
    left = begun
    # Calls of a seal that leaves are told beside the request from then on, which may take the room of one more.
    while gone := count_leaving(left, policy):
        left = replace(left, oldest=left.oldest + gone)
    return begun if left is begun else replace(left, generation=left.generation + 1)


def _add_seal(begun: Fold, seal: Seal) -> Fold:
    run = [recent.turn for recent in begun.tail[: len(seal.anchors)]]
    tail = begun.tail[len(run) :]
    request = next((turn for turn in reversed(run) if turn.role == "user"), begun.request)
    has_newer = any(recent.turn.role == "user" for recent in tail)
    return replace(
        begun,
        seals=(*begun.seals, seal),
        oldest=seal.oldest,
        tail=tail,
        request=None if has_newer else request,
        pinned=(*begun.pinned, *(turn for turn in run if turn.pinned)),
        generation=seal.generation,
        highest_sealed_anchor=max(begun.highest_sealed_anchor, seal.anchors[-1]),
    )


def _next_seal(begun: Fold, policy: FoldPolicy, costs: Costs) -> Seal | None:
    """Return the seal of a run that is ready; None where there is none."""
    end = find_run_end(begun, policy, costs, within=count_sealable(begun.sums, policy))
    lengths = list(find_run_lengths(begun, policy, end=end))
    for length in lengths:
        seal = _try_pages(begun, length, policy, costs)
        if seal is not None:
            return seal
    for length in lengths:
        run = begun.tail[:length]
        if length == end or sum(recent.total_tokens for recent in run) >= policy.max_run_tokens:
            return _try_text(begun, length, policy, costs)
    return None


def _early_seal(begun: Fold, policy: FoldPolicy, costs: Costs) -> Seal | None:
    """Return the seal of what was answered, sooner than it is due, where what is new needs its room; else None.

    Where that is not enough, earlier ones among the many turns that nobody answered become pages, too; what came last
    never does.
    """
    if not begun.tail or not is_crowded(begun, policy):
        return None
    answered = count_showable(begun, policy)
    answered = find_run_end(begun, policy, costs, within=answered) or answered
    if answered and (seal := _try_pages(begun, answered, policy, costs)) is not None:
        return seal
    is_stuck = is_crowded(begun, policy, without_seals=True)
    if is_stuck and sum(recent.total_tokens for recent in begun.tail[:answered]) >= policy.seal_tokens:
        return _try_text(begun, answered, policy, costs)
    # What nobody answered becomes pages rather than that pages leave which nobody answered either.
    if is_stuck or any(seal.is_unseen for seal in begun.visible_seals):
        return _waiting_seal(begun, policy, costs)
    return None  # the oldest seals leave instead


def _waiting_seal(begun: Fold, policy: FoldPolicy, costs: Costs) -> Seal | None:
    """Return the seal of the first turns that nobody answered; None where there are none but those asked last."""
    waiting = count_waiting(begun, policy)
    if not waiting:
        return None
    waiting = find_run_end(begun, policy, costs, within=waiting) or waiting
    seal = _try_pages(begun, waiting, policy, costs) or _try_text(begun, waiting, policy, costs)
    if seal is not None:
        return seal
    turns = [recent.turn for recent in begun.tail[:waiting]]
    return _place_in_budget(begun, _named_seal(begun, turns, costs), policy)


def _try_pages(begun: Fold, length: int, policy: FoldPolicy, costs: Costs) -> Seal | None:
    """Return the seal of a run as pages; None where they do not pay, or would leave at once though they are new."""
    turns = [recent.turn for recent in begun.tail[:length]]
    text = costs.count_content_tokens(turns)
    if text > MOST_RATIO * policy.seal_budget_tokens(head_tokens=begun.head_tokens):
        return _fit_budget(begun, _named_seal(begun, turns, costs), policy, costs)
    drawn = costs.draw_run(
        turns, first_page=_last_page_number(begun.seals) + 1, ledger_tokens=int(text * policy.ledger_share)
    )
    if drawn.tokens * policy.min_ratio > text:
        return None
    seal = replace(
        _begin_seal(begun, turns, text_tokens=text, costs=costs),
        pages=drawn.pages,
        layout=drawn.layout,
        pictures=drawn.pictures,
        attachments=drawn.attachments,
        ledger=drawn.ledger,
        ledger_omitted=drawn.ledger_omitted,
        tokens=drawn.tokens + count_beside(drawn.pictures, drawn.attachments),
    )
    return _fit_budget(begun, seal, policy, costs)


def _try_text(begun: Fold, length: int, policy: FoldPolicy, costs: Costs) -> Seal | None:
    """Return the seal of a run as text; None where it would leave at once though it is new."""
    turns = [recent.turn for recent in begun.tail[:length]]
    pictures, attachments = costs.describe_pictures(turns), costs.describe_attachments(turns)
    seal = replace(
        _begin_seal(begun, turns, text_tokens=costs.count_content_tokens(turns), costs=costs),
        kind="text",
        pictures=pictures,
        attachments=attachments,
        tokens=costs.count_quote_tokens(turns) + count_beside(pictures, attachments),
    )
    return _fit_budget(begun, seal, policy, costs)


def _named_seal(begun: Fold, turns: Sequence[Turn], costs: Costs) -> Seal:
    """Return the seal of a run that is too large to be shown."""
    seal = _begin_seal(begun, turns, text_tokens=costs.count_content_tokens(turns), costs=costs)
    return replace(seal, kind="named", tokens=costs.count_name_tokens(turns))


def _begin_seal(begun: Fold, turns: Sequence[Turn], *, text_tokens: int, costs: Costs) -> Seal:
    """Return what every seal of a run says, however it is shown."""
    return Seal(
        number=begun.seals[-1].number + 1 if begun.seals else 1,
        kind="pages",
        anchors=tuple(turn.anchor for turn in turns if turn.anchor is not None),
        turns=run_digest(turns),
        sealed_at=begun.last_anchor,
        text_tokens=text_tokens,
        tokens=0,
        characters=begun.sealed_characters + sum(map(count_characters, turns)),
        calls=describe_calls(turns),
        is_unseen=begun.sums.answered < len(turns),
        previous=begun.seals[-1].digest if begun.seals else "",
        fingerprint=costs.fingerprint,
    )


def _fit_budget(begun: Fold, seal: Seal, policy: FoldPolicy, costs: Costs) -> Seal | None:
    """Set which seals are shown with this new one: all so far, or, in a new generation, those in half the budget.

    One that would not be shown itself becomes a line that names its turns, so that those before it can stay; None where
    the model has not answered its turns: those are shown in parts.
    """
    shown = begun.visible_seals
    gone = count_evicted([*shown, seal], policy, head_tokens=begun.head_tokens)
    if seal.is_unseen and (seal.kind == "named" or gone > len(shown)):
        return None
    if gone > len(shown) and seal.kind != "named":
        turns = [recent.turn for recent in begun.tail[: len(seal.anchors)]]
        seal = _named_seal(begun, turns, costs)
    return _place_in_budget(begun, seal, policy)


def _place_in_budget(begun: Fold, seal: Seal, policy: FoldPolicy) -> Seal:
    """Return a seal that says which are shown with it."""
    gone = count_evicted([*begun.visible_seals, seal], policy, head_tokens=begun.head_tokens)
    return replace(seal, oldest=begun.oldest + gone, generation=begun.generation + (1 if gone else 0))


def _last_page_number(seals: Sequence[Seal]) -> int:
    return next((seal.pages[-1].number for seal in reversed(seals) if seal.pages), 0)
