"""Which sample comes when: seeded, with its share of pages to be read, and the same however long training goes.

Knows numbers of samples; knows nothing about models.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice


def order_samples(asked: Sequence[int], read: Sequence[int], *, ocr_share: float, seed: int) -> Iterator[int]:
    """Yield numbers of samples without end: each kind is shuffled, gone through, and shuffled anew.

    A longer training begins as a shorter one does, so that it can go on from there.

    Args:
        asked: Those that are asked something.
        read: Those whose pages are to be read.
        ocr_share: The share of the second kind, exact to one sample at any time, where there are both kinds.
        seed: Of the order.

    Example:
        >>> list(islice(order_samples([0, 1], [2], ocr_share=0.25, seed=0), 8)).count(2)
        2
    """
    streams = (_shuffle_forever(asked, seed * 2), _shuffle_forever(read, seed * 2 + 1))
    share = 1.0 if not asked else 0.0 if not read else ocr_share
    taken = 0
    for place in range(1, 2**62):
        is_read = int(place * share + 1e-9) > taken
        taken += is_read
        yield next(streams[is_read])


def _shuffle_forever(numbers: Sequence[int], seed: int) -> Iterator[int]:
    draw = random.Random(seed)  # noqa: S311 - an order, no secret
    while True:
        yield from draw.sample(list(numbers), len(numbers))


def take(numbers: Iterator[int], count: int) -> list[int]:
    """Return the first so many."""
    return list(islice(numbers, count))
