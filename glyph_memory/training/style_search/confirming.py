"""Ask fresh questions about the styles that would be taken: the best of many owes a part of its score to luck.

Fresh answers steer no breeding, so the search's luck is not in them. Knows candidates and how they are asked; knows
nothing about exams or files.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from glyph_memory.shares import share_interval
from glyph_memory.training.style_search.candidate import Candidate, Score
from glyph_memory.training.style_search.exam import ExamAnswer
from glyph_memory.training.style_search.examiner import NoAnswer, OutOfBudget
from glyph_memory.training.style_search.forecast import Forecast
from glyph_memory.training.style_search.front import Aim

Confirmed = Literal["interval", "accuracy", "no"]
"""How fresh questions confirm a style: the lower end of its 95 % interval keeps the floor, its accuracy alone does, or
they do not. Where there is no floor, its accuracy was measured anew, which is "accuracy"."""
AskFresh = Callable[[Candidate, Sequence[int]], list[ExamAnswer]]
"""Returns the answers to some fresh questions about a style, in order."""
_BATCH = 8
"""Fresh questions between two looks whether the rest could still keep the floor."""
_LEAST = 20
"""Fewer fresh questions say nothing."""
_WEIGHED = 3
"""Styles that are asked about where there is no floor."""
_DOUBT = 0.5
"""How far a guess is off, in logits."""
_HOPELESS = 0.05
"""A style that keeps the floor less likely is not asked about, where another one is confirmed."""
_SURELY = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """What came of fresh questions."""

    best: Candidate | None = None
    """θ*; None where none will do."""
    confirmed: Confirmed = "no"
    """How it is confirmed."""
    asked: Mapping[int, Candidate] = field(default_factory=dict)
    """All that were asked about, by their numbers, with what came of it."""
    stopped: str = ""
    """Why it ended early; empty where it did not."""
    is_unanswered: bool = False
    """Whether it ended because nobody answered any more."""


def confirm_pick(
    candidates: Sequence[Candidate],
    *,
    aim: Aim,
    size: int,
    budget: int,
    ask: AskFresh,
    tell: Callable[[Candidate], None] | None = None,
) -> Confirmation:
    """Return which style is taken after fresh questions, and what they said.

    With a floor, the style that is asked about next is the one with the most to win: its ρ beyond what is confirmed,
    times how likely it keeps the floor, guessed anew after each. One that can no longer keep it is not asked the rest.
    First the lower end of an interval is to keep the floor; where no style's does, an accuracy is.

    Args:
        candidates: Those that were tried.
        aim: What is looked for.
        size: How many fresh questions there are.
        budget: How many may be asked, over all styles together.
        ask: Asks them.
        tell: Called after each style.
    """
    walk = _Walk(candidates=candidates, aim=aim, size=size, left=budget, ask=ask)
    stopped, is_unanswered = "", False
    try:
        for one in walk.weigh() if aim.floor is None else walk.prove(aim.floor):
            if tell is not None:
                tell(one)
    except OutOfBudget as over:
        stopped, is_unanswered = str(over), isinstance(over, NoAnswer)
    best, confirmed = walk.find_best()
    return Confirmation(
        best=best, confirmed=confirmed, asked=walk.list_asked(), stopped=stopped, is_unanswered=is_unanswered
    )


def count_wrong_at_most(count: int, floor: float, level: Confirmed) -> float:
    """Return how many of so many answers may be wrong where a floor is kept; -1 where so few prove nothing.

    A text that is read back may be a little wrong: what an accuracy allows is no whole number.

    Example:
        >>> [count_wrong_at_most(count, 0.95, "interval") for count in (72, 73, 200, 400)]
        [-1, 0, 3, 11]
    """
    if level != "interval":
        return count * (1 - floor)
    wrong = -1
    while wrong < count:
        if share_interval(1 - (wrong + 1) / count, count)[0] < floor - _SURELY:
            return wrong
        wrong += 1
    return wrong


@dataclass(kw_only=True)
class _Walk:
    """From style to style."""

    candidates: Sequence[Candidate]
    aim: Aim
    size: int
    left: int
    ask: AskFresh
    answers: dict[int, list[ExamAnswer]] = field(default_factory=dict)
    whole: set[int] = field(default_factory=set)
    kept: dict[int, Confirmed] = field(default_factory=dict)

    def weigh(self) -> Iterator[Candidate]:
        """Ask the best few everything."""
        for one in self.aim.list_best(self.candidates)[:_WEIGHED]:
            if self.left < self.size:
                return
            yield self._examine(one, self.size, most_wrong=self.size)
            self.kept[one.number] = "accuracy"

    def prove(self, floor: float) -> Iterator[Candidate]:
        """Look for the densest style that keeps the floor."""
        levels: tuple[Confirmed, ...] = ("interval", "accuracy")
        for level in levels:
            settled = set[int]()
            while (chosen := self._choose(settled, floor, level)) is not None:
                settled.add(chosen.number)
                count = min(self.size, self.left + len(self.answers.get(chosen.number, ())))
                most = count_wrong_at_most(count, floor, level)
                if most < 0 or count < min(self.size, _LEAST):
                    break
                yield self._examine(chosen, count, most_wrong=most)
                if chosen.number in self.whole and self._count_wrong(chosen) <= most + _SURELY:
                    self.kept[chosen.number] = level
            if self.kept:
                return

    def find_best(self) -> tuple[Candidate | None, Confirmed]:
        """Return the style that is taken, and how it is confirmed."""
        kept = [one for one in self.list_asked().values() if one.number in self.kept]
        if self.aim.floor is None:
            weighed = [(self.aim.weigh(one.fresh), one) for one in kept if one.fresh is not None]
            if weighed:
                return max(weighed, key=lambda pair: (pair[0], -pair[1].number))[1], "accuracy"
            return next(iter(self.aim.list_best(self.candidates)), None), "no"
        if kept:
            best = max(kept, key=lambda one: (one.result.rho, -one.number))
            return best, self.kept[best.number]
        # What fresh questions refuted is not taken; of the rest the one with the most to win.
        refuted = {
            number
            for number, answers in self.answers.items()
            if self._is_refuted(answers, self.aim.floor, is_whole=number in self.whole)
        }
        left = self._choose(refuted, self.aim.floor, "accuracy")
        return (None if left is None else self.list_asked().get(left.number, left)), "no"

    def list_asked(self) -> dict[int, Candidate]:
        """Return those that were asked about, with what came of it."""
        return {
            one.number: replace(one, fresh=self._write(one))
            for one in self.candidates
            if self.answers.get(one.number)
        }

    def _choose(self, settled: Collection[int], floor: float, level: Confirmed) -> Candidate | None:
        """Return the style with the most to win of those that are not settled; None where there is none."""
        asked = self.list_asked()
        rho = max((asked[number].result.rho for number in self.kept), default=0.0)
        open_ = [
            one
            for one in self.aim.list_best(self.candidates)
            if one.number not in settled and one.result.rho > rho
        ]
        if not open_:
            return None
        count = max(min(self.size, self.left), 1)
        target = 1 - max(count_wrong_at_most(count, floor, level), 0) / count
        known = [asked.get(one.number, one) for one in self.candidates]
        forecast = Forecast([one if one.fresh is None else one.with_score(one.fresh) for one in known])
        chances = {one.number: _find_chance(forecast.blend(one), target) for one in open_}
        best = max(open_, key=lambda one: ((one.result.rho - rho) * chances[one.number], -one.number))
        return None if self.kept and chances[best.number] < _HOPELESS else best

    def _examine(self, one: Candidate, count: int, *, most_wrong: float) -> Candidate:
        answers = self.answers.setdefault(one.number, [])
        self.whole.discard(one.number)
        while len(answers) < count and self._count_wrong(one) <= most_wrong + _SURELY:
            numbers = range(len(answers), min(len(answers) + _BATCH, count))
            answers += self.ask(one, numbers)
            self.left -= len(numbers)
        if len(answers) >= count:
            self.whole.add(one.number)
        return replace(one, fresh=self._write(one))

    def _count_wrong(self, one: Candidate) -> float:
        return sum(1 - answer.score for answer in self.answers[one.number])

    def _is_refuted(self, answers: Sequence[ExamAnswer], floor: float, *, is_whole: bool) -> bool:
        wrong = sum(1 - answer.score for answer in answers)
        return wrong > (len(answers) if is_whole else self.size) * (1 - floor) + _SURELY

    def _write(self, one: Candidate) -> Score:
        answers = self.answers[one.number]
        return Score(
            scores=tuple(answer.score for answer in answers),
            text_tokens=one.result.text_tokens,
            page_tokens=one.result.page_tokens,
            faults=sum(bool(answer.fault) for answer in answers),
            stopped="" if one.number in self.whole else "it cannot keep the floor any more",
        )


def _find_chance(guess: float, target: float) -> float:
    """Return how likely an accuracy is reached, where another one is guessed."""
    logits = [
        math.log(one / (1 - one)) for one in (min(max(share, 1e-3), 1 - 1e-3) for share in (guess, target))
    ]
    return 1 / (1 + math.exp((logits[1] - logits[0]) / _DOUBT))
