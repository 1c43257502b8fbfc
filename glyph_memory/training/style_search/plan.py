"""When a search ends, and how many styles it tries at a time. Knows numbers alone."""

from __future__ import annotations

from dataclasses import dataclass

from glyph_memory.checks import LARGEST_COUNT, check_number, check_whole
from glyph_memory.training.samples import TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchBudget:
    """When a search ends, whichever comes first.

    Raises:
        TrainingError: A number is out of range.
    """

    candidates: int = 60
    """Styles that are tried, over all runs into a folder."""
    questions: int | None = None
    """Questions that are asked, over all runs."""
    minutes: float | None = None
    """Of this run."""
    fresh_share: float = 0.2
    """Share of all questions and minutes that is kept for fresh questions, where the search has such."""

    def __post_init__(self) -> None:
        check_whole("candidates", self.candidates, TrainingError, at_least=1)
        check_whole("questions", self.questions, TrainingError, at_least=1, or_none=True)
        check_number("minutes", self.minutes, TrainingError, is_open=True, or_none=True)
        check_number("fresh_share", self.fresh_share, TrainingError, at_most=0.9)

    def count_fresh(self, size: int) -> int:
        """Return how many questions are kept for fresh ones.

        Args:
            size: How many questions each style is asked at the most.

        Example:
            >>> SearchBudget(candidates=60).count_fresh(40), SearchBudget(questions=1_000).count_fresh(40)
            (480, 200)
        """
        return int(self.fresh_share * (self.questions or self.candidates * size))


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchPlan:
    """How a search goes about it.

    Raises:
        TrainingError: A number is out of range.
    """

    first: int = 12
    """Styles of the first generation, drawn from the distribution."""
    each: int = 6
    """Styles of each later generation."""
    patience: int = 6
    """The search ends after so many generations without a better front."""
    seed: int = 0
    """Other seeds draw and change otherwise."""

    def __post_init__(self) -> None:
        check_whole("first", self.first, TrainingError, at_least=1)
        check_whole("each", self.each, TrainingError, at_least=1)
        check_whole("patience", self.patience, TrainingError, at_least=1)
        check_whole("seed", self.seed, TrainingError, at_least=-LARGEST_COUNT)
