"""A small task with known answers, and readers that err at known rates: what runs are tested with."""

from __future__ import annotations

import random
from collections.abc import Iterator

from glyph_memory.context import Context, Text
from glyph_memory.evaluate.tasks import CountTokens, Judgement, Sample, Task, judge_found
from glyph_memory.testing import ScriptedReader
from glyph_memory.transcript import Turn


class ShopKeys(Task):
    """Asks for the key of one shop among many; from a document, or from a conversation.

    Args:
        name: What it is called.
        is_talk: Whether samples are conversations.
        ends_after: How many samples there are; no end unless given.
    """

    title = "the key of a shop"
    source = "made here"

    def __init__(self, name: str = "keys", *, is_talk: bool = False, ends_after: int | None = None) -> None:
        self.name, self._is_talk, self._ends_after = name, is_talk, ends_after
        self.answers = dict[str, str]()
        """What is right, by question, of the samples that were made."""
        self.made = 0
        """How many samples were made."""

    def samples(self, *, tokens: int, seed: int, count: CountTokens) -> Iterator[Sample]:
        """Yield samples."""
        number = 0
        while self._ends_after is None or number < self._ends_after:
            self.made += 1
            yield self._make(tokens, seed, number, count)
            number += 1

    def _make(self, tokens: int, seed: int, number: int, count: CountTokens) -> Sample:
        name = f"{self.name}/{tokens}/{seed}/{number}"
        drawn = random.Random(name)
        lines = list[str]()
        line_tokens = count("The key of shop 104 is KEY-471101-B, and it opens at nine every day.\n")
        for shop in range(max(1, (tokens - 40) // (line_tokens + 8 * self._is_talk))):
            key = f"KEY-{drawn.randrange(100_000, 1_000_000)}-{drawn.choice('ABCDEFGH')}"
            lines.append(f"The key of shop {100 + shop} is {key}, and it opens at nine every day.")
        asked = drawn.choice(lines).split()
        number_asked, key = asked[4], asked[6].rstrip(",")
        question = f"Shop list {number}: what is the key of shop {number_asked}?"
        self.answers[question] = key
        turns = [
            Turn(role="assistant" if place % 2 else "user", text=line) for place, line in enumerate(lines)
        ]
        return Sample(
            id=name,
            question=question,
            answers=(key,),
            document="" if self._is_talk else "\n".join(lines),
            turns=tuple(turns) if self._is_talk else (),
            kind="identifiers" if number % 2 else "people",
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return whether the key is in the answer."""
        return judge_found(float(sample.answers[0] in answer), answer)


def first_sample(*, tokens: int = 1_500, is_talk: bool = False, number: int = 0) -> Sample:
    """Return a sample of the task."""
    samples = ShopKeys("talk" if is_talk else "keys", is_talk=is_talk).samples(
        tokens=tokens, seed=0, count=lambda text: len(text) // 4
    )
    return [next(samples) for _ in range(number + 1)][-1]


def all_text(context: Context) -> str:
    """Return all the text of a context."""
    return "\n".join(message.text for message in context.messages)


def find_question(context: Context) -> str:
    """Return what is asked at the end of a context."""
    part = context.messages[-1].parts[-1]
    assert isinstance(part, Text)
    return part.text


class ErringReader(ScriptedReader):
    """Is right, abstains or is silently wrong at given rates, whatever is shown; the same prompt has the same answer.

    Args:
        answers: What is right, by question.
        correct: How often it is right.
        abstains: How often it says that it is not stated; else it is wrong.
    """

    def __init__(self, answers: dict[str, str], *, correct: float, abstains: float) -> None:
        def answer(context: Context) -> str:
            asked = find_question(context)
            drawn = random.Random(f"{asked} {len(context.images)} {all_text(context)}").random()
            if drawn < correct:
                return f"It is {answers[asked]}."
            return "It is not stated." if drawn < correct + abstains else "It is KEY-000000-Z."

        super().__init__(answer)
