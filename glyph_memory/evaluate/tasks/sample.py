"""What a task asks and how an answer is judged: `Task`, `Sample`, `Judgement`.

Knows turns; knows nothing about pages, readers or how a sample is shown.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from glyph_memory.transcript import Turn

Outcome = Literal["correct", "abstained", "silently wrong"]
"""What an answer is: right; no answer, and it says so; or wrong without a word of doubt, which is the worst."""
CountTokens = Callable[[str], int]
"""Counts the tokens of a text as the model does."""

NOT_STATED = "not stated"
"""What a reader is asked to say where the text does not tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A question about a document or a conversation, and what is right."""

    id: str
    """Its name: the same for the same task, length, seed and number, such as "niah_single_1/4096/0/17"."""
    question: str
    """What is asked, at the end."""
    answers: tuple[str, ...]
    """What is right, as the task's `judge` takes it; empty where the text does not tell."""
    document: str = field(default="", repr=False)
    """The text, where it is a document."""
    turns: tuple[Turn, ...] = field(default=(), repr=False)
    """The turns, where it is a conversation."""
    kind: str = "prose"
    """What is asked for, to break results down: "prose", "identifiers", "code", "logs", "state", "people", …"""
    more: Mapping[str, str] = field(default_factory=dict)
    """What the task's `judge` needs besides, or a result should tell, such as a subset's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What an answer is worth."""

    outcome: Outcome
    """What it is."""
    score: float
    """0 to 1, by the task's published scorer where it has one; else 1 for a correct answer."""


class Task(ABC):
    """Gives samples, and judges answers. Samples are made lazily, the same from the same seed."""

    name: str
    """What it is called on the command line."""
    title: str
    """What it asks for, in a line."""
    source: str
    """Where its texts come from, and their licence."""

    @property
    def left_out(self) -> str:
        """What of a file was not asked, and why, as far as samples were taken; empty where nothing was."""
        return ""

    @abstractmethod
    def samples(self, *, tokens: int, seed: int, count: CountTokens) -> Iterator[Sample]:
        """Yield samples, each the same as ever; those that are made never end, those of a file do.

        Args:
            tokens: How long the text is to be at the most, with its question, and nearly that long where it is made.
            seed: Other seeds give other samples.
            count: Counts tokens.

        Raises:
            DocumentError: A file cannot be read, or is of another version.
        """

    @abstractmethod
    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer to a sample is worth."""


def judge_found(found: float, answer: str, *, needed: float = 1.0, is_told: bool = True) -> Judgement:
    """Return the judgement of an answer of which it is known how much of what is right is in it.

    Args:
        found: How much, 0 to 1.
        answer: The answer.
        needed: How much makes it correct.
        is_told: Whether the text tells; if not, only who says so is correct.

    Example:
        >>> judge_found(0.0, "It is not stated.").outcome
        'abstained'
        >>> judge_found(0.0, "It is not stated.", is_told=False).outcome
        'correct'
    """
    abstains = is_abstention(answer)
    if not is_told:
        return Judgement(outcome="correct" if abstains else "silently wrong", score=float(abstains))
    if found >= needed:
        return Judgement(outcome="correct", score=found)
    return Judgement(outcome="abstained" if abstains else "silently wrong", score=found)


_ABSTAINS = re.compile(
    r"\bnot (?:stated|mentioned|given|specified|provided|available|found|legible|readable|shown|visible|said)\b"
    r"|\bno (?:such |relevant )?(?:information|mention|answer|record)\b|\bunanswerable\b|\bunknown\b|\billegible\b"
    r"|\b(?:can(?:not|'t)|could(?: not|n't)|unable to) (?:be )?"
    r"(?:read|find|found|determine|determined|tell|see|answer|make out|say)\b"
    r"|\b(?:do(?:es)?(?: not|n't)) (?:know|say|tell|state|mention|contain|specify)\b|\bi found nothing\b",
    re.IGNORECASE,
)


def is_abstention(answer: str) -> bool:
    """Return whether an answer says that it is none: an empty one, "not stated", "I cannot read it" and the like.

    Example:
        >>> is_abstention("The text does not mention it."), is_abstention("It is 4711.")
        (True, False)
    """
    said = " ".join(answer.split())
    return not said or bool(_ABSTAINS.search(said))
