"""Aggregation: RULER's common words of a numbered list, and its frequent words of a coded text."""

from __future__ import annotations

import math
from itertools import islice

from glyph_memory.evaluate.tasks.fitting import OR_NOT_STATED, SamplePlan
from glyph_memory.evaluate.tasks.ruler.base import RulerTask
from glyph_memory.evaluate.tasks.sample import Sample
from glyph_memory.evaluate.tasks.texts import Dice
from glyph_memory.evaluate.tasks.texts.words import ADJECTIVES, NOUNS, VERBS

_SIMPLE = sorted({*NOUNS, *ADJECTIVES, *VERBS})
_COMMON = 10
_SHORT_TOKENS = 4096


class CommonWords(RulerTask):
    """Asks for the ten words of a list that stand in it 30 times; others stand in it 3 times.

    Below 4,096 tokens they are 6 times and once. A short example with its answer stands before the list, as in RULER.
    Where the words of our own run out, two are joined to one.
    """

    least_lines = _COMMON + 1

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a sample with so many different words."""
        is_short = plan.tokens < _SHORT_TOKENS
        often, seldom = (6, 1) if is_short else (30, 3)
        shown = 20 if is_short else 40
        words = self._pick_words(plan.roll("words"), shown + lines)
        dice = plan.roll("order")
        example, example_words = _write_list(dice, words[:shown], *((3, 1) if is_short else (10, 3)))
        text, common = _write_list(dice, words[shown:], often, seldom)
        document = (
            f"Example list: {example}\nIts ten most common words: {' '.join(example_words)}\n\nList: {text}"
        )
        return Sample(
            id=plan.id,
            question=f"What are the ten most common words of the list, not of the example? {OR_NOT_STATED}",
            answers=tuple(common),
            document=document,
            kind="counts",
            more={"texts": self.source},
        )

    def _pick_words(self, dice: Dice, count: int) -> list[str]:
        """Return different words, in an order that does not tell which are joined of two."""
        picked = dict.fromkeys(dice.walk(_SIMPLE, min(count, len(_SIMPLE))))
        while len(picked) < count:
            picked[dice.pick(NOUNS) + dice.pick(NOUNS)] = None
        return dice.shuffle(list(picked))


def _write_list(dice: Dice, words: list[str], often: int, seldom: int) -> tuple[str, list[str]]:
    common, others = words[:_COMMON], words[_COMMON:]
    order = dice.shuffle(common * often + others * seldom)
    return " ".join(f"{number}. {word}" for number, word in enumerate(order, 1)), common


class FrequentWords(RulerTask):
    """Asks for the three most frequent words of a coded text, in which words are as frequent as Zipf's law has it.

    Of N words the k-th is there N / (k² ζ(2)) times; the first is written as dots, and does not count.
    """

    least_lines = 120
    """From where on the third and the fourth differ clearly."""

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a sample with about so many words."""
        dice = plan.roll("words")
        zeta = math.pi * math.pi / 6
        words = dict[str, None]()
        while len(words) < max(plan.tokens // 50, 20):
            words[dice.letters(6)] = None
        ranked = ["...", *islice(words, 1, None)]
        counts = [int(lines / (rank * rank * zeta)) for rank in range(1, len(ranked) + 1)]
        text = [word for word, times in zip(ranked, counts, strict=True) for _ in range(times)]
        return Sample(
            id=plan.id,
            question=f"What are the three most frequent words of the coded text? Dots are no word. {OR_NOT_STATED}",
            answers=tuple(ranked[1:4]),
            document=" ".join(plan.roll("order").shuffle(text)),
            kind="counts",
            more={"texts": self.source},
        )
