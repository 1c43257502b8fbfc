"""A search under way: generation after generation, then fresh questions about what would be taken.

Knows the order of things; asking, breeding, confirming and judging stand beside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from glyph_memory.errors import GlyphMemoryError, StyleError
from glyph_memory.style import PageStyle
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.style_search.breeding import Breeder, Child, Parents
from glyph_memory.training.style_search.candidate import Candidate
from glyph_memory.training.style_search.confirming import Confirmation, confirm_pick
from glyph_memory.training.style_search.exam import ExamAnswer, ExamCost
from glyph_memory.training.style_search.examiner import Examiner, NoAnswer, OutOfBudget
from glyph_memory.training.style_search.front import Aim, find_front, measure_hypervolume, to_point
from glyph_memory.training.style_search.genes import (
    StyleSource,
    StyleSpace,
    name_style,
)
from glyph_memory.training.style_search.log import SearchLog
from glyph_memory.training.style_search.outcome import SearchProgress, SearchReport, list_notes
from glyph_memory.training.style_search.plan import SearchBudget, SearchPlan
from glyph_memory.training.style_search.proposing import Proposer

_SAME = 1e-3
"""A front that covers no more than this share more is no better one."""
FRESH = "fresh/"
"""Stands in the log before the digest of a style that was asked fresh questions."""
_UNDRAWABLE = 50
"""So many styles in a row that cannot be drawn end a search."""


@dataclass(kw_only=True)
class Search:
    """A search under way."""

    examiner: Examiner
    fresh: Examiner | None
    kept_questions: int
    proposer: Proposer
    log: SearchLog
    space: StyleSpace
    aim: Aim
    plan: SearchPlan
    budget: SearchBudget
    given: tuple[PageStyle, ...]
    source: StyleSource
    progress: Callable[[SearchProgress], None] | None
    settings: Mapping[str, Any]
    candidates: list[Candidate] = field(default_factory=list)
    hypervolumes: list[float] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    refused: int = 0
    why_refused: str = ""

    def run(self) -> SearchReport:
        """Try generation after generation, confirm the pick, and return what came of it."""
        stopped, generation, is_unanswered = "", 0, False
        breeder = Breeder(space=self.space, source=self.source, aim=self.aim, find_rho=self._find_rho)
        try:
            while not stopped:
                random = Random(f"{self.plan.seed}/{generation}")  # noqa: S311  no secret
                for child in self._make(breeder, generation, random):
                    self._check_time(1 if self.fresh is None else 1 - self.budget.fresh_share)
                    self._try(child, generation)
                self.examiner.check_sense(self.candidates)
                self.hypervolumes.append(measure_hypervolume([to_point(one) for one in self.candidates]))
                stopped = self._find_end()
                generation += 1
        except OutOfBudget as over:
            stopped, is_unanswered = str(over), isinstance(over, NoAnswer)
        done = self._confirm(is_unanswered=is_unanswered)
        candidates = tuple(done.asked.get(one.number, one) for one in self.candidates)
        examiners = [self.examiner, *([self.fresh] if self.fresh is not None else [])]
        return SearchReport(
            candidates=candidates,
            front=find_front(candidates),
            best=done.best,
            confirmed=done.confirmed,
            aim=self.aim,
            hypervolumes=tuple(self.hypervolumes),
            stopped=done.stopped if done.is_unanswered else stopped,
            is_unanswered=is_unanswered or done.is_unanswered,
            asked=sum(one.asked for one in examiners),
            known=sum(one.known for one in examiners),
            questions=self.examiner.size,
            fresh_questions=0 if self.fresh is None else self.fresh.size,
            refused=self.refused,
            proposals=self.proposer.counts,
            settings=dict(self.settings),
            notes=list_notes(candidates, self.aim, done, 0 if self.fresh is None else self.fresh.size),
        )

    def _check_time(self, share: float) -> None:
        """Raise an error once a share of the minutes is over."""
        minutes = self.budget.minutes
        if minutes is not None and time.monotonic() - self.began > 60 * minutes * share:
            raise OutOfBudget(f"{minutes:g} minutes are over")

    def _confirm(self, *, is_unanswered: bool) -> Confirmation:
        fresh, budget = self.fresh, self.kept_questions
        if fresh is None or is_unanswered:
            return Confirmation(best=self.aim.pick(self.candidates))
        if self.budget.questions is not None:  # what the search has left over
            budget = max(self.budget.questions - self.examiner.used, budget)

        def ask(candidate: Candidate, numbers: Sequence[int]) -> list[ExamAnswer]:
            self._check_time(1)
            return fresh.ask(candidate.style, numbers)

        return confirm_pick(
            self.candidates, aim=self.aim, size=fresh.size, budget=budget, ask=ask, tell=self._tell
        )

    def _make(self, breeder: Breeder, generation: int, random: Random) -> Iterable[Child]:
        """Yield a generation's styles: those of a language model first, then bred ones."""
        left = self.budget.candidates - len(self.candidates)
        known = {one.name for one in self.candidates}
        if generation == 0:
            count = min(max(self.plan.first, len(self.given)), left)
            chosen = [Child(style=self._fit(style), origin="given") for style in self.given]
        else:
            count = min(self.plan.each, left)
            proposals = self.proposer.propose(self.candidates, count, refused=self.refused)
            chosen = [
                Child(style=one.style, origin=one.origin, parents=one.parents, reason=one.reason)
                for one in proposals
            ]
        parents = Parents(self.candidates, self.aim)  # of a generation, none knows its sisters
        made, missed = 0, 0
        while made < count:
            if chosen:
                child = chosen.pop(0)
                if name_style(child.style) in known or self._find_rho(child.style) is None:
                    continue
            else:
                bred = breeder.make_child(parents, random, known)
                if bred is None:
                    missed += 1
                    if missed >= _UNDRAWABLE:
                        raise self._make_error()
                    continue
                child = bred
            missed, made = 0, made + 1
            known.add(name_style(child.style))
            yield child

    def _fit(self, style: PageStyle) -> PageStyle:
        try:
            return self.space.fit(style)
        except StyleError as error:
            raise TrainingError(f"a style that is to be tried first cannot be: {error}") from error

    def _try(self, child: Child, generation: int) -> None:
        candidate = Candidate(
            number=len(self.candidates),
            generation=generation,
            style=child.style,
            origin=child.origin,
            parents=child.parents,
            reason=child.reason,
        )
        done = candidate.with_score(self.examiner.examine(candidate.style, self.candidates))
        self.log.add_candidate(done)
        self.candidates.append(done)
        self._tell(done)

    def _tell(self, candidate: Candidate) -> None:
        if self.progress is not None:
            self.progress(
                SearchProgress(
                    candidate=candidate,
                    best=self.aim.pick(self.candidates),
                    front=find_front(self.candidates),
                    tried=len(self.candidates),
                    of=self.budget.candidates,
                    asked=self.examiner.asked + (self.fresh.asked if self.fresh is not None else 0),
                )
            )

    def _find_rho(self, style: PageStyle) -> float | None:
        cost = self._measure(style)
        return None if cost is None else cost.rho

    def _measure(self, style: PageStyle) -> ExamCost | None:
        try:
            return self.examiner.measure(style)
        except TrainingError:
            raise
        except GlyphMemoryError as error:
            self.refused += 1
            self.why_refused = str(error)
            return None

    def _make_error(self) -> TrainingError:
        why = f"; the last for: {self.why_refused}" if self.why_refused else ""
        return TrainingError(
            f"{_UNDRAWABLE} times in a row no new style was found that can be drawn{why}. Give another source of styles"
        )

    def _find_end(self) -> str:
        """Return why the search ends now; empty where it goes on."""
        if len(self.candidates) >= self.budget.candidates:
            return f"{self.budget.candidates} styles were tried"
        before, patience = self.hypervolumes, self.plan.patience
        if len(before) > patience and before[-1] <= before[-1 - patience] * (1 + _SAME):
            return f"the front did not improve in {patience} generations"
        return ""
