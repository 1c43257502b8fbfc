"""An exam of the tasks that `glyph_memory.evaluate` has: questions about texts, which any reader answers from pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from itertools import islice
from typing import Any

from glyph_memory.checks import LARGEST_COUNT, check_whole
from glyph_memory.errors import PolicyError
from glyph_memory.evaluate.arms.pages import PagesArm
from glyph_memory.evaluate.arms.prompt import INSTRUCTION, count_context
from glyph_memory.evaluate.arms.text import write_text
from glyph_memory.evaluate.run import Budget
from glyph_memory.evaluate.run.ask import Question, ask_question
from glyph_memory.evaluate.tasks import Sample, Task, find_task
from glyph_memory.readers import Reader
from glyph_memory.style import TYPESETTER, PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.style_search.exam import ExamAnswer, ExamCost

_BUDGET = Budget(percent=1_000)
"""What a prompt may cost: pages in large letters cost more than the text, and nothing is to be left out of them."""
SAMPLES = 20
"""Questions of each task, unless told otherwise."""
_FRESH_SEED = 1_000_003
"""How far the seed of fresh questions is from that of the others: no seeds that people count up meet."""
TOKENS = 2_048
"""Length of each question's text, unless told otherwise."""


class TaskExam:
    """Questions of tasks about texts as pages, in turn from each task.

    A conversation is drawn as a document, its turns under their roles: folded, some of it would stay text, and styles
    would be judged by that, too.

    Args:
        tasks: Tasks, or their names.
        reader: Who answers.
        profile: Whose tokens count.
        tokens: How long each text is.
        samples: How many questions of each task; fewer where it has no more.
        seed: Other seeds give other questions.
        reader_name: What the reader is called, such as a model's name; its class unless given.

    Raises:
        TrainingError: There is nothing to ask.
        DocumentError: There is no such task, or its file cannot be read.
    """

    def __init__(
        self,
        tasks: Iterable[Task | str],
        *,
        reader: Reader,
        profile: ModelProfile | str = "glyph",
        tokens: int = TOKENS,
        samples: int = SAMPLES,
        seed: int = 0,
        reader_name: str = "",
    ) -> None:
        check_whole("tokens", tokens, TrainingError, at_least=1)
        check_whole("samples", samples, TrainingError, at_least=1)
        check_whole("seed", seed, TrainingError, at_least=-LARGEST_COUNT)
        self._reader, self._profile, self._tokens, self._seed = reader, ModelProfile.of(profile), tokens, seed
        self._name = reader_name or type(reader).__name__
        self._tasks = tuple(find_task(task) if isinstance(task, str) else task for task in tasks)
        if not self._tasks:
            raise TrainingError("there is no task to ask about; name one, such as identifiers")
        self._asked = tuple(_alternate([list(islice(self._make(task), samples)) for task in self._tasks]))
        if not self._asked:
            names = ", ".join(task.name for task in self._tasks)
            raise TrainingError(f"{names}: no sample of {tokens:,} tokens; ask for longer ones")

    def make_fresh(self, *, samples: int) -> TaskExam | None:
        """Return an exam of the same tasks whose questions are all others; None where the tasks have no more.

        Args:
            samples: How many questions of each task; fewer where it has no more.

        Raises:
            TrainingError: It is no number of questions.
        """
        check_whole("samples", samples, TrainingError, at_least=1)
        fresh, known = copy(self), {_name(sample) for _, sample, _ in self._asked}
        fresh._seed = self._seed + _FRESH_SEED
        looked = samples + len(known)
        rows = [
            [row for row in islice(fresh._make(task), looked) if _name(row[1]) not in known][:samples]
            for task in self._tasks
        ]
        fresh._asked = tuple(_alternate(rows))
        return fresh if fresh._asked else None

    @property
    def size(self) -> int:
        """How many questions there are."""
        return len(self._asked)

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the answers depend on besides the style."""
        return {
            "exam": "tasks",
            "tasks": [task.name for task in self._tasks],
            "questions": self.size,
            "tokens": self._tokens,
            "seed": self._seed,
            "reader": self._name,
            "profile": self._profile.name,
            "text counter": self._profile.text_counter.name,
            "instruction": INSTRUCTION,
            "typesetter": TYPESETTER,
        }

    def measure(self, style: PageStyle) -> ExamCost:
        """Return what all texts cost in a style.

        Raises:
            GlyphMemoryError: They cannot be drawn in it, or their pages cost ten times the text.
        """
        arm, text_tokens, page_tokens = PagesArm(style), 0, 0
        for question in (self._write(number, arm) for number in range(self.size)):
            budget = question.budget.count_tokens(question.text_tokens)
            prompt = arm.build(question.sample, budget_tokens=budget, profile=self._profile)
            if prompt.left_out:
                raise PolicyError(
                    f"pages in this style hold no more than a part of a text: {prompt.left_out} are left"
                )
            images = prompt.context.images
            replaced = self._profile.text_tokens(question.sample.document)
            cost = sum(self._profile.image_tokens(image.size, images=len(images)) for image in images)
            text_tokens, page_tokens = text_tokens + replaced, page_tokens + cost
        return ExamCost(text_tokens=text_tokens, page_tokens=page_tokens)

    def ask(self, style: PageStyle, number: int) -> ExamAnswer:
        """Ask one question."""
        result = ask_question(self._write(number, PagesArm(style)), self._reader, self._profile)
        if result.fault is not None:
            return ExamAnswer(fault=result.fault, error=result.error, is_missing=not result.is_done)
        return ExamAnswer(score=float(result.outcome == "correct"))

    def _make(self, task: Task) -> Iterator[tuple[Task, Sample, int]]:
        made = task.samples(tokens=self._tokens, seed=self._seed, count=self._profile.text_tokens)
        return ((task, _write_document(sample), number) for number, sample in enumerate(made))

    def _write(self, number: int, arm: PagesArm) -> Question:
        task, sample, place = self._asked[number]
        return Question(
            task=task,
            sample=sample,
            length=self._tokens,
            number=place,
            arm=arm,
            budget=_BUDGET,
            text_tokens=count_context(write_text(sample, self._profile), self._profile),
        )


def _write_document(sample: Sample) -> Sample:
    """Return a sample whose conversation, if it is one, is a document."""
    if not sample.turns:
        return sample
    told = "\n\n".join(f"{turn.role}: {turn.full_text}" for turn in sample.turns)
    return replace(sample, document=told, turns=())


def _name(sample: Sample) -> tuple[str, str]:
    """Return what makes a question another one; a sample's id has its seed in it, also where a file gives it again."""
    return sample.document, sample.question


def _alternate(rows: list[list[tuple[Task, Sample, int]]]) -> Iterator[tuple[Task, Sample, int]]:
    """Yield the first of each row, then the second of each, so that a few questions are of all tasks."""
    for place in range(max(map(len, rows), default=0)):
        yield from (row[place] for row in rows if place < len(row))
