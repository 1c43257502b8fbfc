"""New styles without a language model: parents of the front, crossed and changed.

Knows candidates and steps in θ; a style's ρ is measured by drawing it, which asks nobody.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from random import Random

from glyph_memory.errors import StyleError
from glyph_memory.style import PageStyle
from glyph_memory.training.style_search.candidate import Candidate, Origin
from glyph_memory.training.style_search.forecast import Forecast
from glyph_memory.training.style_search.front import Aim, measure_crowding, rank_points, to_point
from glyph_memory.training.style_search.genes import StyleSource, StyleSpace, name_style

FindRho = Callable[[PageStyle], float | None]
"""Returns a style's ρ; None where it cannot be drawn."""
_TRIES = 96
"""Styles that are made for a place before one is taken that is not what was hoped for."""
_FRESH = 0.1
"""Share of places for styles of the source."""
_CONTENDERS = 5
"""How many of the best are taken for the best one in turn."""
_AIMED = 0.8
"""How many of all places are for styles that are to take the best one's."""
_FROM_BEST = 0.6
"""How often the best one is a parent of a style that is to take its place."""
_COMPARED = 48
"""How many styles are compared for such a place, by what is guessed of their accuracy and ρ."""
_DOUBT = 0.5
"""How far a guess is off, in logits."""
_REACH = 1.3
"""How much denser than the best a style is at the most that is to take its place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A style that was made, and from what."""

    style: PageStyle
    """How pages look."""
    origin: Origin
    """How it was made."""
    parents: tuple[int, ...] = ()
    """Numbers of the candidates that it was made from."""
    reason: str = ""
    """Why a language model proposed it."""


class Parents:
    """Candidates that were tried, ranked once for a generation.

    Args:
        candidates: With their scores.
        aim: What is looked for.
    """

    def __init__(self, candidates: Sequence[Candidate], aim: Aim) -> None:
        self.candidates = tuple(candidates)
        """In order."""
        self.forecast = Forecast(self.candidates)
        """What to expect of a style."""
        best = aim.list_best(self.candidates)
        if aim.floor is not None:
            # One that is the best of many owes a part of that to luck: styles like it tell how much.
            sure = [one for one in best if self.forecast.blend(one) >= aim.floor]
            best = (*sure, *(one for one in best if one not in sure))
        self.contenders = best[:_CONTENDERS]
        """Those that would be taken, those first that styles like them confirm."""
        points = [to_point(one) for one in self.candidates]
        crowding = measure_crowding(points)
        self._keys = [(rank, -room) for rank, room in zip(rank_points(points), crowding, strict=True)]

    def choose(self, random: Random) -> Candidate:
        """Return the better of two: of lower rank, or with more room round it (NSGA-II's crowded tournament)."""
        pair = [random.randrange(len(self.candidates)) for _ in range(2)]
        return self.candidates[min(pair, key=self._keys.__getitem__)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Breeder:
    """Makes new styles from those that were tried."""

    space: StyleSpace
    """What changes."""
    source: StyleSource
    """Where new blood comes from."""
    aim: Aim
    """What is looked for."""
    find_rho: FindRho
    """Measures a style."""

    def make_child(self, parents: Parents, random: Random, known: Collection[str]) -> Child | None:
        """Return a new style that can be drawn; None where none was met.

        Most are to take the best one's place: denser than it, and likely to keep the floor, by what is guessed of
        several. The rest may be any, so that the whole front moves.

        Args:
            parents: Those that were tried.
            random: Where chance comes from.
            known: Digests of styles that are not to be made again.
        """
        best = random.choice(parents.contenders) if parents.contenders else None
        is_aimed = best is not None and self.aim.floor is not None and random.random() < _AIMED
        made = list[tuple[float, Child]]()
        for _ in range(_TRIES):
            child = self._make(parents, best if is_aimed else None, random)
            if child is None or name_style(child.style) in known:
                continue
            if best is None or not is_aimed:
                if self.find_rho(child.style) is not None:
                    return child
                continue
            gain = min(parents.forecast.guess_rho(child.style) / best.result.rho, _REACH) - 1
            chance = self._find_chance(parents.forecast.guess(child.style))
            made.append((gain * chance if gain > 0 else gain, child))
            if len(made) >= _COMPARED:
                break
        ranked = sorted(
            made, key=lambda one: -one[0]
        )  # pages are drawn of few: what is guessed of all is nearly right
        return next((child for _, child in ranked if self.find_rho(child.style) is not None), None)

    def _find_chance(self, guess: float) -> float:
        """Return how likely a style keeps the floor of which an accuracy is guessed."""
        floor = min(max(self.aim.floor or 0.0, 0.01), 0.99)
        distance = math.log(guess / (1 - guess)) - math.log(floor / (1 - floor))
        return 1 / (1 + math.exp(-distance / _DOUBT))

    def _make(self, parents: Parents, best: Candidate | None, random: Random) -> Child | None:
        if not parents.candidates or random.random() < _FRESH:
            try:
                return Child(style=self.space.fit(self.source.draw(random)), origin="drawn")
            except StyleError:
                return None
        first = best if best is not None and random.random() < _FROM_BEST else parents.choose(random)
        if random.random() < 0.5 and len(parents.candidates) > 1:
            second = parents.choose(random)
            crossed = self.space.cross(first.style, second.style, random)
            if crossed is None:
                return None
            style = self.space.mutate(crossed, random) if random.random() < 0.5 else crossed
            numbers = tuple(dict.fromkeys((first.number, second.number)))
            return None if style is None else Child(style=style, origin="crossed", parents=numbers)
        style = self.space.mutate(first.style, random)
        return None if style is None else Child(style=style, origin="mutated", parents=(first.number,))
