"""Go on from seals that were kept: what is unchanged stays as it was, what changed is folded anew."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.folding import Fold, FoldPolicy, Seal, fold, resume, step
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
    spelled,
    system,
    turns,
    user,
)

thorough = settings(deadline=None, max_examples=40)
TALK = [system(5), *(say("user" if n % 2 else "assistant", 15, first=f"w{n}") for n in range(2, 16))]
WHOLE = fold(TALK, policy=SMALL, costs=WordCosts())


def again(talk: list[Turn], begun: Fold = WHOLE, *, fingerprint: str = "words") -> Fold:
    """Fold a conversation, given what an earlier fold left."""
    costs = WordCosts(fingerprint=fingerprint)
    return fold(
        talk,
        seals=begun.seals,
        highest_sealed_anchor=begun.highest_sealed_anchor,
        generation=begun.generation,
        policy=SMALL,
        costs=costs,
    )


def test_the_conversation_that_the_others_change() -> None:
    """Four seals of three turns each, and two turns that are text."""
    assert spelled(WHOLE) == "1 | 2 3 4 | 5 6 7 | 8 9 10 | 11 12 13 | 14 15 r13"
    assert (WHOLE.last_anchor, WHOLE.highest_sealed_anchor, WHOLE.generation) == (15, 13, 1)


def test_nothing_is_counted_or_drawn_of_what_was_kept() -> None:
    """Going on costs what the tail costs."""
    costs = WordCosts()
    assert (
        fold(
            TALK,
            seals=WHOLE.seals,
            highest_sealed_anchor=WHOLE.highest_sealed_anchor,
            policy=SMALL,
            costs=costs,
        )
        == WHOLE
    )
    assert costs.counted == [1, 14, 15]
    assert costs.bound == []


@pytest.mark.parametrize("kept", range(4))
def test_seals_before_an_edit_are_kept_and_those_after_it_made_anew(kept: int) -> None:
    """Exactly those, with the digests they had; what follows gets anchors that were never shown."""
    talk = [*TALK]
    talk[3 * kept + 2] = user(15, first="edited")
    changed = again(talk)
    assert changed.seals[:kept] == WHOLE.seals[:kept]
    assert all(seal not in WHOLE.seals for seal in changed.seals[kept:])
    given = places(changed)[1 + 3 * kept :]
    assert given == [*range(14, 14 + len(given))]
    assert len(changed.seals) == len(WHOLE.seals)


def test_an_edit_in_the_tail_changes_no_seal() -> None:
    """Its anchor was on no page, so it is the same."""
    changed = again([*TALK[:-1], user(3)])
    assert changed.seals == WHOLE.seals
    assert places(changed) == places(WHOLE)


def test_deleting_and_inserting_drop_seals_from_there_on() -> None:
    """As an edit does."""
    for talk in ([*TALK[:6], *TALK[7:]], [*TALK[:6], user(2, first="new"), *TALK[6:]]):
        changed = again(talk)
        assert changed.seals[:1] == WHOLE.seals[:1]
        assert min(anchor or 0 for anchor in places(changed)[4:]) == 14


def test_a_branch_never_gets_the_anchors_of_what_was_cut_off() -> None:
    """Neither all at once nor one by one, though everything that had them is gone."""
    short = again(TALK[:4])
    assert spelled(short) == "1 | 2 3 4 |  r3"
    assert (short.last_anchor, short.highest_sealed_anchor) == (4, 13)
    stepped = short
    for turn in (user(3), assistant(4)):
        stepped = step(stepped, turn, policy=SMALL, costs=WordCosts())
    assert spelled(stepped) == "1 | 2 3 4 | 14 15 r3"
    assert again([*TALK[:4], user(3), assistant(4)], short) == stepped


def test_a_conversation_that_begins_all_over_numbers_its_head_from_1() -> None:
    """What is head was on no page, and is never cited."""
    empty = again([])
    assert (empty.last_anchor, empty.highest_sealed_anchor) == (0, 13)
    stepped = step(
        step(empty, system(2), policy=SMALL, costs=WordCosts()), user(1), policy=SMALL, costs=WordCosts()
    )
    assert spelled(stepped) == "1 | 14"
    assert again([system(2), user(1)], empty) == stepped


def test_anchors_that_turns_bring_along_are_kept() -> None:
    """A store gave them, once; those of dropped seals are their turns' all the same."""
    numbered = [replace(turn, anchor=anchor) for anchor, turn in enumerate(TALK, 1)]
    changed = again([*numbered[:6], *numbered[7:]])
    assert places(changed) == [1, 2, 3, 4, 5, 6, *range(8, 16)]


