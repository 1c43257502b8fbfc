"""The `Candidate`: a style, where it came from, and what a reader made of pages in it.

Knows shares and counts; knows nothing about how a style was made or asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from glyph_memory.shares import share_interval
from glyph_memory.style import PageStyle, read_style_fields, style_to_json
from glyph_memory.training.style_search.genes import name_style

Origin = Literal["drawn", "given", "mutated", "crossed", "proposed"]
"""Where a style came from: the distribution of page data, the caller, a change, two others, or a language model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """What came of the questions about pages in one style."""

    scores: tuple[float, ...]
    """Of each question that was asked, 0 to 1, in the order in which all candidates are asked."""
    text_tokens: int
    """What the texts of all questions cost as text."""
    page_tokens: int
    """What their pages cost, by the model's own rule."""
    faults: int = 0
    """How many had no answer to judge; they count as wrong."""
    stopped: str = ""
    """Why not all questions were asked; empty where all were."""

    @property
    def asked(self) -> int:
        """How many questions were asked."""
        return len(self.scores)

    @property
    def accuracy(self) -> float:
        """The mean score."""
        return sum(self.scores) / len(self.scores) if self.scores else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy; for scores between 0 and 1 it is wider than it need be."""
        return share_interval(self.accuracy, self.asked)

    @property
    def rho(self) -> float:
        """ρ: text tokens that a page token stands for."""
        return self.text_tokens / self.page_tokens

    @property
    def is_whole(self) -> bool:
        """Whether all questions were asked."""
        return not self.stopped

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        low, high = self.interval
        return {
            "accuracy": round(self.accuracy, 6),
            "interval": [round(low, 4), round(high, 4)],
            "rho": round(self.rho, 6),
            "asked": self.asked,
            "text_tokens": self.text_tokens,
            "page_tokens": self.page_tokens,
            "faults": self.faults,
            "stopped": self.stopped,
            "scores": list(self.scores),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A style that is tried."""

    number: int
    """Its place among all candidates, from 0."""
    generation: int
    """When it was made, from 0."""
    style: PageStyle
    """How pages look."""
    origin: Origin
    """Where it came from."""
    parents: tuple[int, ...] = ()
    """Numbers of the candidates that it was made from."""
    reason: str = ""
    """Why a language model proposed it."""
    score: Score | None = None
    """What came of it; None before it was asked about."""
    fresh: Score | None = None
    """What came of fresh questions, at the ρ of the first ones; None where none were asked."""

    @property
    def name(self) -> str:
        """A digest of the style."""
        return name_style(self.style)

    @property
    def result(self) -> Score:
        """The score of one that was asked about."""
        if self.score is None:
            raise ValueError(f"candidate {self.number} has no score yet")
        return self.score

    def with_score(self, score: Score) -> Self:
        """Return it with a score."""
        return replace(self, score=score)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "number": self.number,
            "generation": self.generation,
            "origin": self.origin,
            "parents": list(self.parents),
            "reason": self.reason,
            "name": self.name,
            "style": style_to_json(self.style),
            **(self.score.to_json() if self.score is not None else {}),
            **({"fresh": self.fresh.to_json()} if self.fresh is not None else {}),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Return a candidate from plain values.

        Raises:
            KeyError: A value is missing.
            TypeError: One is of another kind.
            ValueError: One cannot be, such as a style that cannot be drawn.
        """
        scores = told.get("scores")
        return cls(
            number=int(told["number"]),
            generation=int(told["generation"]),
            style=PageStyle(**read_style_fields(told["style"])),
            origin=told["origin"],
            parents=tuple(int(one) for one in told["parents"]),
            reason=str(told["reason"]),
            score=None
            if scores is None
            else Score(
                scores=tuple(float(one) for one in scores),
                text_tokens=int(told["text_tokens"]),
                page_tokens=int(told["page_tokens"]),
                faults=int(told["faults"]),
                stopped=str(told["stopped"]),
            ),
        )
