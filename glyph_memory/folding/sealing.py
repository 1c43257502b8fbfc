"""Add one turn to a fold: decide where the tail is cut, seal what may be sealed, evict what no longer fits.

Knows turns and their token counts; what pages cost comes in as `Costs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from glyph_memory.folding.policy import FoldPolicy, count_evicted
from glyph_memory.folding.seal import Costs, DrawnRun, Seal, SealedAttachment, SealedPicture, run_digest
from glyph_memory.folding.state import Fold, RecentTurn
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
    """Seal all runs that are ready to be sealed; mostly there is none."""
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
            oldest=seal.oldest,
            tail=tail,
            request=None if has_newer else request,
            pinned=(*begun.pinned, *(turn for turn in run if turn.pinned)),
            generation=seal.generation,
            highest_sealed_anchor=max(begun.highest_sealed_anchor, seal.anchors[-1]),
        )


def _next_seal(begun: Fold, policy: FoldPolicy, costs: Costs) -> Seal | None:
    lengths = list(find_run_lengths(begun.tail, policy))
    first_page = _last_page_number(begun.seals) + 1 if lengths else 1
    for length in lengths:
        turns = [recent.turn for recent in begun.tail[:length]]
        text = costs.count_content_tokens(turns)
        bound = costs.draw_run(turns, first_page=first_page, ledger_tokens=int(text * policy.ledger_share))
        if bound.tokens * policy.min_ratio <= text:
            return _fit_budget(begun, _pages_seal(begun, turns, bound, text_tokens=text, costs=costs), policy)
    for length in lengths:
        run = begun.tail[:length]
        if sum(recent.total_tokens for recent in run) >= policy.max_run_tokens:
            return _fit_budget(begun, _text_seal(begun, run, costs), policy)
    return None


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
        tokens=bound.tokens + _count_beside(bound.pictures, bound.attachments),
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
        tokens=costs.count_quote_tokens(turns) + _count_beside(pictures, attachments),
        previous=begun.seals[-1].digest if begun.seals else "",
        fingerprint=costs.fingerprint,
    )


def _count_beside(pictures: Sequence[SealedPicture], attachments: Sequence[SealedAttachment]) -> int:
    """Return what pictures and attachments cost that are sent beside a seal's pages or text."""
    sent = sum(one.tokens or 0 for one in attachments if one.is_sent)
    return sum(picture.tokens for picture in pictures) + sent


def _fit_budget(begun: Fold, seal: Seal, policy: FoldPolicy) -> Seal:
    """Set which seals are shown with this new one: all so far, or, in a new generation, those in half the budget."""
    gone = count_evicted([*begun.visible_seals, seal], policy, head_tokens=begun.head_tokens)
    return replace(seal, oldest=begun.oldest + gone, generation=begun.generation + (1 if gone else 0))


def _last_page_number(seals: Sequence[Seal]) -> int:
    return next((seal.pages[-1].number for seal in reversed(seals) if seal.pages), 0)


def _anchors(turns: Sequence[Turn]) -> tuple[int, ...]:
    return tuple(turn.anchor for turn in turns if turn.anchor is not None)
