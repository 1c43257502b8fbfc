"""Ways to choose a server for each request of many sessions.

What a router knows is what routers of today know: who asks, what is in flight at each server, and which prompts it has
sent where. None sees a server's cache, so what it chooses does not depend on the cache's size.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from lib.prefix_cache import BLOCK_TOKENS
from lib.prefix_traces import Integers
from lib.session_traffic import COUNTED_S, WARM_S, Traffic

MATCH_SHARE, BALANCE_ABSOLUTE, BALANCE_RELATIVE = 0.3, 64, 1.5
"""Defaults of vLLM's router and of SGLang's gateway: a server is chosen for a prompt's beginning where it has more than
this share of it, unless the busiest has so many more requests than the idlest, and so many times as many."""
LOST_S, ADDED_S = WARM_S + COUNTED_S / 3, WARM_S + 2 * COUNTED_S / 3
"""When a server is lost, and another one added."""


def route_random(traffic: Traffic, servers: int, seed: int) -> Integers:
    """Return any server for each request; shape (requests,), as of all functions here."""
    return np.random.default_rng([seed, 1]).integers(0, servers, len(traffic.time_s))


def route_in_turn(traffic: Traffic, servers: int) -> Integers:
    """Return one server after the other: round robin."""
    return np.arange(len(traffic.time_s)) % servers


def route_affine(traffic: Traffic, servers: int, *, changes: bool = False) -> Integers:
    """Return the server that a consistent hash of the session's name gives: the one with the highest hash of both.

    Args:
        traffic: The requests.
        servers: How many servers there are.
        changes: Whether the first server is lost at `LOST_S`, and a new one, the last, is there from `ADDED_S` on.
    """
    chosen = _find_highest(traffic.session, range(servers))
    if changes:
        lost, added = traffic.time_s >= LOST_S, traffic.time_s >= ADDED_S
        chosen[lost] = _find_highest(traffic.session[lost], range(1, servers))
        chosen[added] = _find_highest(traffic.session[added], range(1, servers + 1))
    return chosen


def route_ring(traffic: Traffic, servers: int, *, points: int = 128) -> Integers:
    """Return the server whose point comes next after the session's on a ring of hashes, the other consistent hash."""
    owner = np.repeat(np.arange(servers), points)
    places = _mix(np.arange(servers * points) + (1 << 40))
    order = np.argsort(places)
    return owner[order][np.searchsorted(places[order], _mix(traffic.session)) % len(places)]


def route_modulo(traffic: Traffic, servers: int) -> Integers:
    """Return the server by the remainder of a hash, while the same servers are lost and added as in `route_affine`."""
    key = _mix(traffic.session) >> np.uint64(1)
    chosen = (key % np.uint64(servers)).astype(np.int64)
    lost, added = traffic.time_s >= LOST_S, traffic.time_s >= ADDED_S
    chosen[lost] = 1 + (key[lost] % np.uint64(servers - 1)).astype(np.int64)
    chosen[added] = 1 + (key[added] % np.uint64(servers)).astype(np.int64)
    return chosen


def route_least_loaded(traffic: Traffic, servers: int) -> Integers:
    """Return the server that has the fewest requests in hand."""
    flights = _Flights(servers)
    return np.array(
        [
            flights.send(flights.find_idlest(time), time + busy)
            for time, busy in zip(traffic.time_s.tolist(), traffic.busy_s.tolist(), strict=True)
        ],
        np.int64,
    )


def route_by_prefix(
    traffic: Traffic, servers: int, way: str, *, balance_absolute: int = BALANCE_ABSOLUTE
) -> Integers:
    """Return the server that was sent the longest beginning of the prompt before, within a limit of load.

    As vLLM's router and SGLang's gateway do it (`cache_aware`): where no server has enough of the prompt, the one that
    was sent the fewest blocks so far. The router forgets nothing, so it may send to a cache that has dropped the rest.
    """
    traces = [one.traces[way] for one in traffic.conversations]
    shared, blocks = (
        [one.shared.tolist() for one in traces],
        [(one.tokens // BLOCK_TOKENS).tolist() for one in traces],
    )
    flights, record = _Flights(servers), [0] * servers
    latest: dict[int, tuple[int, int]] = {}
    chosen = []
    columns = (traffic.time_s, traffic.busy_s, traffic.session, traffic.talk, traffic.turn)
    for time, busy, session, talk, turn in zip(*(one.tolist() for one in columns), strict=True):
        idlest = flights.find_idlest(time)
        most, least = max(flights.counts), flights.counts[idlest]
        before, new = latest.get(session), blocks[talk][turn]
        common = shared[talk][before[1]][turn] if before else 0
        if most - least > balance_absolute and most > BALANCE_RELATIVE * least:
            server = idlest
        elif before and common > MATCH_SHARE * new:
            server = before[0]
        else:
            server = record.index(min(record))
        record[server] += new - (common if before and before[0] == server else 0)
        latest[session] = server, turn
        chosen.append(flights.send(server, time + busy))
    return np.array(chosen, np.int64)


class _Flights:
    """Requests that servers have in hand."""

    def __init__(self, servers: int) -> None:
        self.counts = [0] * servers
        self._ends: list[tuple[float, int]] = []
        self._turn = 0

    def find_idlest(self, time: float) -> int:
        """Return the server with the fewest requests now; of several, each in turn."""
        ends, counts = self._ends, self.counts
        while ends and ends[0][0] <= time:
            counts[heapq.heappop(ends)[1]] -= 1
        self._turn = turn = (self._turn + 1) % len(counts)
        least = min(counts)
        return counts.index(least, turn) if least in counts[turn:] else counts.index(least)

    def send(self, server: int, end: float) -> int:
        """Note a request until it ends; return the server."""
        self.counts[server] += 1
        heapq.heappush(self._ends, (end, server))
        return server


def _find_highest(session: Integers, servers: Sequence[int]) -> Integers:
    """Return of each session the server whose hash with it is the highest; where one goes, only its sessions move."""
    chosen, highest = np.empty(len(session), np.int64), np.zeros(len(session), np.uint64)
    for server in servers:
        value = _mix(session * 1_000_003 + server)
        is_higher = value >= highest
        chosen[is_higher], highest[is_higher] = server, value[is_higher]
    return chosen


def _mix(number: Integers) -> np.ndarray:
    """Return a hash of 64 bits, the same on every machine (SplitMix64's finalizer)."""
    value = number.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
