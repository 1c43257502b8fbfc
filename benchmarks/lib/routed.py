"""What servers' caches had of routed traffic, by the size of the caches.

Knows requests, servers and blocks; knows nothing about how a server was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.cache_depths import count_found, find_previous, measure_depths
from lib.prefix_cache import BLOCK_TOKENS
from lib.prefix_traces import WAYS, Integers
from lib.routers import ADDED_S, LOST_S
from lib.session_traffic import COUNTED_S, WARM_S, Traffic

AFTER_S = 300.0
"""How long after the loss of a server a share of its own is counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What one way to send conversations came to, at one size of the caches."""

    cached: float
    """Share of prompt tokens that a cache had."""
    cached_after: float
    """The same, of requests within `AFTER_S` after `LOST_S`."""
    computed: float
    """Tokens that a request had computed, in the mean."""
    imbalance: float
    """Tokens that the busiest server computed in a second that it was there, of the mean of all servers."""


def replay(
    traffic: Traffic, chosen: Integers, capacities: Sequence[int], *, ways: Sequence[str] = WAYS
) -> dict[tuple[str, int], Outcome]:
    """Send every request to its server, and return what the caches had, by way and capacity.

    Args:
        traffic: The requests.
        chosen: Shape (requests,): each one's server.
        capacities: Blocks of each server's cache.
        ways: Of `WAYS`, which are looked at.
    """
    rows = [WAYS.index(way) for way in ways]
    servers = np.unique(chosen)
    # Tokens of prompts, found, and the same after the loss; by way, capacity and server.
    sums = np.zeros((4, len(rows), len(capacities), len(servers)), np.int64)
    requests = int(traffic.is_counted.sum())
    for column, server in enumerate(servers):
        places = np.flatnonzero(chosen == server)
        previous = find_previous(traffic.session[places])
        tokens = traffic.get_tokens(places)[rows]
        shared = traffic.get_shared(places, previous)[rows]
        depths = measure_depths(previous, tokens // BLOCK_TOKENS, shared)
        time = traffic.time_s[places]
        counted, after = time >= WARM_S, (time >= LOST_S) & (time < LOST_S + AFTER_S)
        for row, capacity in enumerate(capacities):
            found = count_found(capacity, depths, shared, (tokens - 1) // BLOCK_TOKENS) * BLOCK_TOKENS
            for place, (kind, mask) in enumerate(
                [(tokens, counted), (found, counted), (tokens, after), (found, after)]
            ):
                sums[place, :, row, column] = (kind * mask).sum(axis=1)
    present_s = np.array([_count_presence(int(server), traffic, chosen) for server in servers])
    outcomes = {}
    for way, name in enumerate(ways):
        for row, capacity in enumerate(capacities):
            tokens, found, tokens_after, found_after = sums[:, way, row]
            rate = (tokens - found) / present_s
            outcomes[name, capacity] = Outcome(
                cached=float(found.sum() / tokens.sum()),
                cached_after=float(found_after.sum() / max(1, tokens_after.sum())),
                computed=float((tokens - found).sum() / requests),
                imbalance=float(rate.max() / rate.mean()),
            )
    return outcomes


def _count_presence(server: int, traffic: Traffic, chosen: Integers) -> float:
    """Return for how long of the counted time a server was there."""
    time = traffic.time_s[chosen == server]
    begin = ADDED_S if time[0] >= ADDED_S else WARM_S
    end = LOST_S if time[-1] < LOST_S else WARM_S + COUNTED_S
    return end - begin
