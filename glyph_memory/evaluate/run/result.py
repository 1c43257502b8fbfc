"""What came of one question: `Result`, as it stands on a line of a run's results.

Knows outcomes and faults; knows nothing about files, readers or tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

from glyph_memory.errors import (
    BadReading,
    GlyphMemoryError,
    PolicyError,
    ReaderError,
    ReaderOverflow,
    ReaderRefused,
    ReaderUnavailable,
)
from glyph_memory.evaluate.field_types import check_field_types
from glyph_memory.evaluate.tasks.sample import Outcome

Fault = Literal[
    "does not fit", "no answer", "too large", "refused", "empty", "cut off", "repeats itself", "unusable"
]
"""Why there is no answer to judge: the arm cannot show the sample within the budget; nobody answered, or not in time;
the server takes no prompt so large; it said no; it wrote nothing; it was cut off; it was, in a loop; or what came is no
answer."""
_AGAIN: frozenset[Fault] = frozenset({"no answer"})
"""Faults after which the same question is asked again when a run goes on."""
Key = tuple[str, str, str]
"""A sample's id, an arm's name and a budget as it was asked for: what is done once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One sample, shown by one arm within one budget, and what was answered."""

    sample: str
    """The sample's id."""
    task: str
    """The task's name."""
    kind: str
    """What is asked for, as the sample says."""
    length: int
    """How many tokens the sample was asked to have."""
    number: int
    """Its place among the samples of its task and length, from 0."""
    arm: str
    """How it was shown."""
    budget: str
    """What the prompt might cost, as it was asked for: `40%` of the whole text, or a number of tokens."""
    budget_tokens: int
    """The same in tokens."""
    text_tokens: int
    """What the whole sample costs as text."""
    prompt_digest: str = ""
    """SHA-256 of what was sent; empty where nothing was."""
    prompt_tokens: int | None = None
    """What was sent, by the model's own count; None where nothing was."""
    images: int = 0
    """How many pictures were sent."""
    making_tokens: int = 0
    """What prompts cost that were needed to make this one."""
    left_out: str = ""
    """What of the sample was not shown."""
    answer: str = ""
    """What was answered; of an answer that was cut off, as far as it came."""
    outcome: Outcome | None = None
    """What it is worth; None where there is nothing to judge."""
    score: float | None = None
    """0 to 1, by the task's own scorer; None where there is nothing to judge."""
    fault: Fault | None = None
    """Why there is nothing to judge."""
    error: str = ""
    """The same in a sentence."""
    server_tokens: int | None = None
    """The prompt's tokens as the server counted them."""
    cached_tokens: int | None = None
    """How many of them its prefix cache had."""
    written_tokens: int | None = None
    """What it wrote, reasoning included."""
    seconds: float | None = None
    """From the request to the end of the answer."""

    @property
    def key(self) -> Key:
        """What is done once."""
        return self.sample, self.arm, self.budget

    @property
    def is_done(self) -> bool:
        """Whether it is not asked again: it was answered, or fails the same way every time."""
        return self.fault not in _AGAIN

    def with_error(self, error: PolicyError | ReaderError) -> Self:
        """Return this result with an error in place of an answer."""
        return replace(self, fault=name_fault(error), error=str(error))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values for JSON, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Return a result from plain values.

        Raises:
            ValueError: They are of something else.
        """
        known = {field.name for field in fields(cls)}
        if not told.keys() <= known:
            raise ValueError(f"{sorted(told.keys() - known)[0]!r} is no field of a result")
        try:
            read = cls(**told)
        except TypeError as error:
            raise ValueError(str(error)) from error
        check_field_types(read)
        return read


def name_fault(error: PolicyError | ReaderError) -> Fault:
    """Return which fault an error is."""
    kinds: tuple[tuple[type[GlyphMemoryError], Fault], ...] = (
        (PolicyError, "does not fit"),
        (ReaderUnavailable, "no answer"),
        (ReaderOverflow, "too large"),
        (ReaderRefused, "refused"),
        (BadReading, "unusable"),
    )
    return next((fault for kind, fault in kinds if isinstance(error, kind)), "unusable")


def find_loop(text: str) -> str:
    """Return what a text repeats at its end, at least three times and over 60 characters; empty where it does not.

    Example:
        >>> find_loop("The key is " + "4711, " * 40), find_loop("The key is 4711.")
        ('4711, ', '')
    """
    for length in range(1, min(1_000, len(text) // 3) + 1):
        unit = text[-length:]
        times = max(3, -(-60 // length))
        if text.endswith(unit * times):
            start = text.find(unit, len(text) - length * times - length)
            return text[start : start + length]
    return ""
