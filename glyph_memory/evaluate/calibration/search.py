"""Find the densest style that keeps a floor: look for it cheaply, then prove it on answers that were not looked at yet.

The search changes one axis after the other. On each it bisects, as what is denser is read no better, and asks nothing
about a style that saves nothing. The rungs that it went down are the way back, if the proof of the last one fails.
Knows rungs and right or wrong answers; knows nothing about pages or readers: whoever asks gives two functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.evaluate.calibration.ladder import AXES, Axis, Ladder, Rung, list_denser
from glyph_memory.evaluate.calibration.sequential import (
    Decision,
    Probe,
    Proof,
    Verdict,
    count_fixed_questions,
    share_risk,
)

Phase = Literal["probe", "proof", "not stated", "prefill"]
"""What a question is asked for."""
Ask = Callable[[Rung, Phase, int, int], Sequence[bool]]
"""Asks questions of a rung, for a phase: the number of the first, counted from 0, and how many. Returns, of each,
whether the answer is right. The same question has the same answer whenever it is asked."""

_AT_A_TIME: dict[Phase, int] = {"probe": 8, "proof": 16}
"""Questions that are asked at once."""
_PROBE_AT_MOST = 120
_AT_LEAST = 150
"""Questions that a proof may take whatever the floor."""
_SAVES = 0.99
"""A style is denser only if the same text costs at most so much of what it did."""


class RungRefused(GlyphMemoryError):
    """A style of which no request can be sent: more pages or tokens than the server takes."""


class OutOfTime(GlyphMemoryError):
    """The time is over; what was answered is kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What the search found."""

    way: tuple[Rung, ...]
    """From the sharpest style to the densest that seemed to be read."""
    missed: tuple[Rung, ...]
    """Those that were not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """What came of the proof."""

    rung: Rung | None
    """The densest rung that keeps the floor; None where none could be proven."""
    tried: tuple[tuple[Rung, Verdict], ...]
    """Those that were tried, in order, and what came of it."""


def search_rungs(ladder: Ladder, ask: Ask, *, cost: Callable[[Rung], float], floor: float) -> Found:
    """Return the way down to the densest style that seems to keep the floor.

    Args:
        ladder: Where to look.
        ask: Asks questions.
        cost: What a text costs in a rung's style, in any unit; less is denser.
        floor: The share of right answers that is asked for.

    Raises:
        OutOfTime: Raised by `ask`.
    """
    seen = dict[Rung, bool]()

    def is_read(rung: Rung) -> bool:
        if rung not in seen:
            seen[rung] = _probe(rung, ask, Probe(floor=floor))
        return seen[rung]

    way = [Rung()]
    for axis in AXES:
        way += _climb(ladder, way[-1], axis, is_read, cost)
        if way == [Rung()] and not is_read(way[0]):
            break  # not even large letters
    return Found(way=tuple(way), missed=tuple(rung for rung, is_good in seen.items() if not is_good))


def _climb(
    ladder: Ladder, start: Rung, axis: Axis, is_read: Callable[[Rung], bool], cost: Callable[[Rung], float]
) -> list[Rung]:
    """Return the rungs below `start` on one axis, down to the last that is read."""
    denser = list(list_denser(ladder, start, axis))
    if axis not in {"size", "pages"}:  # smaller letters always save, and pages in a request are no saving
        worth = cost(start) * _SAVES if denser else 0
        denser = [rung for rung in denser if cost(rung) <= worth]
    if axis == "letters":
        return _climb_letters(ladder, denser, is_read)
    low, high = 0, len(denser)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if is_read(denser[middle - 1]) else (low, middle - 1)
    return denser[:low]


def _climb_letters(ladder: Ladder, helps: Sequence[Rung], is_read: Callable[[Rung], bool]) -> list[Rung]:
    """Return the rungs of the first of the things that help, as far down as it does."""
    for rung in helps:
        way = list[Rung]()
        for place in range(rung.size, len(ladder.sizes_px)):
            smaller = rung.move("size", place)
            if not ladder.has(smaller) or not is_read(smaller):
                break
            way.append(smaller)
        if way:
            return way
    return []


def _probe(rung: Rung, ask: Ask, probe: Probe) -> bool:
    answers = list[bool]()
    while len(answers) < _PROBE_AT_MOST:
        try:
            answers += ask(rung, "probe", len(answers), _AT_A_TIME["probe"])
        except RungRefused:
            return False
        decision = probe.decide(answers)
        if decision.is_clear:
            return decision.verdict == "kept"
    return False


def prove_rung(
    way: Sequence[Rung], ask: Ask, *, floor: float, confidence: float = 0.95, at_most: int | None = None
) -> Proven:
    """Return the densest rung of a way that keeps the floor.

    The last one is tried first; where it fails, the one before it, then those at growing distances, and at last the
    sharpest. Questions of the search are not counted: what chose a style must not vouch for it.

    Args:
        way: From sharp to dense, as `search_rungs` found it.
        ask: Asks questions.
        floor: The share of right answers that is asked for.
        confidence: The chance at least that no rung is called proven that is below the floor.
        at_most: Questions after which the proof of one rung is given up; four times those of a test of a fixed length,
            and some, unless given.

    Raises:
        OutOfTime: Raised by `ask`.
    """
    tried = list[tuple[Rung, Verdict]]()
    most = _AT_LEAST + 4 * count_fixed_questions(floor, confidence=confidence) if at_most is None else at_most
    back = list(_go_back(way))
    for place, rung in enumerate(back, 1):
        risk = share_risk(confidence, place, of=len(back))
        verdict = _prove(rung, ask, Proof(floor=floor, risk=risk, at_most=most))
        tried.append((rung, verdict))
        if verdict == "kept":
            return Proven(rung=rung, tried=tuple(tried))
    return Proven(rung=None, tried=tuple(tried))


def _go_back(way: Sequence[Rung]) -> Iterator[Rung]:
    last, back = len(way) - 1, 0
    while back < last:
        yield way[last - back]
        back = max(1, back * 2)
    yield way[0]


def _prove(rung: Rung, ask: Ask, proof: Proof) -> Verdict:
    answers = list[bool]()
    decision = Decision(verdict="open", used=0)
    while not decision.is_clear and len(answers) < proof.at_most and not proof.is_hopeless(answers):
        count = min(_AT_A_TIME["proof"], proof.at_most - len(answers))
        try:
            answers += ask(rung, "proof", len(answers), count)
        except RungRefused:
            return "missed"
        decision = proof.decide(answers, known=decision.used)
    return decision.verdict
