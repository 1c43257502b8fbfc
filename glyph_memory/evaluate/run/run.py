"""`run_tasks`: ask tasks' samples in every way, several at a time, and keep each result at once.

What is done is not done again when the same folder is given. Knows threads and the order of questions; what an answer
is worth, the task says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from glyph_memory.checks import LARGEST_COUNT, check_whole
from glyph_memory.documents.bulk.lock import hold_folder
from glyph_memory.errors import PolicyError, show_value
from glyph_memory.evaluate.arms.names import find_arm
from glyph_memory.evaluate.arms.prompt import INSTRUCTION, Arm, count_context
from glyph_memory.evaluate.arms.text import write_text
from glyph_memory.evaluate.run.ask import Question, ask_question
from glyph_memory.evaluate.run.budgets import Budget
from glyph_memory.evaluate.run.log import RESULTS, SETTINGS, ResultLog
from glyph_memory.evaluate.run.result import Result
from glyph_memory.evaluate.tasks.sample import Task
from glyph_memory.readers import Reader
from glyph_memory.readers.waiting import wait_for
from glyph_memory.style import TYPESETTER
from glyph_memory.tokens import ModelProfile

LENGTHS = (4_096,)
"""Tokens of a sample, unless told otherwise."""
BUDGETS = ("100%", "40%")
"""What prompts may cost, unless told otherwise: as much as the whole text, and about what pages of prose cost."""
SAMPLES = 20
"""Samples of each task and length, unless told otherwise: enough to try it; 100 tell ten points apart."""
_GIVE_UP = 5
"""So many questions in a row without any answer end a run: a server that is gone answers none of the others either."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReport:
    """What a run came to."""

    results: tuple[Result, ...]
    """All of its folder, those of earlier runs too, in the order in which they came."""
    asked: int
    """How many questions were asked now."""
    known: int
    """How many were done before, and not asked again."""
    unasked: int = 0
    """How many are left, where it ended early, those that had no answer among them."""
    stopped: str = ""
    """Why it ended early, and how to go on; empty where it did not."""
    left_out: tuple[str, ...] = ()
    """What of tasks' files was not asked, and why: samples that are longer than asked for, and such that only a judge
    could judge."""


def run_tasks(
    tasks: Iterable[Task],
    *,
    reader: Reader,
    out: str | Path,
    arms: Iterable[Arm | str] = ("text", "window", "pages", "pages+ledger"),
    profile: ModelProfile | str = "glyph",
    lengths: Iterable[int] = LENGTHS,
    budgets: Iterable[str | float | Budget] = BUDGETS,
    samples: int = SAMPLES,
    seed: int = 0,
    reader_name: str = "",
    judge_name: str = "",
    max_tokens: int | None = None,
    max_concurrent: int = 8,
    progress: Callable[[int, int], None] | None = None,
) -> RunReport:
    """Ask samples of tasks in every way within every budget, and keep what is answered.

    Every result is a line of `results.jsonl` as soon as it is there. A run that was ended goes on where it stopped:
    what was answered is not asked again, only what nobody answered. The same folder takes more samples, lengths,
    budgets, tasks and arms later on; but no other reader, model or seed.

    Args:
        tasks: What is asked.
        reader: Who is asked. Its `read` is called from several threads, unless `max_concurrent` is 1.
        out: The folder of the results.
        arms: How samples are shown: arms, or their names.
        profile: The model that counts tokens.
        lengths: How many tokens samples have.
        budgets: What prompts may cost: `"40%"` of what the whole text costs, or a number of tokens.
        samples: How many of each task and length; fewer where a task has no more.
        seed: Other seeds give other samples.
        reader_name: What the reader is called in the folder's settings, such as a model's name; its class unless given.
        judge_name: What the model is called that judges answers, of tasks that were given one; in the settings as well.
        max_tokens: The longest answer that the reader may write, as it was told; only noted.
        max_concurrent: How many are asked at a time.
        progress: Called after each question with how many are done, and how many there will be at the most.

    Raises:
        GlyphMemoryError: The folder is held by another run, holds one of other settings, or cannot be written.
        PolicyError: There is no such arm or budget, or nothing to ask.
        DocumentError: A task's file cannot be read.
        Exception: What a reader or a task of your own raises besides; what was done before it is kept.
    """
    model, chosen = ModelProfile.of(profile), [arm if isinstance(arm, Arm) else find_arm(arm) for arm in arms]
    plan = _Plan(
        tasks=tuple(tasks),
        arms=tuple(chosen),
        lengths=tuple(lengths),
        budgets=tuple(Budget.of(budget) for budget in budgets),
        samples=samples,
        seed=seed,
        profile=model,
    )
    plan.check()
    check_whole("max_concurrent", max_concurrent, PolicyError, at_least=1)
    settings = {
        "reader": reader_name or type(reader).__name__,
        "profile": model.name,
        "text counter": model.text_counter.name,
        "seed": seed,
        "max_tokens": max_tokens,
        "instruction": INSTRUCTION,
        "typesetter": TYPESETTER,
        "judge": judge_name or None,
    }
    folder = Path(out)
    with hold_folder(folder, (SETTINGS, RESULTS)):
        log = ResultLog(folder, settings)
        try:
            return _Asker(plan, reader, log, max_concurrent, progress).run()
        finally:
            log.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """All that is to be asked."""

    tasks: tuple[Task, ...]
    arms: tuple[Arm, ...]
    lengths: tuple[int, ...]
    budgets: tuple[Budget, ...]
    samples: int
    seed: int
    profile: ModelProfile

    def check(self) -> None:
        """Raise an error where there is nothing to ask, or something would be asked twice."""
        if stray := next((task for task in self.tasks if not isinstance(task, Task)), None):
            raise PolicyError(f"{show_value(stray)} is no task; give find_task(name), or a Task of your own")
        named: dict[str, Sequence[Any]] = {
            "task": [task.name for task in self.tasks],
            "arm": [arm.name for arm in self.arms],
            "length": self.lengths,
            "budget": [budget.name for budget in self.budgets],
        }
        for what, names in named.items():
            if not names:
                raise PolicyError(f"there is no {what} to evaluate; give one at least")
            if twice := next((name for name in names if list(names).count(name) > 1), None):
                raise PolicyError(f"the {what} {twice!r} is given twice; leave one out")
        for length in self.lengths:
            check_whole("a length", length, PolicyError, at_least=1)
        check_whole("samples", self.samples, PolicyError, at_least=1)
        check_whole("seed", self.seed, PolicyError, at_least=-LARGEST_COUNT)

    @property
    def total(self) -> int:
        """How many questions there are at the most."""
        each = len(self.arms) * len(self.budgets)
        return len(self.tasks) * len(self.lengths) * self.samples * each

    def list_questions(self) -> Iterator[Question]:
        """Yield all questions, a sample's one after the other; samples are made when they are needed."""
        for length in self.lengths:
            for task in self.tasks:
                made = task.samples(tokens=length, seed=self.seed, count=self.profile.text_tokens)
                for number, sample in enumerate(islice(made, self.samples)):
                    text_tokens = count_context(write_text(sample, self.profile), self.profile)
                    for budget in self.budgets:
                        for arm in self.arms:
                            yield Question(
                                task=task,
                                sample=sample,
                                length=length,
                                number=number,
                                arm=arm,
                                budget=budget,
                                text_tokens=text_tokens,
                            )


