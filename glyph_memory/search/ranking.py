"""Rank texts by how well they fit a query (BM25); and search texts that are at hand, without a store.

Knows words and phrases; knows nothing about where texts are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import nlargest
from math import log

from glyph_memory.search.terms import casefold, phrases, words

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
        >>> count_phrases("ha ha ha no", ["ha", "ha no", "so"])
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


def search(texts: Iterable[str], query: str, *, k: int) -> list[tuple[int, float]]:
    """Return the texts that fit a query best.

    Args:
        texts: What was said.
        query: Words to look for; nothing in it is syntax.
        k: How many at the most.

    Returns:
        The places of those that hold any of it, and their scores, best first, of equals the latest.
    """
    wanted = phrases(query)
    first = {phrase.partition(" ")[0] for phrase in wanted}
    held, total, length = dict[int, tuple[int, list[int]]](), 0, 0
    for place, text in enumerate(texts):
        total, length = place + 1, length + len(text)
        plain = casefold(text)
        if any(word in plain for word in first):  # most texts hold none: taking them apart is what takes time
            found = count_phrases(" ".join(words(text)), wanted)
            if any(found):
                held[place] = len(text), found
    holding = [sum(bool(found[number]) for _, found in held.values()) for number in range(len(wanted))]
    rarities = [rarity(count, of=total) for count in holding]
    mean = length / max(1, total)
    scored = (
        (score(found, rarities, length=size, mean_length=mean), place)
        for place, (size, found) in held.items()
    )
    return [(place, weight) for weight, place in nlargest(max(0, k), scored)]
