"""How easily a string is misread, as a calibration measured it: letter by letter, and no formula.

Knows counts of letters and where words stand; knows nothing about kinds of identifiers.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp

from glyph_memory.ledger.risk import find_words, misread_risk
from glyph_memory.style import LetterCounts

_PRIOR = 20
"""How many letters' worth the mean of all letters counts in each one's rate: one that was asked for twice and misread
once is not misread half of the time."""


class MeasuredRisk:
    """Estimates the chance that a model misreads at least one character of a string, from how often it did.

    A letter's rate is its share of misreadings, drawn towards the mean of all where it was seldom asked for. Letters of
    words have a rate of their own, which is that of other letters where no word was asked for. So words are cheap only
    if they were measured to be.

    Args:
        letters: What was counted.

    Example:
        >>> risk = MeasuredRisk(LetterCounts(alone=(("0", 500, 100), ("7", 500, 0)), words=(5000, 0)))
        >>> risk("000") > 10 * risk("777") > 0
        True
    """

    def __init__(self, letters: LetterCounts) -> None:
        asked = sum(one[1] for one in letters.alone) + letters.words[0]
        wrong = sum(one[2] for one in letters.alone) + letters.words[1]
        mean = (wrong + 0.5) / (asked + 1)
        self._rates = {
            character: (wrong + _PRIOR * mean) / (asked + _PRIOR) for character, asked, wrong in letters.alone
        }
        self._other = mean
        self._word = (
            (letters.words[1] + _PRIOR * mean) / (letters.words[0] + _PRIOR) if letters.words[0] else None
        )

    def __call__(self, text: str) -> float:
        """Return the chance; 0 for an empty string, towards 1 for a long one."""
        expected, words = 0.0, [False] * len(text)
        if self._word is not None:
            for start, stop in find_words(text):
                words[start:stop] = [True] * (stop - start)
                expected += self._word * (stop - start)
        for character, is_word in zip(text, words, strict=True):
            if not is_word and not character.isspace():
                expected += self._rates.get(character, self._other)
        return 1 - exp(-expected)


def find_risk(letters: LetterCounts | None) -> Callable[[str], float]:
    """Return how easily strings are misread: as it was measured, or by a formula where nothing was counted."""
    is_counted = letters is not None and (letters.alone or letters.words[0])
    return MeasuredRisk(letters) if letters is not None and is_counted else misread_risk
