"""A long history that is folded at once begins where it can be shown; what is skipped is evicted, unseen."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory import FoldPolicy, ModelProfile
from glyph_memory.context import Binder
from glyph_memory.folding import (
    Fold,
    add_turns,
    count_characters,
    fold,
    is_outgrown,
    resume,
    run_digest,
    step,
)
from glyph_memory.folding.skipping import measure_span
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Turn
from tests.folding.fakes import (
    SMALL,
    WordCosts,
    assistant,
    conversations,
    one_by_one,
    places,
    policies,
    result,
    say,
    system,
    user,
)

thorough = settings(deadline=None, max_examples=40)
COSTS = WordCosts(page_characters=60)
TALK = [
    system(5),
    *(say("user" if n % 2 else "assistant", 15, first=f"w{n:03}", pinned=n == 7) for n in range(2, 302)),
]
"""Three hundred turns of 45 characters."""
SPAN = measure_span(SMALL, COSTS)


def costs() -> WordCosts:
    """Costs that write down what they are asked."""
    return replace(COSTS, counted=[], bound=[])


def test_half_of_what_can_be_shown_lies_between_two_places_where_a_fold_may_begin() -> None:
    """53 pages of 60 characters, and 90 tokens of recent text at four characters."""
    assert SMALL.seal_budget_tokens(head_tokens=0) == 524
    assert SMALL.tail_tokens == 90
    assert SPAN == (53 * 60 + 90 * 4) // 2 == 1770
    assert {count_characters(turn) for turn in TALK[1:]} == {12 + 4 + 14 * 2}


def test_the_beginning_of_a_long_history_is_one_seal_that_is_not_shown() -> None:
    """300 turns of 44 characters are 13,200; at 1,770 begins the sixth span, which leaves two."""
    folded = fold(TALK, policy=SMALL, costs=costs())
    first = folded.seals[0]
    assert (first.kind, first.number, first.oldest, first.tokens, first.pages) == ("skipped", 1, 2, 0, ())
    assert first.characters == 44 * len(first.anchors)
    assert first.characters // SPAN == 6
    assert first.anchors == tuple(range(2, 2 + len(first.anchors)))
    assert first.turns == run_digest(replace(TALK[anchor - 1], anchor=anchor) for anchor in first.anchors)
    assert folded.oldest >= 2
    assert folded.generation == first.generation + (folded.oldest > 2)
    assert places(folded) == [*range(1, 302)]


def test_nothing_of_what_is_skipped_is_counted_or_drawn() -> None:
    """What is counted comes after it."""
    asked = costs()
    folded = fold(TALK, policy=SMALL, costs=asked)
    skipped = {*folded.seals[0].anchors}
    assert not skipped & {anchor for anchor in asked.counted if anchor}
    assert not skipped & {anchor for run in asked.bound for anchor in run}


def test_what_it_would_cost_as_text_is_estimated_from_a_sample() -> None:
    """All turns are alike here, so the estimate is right."""
    first = fold(TALK, policy=SMALL, costs=costs()).seals[0]
    assert first.text_tokens == 15 * len(first.anchors)


def test_the_runs_after_it_are_those_of_a_fold_that_skips_nothing() -> None:
    """Each fold ends a run where another may begin; and the recent turns, request and pins are the same."""
    folded, whole = fold(TALK, policy=SMALL, costs=costs()), one_by_one(TALK, costs=costs())
    runs, all_runs = [seal.turns for seal in folded.seals[1:]], [seal.turns for seal in whole.seals]
    assert runs == all_runs[-len(runs) :]
    assert folded.tail == whole.tail
    assert folded.request == whole.request
    assert [turn.anchor for turn in folded.pinned] == [turn.anchor for turn in whole.pinned] == [7]


def test_nothing_is_skipped_that_could_be_shown() -> None:
    """Half of the budget is filled, but for a seal, or all is shown that a fold shows that skips nothing."""
    for length in range(60, 301, 7):
        folded = fold(TALK[:length], policy=SMALL, costs=costs())
        whole = one_by_one(TALK[:length], costs=costs())
        shown, all_shown = (sum(seal.tokens for seal in one.visible_seals) for one in (folded, whole))
        assert shown >= min(all_shown, SMALL.seal_budget_tokens(head_tokens=0) // 2 - 20)


def test_it_goes_on_from_a_skipped_seal_as_from_any() -> None:
    """A store reads seals and the turns after them; a framework gives seals and all turns."""
    folded = fold(TALK, policy=SMALL, costs=costs())
    first = folded.seals[0]
    numbered = [replace(turn, anchor=anchor) for anchor, turn in enumerate(TALK, 1)]
    last = first.anchors[-1]
    users = [turn for turn in numbered[:last] if turn.role == "user"]
    for kept in (folded.seals[:1], folded.seals):
        last = kept[-1].anchors[-1]
        users = [turn for turn in numbered[:last] if turn.role == "user"]
        pinned = [turn for turn in numbered[:last] if turn.pinned]
        again = resume(
            head=numbered[:1],
            seals=kept,
            recent=numbered[last:],
            request=users[-1],
            pinned=pinned,
            policy=SMALL,
            costs=costs(),
        )
        assert again == folded
    assert fold(TALK, seals=folded.seals, policy=SMALL, costs=costs()) == folded
    dropped = folded.drop_evicted()
    assert (2, first.anchors[-1]) <= dropped.compacted_anchors[0]
    assert dropped.evicted_anchors == folded.evicted_anchors


def test_a_turn_that_is_edited_among_those_skipped_drops_the_seal() -> None:
    """As with any; the anchors that were given are not given again."""
    folded = fold(TALK, policy=SMALL, costs=costs())
    talk = [*TALK]
    talk[5] = user(15, first="edit")
    again = fold(talk, seals=folded.seals, policy=SMALL, costs=costs())
    assert again.seals[0].turns != folded.seals[0].turns
    assert min(again.seals[0].anchors) > max(folded.seals[-1].anchors)


def test_very_many_turns_that_come_at_once_are_skipped_after_seals_that_stand() -> None:
    """The seals before them leave, as they would if each turn had come alone."""
    begun = fold(TALK[:40], policy=SMALL, costs=costs())
    folded = add_turns(begun, TALK[40:], policy=SMALL, costs=costs())
    assert folded.seals[: len(begun.seals)] == begun.seals
    skipped = folded.seals[len(begun.seals)]
    assert (skipped.kind, skipped.previous) == ("skipped", begun.seals[-1].digest)
    assert folded.oldest > skipped.number
    anew = fold(TALK, policy=SMALL, costs=costs())
    assert [seal.turns for seal in folded.visible_seals] == [seal.turns for seal in anew.visible_seals]
    assert folded.tail == anew.tail
    few = add_turns(begun, TALK[40:60], policy=SMALL, costs=costs())
    assert few == reduce(lambda one, turn: step(one, turn, policy=SMALL, costs=costs()), TALK[40:60], begun)


def test_what_the_model_has_not_answered_is_neither_skipped_nor_counted() -> None:
    """However much it is: what was said before it is shown beside it if it can be."""
    policy = replace(SMALL, unseen="text")
    new = [user(10), *(say("user", 900, first=f"new{n}") for n in range(30))]
    talk = [*TALK[:60], *new]
    folded = fold(talk, policy=policy, costs=costs())
    assert all(seal.kind != "skipped" for seal in folded.seals)
    answered = fold([*talk, assistant(3)], policy=policy, costs=costs())
    assert answered.seals[0].kind == "skipped"


def test_a_fold_never_begins_between_a_call_and_its_result() -> None:
    """The place moves to where the call is answered."""
    calls = [
        turn for n in range(150) for turn in (assistant(20, f"c{n}"), result(20, f"c{n}"), result(5, f"c{n}"))
    ]
    folded = fold([user(5), *calls], policy=SMALL, costs=costs())
    assert folded.seals[0].kind == "skipped"
    assert (folded.seals[0].anchors[-1] - 1) % 3 == 0


def test_pictures_count_by_their_bytes_up_to_what_they_take_of_the_budget() -> None:
    """So icons are not skipped as if they were photos."""
    assert count_characters(Turn(role="user", text="", images=(b"x" * 100,))) == 112
    assert count_characters(Turn(role="user", text="", images=(b"x" * 10**6,) * 2)) == 12 + 2 * 3200


@thorough
@given(conversations, policies())
def test_whoever_folds_a_history_anew_has_the_same_runs(turns: list[Turn], policy: FoldPolicy) -> None:
    """Nothing is lost, whatever is skipped; no run ends inside a group."""
    asked = WordCosts(page_characters=8)
    folded = fold(turns, policy=policy, costs=asked)
    assert places(folded) == [*range(1, len(turns) + 1)]
    for seal in folded.seals:
        assert seal.number < folded.oldest or seal.kind != "skipped"
        assert seal.turns == run_digest(replace(turns[anchor - 1], anchor=anchor) for anchor in seal.anchors)
    again = fold(
        turns,
        seals=folded.seals,
        oldest=folded.oldest,
        generation=folded.generation,
        policy=policy,
        costs=asked,
    )
    assert again == folded


@thorough
@given(conversations, policies(), st.integers(0, 40))
def test_two_callers_agree_whatever_they_remember(turns: list[Turn], policy: FoldPolicy, known: int) -> None:
    """One folds anew at each turn; the other goes on, and folds anew only when it has to."""
    asked = WordCosts(page_characters=8)
    warm = fold(turns[:known], policy=policy, costs=asked)
    for length in range(min(known, len(turns)), len(turns)):
        new = turns[length]
        cold = fold(turns[: length + 1], policy=policy, costs=asked)
        if is_outgrown(warm, [new], before=0, policy=policy, costs=asked):
            warm = cold
        else:
            warm = step(warm, new, policy=policy, costs=asked)
        assert warm == cold


@thorough
@given(conversations, policies())
def test_as_long_as_nothing_is_skipped_all_at_once_equals_one_by_one(
    turns: list[Turn], policy: FoldPolicy
) -> None:
    """Though runs end where a fold might begin."""
    asked = WordCosts(page_characters=40)
    folded = fold(turns, policy=policy, costs=asked)
    if all(seal.kind != "skipped" for seal in folded.seals):
        assert folded == one_by_one(turns, policy=policy, costs=asked)


@pytest.mark.parametrize("tool_lines", [None, 60])
def test_a_real_history_is_shown_as_much_as_if_nothing_was_skipped(tool_lines: int | None) -> None:
    """With pages, a model's tokens and a window of 16k: the same runs, and at least half of the budget."""
    profile = replace(ModelProfile.from_name("glyph"), window_tokens=16_384)
    binder = Binder(profile)
    talk = agent_conversation(turns=1200 if tool_lines is None else 150, tool_lines=tool_lines).turns
    folded = fold(talk, policy=binder.policy, costs=binder)
    whole = reduce(lambda begun, turn: step(begun, turn, policy=binder.policy, costs=binder), talk, Fold())
    assert folded.seals[0].kind == "skipped"
    runs, all_runs = [seal.turns for seal in folded.seals[1:]], [seal.turns for seal in whole.seals]
    assert runs == all_runs[-len(runs) :]
    assert [page.digest for page in folded.seals[-1].pages] == [page.digest for page in whole.seals[-1].pages]
    assert folded.tail == whole.tail
    budget = binder.policy.seal_budget_tokens(head_tokens=folded.head_tokens)
    assert sum(seal.tokens for seal in folded.visible_seals) >= budget // 2 - max(
        seal.tokens for seal in folded.visible_seals
    )
    assert folded.seals[0].text_tokens == pytest.approx(
        binder.count_content_tokens(talk[folded.seals[0].anchors[0] - 1 : folded.seals[0].anchors[-1]]),
        rel=0.15,
    )