def test_a_turn_with_another_anchor_is_another_turn() -> None:
    """Of two that say the same the first is erased: the seal that shows it is dropped, not given to the second."""
    numbered = [replace(user(15), anchor=anchor) for anchor in range(1, 10)]
    begun = fold(numbered, policy=SMALL, costs=WordCosts())
    assert spelled(begun) == " | 1 2 3 | 4 5 6 | 7 8 9"
    changed = again([*numbered[:1], *numbered[2:]], begun)
    assert places(changed) == [1, *range(3, 10)]


@thorough
@given(conversations, policies(), st.data())
def test_edits_keep_what_stands_before_them_and_give_no_anchor_twice(
    talk: list[Turn], policy: FoldPolicy, data: st.DataObject
) -> None:
    """Three edits, deletions, insertions or cuts after each other; every anchor that was on a page stays its turn's."""
    costs, shown = WordCosts(), dict[int, Turn]()
    begun = fold(talk, policy=policy, costs=costs)
    for _ in range(3):
        sealed = [anchor for seal in begun.seals for anchor in seal.anchors]
        offset = len(begun.head)
        shown |= dict(zip(sealed, talk[offset:], strict=False))
        place = data.draw(st.integers(offset, max(offset, len(talk) - 1)))
        new = data.draw(st.lists(turns, max_size=2))
        gone = data.draw(st.sampled_from([0, 1, 2, len(talk)]))
        edited = [*talk[:place], *new, *talk[place + gone :]]
        if edited[offset:] and edited[offset].role == "system":
            continue  # it would be head
        changed = fold(
            edited,
            seals=begun.seals,
            highest_sealed_anchor=begun.highest_sealed_anchor,
            generation=begun.generation,
            policy=policy,
            costs=costs,
        )
        before = [
            seal for seal in begun.seals if seal.anchors and sealed.index(seal.anchors[-1]) + offset < place
        ]
        assert [*changed.seals[: len(before)]] == before
        assert len(set(places(changed))) == len(edited)
        for anchor, turn in zip(places(changed), edited, strict=True):
            assert shown.get(anchor or 0, turn) == turn
        talk, begun = edited, changed


@thorough
@given(conversations, policies(), st.lists(turns, max_size=12), st.data())
def test_after_an_edit_too_one_by_one_equals_all_at_once(
    talk: list[Turn], policy: FoldPolicy, more: list[Turn], data: st.DataObject
) -> None:
    """Stop, cut the conversation, go on with steps, or from what was kept: it is all the same."""
    costs = WordCosts()
    begun = fold(talk, policy=policy, costs=costs)
    cut = talk[: data.draw(st.integers(len(begun.head), len(talk)))]
    short = fold(
        cut,
        seals=begun.seals,
        highest_sealed_anchor=begun.highest_sealed_anchor,
        generation=begun.generation,
        oldest=begun.oldest,
        policy=policy,
        costs=costs,
    )
    stepped = short
    for turn in more:
        stepped = step(stepped, turn, policy=policy, costs=costs)
    kept = stepped.seals
    again = fold(
        [*cut, *more],
        seals=kept,
        highest_sealed_anchor=stepped.highest_sealed_anchor,
        generation=stepped.generation,
        oldest=stepped.oldest,
        policy=policy,
        costs=costs,
    )
    assert again == stepped


def test_another_model_folds_everything_anew_under_the_same_anchors() -> None:
    """In a generation of its own."""
    changed = again(TALK, fingerprint="another")
    assert spelled(changed) == spelled(WHOLE)
    assert changed.generation == 2
    assert all(seal.fingerprint == "another" and seal.generation == 2 for seal in changed.seals)
    assert again(TALK, changed, fingerprint="another") == changed
    assert again(TALK, changed).generation == 3


def test_one_seal_of_another_model_among_them_is_enough() -> None:
    """A chain is never half one model's."""
    mixed = (*WHOLE.seals[:2], *again(TALK, fingerprint="another").seals[2:])
    changed = fold(TALK, seals=mixed, policy=SMALL, costs=WordCosts(fingerprint="another"))
    assert {seal.fingerprint for seal in changed.seals} == {"another"}
    assert places(changed)[:7] == places(WHOLE)[:7]


