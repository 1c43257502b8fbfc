"""Which server should a session's next request go to? The cached share by routing policy, way and size of the caches.

Many sessions talk for two hours to some servers, each with a prefix cache as vLLM keeps it: blocks of 16 tokens, found
behind their whole prefix only, the one not used for longest dropped first. A router sends each request to one of them.
What prompts look like is real: an agent's conversations, folded by the real policy, drawn as pages, cut into keys.
When sessions talk is made up, by the laws in `lib/session_traffic.py`. No GPU is asked, and no time is measured.

The memory of the caches is the same for all ways. It is told as a part of the *working set*: what the open sessions'
prompts take as plain text.

First it is checked: one session on a server whose cache never drops anything has to have the share that
`benchmarks/prefix.py` counts block by block; and no larger cache may have less.

    python benchmarks/routing.py [--quick] [--sessions N] [--servers N] [--seeds N] [--only POLICY]
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from lib.prefix_cache import BLOCK_TOKENS
from lib.prefix_traces import WAYS, Conversation, Integers, make_conversations, make_one
from lib.report import print_table
from lib.results import RESULTS, write_results
from lib.routed import Outcome, replay
from lib.routers import (
    BALANCE_ABSOLUTE,
    route_affine,
    route_by_prefix,
    route_in_turn,
    route_least_loaded,
    route_modulo,
    route_random,
    route_ring,
)
from lib.routing_report import print_tables
from lib.session_traffic import Traffic, make_traffic

SESSIONS, SERVERS, SEEDS = 20_000, 8, 5
MOST_SESSIONS = 1_000_000
SIZES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4)
"""Of all caches together, of the working set as text."""
SHOWN_SIZE = 1 / 4
TIGHT = 8
SCALE = (1, 10, 50)
"""Times as many sessions and servers; with 20,000 sessions, up to a million."""
SCALED: Mapping[str, Callable[[Traffic, int], Integers]] = {
    "session affinity": route_affine,
    "session affinity, a ring of 128 points": route_ring,
    "random": lambda traffic, servers: route_random(traffic, servers, 1),
}
"""The policies that are looked at with so many; those that see prompts take hours."""
_STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)
"""Of a 95 % interval, for 2 to 10 seeds."""

Route = Callable[[Traffic, int, str], Integers]


def list_policies(seed: int) -> dict[str, tuple[bool, Route]]:
    """Return the policies: whether what is chosen depends on the prompts, and how it is chosen."""
    return {
        "random": (False, lambda traffic, servers, _: route_random(traffic, servers, seed)),
        "round robin": (False, lambda traffic, servers, _: route_in_turn(traffic, servers)),
        "least loaded": (False, lambda traffic, servers, _: route_least_loaded(traffic, servers)),
        "session affinity": (False, lambda traffic, servers, _: route_affine(traffic, servers)),
        "session affinity, a ring of 128 points": (
            False,
            lambda traffic, servers, _: route_ring(traffic, servers),
        ),
        "prefix-aware": (True, route_by_prefix),
        "prefix-aware, tight limit": (True, partial(route_by_prefix, balance_absolute=TIGHT)),
        "session affinity, servers change": (
            False,
            lambda traffic, servers, _: route_affine(traffic, servers, changes=True),
        ),
        "hash modulo servers, servers change": (
            False,
            lambda traffic, servers, _: route_modulo(traffic, servers),
        ),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Check, simulate, print the tables, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parse(given)
    conversations = make_conversations(range(1, 2 if options.quick else 5))
    checks = check_against(RESULTS / "prefix.json")
    print_table(
        "One session, one server, nothing dropped: the share beside that of benchmarks/prefix.py",
        ("sent as", "here", "there", "difference"),
        [(one["way"], one["here"], one["there"], one["difference"]) for one in checks],
    )
    results = simulate(
        conversations,
        sessions=options.sessions,
        servers=options.servers,
        seeds=options.seeds,
        only=options.only,
    )
    print_tables(results)
    write_results("routing", {**results, "checks": checks}, arguments=given)


def parse(given: Sequence[str]) -> argparse.Namespace:
    """Return the options.

    Raises:
        SystemExit: One of them makes no sense.
    """
    parser = argparse.ArgumentParser(
        description="Cached share of many sessions' prompts, by routing policy.",
        epilog="20,000 sessions and 5 seeds take some minutes on one core, and time grows with both. "
        "Name more servers with more sessions: --sessions 200000 --servers 80 --seeds 1.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer sessions and conversations, two seeds")
    parser.add_argument(
        "--sessions", type=int, default=None, help=f"sessions that begin; {SESSIONS:,} by default"
    )
    parser.add_argument("--servers", type=int, default=SERVERS, help=f"{SERVERS} by default")
    parser.add_argument(
        "--seeds", type=int, default=None, help=f"how often with other dice; {SEEDS} by default"
    )
    parser.add_argument("--only", choices=list(list_policies(0)), help="one policy alone")
    options = parser.parse_args(given)
    options.sessions = options.sessions or (2000 if options.quick else SESSIONS)
    options.seeds = options.seeds or (2 if options.quick else SEEDS)
    if not 1 <= options.sessions <= MOST_SESSIONS:
        parser.error(f"--sessions {options.sessions}: name 1 to {MOST_SESSIONS:,}")
    if options.servers < 2:
        parser.error(f"--servers {options.servers}: name 2 or more, as there is nothing to choose with one")
    if not 1 <= options.seeds <= len(_STUDENT) + 1:
        parser.error(f"--seeds {options.seeds}: name 1 to {len(_STUDENT) + 1}")
    return options


def simulate(
    conversations: Sequence[Conversation], *, sessions: int, servers: int, seeds: int, only: str | None = None
) -> dict[str, object]:
    """Return the outcomes of all policies, ways and sizes, over seeds."""
    found = dict[tuple[str, str, float], list[Outcome]]()
    requests, working_sets = [], []
    for seed in range(1, seeds + 1):
        traffic = make_traffic(conversations, sessions=sessions, seed=seed)
        working_set = traffic.measure_working_set()
        requests.append(int(traffic.is_counted.sum()))
        working_sets.append(working_set * BLOCK_TOKENS)
        capacities = [round(size * working_set / servers) for size in SIZES]
        for name, (sees_prompts, route) in list_policies(seed).items():
            if only not in (None, name):
                continue
            for ways in [(way,) for way in WAYS] if sees_prompts else [WAYS]:
                chosen = route(traffic, servers, ways[0])
                outcomes = replay(traffic, chosen, capacities, ways=ways)
                check_growth(outcomes, capacities, ways)
                for way in ways:
                    for size, capacity in zip(SIZES, capacities, strict=True):
                        found.setdefault((name, way, size), []).append(outcomes[way, capacity])
        print(f"  seed {seed}: {len(traffic.time_s):,} requests", flush=True)
    return {
        "scale": [] if only else check_scale(conversations, sessions=sessions, servers=servers),
        "sessions": sessions,
        "servers": servers,
        "seeds": seeds,
        "conversations": len(conversations),
        "requests counted": statistics.fmean(requests),
        "working set, tokens": statistics.fmean(working_sets),
        "limits of load": [BALANCE_ABSOLUTE, TIGHT],
        "shown size": SHOWN_SIZE,
        "rows": [
            {"policy": policy, "way": way, "size": size, **summarize(outcomes)}
            for (policy, way, size), outcomes in found.items()
        ],
    }


def check_scale(
    conversations: Sequence[Conversation], *, sessions: int, servers: int
) -> list[dict[str, object]]:
    """Return the share of pages with so many sessions and servers, with 10 and 50 times as many, by policy."""
    rows: list[dict[str, object]] = []
    for times in SCALE:
        if times * sessions > MOST_SESSIONS:
            break
        traffic = make_traffic(conversations, sessions=times * sessions, seed=1)
        capacity = round(SHOWN_SIZE * traffic.measure_working_set() / (times * servers))
        for policy, route in SCALED.items():
            chosen = route(traffic, times * servers)
            (outcome,) = replay(traffic, chosen, [capacity], ways=["pages"]).values()
            rows.append(
                {
                    "sessions": times * sessions,
                    "servers": times * servers,
                    "requests": len(traffic.time_s),
                    "policy": policy,
                    "cached": outcome.cached,
                    "computed": outcome.computed,
                    "imbalance": outcome.imbalance,
                }
            )
        print(f"  {times * sessions:,} sessions: {len(traffic.time_s):,} requests", flush=True)
    return rows


def summarize(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """Return means over seeds, and half of a 95 % interval of those that are compared."""
    columns = {
        name: [getattr(one, name) for one in outcomes]
        for name in ("cached", "cached_after", "computed", "imbalance")
    }
    means = {name: statistics.fmean(values) for name, values in columns.items()}
    halves = {
        f"{name} ±": find_half_interval(columns[name]) for name in ("cached", "cached_after", "computed")
    }
    return {**means, **halves}


def find_half_interval(values: Sequence[float]) -> float | None:
    """Return half of the 95 % interval of a mean, by Student's distribution; None for one value."""
    if len(values) < 2:
        return None
    return _STUDENT[len(values) - 2] * statistics.stdev(values) / math.sqrt(len(values))


