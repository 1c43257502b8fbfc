"""Skip what could not be shown anyway: the beginning of a long history that is folded all at once.

The measure is characters, so that nothing of what is skipped is counted or drawn. Places where a fold may begin are
fixed by the characters before them, and every fold ends a run there: whoever folds a history anew sees the same runs,
whatever was remembered. Knows turns, and how much pages hold; draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from glyph_memory.folding.budget import count_showable_pages
from glyph_memory.folding.costs import Costs
from glyph_memory.folding.groups import count_answered, list_run_ends
from glyph_memory.folding.policy import FoldPolicy
from glyph_memory.folding.room import find_trigger
from glyph_memory.folding.seal import Seal, describe_calls, run_digest
from glyph_memory.folding.state import Fold
from glyph_memory.folding.tail import count_characters
from glyph_memory.transcript import Turn

_TEXT_CHARACTERS = 4
"""Characters of a text token, as a rule."""
_SAMPLE = 128
"""How many skipped turns are counted, to estimate what all of them would cost as text."""
_SAMPLE_CHARACTERS = 1_000
"""How much of each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadTurns:
    """Turns that wait, and that whoever keeps them did not read: they are skipped for certain.

    They are if `find_start` skips any of those that follow them and begin with a user's turn.
    """

    anchors: tuple[int, ...]
    """Theirs, in order."""
    characters: int
    """What all of them take, as `count_characters` says."""
    pinned: tuple[Turn, ...]
    """Those that are pinned."""
    read: Callable[[Sequence[int]], Sequence[Turn]]
    """Reads some of them, by their anchors."""


