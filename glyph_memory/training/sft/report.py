"""What a fine-tuning came to: `TrainingReport`. Knows figures; knows nothing about how they were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluated:
    """What the model could do after some steps."""

    step: int
    """After which; 0 is before the first."""
    folder: str
    """Where its answers are, as `glyph-memory evaluate --out` reads them."""
    correct: int
    """How many answers were right."""
    asked: int
    """Of how many."""

    @property
    def accuracy(self) -> float:
        """The share of right answers.

        Example:
            >>> Evaluated(step=0, folder="", correct=3, asked=4).accuracy
            0.75
        """
        return self.correct / self.asked if self.asked else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingReport:
    """What a run came to.

    Example:
        >>> report = TrainingReport(
        ...     folder="out", model="out/model", steps=10, resumed_from=0, samples=80, too_long=2, tokens=9_000,
        ...     trained_parameters=1_000, first_loss=2.5, last_loss=0.5, seconds=60.0,
        ... )
        >>> TrainingReport.from_json(report.to_json()) == report
        True
    """

    folder: str
    """The run's folder."""
    model: str
    """The folder of the trained model, or of its adapter."""
    steps: int
    """How many were taken in all."""
    resumed_from: int
    """How many had been taken when this run began; 0 where it began anew."""
    samples: int
    """How many were shown; one that comes again counts again."""
    too_long: int
    """How many were left out for their length."""
    tokens: int
    """Tokens of all that was shown."""
    trained_parameters: int
    """How many numbers were trained."""
    first_loss: float
    """Mean loss of the first tenth of the steps."""
    last_loss: float
    """Mean loss of the last tenth."""
    seconds: float
    """How long this run took; earlier ones are not counted."""
    evaluated: tuple[Evaluated, ...] = ()
    """What the model could do before, meanwhile and after."""

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> TrainingReport:
        """Return the report that `to_json` wrote."""
        return replace(
            cls(**{**row, "evaluated": ()}),
            evaluated=tuple(Evaluated(**one) for one in row["evaluated"]),
        )

    def describe(self) -> str:
        """Return the report in a line or two."""
        lines = [
            f"{self.steps} steps on {self.samples:,} samples ({self.tokens:,} tokens): loss {self.first_loss:.3f} to "
            f"{self.last_loss:.3f}"
        ]
        if self.too_long:
            lines.append(f"{self.too_long:,} samples were left out for their length")
        lines += [f"after {one.step} steps: {one.correct} of {one.asked} right" for one in self.evaluated]
        lines.append(f"the model: {Path(self.model)}")
        return "\n".join(lines)
