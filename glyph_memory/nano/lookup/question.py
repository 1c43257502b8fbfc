"""The words of a question and of a page: which ones count, and what else they may be spelled like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from glyph_memory.search.terms import UNSPACED, casefold

_UNSPACED = "".join(f"{chr(first)}-{chr(last)}" for first, last in UNSPACED)
_PIECE = re.compile(r"[^\s\"“”„«»‹›`()\[\]{}<>,;|⏎]+")
_EDGES = "'’‘.:!?…*_#=~^+&-–—¿¡\\"
_SUBPIECE = re.compile(r"[^=:/@#&?]+")
_PART = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LONGEST = 200
"""Characters of a word; of longer runs the beginning counts."""

_STOP_WORDS = """
    a about above according all also am an and any anyone anything are as at be been being below but by can
    context conversation could did do document does doing done find for from give given had happen happened
    happens has have having he hello her hi him his how i if in into is it its itself just kindly know let ll
    many may me mention mentioned might much my no not of ok okay on one onto or our out over page pages please
    provided quote re s said say says shall she should show so some something stand stands state stated such t
    tell text than thank thanks that the their them then there these they thing this those to told too up us
    used ve very was we were what what's whatever when where whether which while who whom whose why will with
    within word would yes you your yours
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words of questions that say nothing about what is looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """What stands between blanks or brackets."""

    start: int
    """Offset in the text."""
    stop: int
    """Offset after it."""
    text: str
    """As it is written."""
    words: tuple[str, ...]
    """What it is found by: itself, if it is an identifier, then its parts."""

    @property
    def is_identifier(self) -> bool:
        """Whether it is rather a name, a number or a key than a word of a language."""
        inside = self.text[1:]
        has_sign = not self.text.replace("'", "").replace("’", "").isalnum()
        return has_sign or any(c.isdigit() for c in self.text) or (
            any(c.isupper() for c in inside) and any(c.islower() for c in self.text)
        )  # fmt: skip


def pieces(text: str) -> Iterator[Piece]:
    """Yield the pieces of a text, in order; those with neither letter nor digit are left out.

    Example:
        >>> [piece.words for piece in pieces('key: "ORD-48" tests')]
        [('key',), ('ord-48', 'ord', '48'), ('test',)]
    """
    for found in _PIECE.finditer(text):
        whole = found[0]
        start = found.start() + len(whole) - len(whole.lstrip(_EDGES))
        trimmed = whole.strip(_EDGES)
        if trimmed:
            words = _words(trimmed[:_LONGEST])
            if words:
                yield Piece(start=start, stop=start + len(trimmed), text=trimmed, words=words)


def words(text: str) -> list[str]:
    """Return all words that a text is found by, in order."""
    return [word for piece in pieces(text) for word in piece.words]


def stem(word: str) -> str:
    """Remove the commonest endings of English, so that a plural finds the singular.

    Example:
        >>> [stem(word) for word in ("keys", "signed", "signing", "status", "entries")]
        ['key', 'sign', 'sign', 'status', 'entry']
    """
    if len(word) < 4 or not word.isalpha() or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    for ending, left in (("ing", 3), ("ed", 3), ("es", 4), ("s", 3)):
        if (
            word.endswith(ending)
            and len(word) - len(ending) >= left
            and not word.endswith(("ss", "us", "is"))
        ):
            return word[: -len(ending)].rstrip("e") if ending != "s" else word[:-1].rstrip("e")
    return word.rstrip("e")


@lru_cache(maxsize=50_000)
def _words(piece: str) -> tuple[str, ...]:
    """Return the words of a piece; cached, since most pieces stand on pages many times."""
    found: dict[str, None] = {}
    piece = re.sub(r"['’]s$", "", piece)
    parts = _PART.findall(piece)
    if len(parts) > 1 or (parts and parts[0] != piece):
        found[casefold(piece)] = None
        for sub in _SUBPIECE.findall(piece):
            inner = sub.strip(_EDGES)
            if len(_PART.findall(inner)) > 1:
                found[casefold(inner)] = None
    for part in parts:
        found[stem(casefold(part))] = None
        humps = _HUMP.findall(part) if part.isascii() and part.isalpha() and not part.islower() else []
        if len(humps) > 1 and all(len(hump) > 2 for hump in humps):
            found |= {stem(casefold(hump)): None for hump in humps}
    return tuple(found)


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

_STATEMENT = re.compile(
    r"\W*(i|i['’]\w+|we|we['’]\w+|he|she|they|it|it['’]s|this|that|there)\s+(?!what|which|who|where|when)\w+"
    r"|\W*(thanks|thank you|hello|hi|hey|good (morning|evening|night)|ok|okay|yes|no|please remember|remember)\b",
    re.IGNORECASE,
)
"""How people begin who ask nothing; `I need the port` is found all the same where the words stand on the pages."""


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
    is_statement: bool = False
    """Whether it says something instead of asking: `I like tea`."""

    @classmethod
    def parse(cls, text: str) -> Question:
        """Split a question into its terms.

        Example:
            >>> question = Question.parse("What is the port of auth-7, and who signs?")
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
            is_statement="?" not in text and _STATEMENT.match(text) is not None,
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