def check_growth(
    outcomes: Mapping[tuple[str, int], Outcome], capacities: Sequence[int], ways: Sequence[str]
) -> None:
    """Raise where a larger cache has less: with least-recently-used blocks it holds all that a smaller one does.

    Raises:
        AssertionError: One has less.
    """
    for way in ways:
        shares = [outcomes[way, capacity].cached for capacity in capacities]
        if shares != sorted(shares):
            raise AssertionError(f"sent as {way}, a larger cache has less: {shares}")


def check_against(path: Path) -> list[dict[str, object]]:
    """Return the share of one heavy session in a cache that drops nothing, beside what `prefix.py` counted.

    Raises:
        AssertionError: They differ by more than a thousandth; but for the summary, which repeats itself there.
    """
    counted = read_counted(path)
    conversation = make_one("heavy", turns=200, seed=0)
    rows: list[dict[str, object]] = []
    for way in WAYS:
        trace = conversation.traces[way]
        found = np.minimum(trace.shared.diagonal(1), (trace.tokens[1:] - 1) // BLOCK_TOKENS) * BLOCK_TOKENS
        here, there = float(found.sum() / trace.tokens.sum()), counted[way]
        if way != "rewritten summary" and abs(here - there) > 0.001:
            raise AssertionError(
                f"sent as {way}, one session has {here:.4f} cached here and {there:.4f} there"
            )
        rows.append({"way": way, "here": here, "there": there, "difference": here - there})
    return rows


def read_counted(path: Path) -> dict[str, float]:
    """Return the cached shares of the heavy conversation that `prefix.py` wrote."""
    ways = json.loads(path.read_text(encoding="utf-8"))["figures"]["ways"]["heavy"]
    return {way: ways[way]["cached"] for way in WAYS}


if __name__ == "__main__":
    main()