class _Asker:
    """Asks what is not done yet, so many at a time."""

    def __init__(
        self,
        plan: _Plan,
        reader: Reader,
        log: ResultLog,
        max_concurrent: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._plan, self._reader, self._log = plan, reader, log
        self._max_concurrent, self._progress = max_concurrent, progress
        self._asked = self._answered = self._known = self._unanswered = 0

    def run(self) -> RunReport:
        """Ask, and return what came of it; in threads that keep no process alive, so that Ctrl-C ends it at once."""
        waiting, ended, running = self._find_undone(), SimpleQueue[Result | BaseException](), 0
        is_open, stopped = True, ""
        while is_open or running:
            while is_open and running < self._max_concurrent:
                question = next(waiting, None)
                if question is None:
                    is_open = False
                elif self._max_concurrent == 1:
                    self._ask(question, ended)
                    running += 1
                else:
                    work = (self._ask, question, ended)
                    Thread(target=copy_context().run, args=work, daemon=True).start()
                    running += 1
            if running:
                result = wait_for(ended)
                running -= 1
                if isinstance(result, BaseException):
                    self._drain(ended, running)
                    raise result
                self._take(result)
                if self._unanswered >= _GIVE_UP and is_open:
                    is_open, stopped = False, result.error
        return self._report(stopped)

    def _find_undone(self) -> Iterator[Question]:
        for question in self._plan.list_questions():
            if self._log.has(question.key):
                self._known += 1
                self._tell()
            else:
                yield question

    def _ask(self, question: Question, ended: SimpleQueue[Result | BaseException]) -> None:
        try:
            ended.put(ask_question(question, self._reader, self._plan.profile))
        except BaseException as error:
            if self._max_concurrent == 1 and not isinstance(error, Exception):
                raise
            ended.put(error)

    def _drain(self, ended: SimpleQueue[Result | BaseException], running: int) -> None:
        """Wait for what runs, and keep what is answered."""
        for _ in range(running):
            if isinstance(late := wait_for(ended), Result):
                self._take(late)

    def _take(self, result: Result) -> None:
        self._log.add(result)
        self._asked += 1
        self._answered += result.is_done
        if result.fault != "does not fit":  # nobody was asked then
            self._unanswered = self._unanswered + 1 if result.fault == "no answer" else 0
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._asked + self._known, self._plan.total)

    def _report(self, stopped: str) -> RunReport:
        unasked = self._plan.total - self._answered - self._known if stopped else 0
        if stopped:
            stopped = (
                f"{_GIVE_UP} questions in a row had no answer, the last: {stopped}. What is done is kept; once the "
                "server answers, the same call goes on from here"
            )
        return RunReport(
            results=tuple(self._log.results.values()),
            asked=self._asked,
            known=self._known,
            unasked=unasked,
            stopped=stopped,
            left_out=tuple(told for task in self._plan.tasks if (told := task.left_out)),
        )
