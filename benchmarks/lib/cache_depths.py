"""How large must a cache be to find a prompt's beginning? Exact for least-recently-used blocks, for all sizes at once.

vLLM drops the block that was not used for longest, and of one prompt the last block first. So a larger cache always
holds what a smaller one does, and one number tells for every size whether a block is found: how many blocks were used
after it. Counted for whole prompts at a time, it is a sum over those that came between, less what they had in common
with their own predecessors.

Knows lengths of prompts and where they part; knows nothing about who sent them. A prompt never goes back to what an
earlier one had and those between had not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def find_previous(session: Integers) -> Integers:
    """Return of each request of a server its session's previous one there, -1 where there is none.

    Args:
        session: Shape (requests,), in the order of time: whose it is.
    """
    order = np.argsort(session, kind="stable")
    same = np.diff(session[order]) == 0
    previous = np.full(len(session), -1, np.int64)
    previous[order[1:][same]] = order[:-1][same]
    return previous


def measure_depths(previous: Integers, blocks: Integers, shared: Integers) -> Integers:
    """Return how many blocks of a server's were used after a request's predecessor.

    Args:
        previous: Shape (requests,), as `find_previous` gives it.
        blocks: Shape (ways, requests), in the same order: whole blocks of each prompt.
        shared: The same shape: whole blocks that a prompt has in common with its predecessor; 0 where there is none.

    Returns:
        Shape (ways, requests). Of the blocks in common, `capacity - depth` are found in a cache of so many blocks,
        none below 0. Where a request has no predecessor, the number means nothing.
    """
    summed = np.concatenate([np.zeros((len(blocks), 1), np.int64), np.cumsum(blocks, axis=1)], axis=1)
    between: Integers = summed[:, :-1] - summed[:, previous + 1]
    return between - _sum_reused(previous, shared)


def count_found(capacity: int, depths: Integers, shared: Integers, reusable: Integers) -> Integers:
    """Return how many blocks of each prompt a cache of `capacity` blocks has.

    Args:
        capacity: In blocks.
        depths: As `measure_depths` gives them.
        shared: What it was given.
        reusable: The same shape: blocks that may be found, as a prompt's last token is always computed.
    """
    return np.minimum(np.clip(capacity - depths, 0, shared), reusable)


def _sum_reused(previous: Integers, shared: Integers) -> Integers:
    """Return, of each request, what requests before it have in common with predecessors that came after its own.

    Pairs of neighbouring stretches, ever longer ones: what the left one has counts for the right one.
    """
    requests = len(previous)
    total = np.zeros_like(shared)
    place = np.arange(requests)
    newest_first = np.argsort(-previous, kind="stable")
    width = 1
    while width < requests:
        # Sorted by pair of stretches, and in it by predecessor, the newest first.
        pair = place // (2 * width)
        order = newest_first[np.argsort(pair[newest_first], kind="stable")]
        is_left = (place[order] // width) % 2 == 0
        summed = np.cumsum(np.where(is_left, shared[:, order], 0), axis=1)
        starts = np.searchsorted(pair[order], pair[order])
        before = np.where(starts > 0, summed[:, np.maximum(starts - 1, 0)], 0)
        right = order[~is_left]
        total[:, right] += (summed - before)[:, ~is_left]
        width *= 2
    return total
