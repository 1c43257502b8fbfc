"""The front of accuracy against ρ, how much it covers, and which style of it is taken.

Non-dominated sorting and crowding as in NSGA-II (Deb et al., IEEE TEVC 6, 2002). Knows points; knows nothing about
styles or readers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from glyph_memory.checks import check_number
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.style_search.candidate import Candidate, Score

Point = tuple[float, float]
"""Accuracy and ρ: of both, more is better."""


def dominates(one: Point, other: Point) -> bool:
    """Return whether a point is at least as good in both, and better in one.

    Example:
        >>> dominates((0.9, 3.0), (0.9, 2.0)), dominates((0.9, 3.0), (0.8, 4.0))
        (True, False)
    """
    return one[0] >= other[0] and one[1] >= other[1] and one != other


def rank_points(points: Sequence[Point]) -> list[int]:
    """Return each point's rank: 0 for those that none dominates, 1 for those that only they dominate, and so on.

    Example:
        >>> rank_points([(0.9, 3.0), (0.8, 2.0), (1.0, 1.0)])
        [0, 1, 0]
    """
    ranks, left, rank = [0] * len(points), set(range(len(points))), 0
    while left:
        best = {one for one in left if not any(dominates(points[other], points[one]) for other in left)}
        for one in best:
            ranks[one] = rank
        left -= best
        rank += 1
    return ranks


def measure_crowding(points: Sequence[Point]) -> list[float]:
    """Return how far each point's neighbours are, in both directions together; without end at the ends."""
    distances = [0.0] * len(points)
    for axis in (0, 1):
        order = sorted(range(len(points)), key=lambda one: points[one][axis])
        if not order:
            continue
        width = points[order[-1]][axis] - points[order[0]][axis]
        distances[order[0]] = distances[order[-1]] = math.inf
        for before, one, after in zip(order, order[1:], order[2:], strict=False):
            if width:
                distances[one] += (points[after][axis] - points[before][axis]) / width
    return distances


def measure_hypervolume(points: Sequence[Point]) -> float:
    """Return the area that points dominate, above accuracy 0 and ρ 0.

    Example:
        >>> measure_hypervolume([(1.0, 2.0), (0.5, 4.0), (0.4, 3.0)])
        3.0
    """
    area, reached = 0.0, 0.0
    for accuracy, rho in sorted(points, key=lambda point: (-point[1], -point[0])):
        if accuracy > reached:
            area += (accuracy - reached) * rho
            reached = accuracy
    return area


def find_front(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates that none dominates, the densest last; of equal points the first."""
    known = [one for one in candidates if one.score is not None]
    points = [to_point(one) for one in known]
    found = dict[Point, Candidate]()
    for one, point, rank in zip(known, points, rank_points(points), strict=True):
        if rank == 0:
            found.setdefault(point, one)
    return tuple(found[point] for point in sorted(found, key=lambda point: point[1]))


def to_point(candidate: Candidate) -> Point:
    """Return a candidate's accuracy and ρ."""
    return candidate.result.accuracy, candidate.result.rho


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """Which style of the front is taken.

    Raises:
        TrainingError: A number is out of range, or both or none is given.

    Example:
        >>> Aim(floor=0.95).name
        'the densest style with an accuracy of 0.95 or more'
    """

    floor: float | None = None
    """The densest style with at least this accuracy."""
    weight: float | None = None
    """The style with the largest accuracy · ρ^weight."""

    def __post_init__(self) -> None:
        check_number("floor", self.floor, TrainingError, at_most=1, or_none=True)
        check_number("weight", self.weight, TrainingError, at_most=100, or_none=True)
        if (self.floor is None) == (self.weight is None):
            raise TrainingError("the search aims at a floor or at accuracy · ρ^weight; give one of the two")

    @property
    def name(self) -> str:
        """The rule in words."""
        if self.floor is not None:
            return f"the densest style with an accuracy of {self.floor:g} or more"
        return f"the style with the largest accuracy · ρ^{self.weight:g}"

    def pick(self, candidates: Sequence[Candidate]) -> Candidate | None:
        """Return the candidate that is taken, of those that were asked everything; None where none will do."""
        return next(iter(self.list_best(candidates)), None)

    def list_best(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Return all that would do, the best first."""
        whole = [one for one in candidates if one.score is not None and one.score.is_whole]
        if self.floor is not None:
            enough = [one for one in whole if one.result.accuracy >= self.floor - 1e-12]
            return tuple(sorted(enough, key=lambda one: (-one.result.rho, -one.result.accuracy, one.number)))
        return tuple(sorted(whole, key=lambda one: (-self.weigh(one.result), one.number)))

    def weigh(self, score: Score) -> float:
        """Return accuracy · ρ^weight."""
        return score.accuracy * math.pow(score.rho, self.weight or 0.0)
