"""Ask about one style after the other, as long as each is worth it, and never the same question twice.

Knows an exam, its log and the rule for stopping; knows nothing about where styles come from.
"""

from __future__ import annotations

from collections.abc import Sequence

from glyph_memory.style import PageStyle
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.style_search.asking import ask_several
from glyph_memory.training.style_search.candidate import Candidate, Score
from glyph_memory.training.style_search.exam import Exam, ExamAnswer, ExamCost
from glyph_memory.training.style_search.front import Aim
from glyph_memory.training.style_search.genes import name_style
from glyph_memory.training.style_search.log import SearchLog
from glyph_memory.training.style_search.racing import find_reason, list_looks

_NO_MODEL = frozenset({"refused", "unusable"})
"""Faults of a reader that takes no pages, or of something that is no model."""


class OutOfBudget(Exception):
    """The search ends here, for the reason that it says; what is done is kept."""


class NoAnswer(OutOfBudget):
    """Nobody answers any more."""


class Examiner:
    """Asks an exam's questions.

    Args:
        exam: The questions.
        log: Keeps answers, and knows those of before.
        aim: What is looked for.
        budget: How many questions may be asked, over all runs; None for any number.
        max_concurrent: How many are asked at a time.
        mark: Stands in the log before a style's digest, where one search has two exams.
    """

    def __init__(
        self, exam: Exam, log: SearchLog, *, aim: Aim, budget: int | None, max_concurrent: int, mark: str = ""
    ) -> None:
        self._exam, self._log, self._aim, self._mark = exam, log, aim, mark
        self._budget, self._max_concurrent = budget, max_concurrent
        self._costs = dict[str, ExamCost]()
        self._doubtful = dict[tuple[str, int], ExamAnswer]()
        self._is_served = any(answer.fault not in _NO_MODEL for answer in log.answers.values())
        self.used = self.asked = self.known = 0
        """How many questions were needed; how many of them were asked now, and how many were known from before."""
        self.size = exam.size
        """How many questions there are."""

    def measure(self, style: PageStyle) -> ExamCost:
        """Return what texts cost in a style; each style is drawn once.

        Raises:
            GlyphMemoryError: They cannot be drawn in it.
        """
        name = name_style(style)
        if name not in self._costs:
            self._costs[name] = self._exam.measure(style)
        return self._costs[name]

    def examine(self, style: PageStyle, others: Sequence[Candidate]) -> Score:
        """Return what came of a style.

        Raises:
            OutOfBudget: No more questions may be asked, or nobody answers; then it is a `NoAnswer`.
            TrainingError: The reader takes no pages.
        """
        cost, looks = self.measure(style), list_looks(self._exam.size)
        answers, stopped = list[ExamAnswer](), ""
        for look in looks:
            answers += self.ask(style, range(len(answers), look))
            self._check_sight(answers, is_first=not others)
            if look < self._exam.size:
                scores = [answer.score for answer in answers]
                stopped = find_reason(scores, cost.rho, others, self._aim, looks=len(looks))
                if stopped:
                    break
        return Score(
            scores=tuple(answer.score for answer in answers),
            text_tokens=cost.text_tokens,
            page_tokens=cost.page_tokens,
            faults=sum(bool(answer.fault) for answer in answers),
            stopped=stopped,
        )

    def ask(self, style: PageStyle, numbers: Sequence[int]) -> list[ExamAnswer]:
        """Return the answers to some questions, in order; those that are known are not asked.

        Raises:
            OutOfBudget: No more may be asked, or nobody answers; then it is a `NoAnswer`.
        """
        name = self._mark + name_style(style)
        if self._budget is not None and self.used + len(numbers) > self._budget:
            raise OutOfBudget(f"{self._budget:,} questions were asked")
        self.used += len(numbers)
        missing = [number for number in numbers if (name, number) not in self._log.answers]
        self.known += len(numbers) - len(missing)
        for _ in range(2):  # who did not answer is asked once more
            unanswered = dict[int, ExamAnswer]()
            for number, answer in ask_several(
                lambda number: self._exam.ask(style, number), missing, max_concurrent=self._max_concurrent
            ):
                if answer.is_missing:
                    unanswered[number] = answer
                else:
                    self._keep(name, number, answer)
                    self.asked += 1
            missing = sorted(unanswered)
            if not missing:
                return [
                    self._doubtful.get((name, number)) or self._log.answers[name, number]
                    for number in numbers
                ]
        error = unanswered[missing[0]].error
        raise NoAnswer(
            f"nobody answered: {error}. What is done is kept; once the reader answers, the same call goes on from here"
        )

    def _keep(self, name: str, number: int, answer: ExamAnswer) -> None:
        """Keep an answer; until a model answered, what is none may come from a wrong address, and is held back."""
        self._doubtful[name, number] = answer
        self._is_served = self._is_served or answer.fault not in _NO_MODEL
        if self._is_served:
            for (style, question), known in self._doubtful.items():
                self._log.add_answer(style, question, known)
            self._doubtful.clear()

    def _check_sight(self, answers: Sequence[ExamAnswer], *, is_first: bool) -> None:
        if not is_first or not answers or not all(answer.fault in _NO_MODEL for answer in answers):
            return
        if answers[0].fault == "refused":
            raise TrainingError(
                f"the reader refuses pages: {answers[0].error:.400}; give a model that takes images"
            )
        raise TrainingError(
            f"none of {len(answers)} answers can be used, and none was kept: {answers[0].error:.400}"
        )

    def check_sense(self, candidates: Sequence[Candidate]) -> None:
        """Raise an error where no style had any right answer: then nothing tells a good one from a bad one.

        Raises:
            TrainingError: It is so.
        """
        if candidates and max(one.result.accuracy for one in candidates) == 0:
            faults = sum(one.result.faults for one in candidates)
            why = f", {faults} of the answers were none" if faults else ""
            raise TrainingError(
                f"none of {len(candidates)} styles had a right answer{why}: this reader cannot answer these questions "
                "from pages; give easier ones, shorter texts, or another reader"
            )
