"""The `Question`: what is looked for, and how much each part of it weighs. Nothing is understood.

Knows words; knows nothing about where they are looked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from glyph_memory.nano.lookup.words import STOP_WORDS, pieces
from glyph_memory.search.plain import casefold

_IDENTIFIER, _PHRASE = 3.0, 2.0
"""How much identifiers and words in quotation marks weigh, where a plain word weighs 1."""
_SHORTEST = 3
"""Characters of an identifier: a figure or two are no name."""
_QUOTED = re.compile(
    r"[\"“„«`](?P<double>[^\"“”„«»`]{2,200})[\"”“»`]|(?<!\w)['‘](?P<single>[^'‘’]{2,200})['’](?!\w)"
)
_ANCHOR = re.compile(r"§\s?(\d+)")
_FIGURES = re.compile(
    r"\b(how (many|much|long|old|often)|when|number|what time|which (year|day|port|version))\b", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A word, an identifier or a number of a question."""

    text: str
    """As it was typed."""
    words: tuple[tuple[str, float], ...]
    """What it is found by, and what each weighs; for an identifier itself first, then its parts."""
    is_key: bool
    """Whether there is no answer without it: an identifier, or what stood in quotation marks."""

    @property
    def weight(self) -> float:
        """What all of it weighs."""
        return sum(weight for _, weight in self.words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What was asked."""

    text: str
    """As it was typed."""
    terms: tuple[Term, ...]
    """What is looked for; empty where it says nothing but "what is it?"."""
    phrases: tuple[str, ...]
    """What stood in quotation marks, without regard to case and width."""
    wants_figures: bool
    """Whether the answer is rather a figure: how many, when."""

    @classmethod
    def parse(cls, text: str) -> Question:
        """Split a question into its terms.

        Example:
            >>> question = Question.of("What is the port of auth-7, and who signs?")
            >>> [term.text for term in question.terms]
            ['port', 'auth-7', 'signs']
        """
        quoted = [found["double"] or found["single"] for found in _QUOTED.finditer(text)]
        spans = [(found.start(), found.end()) for found in _QUOTED.finditer(text)]
        terms: dict[str, Term] = {}
        for piece in pieces(text):
            is_quoted = any(start <= piece.start < stop for start, stop in spans)
            term = _term(piece.text, piece.words, is_key=piece.is_identifier, is_quoted=is_quoted)
            if term is not None:
                terms.setdefault(piece.words[0], term)
        return cls(
            text=text,
            terms=tuple(terms.values()),
            phrases=tuple(casefold(" ".join(phrase.split())) for phrase in quoted if phrase.strip()),
            wants_figures=_FIGURES.search(text) is not None,
        )


def _term(text: str, words: tuple[str, ...], *, is_key: bool, is_quoted: bool) -> Term | None:
    if _ANCHOR.fullmatch(text):
        return Term(text=text, words=((casefold(text), _IDENTIFIER),), is_key=True)
    if not is_key or (len(text) < _SHORTEST and not is_quoted):
        if not is_quoted and (casefold(text) in STOP_WORDS or all(word in STOP_WORDS for word in words)):
            return None
        weight = _PHRASE if is_quoted else 1.0
        return Term(text=text, words=tuple((word, weight / len(words)) for word in words), is_key=is_quoted)
    parts = [word for word in words[1:] if word not in STOP_WORDS]
    weighed = [(words[0], _IDENTIFIER), *((word, 1.5 / len(parts)) for word in parts)]
    return Term(text=text, words=tuple(weighed), is_key=True)
