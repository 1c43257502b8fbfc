"""Stop asking about a style that is clearly worse: fewer questions for it, more styles for a budget.

Knows scores; knows nothing about styles or readers. Looks are few, and each is allowed a share of the error, so that
many looks do not stop a good style by chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from glyph_memory.evaluate.run import measure_chance
from glyph_memory.shares import chance_of_at_most
from glyph_memory.training.style_search.candidate import Candidate
from glyph_memory.training.style_search.front import Aim

ERROR = 0.1
"""How likely a style is stopped, over all looks together, that is not worse than what it is compared with."""
_FIRST_LOOK = 6
"""Questions before the first look; fewer say nothing at that error."""


def list_looks(questions: int, *, first: int = _FIRST_LOOK) -> tuple[int, ...]:
    """Return after how many questions it is looked whether to go on: at doubling distances.

    Example:
        >>> list_looks(40)
        (6, 12, 24, 40)
    """
    looks, at = list[int](), first
    while at < questions:
        looks.append(at)
        at *= 2
    return (*looks, questions)


def bound_chance(scores: Sequence[float], mean: float) -> float:
    """Return a bound on how likely scores so low are, where their mean is at least `mean`.

    Exact for scores of 0 and 1; for others Hoeffding's bound (JASA 58, 1963), which is wider.

    Example:
        >>> round(bound_chance([1, 0, 0, 0], 0.9), 4), round(bound_chance([0.9, 0.2, 0.1, 0.3], 0.9), 4)
        (0.0037, 0.0381)
    """
    seen = sum(scores) / len(scores)
    if all(score in (0, 1) for score in scores):
        return chance_of_at_most(int(sum(scores)), len(scores), mean)
    if seen >= mean:
        return 1.0
    if mean >= 1:
        return 0.0
    surprise = (seen * math.log(seen / mean) if seen else 0.0) + (1 - seen) * math.log(
        (1 - seen) / (1 - mean)
    )
    return math.exp(-len(scores) * surprise)


def find_reason(
    scores: Sequence[float], rho: float, others: Sequence[Candidate], aim: Aim, *, looks: int
) -> str:
    """Return why a style need not be asked about any further; an empty text where it need.

    Args:
        scores: What it has so far.
        rho: Its ρ, which is known before anything is asked.
        others: Candidates that are done.
        aim: What is looked for: a style clearly below its floor is stopped.
        looks: How many looks there are in all.
    """
    allowed = ERROR / 2 / max(looks, 1)
    if aim.floor is not None and bound_chance(scores, aim.floor) < allowed:
        return f"clearly below {aim.floor:g}"
    # Of those that are at least as dense, the most accurate: against each of many, one would win by chance.
    rivals = [one for one in others if one.score is not None and one.score.is_whole and one.score.rho >= rho]
    best = max(rivals, key=lambda one: (one.result.accuracy, one.result.rho), default=None)
    if best is None:
        return ""
    pairs = list(zip(scores, best.result.scores, strict=False))
    worse, better = sum(one < other for one, other in pairs), sum(one > other for one, other in pairs)
    if worse > better and measure_chance(worse, better) / 2 < allowed:
        return f"clearly worse than {best.number}, which is no less dense"
    return ""
