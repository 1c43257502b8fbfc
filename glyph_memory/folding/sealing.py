"""Add one turn to a fold: decide where the tail is cut, seal what may be sealed, evict what no longer fits.

Knows turns and their token counts; what pages cost comes in as `Costs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from glyph_memory.folding.policy import FoldPolicy, count_evicted
from glyph_memory.folding.room import count_beside, count_leaving, is_crowded
from glyph_memory.folding.seal import Costs, DrawnRun, Seal, SealedCall, run_digest
from glyph_memory.folding.state import Fold, RecentTurn
from glyph_memory.transcript import Turn

_CALL_CHARS = 80
"""Of a call's arguments are kept beside its seal."""


def find_run_lengths(tail: Sequence[RecentTurn], policy: FoldPolicy) -> Iterator[int]:
    """Return the lengths, in turns, of the runs at the tail's start that may be sealed, best first; often none.

    The first leaves `keep_recent_tokens` and is otherwise as long as it can be: the fewer seals, the fewer times a
    server reads recent text anew. A second one takes in the group of turns that follows, if that is larger than a
    seal by itself: such a group becomes pages though little text is left behind it.
    """
    total = sum(recent.total_tokens for recent in tail)
    if total <= policy.trigger_tokens:
        return
    run_tokens = length = 0
    for group in list_sealable_groups(tail, policy):
        tokens = sum(recent.total_tokens for recent in group)
        if total - run_tokens - tokens < policy.keep_recent_tokens:
            if run_tokens >= policy.seal_tokens:
                yield length
            if tokens > policy.seal_tokens:
                yield length + len(group)
            return
        run_tokens, length = run_tokens + tokens, length + len(group)
    if run_tokens >= policy.seal_tokens:
        yield length


def list_sealable_groups(tail: Sequence[RecentTurn], policy: FoldPolicy) -> list[Sequence[RecentTurn]]:
    """Return the groups of turns that may be sealed, oldest first.

    What the model has not answered yet is none, unless the policy wants it as pages; nor is what still waits for a
    tool's result.
    """
    turns = [recent.turn for recent in tail]
    if policy.unseen == "pages":
        return [] if has_open_call(turns) else list(_split_groups(tail))
    answered = count_answered(turns)
    sealable, length = list[Sequence[RecentTurn]](), 0
    for group in _split_groups(tail):
        length += len(group)
        if length > answered or has_open_call([recent.turn for recent in group]):
            break
        sealable.append(group)
    return sealable


def count_answered(turns: Sequence[Turn]) -> int:
    """Count the turns that the model has answered: all up to its own last one."""
    return next((place for place in range(len(turns), 0, -1) if turns[place - 1].role == "assistant"), 0)


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
    lengths = list(find_run_lengths(begun.tail, policy))
    for length in lengths:
        seal = _try_pages(begun, length, policy, costs)
        if seal is not None:
            return seal
    for length in lengths:
        run = begun.tail[:length]
        if sum(recent.total_tokens for recent in run) >= policy.max_run_tokens:
            return _try_text(begun, length, policy, costs)
    return None


def _early_seal(begun: Fold, policy: FoldPolicy, costs: Costs) -> Seal | None:
    """Return the seal of what was answered, sooner than it is due, where what is new needs its room; else None.

    Where that is not enough, earlier ones among the many turns that nobody answered become pages, too; what came last
    never does.
    """
    if not begun.tail or not is_crowded(begun, policy):
        return None
    answered = sum(map(len, list_sealable_groups(begun.tail, policy)))
    if answered and (seal := _try_pages(begun, answered, policy, costs)) is not None:
        return seal
    if not is_crowded(begun, policy, without_seals=True):
        return None  # the oldest seals leave instead
    if answered:
        return _try_text(begun, answered, policy, costs)
    waiting = _count_waiting(begun.tail, policy)
    return _try_pages(begun, waiting, policy, costs) if waiting else None


def _count_waiting(tail: Sequence[RecentTurn], policy: FoldPolicy) -> int:
    """Count the turns at the tail's start that nobody answered and that are no part of what was asked last.

    Those before the last user's turn, up to one that is larger than a run may be: that one is shown in parts at the
    worst, where it would be lost as a seal.
    """
    users = [place for place, recent in enumerate(tail) if recent.turn.role == "user"]
    length = tokens = 0
    for group in _split_groups(tail):
        size = sum(recent.total_tokens for recent in group)
        is_last = not users or length + len(group) > users[-1]
        if is_last or size > policy.max_run_tokens or has_open_call([recent.turn for recent in group]):
            break
        length, tokens = length + len(group), tokens + size
    return length if tokens >= policy.seal_tokens else 0


