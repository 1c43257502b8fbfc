"""Samples that are made to a length: as much text as fits, and what is asked for at depths that are spread evenly.

Knows samples and token counts; knows nothing about what is asked.
"""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from glyph_memory.errors import DocumentError
from glyph_memory.evaluate.tasks.sample import NOT_STATED, CountTokens, Sample, Task
from glyph_memory.evaluate.tasks.texts import Dice

_Item = TypeVar("_Item")
TURN_TOKENS = 4
"""Of a turn, beside its words: about what chat templates put round one."""
MADE = "made from a seed by glyph-memory; nobody's texts"
"""Where the texts come from, as a task's `source`."""
OR_NOT_STATED = f'If the text does not tell, answer "{NOT_STATED}".'
"""How questions end."""
_NEAR = 0.98
_AIM = 0.992
_GOLDEN = 0.6180339887498949  # whose multiples, but for their whole parts, are spread as evenly as can be


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplePlan:
    """What is known of a sample before it is written."""

    id: str
    """Its name, and the seed of its dice."""
    number: int
    """Which of its task, length and seed it is, from 0."""
    tokens: int
    """How long it may be."""
    offset: float
    """A number from 0 to 1, the same for all samples of a task, length and seed."""

    def roll(self, use: str) -> Dice:
        """Return new dice for a use: what is rolled for another use changes nothing about them."""
        return Dice(f"{self.id}/{use}")

    def depths(self, count: int) -> tuple[float, ...]:
        """Return depths from 0 to 1, rising: one in each of as many equal parts, and evenly spread over the numbers."""
        within = (self.offset + self.number * _GOLDEN) % 1
        return tuple((part + within) / count for part in range(count))


class MadeTask(Task):
    """Makes samples to a length. `write` makes one of a number of lines; how many fit is found by trying."""

    source = MADE
    least_lines = 1
    """Below which there is no sample."""

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title

    def samples(self, *, tokens: int, seed: int, count: CountTokens) -> Iterator[Sample]:
        """Yield samples, each at most as long as asked for; from 2,000 tokens on less than a twentieth below.

        Raises:
            DocumentError: So few tokens do not hold a question of this task, or its texts are not that long.
        """
        offset = Dice(f"{self.name}/{tokens}/{seed}").share()
        most = self.count_samples()
        for number in itertools.count() if most is None else range(most):
            name = f"{self.name}/{tokens}/{seed}/{number}"
            yield self._fit(SamplePlan(id=name, number=number, tokens=tokens, offset=offset), seed, count)

    @abstractmethod
    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a sample with so many lines of text round what is asked for."""

    def count_lines(self) -> int | None:
        """Return how many lines there are; nothing where they never end."""
        return None

    def count_samples(self) -> int | None:
        """Return how many samples there are; nothing where they never end."""
        return None

    def _fit(self, plan: SamplePlan, seed: int, count: CountTokens) -> Sample:
        made = dict[int, Sample]()

        def measure(lines: int) -> int:
            made[lines] = self.write(plan, lines, seed)
            return count_sample_tokens(made[lines], count)

        least = measure(self.least_lines)
        if least > plan.tokens:
            raise DocumentError(
                f"task {self.name!r} needs {least} tokens for a question, not {plan.tokens}; ask for more"
            )
        most = self.count_lines()
        first = self.least_lines, least
        lines, size = fit_lines(measure, plan.tokens, least=first, most=most or 8 * plan.tokens)
        if lines == most and size < plan.tokens * 0.95:
            raise DocumentError(
                f"task {self.name!r} has texts for {size} tokens, not for {plan.tokens}; ask for fewer"
            )
        return made[lines]


def count_sample_tokens(sample: Sample, count: CountTokens) -> int:
    """Return how long a sample is: its document or turns with their frames, and its question."""
    if sample.turns:
        texts = [*(turn.full_text for turn in sample.turns), sample.question]
        return sum(count(text) + TURN_TOKENS for text in texts)
    return count(f"{sample.document}\n\n{sample.question}")


def fit_lines(
    measure: Callable[[int], int], tokens: int, *, least: tuple[int, int], most: int
) -> tuple[int, int]:
    """Return a number of lines that comes near to a number of tokens, never above, and the tokens that it has.

    Args:
        measure: Returns the tokens of so many lines; may waver a little, but grows.
        tokens: How many there may be.
        least: A number of lines that fits, and its tokens.
        most: How many lines there are.
    """
    low, low_size = least
    high: int | None = None
    guess = low + 32
    while low < (top := most if high is None else high - 1) and low_size < _NEAR * tokens:
        guess = max(low + 1, min(guess, top))
        size = measure(guess)
        slope = max((size - least[1]) / (guess - least[0]), 0.01)
        if size <= tokens:
            low, low_size = guess, size
        else:
            high = guess
        guess = low + int((_AIM * tokens - low_size) / slope)
    return low, low_size


def insert_at_depths(items: Iterable[_Item], inserts: Sequence[tuple[float, _Item]]) -> list[_Item]:
    """Return items with others put between them, each at its depth of 0 to 1; those of one place in their order.

    Example:
        >>> insert_at_depths("abcd", [(0.0, "X"), (0.5, "Y"), (1.0, "Z")])
        ['X', 'a', 'b', 'Y', 'c', 'd', 'Z']
    """
    found = list(items)
    length = len(found)
    for depth, item in sorted(inserts, key=lambda insert: insert[0])[::-1]:
        found.insert(round(depth * length), item)
    return found


def split_into_runs(items: Sequence[_Item], dice: Dice, shortest: int, longest: int) -> Iterator[list[_Item]]:
    """Yield the items in runs of any of these lengths; the last may be shorter."""
    start = 0
    while start < len(items):
        length = dice.number(shortest, longest)
        yield list(items[start : start + length])
        start += length


def tell_depth(sample_text: str, wanted: str) -> str:
    """Return how deep something stands in a text, from "0.00" to "1.00"."""
    return f"{sample_text.index(wanted) / max(len(sample_text) - len(wanted), 1):.2f}"
