"""Where conversations are cut, what becomes pages and what stays text; sizes are words, in one's head."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glyph_memory.folding import Fold, fold, has_open_call
from glyph_memory.transcript import Turn
from tests.folding.fakes import (
    HARD,
    SMALL,
    WordCosts,
    assistant,
    one_by_one,
    result,
    say,
    spelled,
    system,
    user,
)

# The head.


def test_leading_system_turns_are_the_head_and_stay_text() -> None:
    """However long they are; they count as nothing that could be sealed."""
    folded = one_by_one([system(500), system(3), user(1)])
    assert spelled(folded) == "1 2 | 3"
    assert (folded.head_tokens, folded.tail_tokens) == (503, 1)


def test_later_system_turns_are_turns_like_others() -> None:
    """They are sealed where they stand."""
    assert spelled(one_by_one([user(5), system(30), assistant(20)])) == " | 1 2 | 3 r1"


def test_a_system_turn_after_all_was_sealed_is_no_head() -> None:
    """The head ends with the first turn of anyone else, also when that is text no longer."""
    folded = one_by_one([system(1), user(60), system(2)])
    assert spelled(folded) == "1 | 2 | 3 r2"
    assert folded.head_tokens == 1


def test_nothing_said_is_an_empty_fold() -> None:
    """And so is nothing but system turns, with a head."""
    assert fold([], policy=SMALL, costs=WordCosts()) == Fold()
    assert spelled(fold([system(1)], policy=SMALL, costs=WordCosts())) == "1 | "


@pytest.mark.parametrize("first", [assistant(30), result(30, "a"), assistant(30, "a")])
def test_a_conversation_may_begin_with_anyone(first: Turn) -> None:
    """A history that was cut elsewhere, a greeting."""
    assert spelled(one_by_one([first, user(25)])).startswith(" | 1")


# The cut.


def test_nothing_is_sealed_until_the_tail_exceeds_the_trigger() -> None:
    """Fifty words are not more than fifty."""
    talk = [user(25), assistant(25)]
    assert spelled(one_by_one(talk)) == " | 1 2"
    assert spelled(one_by_one([*talk, user(1)])) == " | 1 | 2 3"


def test_one_run_is_sealed_as_long_as_it_leaves_the_recent_turns() -> None:
    """The more at once, the rarer a server reads recent text anew."""
    assert spelled(one_by_one([user(12) for _ in range(5)])) == " | 1 2 3 4 | 5"
    assert spelled(one_by_one([user(9) for _ in range(6)])) == " | 1 2 3 4 | 5 6"


def test_a_run_that_is_too_small_waits() -> None:
    """Fifteen words are no seal; two turns are none that leave ten words behind, until another one comes."""
    policy = replace(SMALL, trigger_tokens=30)
    talk = [user(15), assistant(20), user(9)]
    assert spelled(one_by_one(talk, policy=policy)) == " | 1 2 3"
    assert spelled(one_by_one([*talk, assistant(1)], policy=policy)) == " | 1 2 | 3 4"


def test_a_turn_that_is_larger_than_a_seal_becomes_pages_though_it_is_the_newest() -> None:
    """With what is before it, or by itself if that is a seal already."""
    assert spelled(one_by_one([user(15), assistant(36)])) == " | 1 2 |  r1"
    assert spelled(one_by_one([user(30), assistant(60)])) == " | 1 | 2 |  r1"
    assert spelled(one_by_one([user(200)])) == " | 1 |  r1"


def test_a_step_may_make_several_seals() -> None:
    """They are all of the same moment."""
    folded = one_by_one([user(20), assistant(20, "a"), result(100, "b"), result(5, "a")])
    assert spelled(folded) == " | 1 | 2 3 4 |  r1"
    assert [seal.sealed_at for seal in folded.seals] == [4, 4]


def test_a_turns_pictures_count_as_long_as_it_is_text() -> None:
    """Five of them are fifty words' worth; beside the page each takes what it is shown for."""
    folded = one_by_one([user(20, images=5), assistant(12)])
    assert spelled(folded) == " | 1 | 2 r1"
    assert folded.seals[0].text_tokens == 20
    assert folded.seals[0].tokens == 10 + 5 * 5
    assert folded.seals[0].images == 6
    assert folded.seals[0].pixels == 28 * 28 + 5 * 14 * 14


