"""Thousands of turns that no model answered: each costs what the first ones cost, however many wait before it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings

from glyph_memory.folding import (
    Fold,
    FoldPolicy,
    add_turns,
    count_answered,
    fold,
    has_open_call,
    is_outgrown,
    step,
)
from glyph_memory.folding.groups import list_run_ends
from glyph_memory.folding.tail import RecentTurn, TailSums, count_characters
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Turn
from tests.folding.fakes import HARD, PICTURE, WordCosts, assistant, conversations, result, user

GLYPH = FoldPolicy.for_profile(ModelProfile.from_name("glyph"))
MANY = [user(40)] * 4000
"""More than a window holds."""
TALKS = {
    "users alone": MANY,
    "after one answer": [user(5), assistant(5), *MANY],
    "after an answer that pays as no page": [user(5), assistant(3000, first=HARD), *MANY],
    "after a turn that is too large": [user(200_000), *MANY],
    "after calls that a user closed": [assistant(5, "a"), *[result(1, "b")] * 300, *MANY],
    "results that nobody asked for": [user(5), assistant(5), *[result(40, "a")] * 4000],
    "a call that is never answered": [user(5), assistant(5, "a"), *[assistant(40)] * 4000],
}


def count_calls(work: Callable[[], object]) -> int:
    """How many functions some work calls, and how often it asks generators."""
    calls, before = 0, sys.getprofile()

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def add_one_by_one(begun: Fold, turns: Sequence[Turn]) -> Fold:
    """Go on as an open session does, with a call for each turn."""
    costs = WordCosts(page_words=1800, page_tokens=600)
    for turn in turns:
        is_outgrown(begun, [turn], before=0, policy=GLYPH, costs=costs)
        begun = add_turns(begun, [turn], policy=GLYPH, costs=costs)
    return begun


@pytest.mark.parametrize("talk", TALKS.values(), ids=TALKS)
def test_a_turn_costs_the_same_however_many_wait_before_it(talk: list[Turn]) -> None:
    """Functions called for a hundred turns, after a thousand and after four thousand."""
    costs, spent = WordCosts(page_words=1800, page_tokens=600), []
    for length in (1000, 3900):
        begun = fold(talk[:length], policy=GLYPH, costs=costs)
        spent.append(count_calls(partial(add_one_by_one, begun, talk[length : length + 100])) / 100)
    assert spent[1] < 1.5 * spent[0] + 300  # a seal may be made meanwhile


@pytest.mark.parametrize("talk", TALKS.values(), ids=TALKS)
def test_folding_four_times_as_many_costs_four_times_as_much(talk: list[Turn]) -> None:
    """All at once, as a session that is opened."""
    costs = WordCosts(page_words=1800, page_tokens=600)
    spent = [
        count_calls(partial(fold, talk[:length], policy=GLYPH, costs=costs)) for length in (1000, len(talk))
    ]
    assert spent[1] < 2.5 * len(talk) / 1000 * spent[0]


@settings(deadline=None, max_examples=100)
@given(conversations)
def test_the_sums_are_those_of_the_tail(turns: list[Turn]) -> None:
    """Whatever was added: they are what going through all of it finds."""
    sums = TailSums()
    for length, turn in enumerate(turns, 1):
        sums = sums.add(RecentTurn(turn=turn, tokens=3, picture_tokens=len(turn.images)))
        tail = turns[:length]
        assert sums.turns == length
        assert sums.images == sum(len(one.images) for one in tail)
        assert sums.tokens == 3 * length + sums.images
        assert sums.image_bytes == sum(len(image) for one in tail for image in one.images)
        assert sums.characters == sum(map(count_characters, tail))
        assert sums.answered_characters == sum(map(count_characters, tail[: sums.answered]))
        assert sums.answered == count_answered(tail)
        assert tail[sums.users - 1].role == "user" if sums.users else all(t.role != "user" for t in tail)
        assert all(one.role != "user" for one in tail[sums.users :])
        assert bool(sums.waiting) == has_open_call(tail)
        assert sums.closed == max([0, *(end for end in list_run_ends(tail) if end <= sums.answered)])


def test_a_fold_with_another_tail_has_other_sums() -> None:
    """Though it is as long: sums belong to one tail."""
    begun = step(Fold(), user(5, images=1), policy=GLYPH, costs=WordCosts())
    assert (begun.tail_tokens, begun.tail_images, begun.tail_image_bytes) == (15, 1, len(PICTURE))
    other = replace(begun, tail=(RecentTurn(turn=assistant(7), tokens=7),))
    assert (other.tail_tokens, other.tail_images, other.sums.answered) == (7, 0, 1)
    assert replace(begun, tail=()).tail_tokens == 0
