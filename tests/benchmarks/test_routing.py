"""The simulation of routed sessions gives the answers that are known, and refuses what makes no sense."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

import routing
from glyph_memory.context import Binder
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from lib import ways
from lib.cache_depths import count_found, find_previous, measure_depths
from lib.prefix_cache import Keys
from lib.prefix_traces import WAYS, Conversation, Integers, Trace, make_one, trace_way
from lib.routed import replay
from lib.routers import (
    ADDED_S,
    LOST_S,
    route_affine,
    route_by_prefix,
    route_in_turn,
    route_least_loaded,
    route_modulo,
    route_ring,
)
from lib.routing_report import print_tables
from lib.session_traffic import COUNTED_S, WARM_S, Traffic, make_traffic


def test_a_small_cache_worked_by_hand() -> None:
    """Two sessions, A of 2, 3 and 4 blocks and B of 2, in a cache of 4: each request's blocks, the oldest last first.

    A asks (A1 A2), B asks (B1 B2), then A's 3 blocks: A1 and A2 are still there, and A3 drops B2, the last block of
    what was not used for longest. B asks again: B1 alone is found, and B2 drops A3. A asks 4 blocks: of its 3, A1 and
    A2 are there.
    """
    session = np.array([0, 1, 0, 1, 0])
    blocks, shared = np.array([[2, 2, 3, 2, 4]]), np.array([[0, 0, 2, 2, 3]])
    previous = find_previous(session)
    assert previous.tolist() == [-1, -1, 0, 1, 2]
    depths = measure_depths(previous, blocks, shared)
    assert count_found(4, depths, shared, blocks).tolist() == [[0, 0, 2, 1, 2]]
    assert count_found(3, depths, shared, blocks).tolist() == [[0, 0, 1, 0, 1]]
    assert count_found(5, depths, shared, blocks).tolist() == [[0, 0, 2, 2, 3]]


def test_depths_are_those_of_a_cache_of_single_blocks() -> None:
    """Beside a cache that keeps every block in a list, on random requests that grow, break and come back."""
    draw = np.random.default_rng(5)
    for _ in range(12):
        session = draw.integers(0, 6, 120)
        prompts, latest = list[tuple[int, ...]](), dict[int, tuple[int, ...]]()
        for number, one in enumerate(session.tolist()):
            kept = latest.get(one, ())[: int(draw.integers(0, 9))]
            fresh = range(1000 * number, 1000 * number + int(draw.integers(1, 7)))
            latest[one] = (*kept, *fresh)
            prompts.append(latest[one])
        previous = find_previous(session)
        blocks = np.array([[len(prompt) for prompt in prompts]])
        shared = np.array(
            [[_count_common(prompts[before], prompts[place]) if before >= 0 else 0
              for place, before in enumerate(previous)]]
        )  # fmt: skip
        depths = measure_depths(previous, blocks, shared)
        for capacity in (1, 5, 12, 20, 33, 1000):
            assert count_found(capacity, depths, shared, blocks)[0].tolist() == _keep_blocks(
                capacity, prompts
            )


def test_a_trace_has_what_the_block_cache_counts() -> None:
    """Of every way but the summary, whose made-up words come again after ten versions, and count as new here."""
    profile = ModelProfile.from_name("glyph")
    binder, keys = Binder(profile), Keys(profile)
    talk = ways.Talk(agent_conversation(turns=50, tool_lines=60), binder=binder, keys=keys)
    chosen = ways.list_ways(binder)
    for name in WAYS:
        log = ways.send(talk, chosen[name], keys)
        trace = trace_way(talk, chosen[name], keys)
        assert trace.tokens.tolist() == [request.prompt for request in log.requests]
        found = 16 * np.minimum(trace.shared.diagonal(1), (trace.tokens[1:] - 1) // 16)
        counted = np.array([request.cached for request in log.requests[1:]])
        assert (found <= counted).all()
        assert trace.shared[2, -1] == trace.shared.diagonal(1)[2:].min()
        if name != "rewritten summary":
            assert found.tolist() == counted.tolist()


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    """Of some hundred sessions with two conversations."""
    conversations = [make_one("light", turns=40, seed=1), make_one("heavy", turns=30, seed=1)]
    return make_traffic(conversations, sessions=400, seed=3)


def test_one_server_that_drops_nothing_has_what_one_session_has(traffic: Traffic) -> None:
    """However sessions mix: each finds its own prefix whole."""
    one = np.zeros(len(traffic.time_s), np.int64)
    outcome = replay(traffic, one, [10**9])["pages", 10**9]
    tokens = found = 0
    for place in np.flatnonzero(traffic.is_counted):
        trace = traffic.conversations[traffic.talk[place]].traces["pages"]
        turn = traffic.turn[place]
        tokens += trace.tokens[turn]
        found += 16 * min(trace.shared[turn - 1, turn], (trace.tokens[turn] - 1) // 16) if turn else 0
    assert outcome.cached == pytest.approx(found / tokens)
    assert outcome.imbalance == 1


def test_a_larger_cache_never_has_less(traffic: Traffic) -> None:
    """In every way and by every policy; and the check of it is able to fail."""
    sizes = [0, 10, 100, 1000, 10_000, 100_000]
    for _, route in routing.list_policies(1).values():
        outcomes = replay(traffic, route(traffic, 3, "pages"), sizes)
        routing.check_growth(outcomes, sizes, WAYS)
        assert outcomes["pages", 0].cached == 0 < outcomes["pages", 100_000].cached
    with pytest.raises(AssertionError, match="a larger cache has less"):
        routing.check_growth(outcomes, sizes[::-1], WAYS)


def test_sessions_stay_with_their_server_until_it_is_lost(traffic: Traffic) -> None:
    """Consistent hashes move only sessions of the lost server, and then those that the new one gets."""
    steady, changing = route_affine(traffic, 5), route_affine(traffic, 5, changes=True)
    for chosen in (steady, route_ring(traffic, 5)):
        assert all(
            len(set(chosen[traffic.session == one].tolist())) == 1
            for one in range(400)
            if (traffic.session == one).any()
        )
        assert set(chosen.tolist()) == {0, 1, 2, 3, 4}
    lost, added = traffic.time_s >= LOST_S, traffic.time_s >= ADDED_S
    assert (changing[~lost] == steady[~lost]).all()
    moved = lost & ~added & (changing != steady)
    assert set(steady[moved].tolist()) == {0}
    assert 0 not in changing[lost]
    assert set(changing[added & (changing != steady) & (steady != 0)].tolist()) == {5}
    by_remainder = route_modulo(traffic, 5)
    last, first = (by_remainder[mask][traffic.session[mask] % 2 == 0] for mask in (added, ~lost))
    assert 0 not in last
    assert 5 not in first


def test_routers_keep_servers_even(traffic: Traffic) -> None:
    """In turn to within one; by load so that no idle server is passed over."""
    counts = np.bincount(route_in_turn(traffic, 4))
    assert counts.max() - counts.min() <= 1
    chosen = route_least_loaded(traffic, 4)
    ends = traffic.time_s + traffic.busy_s
    for place in range(0, len(chosen), 7):
        in_hand = [
            int(((ends[:place] > traffic.time_s[place]) & (chosen[:place] == server)).sum())
            for server in range(4)
        ]
        assert in_hand[chosen[place]] == min(in_hand)


def test_a_router_by_prefix_follows_the_prefix_within_its_limit() -> None:
    """A session that grows stays; a new prompt goes where fewer blocks were sent; a full server is spared."""
    grows, breaks = _make_trace([160, 320, 480], [10, 20]), _make_trace([160, 320, 480], [0, 0])
    talks = [_make_conversation(trace) for trace in (grows, breaks)]
    calm = _make_traffic(
        talks, [(0, 0, 0), (1, 1, 0), (2, 0, 1), (3, 1, 1), (4, 0, 2), (5, 1, 2)], busy_s=0.1
    )
    # The first takes server 0, the second server 1, and the third goes on; a prompt with nothing in common goes to
    # whichever was sent fewer blocks.
    assert route_by_prefix(calm, 2, "pages").tolist() == [0, 1, 0, 1, 0, 0]
    busy = _make_traffic([talks[0]] * 2, [(0, 0, 0), (1, 0, 1), (2, 0, 2)], busy_s=100.0)
    assert route_by_prefix(busy, 2, "pages").tolist() == [0, 0, 0]
    assert route_by_prefix(busy, 2, "pages", balance_absolute=1).tolist() == [0, 0, 1]


def test_traffic_is_the_same_for_a_seed_and_in_order(traffic: Traffic) -> None:
    """Each session's requests in their order, none before the one before is answered."""
    again = make_traffic(traffic.conversations, sessions=400, seed=3)
    assert (again.time_s == traffic.time_s).all()
    assert (np.diff(traffic.time_s) >= 0).all()
    for one in range(0, 400, 9):
        own = traffic.session == one
        assert traffic.turn[own].tolist() == list(range(own.sum()))
        pauses = np.diff(traffic.time_s[own])
        assert (pauses > traffic.busy_s[own][:-1]).all()
        assert traffic.open_s[own][:-1] == pytest.approx(pauses)
        if own.any():  # the last one closes the session, unless its next one would come after the end
            last = traffic.open_s[own][-1]
            assert last == 0 or traffic.time_s[own][-1] + last >= WARM_S + COUNTED_S
    with pytest.raises(ValueError, match="name one at the least"):
        make_traffic(traffic.conversations, sessions=0, seed=1)