def test_a_generation_is_remembered_though_no_seal_is_left_to_tell() -> None:
    """The earlier fold's is given, as its spent anchors are."""
    short = again(TALK[:3])
    assert short.seals == ()
    assert again(TALK[:3], replace(short, generation=4)).generation == 4


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(WHOLE.seals[1:], id="the first is missing"),
        pytest.param((WHOLE.seals[0], *WHOLE.seals[2:]), id="the second is missing"),
        pytest.param((replace(WHOLE.seals[0], tokens=1), *WHOLE.seals[1:]), id="the first was tampered with"),
        pytest.param(WHOLE.seals[::-1], id="out of order"),
    ],
)
def test_a_chain_that_is_broken_is_taken_up_to_there(broken: tuple[Seal, ...]) -> None:
    """All turns are there all the same, and their anchors were not given before."""
    changed = fold(
        TALK, seals=broken, highest_sealed_anchor=WHOLE.highest_sealed_anchor, policy=SMALL, costs=WordCosts()
    )
    assert len(places(changed)) == len(TALK)
    assert [seal.number for seal in changed.seals] == [*range(1, len(changed.seals) + 1)]
    assert all(
        after.previous == before.digest
        for before, after in zip(changed.seals, changed.seals[1:], strict=False)
    )


def test_time_id_and_pin_of_a_sealed_turn_may_change() -> None:
    """Its page shows none of them; a pin set later counts at once."""
    talk = [*TALK]
    talk[3] = replace(talk[3], id="x", time=datetime(2025, 1, 1, tzinfo=UTC), pinned=True)
    changed = again(talk)
    assert changed.seals == WHOLE.seals
    assert [turn.anchor for turn in changed.pinned] == [4]


def test_seals_survive_json() -> None:
    """Stored and loaded, they are the same seals."""
    stored = json.loads(json.dumps([seal.to_json() for seal in WHOLE.seals]))
    loaded = replace(WHOLE, seals=tuple(map(Seal.from_json, stored)))
    assert again(TALK, loaded) == WHOLE


def test_the_request_is_found_among_the_sealed_turns() -> None:
    """Where no newer one was there when the last seal was made."""
    talk = [user(15), *(assistant(15, first=f"w{n}") for n in range(8))]
    begun = fold(talk, policy=SMALL, costs=WordCosts())
    assert again(talk, begun) == begun
    assert begun.request is not None
    assert again([*talk, user(1)], begun).request == begun.request
    newer = [*talk, user(20), assistant(1)]
    assert again(newer, begun).request is None
    assert again(newer, one_by_one(newer)) == one_by_one(newer)


# The head.


def test_a_longer_head_sends_seals_away_that_no_longer_fit_beside_it() -> None:
    """In a new generation, down to half as always; the same until another seal is made; and they come back."""
    longer = [system(SMALL.seal_budget_tokens(head_tokens=0) - 30), *TALK[1:]]
    changed = begun = WHOLE
    assert [seal.tokens for seal in begun.visible_seals] == [20, 20, 20, 20]
    for _ in range(2):
        changed = again(longer, changed)
        assert changed.seals == begun.seals
        assert ([seal.number for seal in changed.visible_seals], changed.generation) == ([4], 2)
    assert again(TALK, changed) == replace(begun, generation=2)


def test_a_head_that_grows_takes_no_anchor_from_a_sealed_turn() -> None:
    """It is never cited, so it can do without."""
    changed = again([system(5), system(6), *TALK[1:]])
    assert changed.seals == WHOLE.seals
    assert [turn.anchor for turn in changed.head] == [1, None]
    assert places(changed)[2:] == places(WHOLE)[1:]


def test_resuming_numbers_turns_that_have_no_anchor_after_all_that_ever_had_one() -> None:
    """Those of dropped seals included."""
    folded = resume(
        head=WHOLE.head,
        seals=WHOLE.seals[:1],
        recent=[user(1), result(1)],
        highest_sealed_anchor=13,
        policy=SMALL,
        costs=WordCosts(),
    )
    assert spelled(folded) == "1 | 2 3 4 | 14 15"
