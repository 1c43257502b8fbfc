"""Sizes to count, many of them awkward."""

from __future__ import annotations

import random
from math import exp, log

import pytest

_EDGES = (
    *((9, 8), (25, 8), (355, 10), (8, 25)),  # where it matters whether a side is cut or rounded
    *(
        (595, 842),
        (588, 840),
        (608, 832),
        (794, 1123),
        (1240, 1754),
        (1024, 1024),
        (2480, 3508),
        (640, 640),
        (641, 640),
    ),
    *(
        (768, 768),
        (769, 100),
        (448, 448),
        (384, 384),
        (364, 364),
        (512, 513),
        (1540, 1541),
        (1025, 1024),
        (4096, 4096),
    ),
    *(
        (1, 1),
        (1, 2),
        (2, 1),
        (1, 28),
        (27, 27),
        (28, 28),
        (29, 27),
        (14, 14),
        (13, 300),
        (300, 13),
        (1, 200),
        (200, 1),
    ),
    *(
        (1, 201),
        (28, 5600),
        (28, 5601),
        (5601, 28),
        (10, 2000),
        (10, 2001),
        (1, 5000),
        (5000, 1),
        (3, 4000),
        (7, 1399),
    ),
    *((600, 600), (8000, 300), (300, 9000)),  # two ways to slice; longer than Kimi's longest side
)


@pytest.fixture(scope="session")
def sizes() -> list[tuple[int, int]]:
    """Known troublemakers, and 500 sizes drawn from a seed: sides from 1 to 4,000 px, short ones often."""
    draw = random.Random(41)
    drawn = [tuple(round(exp(draw.uniform(0, log(4000)))) for _ in "wh") for _ in range(250)]
    drawn += [(draw.randint(100, 3000), draw.randint(100, 3000)) for _ in range(250)]
    return [*_EDGES, *((width, height) for width, height in drawn)]
