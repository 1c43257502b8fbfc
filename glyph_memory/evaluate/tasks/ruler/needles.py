"""Needles in a haystack: RULER's eight tasks that hide sentences of a key and its value in a text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Literal

from glyph_memory.evaluate.tasks.fitting import OR_NOT_STATED, SamplePlan, insert_at_depths, tell_depth
from glyph_memory.evaluate.tasks.ruler.base import NOISE, RulerTask
from glyph_memory.evaluate.tasks.ruler.package import RulerFiles
from glyph_memory.evaluate.tasks.sample import Sample
from glyph_memory.evaluate.tasks.texts import Dice, write_sentences
from glyph_memory.evaluate.tasks.texts.words import ADJECTIVES, NOUNS

Haystack = Literal["noise", "prose", "needles"]
"""What needles are hidden in: a repeated run of sentences, prose, or needles of other keys."""


class Needles(RulerTask):
    """Asks for all values of some keys; each stands in a sentence of its own.

    Keys are two words or a UUID, values numbers of seven digits or a UUID, as RULER has them.
    """

    def __init__(
        self,
        name: str,
        title: str,
        *,
        haystack: Haystack = "prose",
        are_keys_uuids: bool = False,
        are_values_uuids: bool = False,
        keys: int = 1,
        values: int = 1,
        queries: int = 1,
        files: RulerFiles | None = None,
    ) -> None:
        super().__init__(name, title)
        self._haystack = haystack
        self._are_keys_uuids = are_keys_uuids
        self._are_values_uuids = are_values_uuids
        self._keys, self._values, self._queries = max(keys, queries), values, queries
        self._files = files if haystack == "prose" else None
        if self._files is not None:
            self.source = self._files.essays_source

    def count_lines(self) -> int | None:
        """Return how many sentences the essays have; nothing where prose is made."""
        return len(self._files.read_sentences()) if self._files else None

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a sample with so many sentences round its needles."""
        dice = plan.roll("needles")
        keys = list[str]()
        while len(keys) < self._keys:
            if (key := self._make_key(dice)) not in keys:
                keys.append(key)
        needles = [(key, self._make_value(dice)) for key in keys for _ in range(self._values)]
        asked = dice.sample(keys, self._queries)
        sentences = [self._write_needle(key, value) for key, value in dice.shuffle(needles)]
        hay = islice(self._write_hay(plan, seed, keys), lines)
        text = insert_at_depths(hay, list(zip(plan.depths(len(sentences)), sentences, strict=True)))
        document = (" " if self._haystack == "prose" else "\n").join(text)
        answers = tuple(value for key in asked for one, value in needles if one == key)
        return Sample(
            id=plan.id,
            question=self._ask(asked),
            answers=answers,
            document=document,
            kind="identifiers" if self._are_values_uuids else "numbers",
            more={"depth": tell_depth(document, answers[0]), "texts": self.source},
        )

    def _make_key(self, dice: Dice) -> str:
        return dice.uuid() if self._are_keys_uuids else f"{dice.pick(ADJECTIVES)}-{dice.pick(NOUNS)}"

    def _make_value(self, dice: Dice) -> str:
        return dice.uuid() if self._are_values_uuids else str(dice.number(1_000_000, 9_999_999))

    def _write_needle(self, key: str, value: str) -> str:
        return f"One of the magic {self._noun} of {key} is {value}."

    @property
    def _noun(self) -> str:
        return "uuids" if self._are_values_uuids else "numbers"

    def _ask(self, asked: list[str]) -> str:
        keys = f"{', '.join(asked[:-1])} and {asked[-1]}" if len(asked) > 1 else asked[0]
        if self._values * self._queries == 1:
            return f"What is the magic {self._noun[:-1]} of {keys} in the text? {OR_NOT_STATED}"
        return f"What are all the magic {self._noun} of {keys} in the text? {OR_NOT_STATED}"

    def _write_hay(self, plan: SamplePlan, seed: int, keys: list[str]) -> Iterator[str]:
        dice = plan.roll("hay")
        if self._haystack == "prose":
            yield from self._files.read_sentences() if self._files else write_sentences(dice)
            return
        while True:
            if self._haystack == "noise":
                yield NOISE
            elif (key := self._make_key(dice)) not in keys:
                yield self._write_needle(key, self._make_value(dice))
