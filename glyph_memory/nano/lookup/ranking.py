"""Rank what bears on a question: passages by BM25 (bm25s), then what is picked out of the best of them.

Knows passages and words; knows nothing about pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.lookup.index import Index, TermSpellings
from glyph_memory.nano.lookup.picking import Picker, SentenceMatch
from glyph_memory.nano.lookup.question import Question
from glyph_memory.search.plain import casefold

_CANDIDATES = 60
"""Passages, the best by BM25, whose sentences are looked at."""
_BOOST = 0.1
"""How much more what stands in the best passage weighs than the same in one that has hardly anything else."""


def rank(question: Question, index: Index, sought: TermSpellings) -> list[SentenceMatch]:
    """Return the sentences that bear on a question, the best first, nothing twice."""
    if not sought.weights:
        return []
    count = len(index.groups)
    worth = {
        word: weight * log(1 + count / (0.5 + index.group_counts[word]))
        for word, weight in sought.weights.items()
    }
    picker = Picker(question=question, index=index, sought=sought, worth=worth)
    scores = _score_bm25(index, sought.weights)
    # Stable: what stands first comes first among equals.
    order = [
        place for place in np.argsort(-scores, kind="stable")[:_CANDIDATES].tolist() if scores[place] > 0
    ]
    found = [
        one
        for place in order
        for one in picker.pick(
            index.groups[place], boost=1 + _BOOST * float(scores[place] / scores[order[0]])
        )
    ]
    return _drop_repeats(sorted(found, key=lambda one: -one.score))


def _score_bm25(index: Index, weights: Mapping[str, float]) -> NDArray[np.float64]:
    import bm25s  # noqa: PLC0415  loaded with the first question

    # Both named: what else is installed must not change what is found.
    ranker = bm25s.BM25(backend="numpy", csc_backend="numpy")
    ranker.index(index.bags, show_progress=False)
    total = np.zeros(len(index.groups))
    for word, weight in weights.items():
        total += weight * np.asarray(ranker.get_scores([word]), np.float64)
    return total


def _drop_repeats(found: Iterable[SentenceMatch]) -> list[SentenceMatch]:
    """Drop what repeats a better match: the same lines in another group, or the same words elsewhere."""
    kept: list[SentenceMatch] = []
    said: set[tuple[str, ...]] = set()
    for one in found:
        strip = one.group.source
        text = tuple(casefold("".join(strip.text[each.start : each.stop].split())) for each in one.sentences)
        is_same = any(not set(one.sentences).isdisjoint(other.sentences) for other in kept)
        if not is_same and text not in said:
            kept.append(one)
            said.add(text)
    return kept
