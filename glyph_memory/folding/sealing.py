"""Add one turn to a fold: decide where the tail is cut, seal what may be sealed, evict what no longer fits.

Knows turns and their token counts; what pages cost comes in as `Costs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from glyph_memory.folding.budget import count_evicted
from glyph_memory.folding.costs import Costs
from glyph_memory.folding.groups import count_answered, has_open_call, split_groups
from glyph_memory.folding.policy import FoldPolicy
from glyph_memory.folding.room import count_beside, count_leaving, is_crowded
from glyph_memory.folding.seal import Seal, describe_calls, run_digest
from glyph_memory.folding.skipping import count_characters, find_run_end
from glyph_memory.folding.state import Fold, RecentTurn
from glyph_memory.transcript import Turn

_MOST_RATIO = 6
"""How many tokens of text a token of pages stands for at the most: what has more is not even drawn."""


def find_run_lengths(
    tail: Sequence[RecentTurn], policy: FoldPolicy, *, end: int | None = None
) -> Iterator[int]:
    """Return the lengths, in turns, of the runs at the tail's start that may be sealed, best first; often none.

    The first leaves `keep_recent_tokens` and is otherwise as long as it can be: the fewer seals, the fewer times a
    server reads recent text anew. A second one takes in the group of turns that follows, if that is larger than a
    seal by itself: such a group becomes pages though little text is left behind it. No run goes beyond `end`, and one
    that would ends there, however small it is.
    """
    total = sum(recent.total_tokens for recent in tail)
    if total <= policy.trigger_tokens:
        return
    run_tokens = length = 0
    for group in list_sealable_groups(tail, policy):
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


def list_sealable_groups(tail: Sequence[RecentTurn], policy: FoldPolicy) -> list[Sequence[RecentTurn]]:
    """Return the groups of turns that may be sealed, oldest first.

    What the model has not answered yet is none, unless the policy wants it as pages; nor is what still waits for a
    tool's result.
    """
    turns = [recent.turn for recent in tail]
    if policy.unseen == "pages":
        return [] if has_open_call(turns) else list(split_groups(tail))
    answered = count_answered(turns)
    sealable, length = list[Sequence[RecentTurn]](), 0
    for group in split_groups(tail):
        length += len(group)
        if length > answered or has_open_call([recent.turn for recent in group]):
            break
        sealable.append(group)
    return sealable


def step(begun: Fold, turn: Turn, *, policy: FoldPolicy, costs: Costs) -> Fold:
    """Return the fold with one more turn, sealed as far as the policy asks."""
    is_head = turn.role == "system" and not begun.tail and not begun.seals
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
    return seal_ready_runs(add_to_tail(begun, turn, costs), policy, costs)


def add_to_tail(begun: Fold, turn: Turn, costs: Costs) -> Fold:
    """Return the fold with a turn added to its tail."""
    pictures = costs.count_picture_tokens(turn) if turn.images or turn.attachments else 0
    recent = RecentTurn(turn=turn, tokens=costs.count_message_tokens(turn), picture_tokens=pictures)
    return replace(
        begun,
        tail=(*begun.tail, recent),
        last_anchor=max(begun.last_anchor, turn.anchor or 0),
    )


def seal_ready_runs(begun: Fold, policy: FoldPolicy, costs: Costs) -> Fold:
    """Seal all runs that are ready to be sealed, mostly none; then make room for what is new."""
    if begun.tail_tokens <= policy.trigger_tokens and not is_crowded(begun, policy):
        return begun
    while (seal := _next_seal(begun, policy, costs) or _early_seal(begun, policy, costs)) is not None:
        begun = _add_seal(begun, seal)
    gone = count_leaving(begun, policy)
    if not gone:
        return begun
    return replace(begun, oldest=begun.oldest + gone, generation=begun.generation + 1)


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
    end = find_run_end(begun, policy, costs)
    lengths = list(find_run_lengths(begun.tail, policy, end=end))
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
    end = find_run_end(begun, policy, costs) or len(begun.tail)
    answered = min(end, _count_showable(begun, policy))
    if answered and (seal := _try_pages(begun, answered, policy, costs)) is not None:
        return seal
    is_stuck = is_crowded(begun, policy, without_seals=True)
    if is_stuck and sum(recent.total_tokens for recent in begun.tail[:answered]) >= policy.seal_tokens:
        return _try_text(begun, answered, policy, costs)
    # What nobody answered becomes pages rather than that pages leave which nobody answered either.
    if is_stuck or any(seal.is_unseen for seal in begun.visible_seals):
        return _waiting_seal(begun, end, policy, costs)
    return None  # the oldest seals leave instead


def _waiting_seal(begun: Fold, end: int, policy: FoldPolicy, costs: Costs) -> Seal | None:
    """Return the seal of the first turns that nobody answered; None where there are none but those asked last."""
    waiting = min(end, _count_waiting(begun.tail, policy))
    if not waiting:
        return None
    seal = _try_pages(begun, waiting, policy, costs) or _try_text(begun, waiting, policy, costs)
    if seal is not None:
        return seal
    turns = [recent.turn for recent in begun.tail[:waiting]]
    return _place_in_budget(begun, _named_seal(begun, turns, costs), policy)


def _count_showable(begun: Fold, policy: FoldPolicy) -> int:
    """Count the turns that may be sealed, up to a group that is too large to be shown: that one is a seal by itself."""
    most = _MOST_RATIO * policy.seal_budget_tokens(head_tokens=begun.head_tokens)
    length = 0
    for group in list_sealable_groups(begun.tail, policy):
        if length and sum(recent.total_tokens for recent in group) > most:
            break
        length += len(group)
    return length


def _count_waiting(tail: Sequence[RecentTurn], policy: FoldPolicy) -> int:
    """Count the turns at the tail's start that nobody answered and that are no part of what was asked last.

    As many as a run may have of those before the last user's turn; none where the first is larger: that one is shown in
    parts at the worst, where it would be lost as a seal.
    """
    users = [place for place, recent in enumerate(tail) if recent.turn.role == "user"]
    length = tokens = 0
    for group in split_groups(tail):
        size = sum(recent.total_tokens for recent in group)
        is_last = not users or length + len(group) > users[-1]
        if (
            is_last
            or tokens + size > policy.max_run_tokens
            or has_open_call([recent.turn for recent in group])
        ):
            break
        length, tokens = length + len(group), tokens + size
    return length if tokens >= policy.seal_tokens else 0


def _try_pages(begun: Fold, length: int, policy: FoldPolicy, costs: Costs) -> Seal | None:
    """Return the seal of a run as pages; None where they do not pay, or would leave at once though they are new."""
    turns = [recent.turn for recent in begun.tail[:length]]
    text = costs.count_content_tokens(turns)
    if text > _MOST_RATIO * policy.seal_budget_tokens(head_tokens=begun.head_tokens):
        return _fit_budget(begun, _named_seal(begun, turns, costs), policy, costs)
    drawn = costs.draw_run(
        turns, first_page=_last_page_number(begun.seals) + 1, ledger_tokens=int(text * policy.ledger_share)
    )
    if drawn.tokens * policy.min_ratio > text:
        return None
    seal = replace(
        _begin_seal(begun, turns, text_tokens=text, costs=costs),
        pages=drawn.pages,
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
        is_unseen=count_answered([recent.turn for recent in begun.tail]) < len(turns),
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