def test_the_working_set_of_one_open_session_is_its_prompt() -> None:
    """Ten blocks that are open for half of the counted hour are five in the mean."""
    trace = _make_trace([160, 160], [10])
    one = _make_traffic([_make_conversation(trace)], [(3600, 0, 0), (5400, 0, 1)], busy_s=1.0)
    assert one.measure_working_set() == pytest.approx(5)


def test_figures_of_another_count_are_refused(tmp_path: Path) -> None:
    """Should this and the benchmark of one conversation ever part, it ends with what differs."""
    counted = {way: {"cached": 0.5} for way in WAYS}
    (tmp_path / "prefix.json").write_text(json.dumps({"figures": {"ways": {"heavy": counted}}}))
    with pytest.raises(AssertionError, match=r"sent as plain text, one session has 0\.97"):
        routing.check_against(tmp_path / "prefix.json")


@pytest.mark.parametrize(
    "given", [["--sessions", "-1"], ["--sessions", "1000001"], ["--servers", "1"], ["--seeds", "11"]]
)
def test_options_that_make_no_sense_are_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """In a line that says what may be named."""
    with pytest.raises(SystemExit):
        routing.parse(given)
    assert f"{given[0]} {given[1]}: name" in capsys.readouterr().err


def test_intervals_are_students() -> None:
    """Of five values 1 to 5: 2.78 times 1.58 over the root of 5; of one there is none."""
    assert routing.find_half_interval([1, 2, 3, 4, 5]) == pytest.approx(1.966, abs=0.001)
    assert routing.find_half_interval([1.0]) is None


