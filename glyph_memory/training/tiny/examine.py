"""Ask a reader about texts it has never seen, as pages of several densities and as text.

Knows readers and the questions of `texts`; knows nothing about networks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from glyph_memory.context import Context, ImagePart, Message
from glyph_memory.errors import ReaderError
from glyph_memory.readers import Reader
from glyph_memory.shares import share_interval
from glyph_memory.tokens import ModelProfile
from glyph_memory.training.tiny.layout import CellLayout, fit_layout
from glyph_memory.training.tiny.texts import COPY_PROMPT, Words, make_fact_text, make_question
from glyph_memory.typesetting.pages import typeset

Task = Literal["question", "copy"]
"""A needle question, or the first words of a page copied."""
PROFILE = "qwen2.5-vl"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exam:
    """How a reader did in one way of showing."""

    arm: str
    """`text`, or how the pages looked, as `8 in a cell`."""
    task: Task
    """What was asked."""
    asked: int
    """Questions, each about a text of its own."""
    right: int
    """Answers that were the value, letter by letter; of copies, identifiers that stand in them."""
    ratio: float | None
    """Tokens of the texts for one token of their pages; None for text."""

    @property
    def share(self) -> float:
        """How many were right."""
        return self.right / self.asked if self.asked else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of that."""
        return share_interval(self.share, self.asked)


def examine(
    reader: Reader,
    words: Words,
    *,
    layout: CellLayout | None,
    count_tokens: Callable[[str], int],
    task: Task = "question",
    samples: int = 40,
    facts: int = 4,
    filler: float = 0.2,
    seed: int = 1,
) -> Exam:
    """Ask about texts, and return how many answers were right.

    Args:
        reader: Who is asked.
        words: What texts are made of.
        layout: How the pages look; None shows the text.
        count_tokens: Of a text: how many tokens it has as text.
        task: A value is asked for, or the page is copied, and of every value counts whether it stands in the copy.
        samples: Texts.
        facts: Of a text, any of which may be asked for.
        filler: Sentences of other text before each.
        seed: The same one gives the same texts and questions, whatever the layout.
    """
    asked = right = text_tokens = page_tokens = 0
    profile = ModelProfile.from_name(PROFILE)
    for number in range(samples):
        random = Random(f"{seed} examined {number}")  # noqa: S311 - no secret
        told = make_fact_text(random, words, facts=facts, filler=filler)
        fact = random.choice(told.facts)
        question = make_question(random, fact) if task == "question" else COPY_PROMPT
        if layout is None:
            parts: list[ImagePart | str] = [f"{told.text}\n{question}"]
        else:
            pages = tuple(typeset(told.text, style=fit_layout(told.text, layout).style))
            parts = [*(ImagePart(data=page.png(), size=page.size, kind="page") for page in pages), question]
            text_tokens += count_tokens(told.text)
            page_tokens += sum(profile.image_tokens(page.size) for page in pages)
        try:
            answer = reader.read(Context(messages=(Message(role="user", parts=tuple(parts)),))).text
        except ReaderError:
            answer = ""
        wanted: Sequence[str] = [fact.value] if task == "question" else [one.value for one in told.facts]
        asked += len(wanted)
        right += sum(is_answer(answer, value) if task == "question" else value in answer for value in wanted)
    return Exam(
        arm="text" if layout is None else f"{layout.characters} in a cell",
        task=task,
        asked=asked,
        right=right,
        ratio=text_tokens / page_tokens if page_tokens else None,
    )


def is_answer(answer: str, value: str) -> bool:
    """Return whether an answer is a value, alone or within a sentence; a longer value that holds it is another."""
    return re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", answer) is not None
