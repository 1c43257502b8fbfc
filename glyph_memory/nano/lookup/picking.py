"""Rank what bears on a question: groups by BM25 (bm25s), then the sentences that are picked out of the best of them.

Knows groups and words; knows nothing about pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.lookup.groups import Sentence, SentenceGroup
from glyph_memory.nano.lookup.index import Index, TermSpellings, anchor_words
from glyph_memory.nano.lookup.question import Question, Term
from glyph_memory.search.terms import casefold

NOTHING = "I found nothing"
"""How an answer without a quote begins; where it is read again, on a page of the same conversation, it says nothing."""
NEAREST = "Nearest passages"
"""How an answer begins whose quotes hold little of the question; read again, that line says nothing, too."""
_AROUND = 0.35
"""What a question's word is worth that stands beside the sentence, in the same group."""
_ASKING = 0.4
"""What a sentence is worth that asks, too, or calls a tool."""
_FURTHER = 1.3
"""By how much less what a further sentence holds weighs."""
_CUT_OFF = 0.9
"""What a sentence is worth that opens what stands in the next group: there it stands, too."""
_LONGEST_LINES = 3
"""Up to which further sentences are added to the best one."""
_HEADING_WORDS = 8
_OPENERS, _INSIDE = "{[(:", 8
"""A sentence that ends with one of these is said of the next ones, up to so many."""
_PICKS = 3
"""How often something is picked out of one group."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SentenceMatch:
    """Some sentences that bear on a question."""

    group: SentenceGroup
    """Where they stand."""
    sentences: tuple[Sentence, ...]
    """Those that are quoted, in order; the others of the group stand around them."""
    score: float
    """The larger, the better they fit."""
    terms: frozenset[Term]
    """The parts of the question that they hold; and, for the best of a group, that stand around them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picker:
    """Picks the sentences of a group that bear on a question."""

    question: Question
    """What was asked."""
    index: Index
    """Where."""
    sought: TermSpellings
    """What of it stands anywhere."""
    worth: Mapping[str, float]
    """What each word is worth: the rarer, the more."""

    def pick(self, group: SentenceGroup, *, boost: float = 1.0) -> Iterator[SentenceMatch]:
        """Yield the matches in a group, the best first, no sentence twice.

        Args:
            group: Where.
            boost: What scores are multiplied by.
        """
        anchored = self.worth.keys() & anchor_words(group)
        held = [anchored | (self.worth.keys() & self.index.words(one)) for one in group.sentences]
        values = [self._value(group, one, words) for one, words in zip(group.sentences, held, strict=True)]
        around = frozenset[str]().union(*held)
        for number in range(_PICKS):
            best = max(range(len(held)), key=lambda place: (values[place], -place))
            if values[best] <= 0:
                return
            chosen = self._add_sentences(group, best, held, values)
            known = frozenset[str]().union(*(held[place] for place in chosen))
            value = values[best] + sum(self.worth[word] for word in sorted(known - held[best])) / _FURTHER
            beside = sum(self.worth[word] for word in sorted(around - known))
            yield SentenceMatch(
                group=group,
                sentences=tuple(group.sentences[place] for place in chosen),
                score=(value + _AROUND * beside) * boost,
                terms=self._terms(known if number else around),
            )
            for place in chosen:
                values[place] = 0.0

    def _add_sentences(
        self, group: SentenceGroup, best: int, held: Sequence[Set[str]], values: Sequence[float]
    ) -> list[int]:
        """Return the places of the best sentence and of those that hold parts of the question that it lacks."""
        chosen, lines, known = [best], _count_lines(group.sentences[best]), held[best]
        if _is_heading(group, best) and lines + _count_lines(group.sentences[best + 1]) <= _LONGEST_LINES:
            chosen, known = [best, best + 1], known | held[best + 1]
            lines += _count_lines(group.sentences[best + 1])
        is_keyed, opens = any(term.is_key for term in self._terms(known)), _opens(group, best)
        for place in sorted(range(len(held)), key=lambda place: (-values[place], abs(place - best))):
            one, more = group.sentences[place], known | held[place]
            is_within = opens and best < place <= best + _INSIDE
            if not is_keyed and not is_within and all(abs(place - near) > 1 for near in chosen):
                continue  # prose: what stands apart is about something else
            fits = values[place] > 0 and lines + _count_lines(one) <= _LONGEST_LINES
            if fits and self._terms(more) > self._terms(known):
                chosen, lines, known = [*chosen, place], lines + _count_lines(one), more
        if opens and chosen == [best]:  # what it opens is what is asked for
            chosen = [*range(best, min(best + _LONGEST_LINES, len(held)))]
        return sorted(chosen)

    def _terms(self, words: Set[str]) -> frozenset[Term]:
        terms = enumerate(self.question.terms)
        return frozenset(term for number, term in terms if self.sought.holds(number, words))

    def _value(self, group: SentenceGroup, sentence: Sentence, held: Set[str]) -> float:
        text = group.source.text[sentence.start : sentence.stop]
        if text.startswith((NOTHING, NEAREST)):
            return 0.0
        value = sum(self.worth[word] for word in sorted(held))
        if self.question.phrases:
            spellings = {text, group.source.respell(sentence.start, sentence.stop)}
            plain = "\n".join(casefold(" ".join(one.split())) for one in sorted(spellings))
            value *= 1 + 0.5 * sum(phrase in plain for phrase in self.question.phrases)
        if self.question.wants_figures and any(character.isdigit() for character in text):
            value *= 1.1
        if sentence is group.sentences[-1] and text[-1] in _OPENERS:
            value *= _CUT_OFF
        asks = text.endswith("?") or (group.anchor is not None and text.startswith("calls "))
        return value * (_ASKING if asks else 1.0)


def _is_heading(group: SentenceGroup, place: int) -> bool:
    """Return whether a sentence of a document is a heading of what follows it."""
    if group.anchor is not None or place + 1 == len(group.sentences):
        return False
    one = group.sentences[place]
    text = group.source.text[one.start : one.stop]
    return len(text.split()) <= _HEADING_WORDS and text[-1:].isalnum() and text[:1].isupper()


def _opens(group: SentenceGroup, place: int) -> bool:
    """Return whether a sentence ends with what opens a block: a value of JSON, a list."""
    return group.source.text[group.sentences[place].stop - 1] in _OPENERS


def _count_lines(sentence: Sentence) -> int:
    return sentence.rows[1] - sentence.rows[0] + 1


_CANDIDATES = 60
"""Passages, the best by BM25, whose sentences are looked at."""
_BOOST = 0.1
"""How much more what stands in the best group weighs than the same in one that has hardly anything else."""


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
        source = one.group.source
        text = tuple(casefold("".join(source.text[each.start : each.stop].split())) for each in one.sentences)
        is_same = any(not set(one.sentences).isdisjoint(other.sentences) for other in kept)
        if not is_same and text not in said:
            kept.append(one)
            said.add(text)
    return kept
