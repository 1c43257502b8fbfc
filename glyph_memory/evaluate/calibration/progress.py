"""How far a calibration is, and how long it will take. Knows counts and times; asks nobody anything."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log2

from glyph_memory.evaluate.calibration.answers import AnswerBook
from glyph_memory.evaluate.calibration.ladder import AXES, Ladder
from glyph_memory.evaluate.calibration.sequential import Proof, share_risk

_PROBE_USUAL = 20
"""Answers that a probe takes, as far as one can tell before."""
_REST = 36
"""Questions of a kind that are neither for a search nor for a proof."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CalibrationProgress:
    """How far a calibration is."""

    asked: int
    """Questions that are answered, those of earlier runs in the same folder among them."""
    expected: int
    """About how many there will be."""
    seconds_left: float | None
    """About how long it will take; None until that can be told."""
    doing: str
    """What is being done, in words."""


class Estimate:
    """Tells how far a calibration is.

    Args:
        ladder: The styles.
        book: The answers.
        floor: The share of right answers that is asked for.
        confidence: With which.
        progress: Is told.
    """

    def __init__(
        self,
        ladder: Ladder,
        book: AnswerBook,
        *,
        floor: float,
        confidence: float,
        progress: Callable[[CalibrationProgress], None] | None,
    ) -> None:
        self._book, self._progress = book, progress
        self._search = _PROBE_USUAL * sum(ceil(log2(len(ladder.get_values(axis)))) for axis in AXES)
        proof = Proof(floor=floor, risk=share_risk(confidence, 1, of=2))
        # Few models are right every time.
        self._proof = _REST + proof.decide([True] * 10_000).used * 5 // 4
        self._began, self._doing, self._expected = time.monotonic(), "", 0

    def begin(self, doing: str, *, searches: int, proofs: int) -> None:
        """Take in what begins, and how many searches and proofs are left, with it."""
        self._doing = doing
        self._expected = len(self._book) + searches * self._search + proofs * self._proof

    def tell(self) -> None:
        """Report how far it is."""
        if self._progress is None:
            return
        asked, new = len(self._book), len(self._book) - self._book.known
        left = max(self._expected - asked, 1)
        passed_s = time.monotonic() - self._began
        self._progress(
            CalibrationProgress(
                asked=asked,
                expected=asked + left,
                seconds_left=passed_s / new * left if new >= _PROBE_USUAL else None,
                doing=self._doing,
            )
        )
