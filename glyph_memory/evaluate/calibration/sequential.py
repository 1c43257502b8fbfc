"""Sequential tests of a share of right answers: stop asking as soon as enough is known.

`Probe` is Wald's sequential probability ratio test ("Sequential Tests of Statistical Hypotheses", Ann. Math. Stat. 16,
1945): cheap, and only ever used to look for a style. `Proof` is a test martingale: the likelihood of the answers under
shares above the floor, averaged over a few of them, over that under the floor itself. While the true share is at or
below the floor its expected value never rises above 1, so that it reaches 1 / risk with at most that chance, however
long it runs and whenever one looks (Ville's inequality; Ramdas and others, "Game-theoretic statistics and safe anytime-
valid inference", Statistical Science 38, 2023). Knows right and wrong; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb, exp, log
from typing import Literal

Verdict = Literal["kept", "missed", "open"]
"""What is known of a floor: the share is above it; it is below; or neither is clear."""

_ABOVE = ((0.5, 0.15), (0.9, 0.35), (1.0, 0.5))
"""Shares that a proof has in mind, as parts of the way from the floor to 1, with their weights."""
_BELOW = (2.0, 5.0, 15.0)
"""Shares that speak against it, by how many times the error that the floor allows; equal weights."""
_REFUTED = 0.02
"""The chance that a share at the floor or above is called below it."""
_PROBE_FALSE, _PROBE_MISSED = 0.1, 0.005
"""Of a probe: the chance to pass a share that is clearly low, which a proof would then find out; and to refuse one
that is clearly high, which nothing would find out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What answers so far tell."""

    verdict: Verdict
    """Whether the floor is kept."""
    used: int
    """How many of the answers it took, in order."""

    @property
    def is_clear(self) -> bool:
        """Whether one of the two is known."""
        return self.verdict != "open"


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """A quick look at whether a share may be above a floor.

    Example:
        >>> probe = Probe(floor=0.98)
        >>> probe.decide([True] * 30), probe.decide([False, True, False])
        (Decision(verdict='kept', used=23), Decision(verdict='missed', used=3))
    """

    floor: float
    """The share that is asked for."""

    def decide(self, answers: Iterable[bool]) -> Decision:
        """Return what is known after as many of the answers as it takes."""
        allowed = 1 - self.floor
        high, low = 1 - allowed / 4, max(1 - 5 * allowed, self.floor - 0.15)
        upper, lower = log((1 - _PROBE_MISSED) / _PROBE_FALSE), log(_PROBE_MISSED / (1 - _PROBE_FALSE))
        ratio, used = 0.0, 0
        for used, is_right in enumerate(answers, 1):
            ratio += log(high / low) if is_right else log((1 - high) / (1 - low))
            if ratio >= upper:
                return Decision(verdict="kept", used=used)
            if ratio <= lower:
                return Decision(verdict="missed", used=used)
        return Decision(verdict="open", used=used)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """A test of whether a share is above a floor, which is wrong with at most a given chance.

    Example:
        >>> proof = Proof(floor=0.98, risk=0.05)
        >>> proof.decide([True] * 300)
        Decision(verdict='kept', used=161)
        >>> proof.decide([True, False] * 30).verdict
        'missed'
    """

    floor: float
    """The share that is asked for."""
    risk: float
    """The chance at most that "kept" is said of a share at the floor or below."""
    at_most: int = 1000
    """Answers after which it gives up."""

    def decide(self, answers: Sequence[bool], *, known: int = 0) -> Decision:
        """Return what is known after as many of the answers as it takes.

        Args:
            answers: All of them, in order.
            known: After how many of them nothing was clear yet, as an earlier call said.
        """
        above, below = self._above, self._below
        right = sum(answers[:known])
        wrong = known - right
        for is_right in answers[known:]:
            right, wrong = right + is_right, wrong + (not is_right)
            if _average(above, self.floor, right, wrong) >= 1 / self.risk:
                return Decision(verdict="kept", used=right + wrong)
            if _average(below, self.floor, right, wrong) >= 1 / _REFUTED:
                return Decision(verdict="missed", used=right + wrong)
        return Decision(verdict="open", used=right + wrong)

    def is_hopeless(self, answers: Sequence[bool]) -> bool:
        """Return whether the floor could not be proven any more, were all answers up to `at_most` right."""
        rest, right = max(0, self.at_most - len(answers)), sum(answers)
        return _average(self._above, self.floor, right + rest, len(answers) - right) < 1 / self.risk

    @property
    def _above(self) -> tuple[tuple[float, float], ...]:
        return tuple((self.floor + part * (1 - self.floor), weight) for part, weight in _ABOVE)

    @property
    def _below(self) -> tuple[tuple[float, float], ...]:
        allowed = 1 - self.floor
        shares = {max(1 - times * allowed, self.floor / 10) for times in _BELOW}
        return tuple((share, 1 / len(shares)) for share in sorted(shares))


def _average(shares: Iterable[tuple[float, float]], floor: float, right: int, wrong: int) -> float:
    """Return the likelihood of answers under shares, averaged by their weights, over that under the floor."""
    total = 0.0
    for share, weight in shares:
        if share < 1:
            total += weight * exp(right * log(share / floor) + wrong * log((1 - share) / (1 - floor)))
        elif not wrong:
            total += weight * exp(-right * log(floor))
    return total


def share_risk(confidence: float, place: int, *, of: int) -> float:
    """Return the risk that the proof of the style tried at a place may take.

    Half of it for the first, which is likely the one, and the rest in equal parts. They add up to 1 - confidence: with
    that confidence no style is called proven that is below the floor, whichever is tried (Bonferroni's inequality).

    Args:
        confidence: The chance at least that nothing is proven falsely.
        place: Which one it is, from 1.
        of: How many may be tried.

    Example:
        >>> [round(share_risk(0.95, place, of=3), 4) for place in (1, 2, 3)]
        [0.025, 0.0125, 0.0125]
    """
    share = 1.0 if of == 1 else 0.5 if place == 1 else 0.5 / (of - 1)
    return (1 - confidence) * share


def count_fixed_questions(floor: float, *, confidence: float = 0.95, errors: int = 1) -> int:
    """Return how many questions a test of a fixed length needs: what each style of a full grid would be asked.

    The fewest for which the exact lower bound (Clopper and Pearson, Biometrika 26, 1934) stays above the floor with so
    many wrong answers.

    Example:
        >>> count_fixed_questions(0.98, errors=0), count_fixed_questions(0.98)
        (149, 236)
    """
    questions = errors + 1
    while _chance_of_few_errors(floor, questions, errors) > 1 - confidence:
        questions += 1
    return questions


def _chance_of_few_errors(share: float, questions: int, errors: int) -> float:
    return sum(
        comb(questions, wrong) * (1 - share) ** wrong * share ** (questions - wrong)
        for wrong in range(errors + 1)
    )
