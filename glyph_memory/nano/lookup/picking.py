"""Pick the sentences of a passage that bear on a question: the one that holds most of it, and what that one lacks.

Knows words and what each is worth; knows nothing about other passages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from glyph_memory.nano.lookup.index import Index, TermSpellings, anchor_words
from glyph_memory.nano.lookup.passages import Sentence, SentenceGroup
from glyph_memory.nano.lookup.question import Question, Term
from glyph_memory.search.plain import casefold

NOTHING = "I found nothing"
"""How an answer without a quote begins; where it is read again, on a page of the same conversation, it says nothing."""
_AROUND = 0.35
"""What a question's word is worth that stands beside the sentence, in the same passage."""
_ASKING = 0.4
"""What a sentence is worth that asks, too, or calls a tool."""
_FURTHER = 1.3
"""By how much less what a further sentence holds weighs."""
_LONGEST_LINES = 3
"""Up to which further sentences are added to the best one."""
_HEADING_WORDS = 8
_PICKS = 3
"""How often something is picked out of one passage."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SentenceMatch:
    """Some sentences that bear on a question."""

    group: SentenceGroup
    """Where they stand."""
    sentences: tuple[Sentence, ...]
    """Those that are quoted, in order; the others of the passage stand around them."""
    score: float
    """The larger, the better they fit."""
    terms: frozenset[Term]
    """The parts of the question that they hold; and, for the best of a passage, that stand around them."""


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

    def pick(self, passage: SentenceGroup, *, boost: float = 1.0) -> Iterator[SentenceMatch]:
        """Yield the matches in a group, the best first, no sentence twice.

        Args:
            passage: Where.
            boost: What scores are multiplied by.
        """
        anchored = self.worth.keys() & anchor_words(passage)
        held = [anchored | (self.worth.keys() & self.index.words(one)) for one in passage.sentences]
        values = [
            self._value(passage, one, words) for one, words in zip(passage.sentences, held, strict=True)
        ]
        around = frozenset[str]().union(*held)
        for number in range(_PICKS):
            best = max(range(len(held)), key=lambda place: (values[place], -place))
            if values[best] <= 0:
                return
            chosen = self._add_sentences(passage, best, held, values)
            known = frozenset[str]().union(*(held[place] for place in chosen))
            value = values[best] + sum(self.worth[word] for word in sorted(known - held[best])) / _FURTHER
            beside = sum(self.worth[word] for word in sorted(around - known))
            yield SentenceMatch(
                group=passage,
                sentences=tuple(passage.sentences[place] for place in chosen),
                score=(value + _AROUND * beside) * boost,
                terms=self._terms(known if number else around),
            )
            for place in chosen:
                values[place] = 0.0

    def _add_sentences(
        self, passage: SentenceGroup, best: int, held: Sequence[Set[str]], values: Sequence[float]
    ) -> list[int]:
        """Return the places of the best sentence and of those that hold parts of the question that it lacks."""
        chosen, lines, known = [best], _count_lines(passage.sentences[best]), held[best]
        if _is_heading(passage, best) and lines + _count_lines(passage.sentences[best + 1]) <= _LONGEST_LINES:
            chosen, known = [best, best + 1], known | held[best + 1]
            lines += _count_lines(passage.sentences[best + 1])
        is_keyed = any(term.is_key for term in self._terms(known))
        for place in sorted(range(len(held)), key=lambda place: (-values[place], abs(place - best))):
            one, more = passage.sentences[place], known | held[place]
            if not is_keyed and all(abs(place - near) > 1 for near in chosen):
                continue  # prose: what stands apart is about something else
            fits = values[place] > 0 and lines + _count_lines(one) <= _LONGEST_LINES
            if fits and self._terms(more) > self._terms(known):
                chosen, lines, known = [*chosen, place], lines + _count_lines(one), more
        return sorted(chosen)

    def _terms(self, words: Set[str]) -> frozenset[Term]:
        terms = enumerate(self.question.terms)
        return frozenset(term for number, term in terms if self.sought.holds(number, words))

    def _value(self, passage: SentenceGroup, sentence: Sentence, held: Set[str]) -> float:
        text = passage.source.text[sentence.start : sentence.stop]
        if text.startswith(NOTHING):
            return 0.0
        value, plain = sum(self.worth[word] for word in sorted(held)), casefold(" ".join(text.split()))
        value *= 1 + 0.5 * sum(phrase in plain for phrase in self.question.phrases)
        if self.question.wants_figures and any(character.isdigit() for character in text):
            value *= 1.1
        asks = text.endswith("?") or (passage.anchor is not None and text.startswith("calls "))
        return value * (_ASKING if asks else 1.0)


def _is_heading(passage: SentenceGroup, place: int) -> bool:
    """Return whether a sentence of a document is a heading of what follows it."""
    if passage.anchor is not None or place + 1 == len(passage.sentences):
        return False
    one = passage.sentences[place]
    text = passage.source.text[one.start : one.stop]
    return len(text.split()) <= _HEADING_WORDS and text[-1:].isalnum() and text[:1].isupper()


def _count_lines(sentence: Sentence) -> int:
    return sentence.rows[1] - sentence.rows[0] + 1