def test_tables_are_printed(traffic: Traffic, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a few sessions; the numbers are for the benchmark to judge."""
    results = routing.simulate(traffic.conversations, sessions=50, servers=2, seeds=2)
    print_tables(results)
    printed = capsys.readouterr().out
    assert "hash modulo servers" in printed
    assert "computed, by size of the caches" in printed


def _count_common(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    pairs = list(zip(one, other, strict=False))
    return next((place for place, (left, right) in enumerate(pairs) if left != right), len(pairs))


def _keep_blocks(capacity: int, prompts: list[tuple[int, ...]]) -> list[int]:
    """Return the blocks that a cache of single blocks finds: a request's own are used last block first."""
    cache, found = OrderedDict[int, None](), []
    for prompt in prompts:
        known = next((place for place, block in enumerate(prompt) if block not in cache), len(prompt))
        found.append(known)
        for block in reversed(prompt):
            cache.pop(block, None)
            cache[block] = None
        while len(cache) > capacity:
            cache.popitem(last=False)
    return found


def _make_trace(tokens: list[int], shared: list[int]) -> Trace:
    table = np.zeros((len(tokens), len(tokens)), np.int64)
    for place, count in enumerate(shared):
        table[: place + 1, place + 1] = count
    return Trace(tokens=np.array(tokens, np.int64), shared=table)


def _make_conversation(trace: Trace) -> Conversation:
    count = len(trace.tokens)
    answers: Integers = np.ones(count, np.int64)
    return Conversation(
        kind="made up",
        waits_for_user=np.zeros(count, bool),
        answer_tokens=answers,
        traces=dict.fromkeys(WAYS, trace),
    )


def _make_traffic(
    talks: list[Conversation], requests: list[tuple[int, int, int]], *, busy_s: float
) -> Traffic:
    """Return requests at a time, of a session that has the talk of its number, and its turn."""
    time, session, turn = (np.array(column, np.int64) for column in zip(*requests, strict=True))
    opened = [
        next((later for later, other, _ in requests if other == one and later > now), now) - now
        for now, one, _ in requests
    ]
    return Traffic(
        conversations=talks,
        time_s=time.astype(float),
        session=session,
        talk=session,
        turn=turn,
        open_s=np.array(opened, float),
        busy_s=np.full(len(requests), busy_s),
    )
