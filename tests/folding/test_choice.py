"""What a server is shown, by its prices: sums by hand, then choices that are plain, then what a policy does of them."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import pytest

from glyph_memory.errors import PolicyError
from glyph_memory.folding import (
    Choice,
    Fold,
    FoldPolicy,
    PromptTokens,
    ServerPrices,
    Workload,
    choose_for_prices,
    fold,
    step,
)
from glyph_memory.folding.forecast import foresee_pages, foresee_text
from glyph_memory.folding.trigger import find_latest_trigger
from tests.folding.fakes import SMALL, WordCosts, assistant, one_by_one, user

POLICY = FoldPolicy(
    window_tokens=2000, output_tokens=0, tools_tokens=0, keep_recent_tokens=10, seal_tokens=10, trigger_tokens=40,
    max_run_tokens=40, pinned_tokens=0,
)  # fmt: skip
WINDOW = FoldPolicy(window_tokens=32_768)
FREE = ServerPrices(text=1, page=2, cached_text=0, cached_page=0)
UNCACHED = ServerPrices(text=1, page=1)
PAIRS = ((8, 90), (30, 60))


def test_text_is_read_once_and_cached_from_then_on() -> None:
    """By hand: 2 of head and 10 a request, three times; before the second 12 are cached, before the third 22."""
    workload = Workload(requests=3, head_tokens=2)
    assert foresee_text(5, workload) == PromptTokens(text=32, cached_text=34, requests=3)


def test_a_seal_is_read_anew_once_and_so_is_the_text_behind_it() -> None:
    """By hand: 20 a request; at 60 the 40 that were answered become 20 of a page, and 20 of text stand behind it."""
    workload = Workload(requests=4, head_tokens=0, page_ratio=2)
    assert foresee_pages(POLICY, 10, workload) == PromptTokens(
        text=80, cached_text=40, page=20, cached_page=20, requests=4
    )
    later = replace(POLICY, late_triggers=((10, 60),))
    assert foresee_pages(later, 10, workload) == PromptTokens(
        text=80, cached_text=60, page=30, cached_page=0, requests=4
    )


def test_where_seals_leave_the_others_are_read_anew() -> None:
    """What was cached stands behind a gap then."""
    workload = Workload(requests=1000, head_tokens=0, page_ratio=2)
    few = foresee_pages(replace(POLICY, window_tokens=500), 10, workload)
    many = foresee_pages(replace(POLICY, window_tokens=100_000), 10, workload)
    assert few.page > many.page == pytest.approx(few.text / 2, rel=0.01)
    assert few.cached_page < many.cached_page


@pytest.mark.parametrize("turn_tokens", [1, 5000, 50_000])
def test_a_forecast_ends_though_a_turn_is_larger_than_the_window(turn_tokens: int) -> None:
    """Whatever is too large."""
    foresee_pages(replace(WINDOW, window_tokens=32_768), turn_tokens, Workload(requests=50))


def test_where_what_is_cached_is_free_text_stays_as_long_as_it_fits() -> None:
    """A page would be read anew for nothing."""
    choice = choose_for_prices(FREE, policy=WINDOW, workload=Workload(turn_tokens=(32, 64)))
    assert choice.shows == "text"
    assert all(one.cost == one.text_cost for one in choice.sizes)
    assert choice.reason.startswith("text as long as it fits: with turns of ")
    assert (
        "a token of text costs 1 and cached 0, one of a page 2 and cached 0 (typed by hand)" in choice.reason
    )


def test_where_nothing_is_cached_pages_are_chosen_at_once() -> None:
    """Each request pays for everything again, and pages are fewer tokens."""
    choice = choose_for_prices(UNCACHED, policy=WINDOW)
    assert (choice.shows, choice.late_triggers) == ("pages", ())
    assert choice.apply(WINDOW) == WINDOW
    assert choice.reason.startswith("pages: text that waits for longer")


def test_where_a_page_costs_more_than_its_text_nothing_becomes_pages_before_it_must() -> None:
    """Ten times the price for a quarter of the tokens, each time."""
    dear = ServerPrices(text=1, page=10)
    choice = choose_for_prices(dear, policy=WINDOW, workload=Workload(turn_tokens=(64,)))
    assert choice.shows == "text"


def test_without_prices_it_is_pages_and_it_says_that_nothing_was_measured() -> None:
    """By their tokens."""
    choice = choose_for_prices(None, policy=WINDOW)
    assert choice.shows == "pages" and not choice.sizes and choice.apply(WINDOW) == WINDOW
    assert "what this server's tokens cost was not measured" in choice.reason


def test_a_choice_is_never_dearer_in_its_own_sums_than_pages_or_text_that_fits() -> None:
    """Over servers of all sorts: within the 2 % below which pages are kept."""
    for cached in (0.0, 0.01, 0.1, 1.0):
        for page in (0.5, 2.0, 8.0):
            prices = ServerPrices(text=1, page=page, cached_text=cached, cached_page=cached)
            for one in choose_for_prices(prices, policy=WINDOW).sizes:
                assert one.cost <= one.pages_cost
                if one.text_cost is not None and one.turn_tokens != 128:  # 128 fit but for what is kept free
                    assert one.cost <= one.text_cost * 1.03, (prices, one)


def test_a_choice_is_kept_until_another_is_clearly_cheaper() -> None:
    """A little noise in what was measured does not turn it back and forth."""
    workload = Workload(turn_tokens=(64,))
    triggers = list[tuple[tuple[int, int], ...]]()
    before: Choice | None = None
    for place in range(40):
        cached = 0.0205 + (0.0004 if place % 2 else -0.0004)
        prices = ServerPrices(text=1, page=1, cached_text=cached, cached_page=cached)
        before = choose_for_prices(prices, policy=WINDOW, workload=workload, before=before)
        triggers.append(before.late_triggers)
    assert len(set(triggers[1:])) == 1
    cheap = choose_for_prices(UNCACHED, policy=WINDOW, workload=workload, before=before)
    assert cheap.shows == "pages"


@pytest.mark.parametrize("window", [8192, 32_768])
def test_pages_are_never_said_to_save_more_than_they_do(window: int) -> None:
    """No wait of those that are compared is cheaper by more than the reason has it."""
    policy = FoldPolicy(window_tokens=window)
    told = set[str]()
    for cached, page in product((0.01, 0.05, 0.2, 1.0), (0.5, 1.0, 2.0, 4.0)):
        prices = ServerPrices(text=1, page=page, cached_text=cached, cached_page=min(page, cached))
        for size in (64, 128, 512, 1024):
            workload = Workload(turn_tokens=(size,))
            choice = choose_for_prices(prices, policy=policy, workload=workload)
            if choice.shows != "pages":
                continue
            said = int(choice.reason.split("saves no more than ")[1].split("%")[0])
            latest = find_latest_trigger(policy, head_tokens=workload.head_tokens)
            waits = [policy.trigger_tokens * 2**power for power in range(1, 6)]
            if workload.count_tokens(size) > latest:
                latest = policy.trigger_tokens + policy.seal_budget_tokens(head_tokens=workload.head_tokens)
            for wait in (one for one in waits if one < latest):
                later = replace(policy, late_triggers=((1, wait),))
                cost = prices.cost(foresee_pages(later, size, workload))
                assert 100 * (1 - cost / choice.sizes[0].pages_cost) <= said
            told.add(f"{said}%")
    assert told <= {"2%", "5%"}


def test_a_choice_that_is_kept_though_it_is_dearer_says_so() -> None:
    """Its reason does not read as if it were the cheaper one; and what it shows is what it does."""
    workload = Workload(turn_tokens=(64,))
    first = choose_for_prices(FREE, policy=WINDOW, workload=workload)
    short = choose_for_prices(FREE, policy=WINDOW, workload=replace(workload, requests=2), before=first)
    assert (short.shows, short.late_triggers) == ("text", first.late_triggers)
    assert "an earlier choice is kept until another is more than 2% cheaper" in short.reason
    assert "earlier" not in first.reason


def test_a_reason_is_one_line_whatever_a_server_calls_its_model() -> None:
    """No line feed, and nothing that a terminal obeys."""
    for name in ("two\nlines", "\x1b[31mred", "a\u2028b"):
        choice = choose_for_prices(replace(FREE, source=f"measured on {name}"), policy=WINDOW)
        assert choice.reason.isprintable()


def test_a_choice_is_told_as_json() -> None:
    """With prices and what was assumed."""
    told = json.loads(json.dumps(choose_for_prices(FREE, policy=WINDOW).to_json()))
    assert told["prices"]["page"] == 2 and told["workload"]["requests"] == 100 and len(told["sizes"]) == 8


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"prices": 5}, "prices=5 are no ServerPrices"),
        ({"policy": None}, "policy=None is no FoldPolicy"),
        ({"workload": 0}, "workload=0 is no Workload"),
        ({"before": "text"}, "before='text' is no Choice"),
    ],
)
def test_what_is_no_price_list_or_policy_is_refused(given: dict[str, Any], said: str) -> None:
    """By name."""
    with pytest.raises(PolicyError, match=said):
        choose_for_prices(**{"prices": FREE, "policy": WINDOW, **given})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"requests": 0}, "requests=0 is below 1"),
        ({"requests": 10**6}, "requests=1000000 is above"),
        ({"page_ratio": 0}, "page_ratio=0 is not above 0"),
        ({"head_tokens": -1}, "head_tokens=-1 is below 0"),
        ({"turn_tokens": ()}, "are no sizes"),
        ({"turn_tokens": (5, 5)}, "turn_tokens: a size=5 is below 6"),
    ],
)
def test_what_is_no_conversation_is_refused(fields: dict[str, Any], said: str) -> None:
    """By name."""
    with pytest.raises(PolicyError, match=said):
        Workload(**fields)


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (5, "late_triggers=5 are no pairs"),
        (((1, 2, 3),), "are no pairs"),
        (((0, 5),), "tokens a turn=0 is below 1"),
        (((5, 5), (5, 6)), "tokens a turn=5 is below 6"),
        (((5, 0),), "a trigger=0 is below 1"),
    ],
)
def test_late_triggers_that_are_none_are_refused(pairs: Any, said: str) -> None:
    """By name."""
    with pytest.raises(PolicyError, match=said):
        replace(SMALL, late_triggers=pairs)


def test_turns_wait_as_text_until_the_late_trigger_of_their_size() -> None:
    """Turns of 5 words until more than 90, turns of 20 until more than 60; without, until more than 50."""
    for words, plain, late in ((5, 55, 95), (20, 60, 80)):
        for policy, most in ((SMALL, plain), (replace(SMALL, late_triggers=PAIRS), late)):
            states = [
                one_by_one([user(words), assistant(words)] * 20, policy=policy),
                *(one_by_one([user(words)] * count, policy=policy) for count in range(1, 21)),
            ]
            tokens = [one.tail_tokens for one in states[1:] if not one.seals]
            assert max(tokens) + words == most, (words, policy.late_triggers)


def test_what_is_sealed_stays_as_it_is_while_turns_of_other_sizes_come() -> None:
    """The trigger moves with the size of turns; seals are only ever added, within a generation."""
    policy = replace(SMALL, late_triggers=PAIRS, window_tokens=4000)
    turns = [*[user(5), assistant(5)] * 30, *[user(20), assistant(20)] * 10, *[user(2), assistant(3)] * 40]
    states = [one_by_one(turns[:count], policy=policy) for count in range(len(turns) + 1)]
    for one, other in pairwise(states):
        assert other.seals[: len(one.seals)] == one.seals
    assert fold(turns, policy=policy, costs=WordCosts()) == states[-1]
    assert states[-1].generation == 1


def test_what_waits_as_text_makes_nothing_leave_sooner() -> None:
    """Text takes only what seals leave: the first seals leave later, and as many turns are shown on average."""
    turns = [user(10) if place % 2 else assistant(10) for place in range(400)]
    left, shown = list[int](), list[float]()
    for policy in (SMALL, replace(SMALL, late_triggers=((1, 5000),))):
        folded, counts, first = Fold(), list[int](), 0
        for turn in turns:
            folded = step(folded, turn, policy=policy, costs=WordCosts())
            counts.append(sum(len(seal.anchors) for seal in folded.visible_seals) + len(folded.tail))
            first += folded.generation == 1
        left.append(first)
        shown.append(sum(counts) / len(counts))
    assert left == [135, 153]
    assert shown[1] >= shown[0]


def test_another_window_narrows_late_triggers_too() -> None:
    """In proportion, as the other dials."""
    policy = replace(WINDOW, late_triggers=((64, 20_000),))
    assert policy.with_window(8192).late_triggers == ((64, 5000),)
    assert FoldPolicy(window_tokens=8192, late_triggers=[[64, 5000]]).late_triggers == ((64, 5000),)  # type: ignore[arg-type]  # as JSON has it
    assert "late_triggers" not in WINDOW.to_json() and "late_triggers" in policy.to_json()
