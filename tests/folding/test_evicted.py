"""A fold that drops evicted seals goes on exactly as one that keeps them all."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.folding import Fold, FoldPolicy, fold, step
from glyph_memory.transcript import Turn
from tests.folding.fakes import WordCosts, conversations, policies, say, system

thorough = settings(deadline=None, max_examples=60)
NARROW = FoldPolicy(
    window_tokens=450, output_tokens=50, keep_recent_tokens=10, seal_tokens=20, trigger_tokens=50,
    max_run_tokens=60, pinned_tokens=0, min_ratio=1.5,
)  # fmt: skip
"""Room for a few seals, so that the oldest leave soon."""
TALK = [system(5), *(say("user" if n % 2 else "assistant", 15, first=f"w{n}") for n in range(2, 60))]


def shown(begun: Fold) -> tuple[object, ...]:
    """All that a context depends on."""
    recent = [one.turn for one in begun.tail]
    return (
        begun.head,
        begun.visible_seals,
        begun.evicted_anchors,
        recent,
        begun.request,
        begun.generation,
        begun.highest_sealed_anchor,
        begun.last_anchor,
    )


def test_a_fold_whose_seals_have_all_room_sheds_none() -> None:
    """It is the same object."""
    begun = fold(TALK[:6], policy=NARROW, costs=WordCosts())
    assert begun.seals
    assert begun.drop_evicted() is begun


def test_what_has_left_is_shed_and_its_anchors_are_known() -> None:
    """Of fifteen seals a few stay; the turns before them are one stretch from the first turn after the head."""
    whole = fold(TALK, policy=NARROW, costs=WordCosts())
    compact = whole.drop_evicted()
    assert whole.evicted_seals
    assert not compact.evicted_seals
    assert compact.visible_seals == whole.visible_seals
    assert (
        compact.compacted_anchors
        == ((2, whole.evicted_seals[-1].anchors[-1]),)
        == whole.evicted_anchors
        == compact.evicted_anchors
    )
    ends = whole.evicted_anchors[0][0], whole.evicted_anchors[-1][1]
    assert whole.evicted_span == compact.evicted_span == ends
    assert Fold().evicted_span is None
    assert compact.drop_evicted() is compact


def test_anchors_with_gaps_are_kept_as_stretches() -> None:
    """After an edit, dropped anchors are nobody's."""
    first = fold(TALK[:30], policy=NARROW, costs=WordCosts())
    edited = [*TALK[:4], say("user", 15, first="edited"), *TALK[5:]]
    whole = fold(
        edited,
        seals=first.seals,
        highest_sealed_anchor=first.highest_sealed_anchor,
        policy=NARROW,
        costs=WordCosts(),
    )
    anchors = [turn for seal in whole.evicted_seals for turn in seal.anchors]
    told = [anchor for low, high in whole.drop_evicted().compacted_anchors for anchor in range(low, high + 1)]
    assert told == anchors
    assert len(whole.drop_evicted().compacted_anchors) == 2


@thorough
@given(talk=conversations, policy=policies(), at=st.integers(0, 40))
def test_going_on_from_what_is_left_is_going_on(talk: list[Turn], policy: FoldPolicy, at: int) -> None:
    """Step by step and by `fold`, whatever was evicted on the way."""
    costs = WordCosts()
    stop = min(at, len(talk))
    begun = fold(talk[:stop], policy=policy, costs=costs).drop_evicted()
    whole = fold(talk, policy=policy, costs=costs)
    went_on = begun
    for turn in talk[stop:]:
        went_on = step(went_on, turn, policy=policy, costs=costs).drop_evicted()
    assert shown(went_on) == shown(whole)

    count = len(begun.head) + sum(last - first + 1 for first, last in begun.compacted_anchors)
    sealed = [replace(turn, anchor=None) for turn in talk[len(begun.head) : count]]
    users = [place for place, turn in enumerate(sealed) if turn.role == "user"]
    anchors = [anchor for first, last in begun.compacted_anchors for anchor in range(first, last + 1)]
    request = replace(sealed[users[-1]], anchor=anchors[users[-1]]) if users else None
    resumed = fold(
        [*talk[: len(begun.head)], *talk[count:]],
        policy=policy,
        costs=costs,
        head_turns=len(begun.head),
        seals=begun.seals,
        highest_sealed_anchor=begun.highest_sealed_anchor,
        generation=begun.generation,
        compacted_anchors=begun.compacted_anchors,
        compacted_calls=begun.compacted_calls,
        oldest=begun.oldest,
        request=request,
    )
    pinned = any(turn.pinned for turn in sealed)
    assert pinned or shown(resumed) == shown(whole)


def test_a_system_turn_behind_evicted_ones_does_not_join_the_head() -> None:
    """Left out, they no longer stand between the two."""
    talk = [system(5), *(say("system" if n % 2 else "assistant", 15, first=f"w{n}") for n in range(2, 60))]
    begins = [fold(talk[:stop], policy=NARROW, costs=WordCosts()).drop_evicted() for stop in range(20, 60)]
    counts = [1 + sum(last - first + 1 for first, last in one.compacted_anchors) for one in begins]
    begun, count = next(
        (one, count) for one, count in zip(begins, counts, strict=True) if talk[count].role == "system"
    )
    talk = talk[: begun.last_anchor]
    resumed = fold(
        [*talk[:1], *talk[count:]],
        policy=NARROW,
        costs=WordCosts(),
        seals=begun.seals,
        highest_sealed_anchor=begun.highest_sealed_anchor,
        generation=begun.generation,
        compacted_anchors=begun.compacted_anchors,
        compacted_calls=begun.compacted_calls,
        oldest=begun.oldest,
        head_turns=1,
    )
    assert resumed.head == begun.head
    assert resumed.seals == begun.seals
