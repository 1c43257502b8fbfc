"""Ask one sample in one way, and say what came of it. Knows arms, readers and judges; knows nothing about files."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from glyph_memory.errors import PolicyError, ReaderError
from glyph_memory.evaluate.arms.prompt import Arm, Prompt
from glyph_memory.evaluate.run.budgets import Budget
from glyph_memory.evaluate.run.result import Key, Result, find_loop
from glyph_memory.evaluate.tasks.sample import Sample, Task
from glyph_memory.readers import Reader, Reading
from glyph_memory.readers.reader import check_reading
from glyph_memory.tokens import ModelProfile

_SHOWN = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One sample, and how it is to be shown."""

    task: Task
    """Judges the answer."""
    sample: Sample = field(repr=False)
    """What is asked."""
    length: int
    """How many tokens it was asked to have."""
    number: int
    """Its place."""
    arm: Arm
    """How it is shown."""
    budget: Budget
    """What that may cost."""
    text_tokens: int
    """What the whole sample costs as text."""

    @property
    def key(self) -> Key:
        """What is done once."""
        return self.sample.id, self.arm.name, self.budget.name


def ask_question(question: Question, reader: Reader, profile: ModelProfile) -> Result:
    """Build the prompt, ask, and judge; whatever keeps an answer from coming is told in the result.

    Raises:
        Exception: What a reader, an arm or a task raises besides, such as a font that is missing.
    """
    budget_tokens = question.budget.count_tokens(question.text_tokens)
    result = Result(
        sample=question.sample.id,
        task=question.task.name,
        kind=question.sample.kind,
        length=question.length,
        number=question.number,
        arm=question.arm.name,
        budget=question.budget.name,
        budget_tokens=budget_tokens,
        text_tokens=question.text_tokens,
    )
    try:
        prompt = question.arm.build(
            question.sample, budget_tokens=budget_tokens, profile=profile, reader=reader
        )
        result = _add_prompt(result, prompt)
        began = time.perf_counter()
        reading = check_reading(reader.read(prompt.context))
        seconds = reading.timing.total_s or time.perf_counter() - began
    except (PolicyError, ReaderError) as error:
        return result.with_error(error)
    answered = _add_reading(result, reading, seconds)
    try:
        return _judge(answered, reading, question)
    except ReaderError as error:
        # Of a model that judges answers, whatever it is: the answer may be right, so it is asked for again.
        return replace(answered, fault="no answer", error=f"the judge: {error}")


def _add_prompt(result: Result, prompt: Prompt) -> Result:
    return replace(
        result,
        prompt_digest=prompt.digest,
        prompt_tokens=prompt.tokens,
        images=prompt.images,
        making_tokens=prompt.making_tokens,
        left_out=prompt.left_out,
    )


def _add_reading(result: Result, reading: Reading, seconds: float) -> Result:
    return replace(
        result,
        answer=reading.text,
        server_tokens=reading.usage.prompt_tokens,
        cached_tokens=reading.usage.cached_tokens,
        written_tokens=reading.usage.completion_tokens,
        seconds=round(seconds, 4),
    )


def _judge(result: Result, reading: Reading, question: Question) -> Result:
    """Return the result with what the answer is worth; an answer that is none is told as a fault."""
    if reading.is_cut_off:
        loop = find_loop(reading.text or reading.reasoning)
        what = "reasoning" if reading.reasoning and not reading.text.strip() else "answer"
        if loop:
            error = f"the {what} repeats {loop[:_SHOWN]!r} until it was cut off"
            return replace(result, fault="repeats itself", error=error)
        error = f"the {what} was cut off; raise max_tokens, or serve the model with a larger window"
        return replace(result, fault="cut off", error=error)
    if not reading.text.strip():
        more = ", though it reasoned" if reading.reasoning else ""
        return replace(result, fault="empty", error=f"the model answered nothing{more}")
    judged = question.task.judge(question.sample, reading.text)
    return replace(result, outcome=judged.outcome, score=judged.score)
