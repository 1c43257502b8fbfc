"""Search turns that are at hand, without a store: the same words, phrases and ranking (BM25) as the store's search."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from heapq import nlargest
from math import log

_SATURATION, _LENGTH_WEIGHT = 1.2, 0.75


def search(texts: Iterable[str], query: str, *, k: int) -> list[tuple[int, float]]:
    """Find the texts that fit a query best.

    Args:
        texts: What was said.
        query: Words to look for; nothing in it is syntax.
        k: How many at the most.

    Returns:
        The places of those that hold any of it, and their scores, best first, of equals the latest.
    """
    from glyph_memory.store.words import phrases  # noqa: PLC0415 - SQL is loaded when something is looked for

    wanted = [f" {phrase.replace(' ', '  ')} " for phrase in phrases(query)]
    held, lengths, count = dict[int, list[int]](), dict[int, int](), 0
    total = 0
    for place, text in enumerate(texts):
        count, total = place + 1, total + len(text)
        counts = _counts(text, wanted)
        if any(counts):
            held[place], lengths[place] = counts, len(text)
    mean = max(1.0, total / max(1, count))
    having = [sum(bool(counts[number]) for counts in held.values()) for number in range(len(wanted))]
    rarity = [log(1 + (count - holding + 0.5) / (holding + 0.5)) for holding in having]
    scored = []
    for place, counts in held.items():
        burden = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * lengths[place] / mean)
        weighed = zip(counts, rarity, strict=True)
        score = sum(weight * often * (_SATURATION + 1) / (often + burden) for often, weight in weighed)
        scored.append((score, place))
    return [(place, score) for score, place in nlargest(max(0, k), scored)]


def _counts(text: str, wanted: Sequence[str]) -> list[int]:
    """Count each phrase in a text, after a look that is quick at passing by texts which hold none."""
    from glyph_memory.store.words import words  # noqa: PLC0415 - as above

    plain = text.casefold() if text.isascii() else _folded(text)
    if not any(phrase.split()[0] in plain for phrase in wanted):
        return [0] * len(wanted)
    padded = f" {'  '.join(words(text))} "
    return [padded.count(phrase) for phrase in wanted]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