def _try_pages(begun: Fold, length: int, policy: FoldPolicy, costs: Costs) -> Seal | None:
    """Return the seal of a run as pages; None where they do not pay, or would leave at once though they are new."""
    turns = [recent.turn for recent in begun.tail[:length]]
    text = costs.count_content_tokens(turns)
    drawn = costs.draw_run(
        turns, first_page=_last_page_number(begun.seals) + 1, ledger_tokens=int(text * policy.ledger_share)
    )
    if drawn.tokens * policy.min_ratio > text:
        return None
    return _fit_budget(begun, _pages_seal(begun, turns, drawn, text_tokens=text, costs=costs), policy)


def _try_text(begun: Fold, length: int, policy: FoldPolicy, costs: Costs) -> Seal | None:
    """Return the seal of a run as text; None where it would leave at once though it is new."""
    return _fit_budget(begun, _text_seal(begun, begun.tail[:length], costs), policy)


def _pages_seal(
    begun: Fold, turns: Sequence[Turn], bound: DrawnRun, *, text_tokens: int, costs: Costs
) -> Seal:
    return Seal(
        number=begun.seals[-1].number + 1 if begun.seals else 1,
        kind="pages",
        anchors=_anchors(turns),
        turns=run_digest(turns),
        sealed_at=begun.last_anchor,
        pages=bound.pages,
        pictures=bound.pictures,
        attachments=bound.attachments,
        ledger=bound.ledger,
        ledger_omitted=bound.ledger_omitted,
        text_tokens=text_tokens,
        tokens=bound.tokens + count_beside(bound.pictures, bound.attachments),
        calls=_describe_calls(turns),
        is_unseen=count_answered([recent.turn for recent in begun.tail]) < len(turns),
        previous=begun.seals[-1].digest if begun.seals else "",
        fingerprint=costs.fingerprint,
    )


def _text_seal(begun: Fold, run: Sequence[RecentTurn], costs: Costs) -> Seal:
    turns = [recent.turn for recent in run]
    pictures, attachments = costs.describe_pictures(turns), costs.describe_attachments(turns)
    return Seal(
        number=begun.seals[-1].number + 1 if begun.seals else 1,
        kind="text",
        anchors=_anchors(turns),
        turns=run_digest(turns),
        sealed_at=begun.last_anchor,
        pictures=pictures,
        attachments=attachments,
        text_tokens=costs.count_content_tokens(turns),
        tokens=costs.count_quote_tokens(turns) + count_beside(pictures, attachments),
        calls=_describe_calls(turns),
        is_unseen=count_answered([recent.turn for recent in begun.tail]) < len(turns),
        previous=begun.seals[-1].digest if begun.seals else "",
        fingerprint=costs.fingerprint,
    )


def _fit_budget(begun: Fold, seal: Seal, policy: FoldPolicy) -> Seal | None:
    """Set which seals are shown with this new one: all so far, or, in a new generation, those in half the budget.

    None where not even this one would be, though the model has not answered its turns: those are shown in parts.
    """
    gone = count_evicted([*begun.visible_seals, seal], policy, head_tokens=begun.head_tokens)
    if seal.is_unseen and gone > len(begun.visible_seals):
        return None
    return replace(seal, oldest=begun.oldest + gone, generation=begun.generation + (1 if gone else 0))


def _describe_calls(turns: Sequence[Turn]) -> tuple[SealedCall, ...]:
    """Return the calls after a run's last user turn, each with the beginning of its arguments."""
    last = max((place for place, turn in enumerate(turns) if turn.role == "user"), default=-1)
    return tuple(
        SealedCall(
            anchor=turn.anchor or 0, name=call.name[:_CALL_CHARS], arguments=call.arguments[:_CALL_CHARS]
        )
        for turn in turns[last + 1 :]
        for call in turn.tool_calls
    )


def _last_page_number(seals: Sequence[Seal]) -> int:
    return next((seal.pages[-1].number for seal in reversed(seals) if seal.pages), 0)


def _anchors(turns: Sequence[Turn]) -> tuple[int, ...]:
    return tuple(turn.anchor for turn in turns if turn.anchor is not None)