def measure_span(policy: FoldPolicy, costs: Costs) -> int:
    """Return how many characters lie between two places where a fold may begin: half of what can be shown.

    That is what recent turns and pages full of prose hold together, beside no head. What other text takes is less, so
    that there is enough of it to fill the budget at least by half. Heads are left out, so that a system prompt that
    changes moves nothing.
    """
    page = costs.measure_page()
    pages = count_showable_pages(policy, page)
    return max(1, (pages * page.characters + policy.tail_tokens * _TEXT_CHARACTERS) // 2)


def find_start(turns: Sequence[Turn], *, before: int, policy: FoldPolicy, costs: Costs) -> int:
    """Return how many of the turns that wait are skipped, mostly none.

    As many as leave a span of characters to fold, and only where two spans wait. What the model has not answered yet is
    neither skipped nor counted.

    Args:
        turns: Those that wait.
        before: How many characters were said before them.
        policy: How much can be shown.
        costs: How much a page holds.
    """
    known = len(turns) if policy.unseen == "pages" else count_answered(turns)
    sums = [*accumulate(map(count_characters, turns[:known]), initial=before)]
    if not _is_enough(sums[-1] - before, policy, costs):
        return 0
    start, span = 0, measure_span(policy, costs)
    for place in list_run_ends(turns[:known]):
        if sums[-1] - sums[place] < span:
            break
        if sums[place] // span > sums[start] // span:
            start = place
    return start


def find_run_end(fold: Fold, policy: FoldPolicy, costs: Costs, *, within: int) -> int | None:
    """Return after how many turns of the tail a run has to end, as a fold may begin there; None where it need not.

    Args:
        fold: The conversation.
        policy: How much can be shown.
        costs: How much a page holds.
        within: After how many turns a run ends in any case; later ones are not looked at.
    """
    if not within or fold.tail_tokens <= find_trigger(fold, policy):
        return None
    turns, before = [recent.turn for recent in fold.tail[:within]], fold.sealed_characters
    sums = [*accumulate(map(count_characters, turns), initial=before)]
    span = measure_span(policy, costs)
    if sums[-1] // span == before // span:
        return None
    return next((place for place in list_run_ends(turns) if sums[place] // span > before // span), None)


def may_skip(fold: Fold, turns: Sequence[Turn], *, policy: FoldPolicy, costs: Costs) -> bool:
    """Return whether so much waits with these turns that some may be skipped; the tail is not gone through."""
    return _is_enough(_count_known_characters(fold, turns, policy), policy, costs)


def _count_known_characters(fold: Fold, turns: Iterable[Turn], policy: FoldPolicy) -> int:
    """Return what the tail and the turns after it take, but for those at the end that no fold skips."""
    said, known = fold.sums.characters, fold.sums.answered_characters
    for turn in turns:
        said += count_characters(turn)
        known = said if turn.role == "assistant" else known
    return said if policy.unseen == "pages" else known


def _is_enough(waiting: int, policy: FoldPolicy, costs: Costs) -> bool:
    """Return whether so many characters are two spans; less than is sealed at all: no page has to be measured."""
    return waiting > policy.trigger_tokens and waiting >= 2 * measure_span(policy, costs)


def is_outgrown(fold: Fold, turns: Iterable[Turn], *, before: int, policy: FoldPolicy, costs: Costs) -> bool:
    """Return whether folding all turns anew might skip more than the fold did, were it to go on with these turns.

    Args:
        fold: What was folded so far.
        turns: What comes next.
        before: How many characters were said before the turns that would be folded anew.
        policy: How much can be shown.
        costs: How much a page holds.
    """
    said = fold.sealed_characters + _count_known_characters(fold, turns, policy)
    if said - before <= policy.trigger_tokens:
        return False
    span = measure_span(policy, costs)
    skipped = [seal.characters for seal in fold.seals if seal.kind == "skipped" and seal.characters > before]
    begun = max([before, *skipped])
    # Every fold ends a run at the next place where one may begin, unless none has come so far.
    ends = [seal.characters for seal in fold.seals if seal.characters // span > begun // span]
    return said - before >= 2 * span and said - min(ends, default=(begun // span + 1) * span) >= span


def skip_turns(
    fold: Fold,
    turns: Sequence[Turn],
    *,
    policy: FoldPolicy,
    costs: Costs,
    unread: UnreadTurns | None = None,
) -> Fold:
    """Return the fold with turns that follow its seals skipped: in one seal that is never shown, nor those before it.

    Args:
        fold: A fold without a tail.
        turns: The turns, with their anchors; the last user's among them.
        policy: How much can be shown.
        costs: Counts a sample of the turns.
        unread: Others among them, which were not read.
    """
    anchors = tuple(turn.anchor for turn in turns if turn.anchor is not None)
    pinned = [turn for turn in turns if turn.pinned]
    said = sum(map(count_characters, turns))
    if unread is not None:
        anchors, said = tuple(sorted((*anchors, *unread.anchors))), said + unread.characters
        pinned = sorted([*pinned, *unread.pinned], key=lambda turn: turn.anchor or 0)
    number = fold.seals[-1].number + 1 if fold.seals else 1
    characters = fold.sealed_characters + said
    span = measure_span(policy, costs)
    seal = Seal(
        number=number,
        generation=fold.generation + characters // span - fold.sealed_characters // span,
        oldest=number + 1,
        kind="skipped",
        anchors=anchors,
        turns=run_digest(turns) if unread is None else "",
        sealed_at=anchors[-1],
        calls=describe_calls(turns),
        text_tokens=_estimate_tokens(_take_sample(anchors, turns, unread), said, costs),
        tokens=0,
        characters=characters,
        previous=fold.seals[-1].digest if fold.seals else "",
        fingerprint=costs.fingerprint,
    )
    return replace(
        fold,
        seals=(*fold.seals, seal),
        oldest=seal.oldest,
        request=next((turn for turn in reversed(turns) if turn.role == "user"), fold.request),
        pinned=(*fold.pinned, *pinned),
        generation=seal.generation,
        last_anchor=anchors[-1],
        highest_sealed_anchor=max(fold.highest_sealed_anchor, anchors[-1]),
    )


def _take_sample(anchors: Sequence[int], turns: Sequence[Turn], unread: UnreadTurns | None) -> Sequence[Turn]:
    """Return some of the turns, evenly spread."""
    step = -(-len(anchors) // _SAMPLE)
    if unread is None:
        return turns[::step]
    wanted = anchors[::step]
    read = {turn.anchor: turn for turn in turns}
    read |= {turn.anchor: turn for turn in unread.read([one for one in wanted if one not in read])}
    return [read[anchor] for anchor in wanted if anchor in read]  # one may have been erased just now


def _estimate_tokens(some: Sequence[Turn], characters: int, costs: Costs) -> int:
    """Estimate what turns of so many characters would cost as text, from some of them."""
    sample = [replace(turn, text=turn.text[:_SAMPLE_CHARACTERS]) for turn in some]
    share = characters / max(1, sum(map(count_characters, sample)))
    return round(costs.count_content_tokens(sample) * share)
