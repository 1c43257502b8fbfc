"""Search texts that are at hand, without a store: the same words, phrases and ranking as the store's search."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest

from glyph_memory.search.plain import casefold
from glyph_memory.search.ranking import count_phrases, rarity, score
from glyph_memory.search.words import phrases, words


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
