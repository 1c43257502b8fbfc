"""Conversations of ten thousand turns: the last turn costs what the thousandth did, and all are there."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from glyph_memory.folding import Fold, FoldPolicy, fold, has_open_call, run_digest, step
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Turn
from tests.folding.fakes import HARD, WordCosts, assistant, places, result, say, system, user

GLYPH = FoldPolicy.for_profile(ModelProfile.from_name("glyph"))
BOOK = WordCosts(page_words=1800, page_tokens=600)
"""Pages as large as real ones."""


def simulated(seed: int, *, turns: int) -> list[Turn]:
    """An agent's life: requests, calls in parallel, results out of order, late, twice or never, and huge ones."""
    rng, talk = random.Random(seed), [system(300)]
    while len(talk) < turns:
        talk.append(user(rng.choice([3, 40, 400]), pinned=rng.random() < 0.01))
        for _ in range(rng.randrange(6)):
            ids = [rng.choice(["", "same", f"id-{len(talk)}-{n}"]) for n in range(rng.randrange(4))]
            talk.append(assistant(rng.choice([0, 20, 300]), *ids))
            rng.shuffle(ids)
            for id_ in ids:
                if rng.random() < 0.95:
                    words = rng.choice([10, 200, 3000]) if rng.random() < 0.999 else 200_000
                    talk.append(result(words, id_, first=HARD if rng.random() < 0.1 else "w"))
                if rng.random() < 0.02:
                    talk.append(rng.choice([user(5), system(50), result(9, "other"), say("assistant", 6000)]))
    return talk[:turns]


def cost_of_each(talk: list[Turn], policy: FoldPolicy) -> tuple[Fold, list[tuple[int, int]]]:
    """Fold one by one; for each turn how many runs were drawn, and of how many turns together."""
    costs, folded, drawn = WordCosts(page_words=BOOK.page_words, page_tokens=BOOK.page_tokens), Fold(), []
    for turn in talk:
        costs.bound.clear()
        folded = step(folded, turn, policy=policy, costs=costs)
        drawn.append((len(costs.bound), sum(map(len, costs.bound))))
    assert costs.counted == [*range(1, len(talk) + 1)]
    return folded, drawn


@pytest.mark.parametrize("seed", range(2))
def test_ten_thousand_turns_are_all_there_within_all_limits(seed: int) -> None:
    """Through dozens of generations."""
    talk = simulated(seed, turns=10_000)
    folded = fold(talk, policy=GLYPH, costs=BOOK)
    assert places(folded) == [*range(1, 10_001)]
    assert len(folded.seals) > 100
    assert folded.generation > 10
    assert sum(seal.tokens for seal in folded.visible_seals) <= GLYPH.seal_budget_tokens(
        head_tokens=folded.head_tokens
    )
    assert has_open_call([recent.turn for recent in folded.tail]) or folded.tail_tokens <= GLYPH.tail_tokens
    assert all(after.previous == before.digest for before, after in pairwise(folded.seals))
    for seal in folded.seals:
        run = [replace(talk[anchor - 1], anchor=anchor) for anchor in seal.anchors]
        assert run_digest(run) == seal.turns


def test_the_ten_thousandth_turn_costs_what_the_thousandth_did() -> None:
    """As many runs are drawn, of as many turns, in the last thousand as in the first; each turn is counted once."""
    _, drawn = cost_of_each(simulated(1, turns=10_000), GLYPH)
    early, late = drawn[:2000], drawn[-2000:]
    for figure in (0, 1):
        spent = [sum(cost[figure] for cost in part) for part in (early, late)]
        assert spent[1] < 1.5 * spent[0]
    assert max(count for count, _ in drawn) < 10


def test_going_on_in_the_middle_of_ten_thousand_turns_costs_what_is_left() -> None:
    """Seals that were kept are not drawn again, nor their turns counted."""
    talk = simulated(7, turns=10_000)
    whole = fold(talk, policy=GLYPH, costs=BOOK)
    costs = WordCosts(page_words=BOOK.page_words, page_tokens=BOOK.page_tokens)
    kept = whole.seals[: len(whole.seals) // 2]
    assert fold(talk, seals=kept, policy=GLYPH, costs=costs) == whole
    assert costs.counted == [1, *range(kept[-1].anchors[-1] + 1, 10_001)]
    assert not {anchor for run in costs.bound for anchor in run} & {
        anchor for seal in kept for anchor in seal.anchors
    }


def test_an_agents_conversation_folds() -> None:
    """The made-up one of the test doubles, on a small model, and goes on."""
    talk = list(agent_conversation(turns=2000))
    policy = FoldPolicy.for_profile(ModelProfile.from_name("smolvlm"))
    folded = fold(talk, policy=policy, costs=BOOK)
    assert len(folded.seals) > 10
    again = fold(
        talk,
        seals=folded.seals,
        highest_sealed_anchor=folded.highest_sealed_anchor,
        generation=folded.generation,
        policy=policy,
        costs=BOOK,
    )
    assert again == folded
