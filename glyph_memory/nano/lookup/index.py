"""The `Index`: which words groups hold; and which of a question's stand there, in which spelling.

What stands nowhere as it was typed is looked for with a letter changed, for less. Knows nothing about pixels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from glyph_memory.locks import cached_property
from glyph_memory.nano.lookup.groups import Sentence, SentenceGroup
from glyph_memory.nano.lookup.question import Question, Term, pieces
from glyph_memory.nano.lookup.search_text import SearchText
from glyph_memory.transcription import SURE

_CHANGED = 0.5
"""What a word weighs that was found with a letter changed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Index:
    """Passages, and the words in them."""

    groups: tuple[SentenceGroup, ...]
    """In reading order."""
    _words: dict[Sentence, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _doubtful: set[str] = field(default_factory=set, repr=False)

    @classmethod
    def build(cls, groups: Iterable[SentenceGroup]) -> Index:
        """Build the index of groups of sentences."""
        index = cls(groups=tuple(groups))
        for group in index.groups:
            for sentence in group.sentences:
                index._add_sentence(group.source, sentence)
        return index

    def _add_sentence(self, source: SearchText, sentence: Sentence) -> None:
        if sentence in self._words:  # the window before this one has it, too
            return
        found = list(pieces(source.text[sentence.start : sentence.stop]))
        known = [word for piece in found for word in piece.words]
        other = source.respell(sentence.start, sentence.stop)
        if other != source.text[sentence.start : sentence.stop]:  # whether a blank stands there, nobody knows
            known += [word for piece in pieces(other) for word in piece.words if word not in known]
        self._words[sentence] = tuple(known)
        doubtful = source.confidence[sentence.start : sentence.stop] < SURE
        if doubtful.any():
            for piece in found:
                if doubtful[piece.start : piece.stop].any():
                    self._doubtful.update(piece.words)

    def words(self, sentence: Sentence) -> tuple[str, ...]:
        """Return the words that a sentence is found by."""
        return self._words[sentence]

    @cached_property
    def bags(self) -> list[list[str]]:
        """What each group is found by: its anchor, and its sentences' words."""
        return [
            [*anchor_words(one), *(word for each in one.sentences for word in self._words[each])]
            for one in self.groups
        ]

    @cached_property
    def group_counts(self) -> Mapping[str, int]:
        """How many groups hold each word."""
        return Counter(word for bag in self.bags for word in set(bag))

    def find_similar(self, word: str) -> list[str]:
        """Return the indexed words that a word may be misspelled for, or was misread as.

        A number or a key with another letter is another key: it counts only where the one on the page is not sure.
        """
        if len(word) < 4 or (len(word) < 5 and word.isalpha()):
            return []
        from rapidfuzz.distance import Levenshtein  # noqa: PLC0415  loaded with the first question that needs it

        at_most = 1 if len(word) < 20 else 2
        near = [
            known
            for known in self.group_counts
            if abs(len(known) - len(word)) <= at_most
            and Levenshtein.distance(known, word, score_cutoff=at_most) <= at_most
        ]
        return sorted(
            known for known in near if known in self._doubtful or (word.isalpha() and known.isalpha())
        )


def anchor_words(group: SentenceGroup) -> list[str]:
    """Return the words of an anchor that a group is found by: the number of its turn."""
    return [group.anchor.split()[0]] if group.anchor and group.anchor.startswith("§") else []


@dataclass(frozen=True, kw_only=True, slots=True)
class TermSpellings:
    """Which of a question's terms stand somewhere, and in which spelling."""

    weights: Mapping[str, float]
    """Each word that is found, and what it weighs."""
    spellings: tuple[tuple[frozenset[str], ...], ...]
    """Of each of the question's terms: how it is spelled, then how each of its parts is; empty what stands nowhere."""

    def find_missing(self, question: Question) -> tuple[Term, ...]:
        """Return the terms that stand nowhere, neither whole nor in all their parts, nor misspelled."""
        present = frozenset(self.weights)
        return tuple(term for number, term in enumerate(question.terms) if not self.holds(number, present))

    def holds(self, number: int, words: Set[str]) -> bool:
        """Return whether a term stands among words, whole or in all its parts."""
        whole, *parts = self.spellings[number]
        return bool(whole & words) or (bool(parts) and all(part & words for part in parts))


def find_spellings(question: Question, index: Index) -> TermSpellings:
    """Find which words of a question stand anywhere, and for the others words that are nearly the same."""
    weights: dict[str, float] = {}
    spellings = []
    for term in question.terms:
        groups = []
        for place, (word, weight) in enumerate(term.words):
            is_there = word in index.group_counts
            # Parts of an identifier are too short to be guessed at.
            known = [word] if is_there else index.find_similar(word) if place == 0 else []
            for one in known:
                weights[one] = max(weights.get(one, 0.0), weight if is_there else weight * _CHANGED)
            groups.append(frozenset(known))
        # The humps of a ValueError are words of their own: all of them do not make one.
        is_one_word = term.text.isascii() and term.text.isalnum()
        spellings.append(tuple(groups[:1] if is_one_word else groups))
    return TermSpellings(weights=weights, spellings=tuple(spellings))
