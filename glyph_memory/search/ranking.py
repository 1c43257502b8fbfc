"""Rank texts by how well they fit phrases: BM25 (Robertson and Zaragoza, 2009).

Knows words and how often they stand somewhere; knows nothing about databases.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

_SATURATION, _LENGTH_WEIGHT = 1.2, 0.75


def rarity(holding: int, *, of: int) -> float:
    """Return a phrase's weight: the fewer of all texts contain it, the higher."""
    return log(1 + (of - holding + 0.5) / (holding + 0.5))


def count_phrases(words: str, phrases: Sequence[str]) -> list[int]:
    """Count phrases in a text.

    Args:
        words: The text's words, a space between them.
        phrases: As `words.phrases` gives them.

    Example:
        >>> counts("ha ha ha no", ["ha", "ha no", "so"])
        [3, 1, 0]
    """
    # Two spaces between words, so that phrases that follow each other are all counted.
    padded = f" {words.replace(' ', '  ')} "
    return [padded.count(f" {phrase.replace(' ', '  ')} ") for phrase in phrases]


def score(found: Sequence[int], rarities: Sequence[float], *, length: float, mean_length: float) -> float:
    """Return a text's BM25 score from how often it contains each phrase.

    Args:
        found: How often each does.
        rarities: What each is worth.
        length: Of the text.
        mean_length: Of all texts, in the same unit.
    """
    burden = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / max(1.0, mean_length))
    weighed = zip(found, rarities, strict=True)
    return sum(weight * often * (_SATURATION + 1) / (often + burden) for often, weight in weighed)