# Tool calls.

GROUPS = {
    "nothing is sealed while a call is open": ([user(30), assistant(30, "a")], " | 1 2"),
    "its result closes it": ([user(30), assistant(9, "a"), result(12, "a")], " | 1 | 2 3 r1"),
    "a call and its results are never parted": (
        [user(20), assistant(15, "a", "b"), result(11, "b"), result(9, "a")], " | 1 | 2 3 4 r1",
    ),
    "one of two is not enough": ([user(30), assistant(9, "a", "b"), result(12, "b")], " | 1 2 3"),
    "two calls of one id want two results": ([assistant(40, "a", "a"), result(12, "a")], " | 1 2"),
    "and get them": ([assistant(40, "a", "a"), result(12, "a"), result(1, "a")], " | 1 2 3 | "),
    "a result of another call closes none": ([assistant(40, "a"), result(12, "b")], " | 1 2"),
    "a result without an id closes the oldest": ([assistant(40, "a"), result(12)], " | 1 2 | "),
    "and not the newest": (
        [assistant(40, "a", "b"), result(5), result(7, "a")], " | 1 2 3",
    ),
    "an empty id is none": ([assistant(40, "a"), result(12, "")], " | 1 2 | "),
    "a call without an id is closed by any result": ([assistant(40, ""), result(12, "x")], " | 1 2 | "),
    "but one that is meant for another": ([assistant(40, "", "x"), result(12, "x")], " | 1 2"),
    "the next user turn closes orphans": (
        [user(30), assistant(15, "a"), assistant(20), user(1)], " | 1 | 2 3 4",
    ),
    "an assistant's does not": ([user(30), assistant(15, "a"), assistant(20), assistant(1)], " | 1 2 3 4"),
    "a result that comes late, after the user, is with its call": (
        [user(20), assistant(15, "a"), user(10), result(5, "a"), assistant(6)], " | 1 | 2 3 4 5",
    ),
    "a result without a call is with the turn before it": ([user(20), result(31, "a")], " | 1 2 |  r1"),
    "a tool's next result is, too": (
        [user(25), assistant(5, "a"), result(8, "a"), result(7, "a"), user(8)], " | 1 | 2 3 4 5",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("talk", "expected"), GROUPS.values(), ids=GROUPS)
def test_calls_and_results(talk: list[Turn], expected: str) -> None:
    """Each as its name says."""
    assert spelled(one_by_one(talk)) == expected


def test_whether_a_call_is_open_can_be_asked() -> None:
    """Of any turns."""
    assert not has_open_call([])
    assert has_open_call([assistant(1, "a")])
    assert not has_open_call([assistant(1, "a"), user(1)])
    assert has_open_call([assistant(1, "a"), user(1), assistant(1, "a")])


# What pays.


def test_a_run_that_does_not_pay_waits_and_grows_and_then_stays_text_for_good() -> None:
    """In its place: what comes after it can be pages again."""
    hard = say("assistant", 25, first=HARD)
    talk = [hard, hard, user(1)]
    assert spelled(one_by_one(talk)) == " | 1 2 3"
    talk += [hard]
    folded = one_by_one(talk)
    assert spelled(folded) == " | 1 2 3 4 t |  r3"
    (seal,) = folded.seals
    assert (seal.tokens, seal.text_tokens, seal.pages, seal.ledger) == (80, 76, (), ())
    talk += [user(25), assistant(25), user(1)]
    assert spelled(one_by_one(talk)) == " | 1 2 3 4 t | 5 | 6 7"


def test_a_run_becomes_text_as_soon_as_it_has_its_full_size_pictures_included() -> None:
    """Sixty is enough; thirty words with three pictures are sixty, too."""
    assert spelled(one_by_one([say("assistant", 60, first=HARD)])) == " | 1 t | "
    assert spelled(one_by_one([say("assistant", 59, first=HARD)])) == " | 1"
    assert spelled(one_by_one([say("user", 30, first=HARD, images=3)])) == " | 1 t |  r1"


def test_a_run_that_pays_once_it_has_grown_becomes_pages() -> None:
    """Fifteen words that are as dear on a page as in text are paid for by enough words that are not."""
    talk = [say("user", 15, first=HARD), user(20), user(16), user(17)]
    assert spelled(one_by_one(talk)) == " | 1 2 3 4"
    assert spelled(one_by_one([*talk, user(10)])) == " | 1 2 3 4 | 5"


def test_a_run_that_does_not_pay_is_sealed_with_the_large_turn_that_does() -> None:
    """Rather than wait."""
    assert spelled(one_by_one([say("user", 20, first=HARD), assistant(300)])) == " | 1 2 |  r1"


def test_pages_pay_if_they_cost_exactly_as_little_as_they_have_to() -> None:
    """Thirty words on a page of ten tokens are three times less; and not a bit more."""
    talk = [user(30), assistant(13), user(9)]
    assert spelled(one_by_one(talk, policy=replace(SMALL, min_ratio=3))) == " | 1 | 2 3"
    assert spelled(one_by_one(talk, policy=replace(SMALL, min_ratio=3.01))) == " | 1 2 3"


def test_a_text_seal_shows_pictures_too() -> None:
    """And counts them."""
    hard = replace(say("user", 60, first=HARD), images=(b"picture", b"nothing"))
    (seal,) = one_by_one([hard]).seals
    assert seal.kind == "text"
    assert [picture.size for picture in seal.pictures] == [(14, 14), None]
    assert (seal.images, seal.tokens) == (1, 61 + 5)


def test_a_ledger_may_take_its_share_of_the_runs_text() -> None:
    """Rounded down."""
    (seal, *_) = one_by_one([user(40), assistant(12)], policy=replace(SMALL, ledger_share=1 / 16)).seals
    assert (seal.ledger, seal.ledger_omitted) == (("at most 2",), 1)


# What is repeated.


def test_the_latest_user_turn_is_repeated_once_sealed_until_the_first_seal_after_a_newer_one() -> None:
    """A long run on one request does not lose sight of it; what stands before recent turns changes with seals alone."""
    talk = [user(30, first="request"), *(assistant(30) for _ in range(80))]
    policy = replace(SMALL, window_tokens=561)
    folded = one_by_one(talk, policy=policy)
    assert folded.request is not None
    assert folded.request.text.startswith("request")
    assert 1 in folded.evicted_seals[0].anchors
    newer = one_by_one([*talk, user(1)], policy=policy)
    assert (newer.request, newer.seals) == (folded.request, folded.seals)
    after = one_by_one([*talk, user(1), assistant(10), user(10)], policy=policy)
    assert len(after.seals) > len(folded.seals)
    assert after.request is None


def test_of_two_user_turns_in_a_run_the_later_is_the_request() -> None:
    """And neither if the tail has one."""
    assert spelled(one_by_one([user(15), user(15), assistant(21)])) == " | 1 2 | 3 r2"
    assert spelled(one_by_one([user(15), user(15), user(21)])) == " | 1 2 | 3"


def test_pinned_turns_are_listed_once_they_are_sealed() -> None:
    """As long as they are text they need no repeating."""
    talk = [user(25, pinned=True), assistant(25)]
    assert one_by_one(talk).pinned == ()
    assert [turn.anchor for turn in one_by_one([*talk, user(1, pinned=True)]).pinned] == [1]
