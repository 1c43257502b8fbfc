"""Take texts apart into the words that are looked for: identifiers whole and in parts, plain words by their stem.

Knows characters; knows nothing about pages, and nothing about what is asked of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from glyph_memory.search.plain import UNSPACED, casefold

_UNSPACED = "".join(f"{chr(first)}-{chr(last)}" for first, last in UNSPACED)
_PIECE = re.compile(r"[^\s\"“”„«»‹›`()\[\]{}<>,;|⏎]+")
_EDGES = "'’‘.:!?…*_#=~^+&-–—¿¡\\"
_SUBPIECE = re.compile(r"[^=:/@#&?]+")
_PART = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LONGEST = 200
"""Characters of a word; of longer runs the beginning counts."""

_STOP_WORDS = """
    a about all also am an and any anyone are as at be been being but by can could did do does doing done for from
    had has have having he her him his how i if in into is it its itself just kindly know let ll many may me might
    much my no not of on one onto or our out over please quote re s said say says shall she should show so some
    stand stands state stated such t tell than that the their them then there these they thing this those to told
    too up us used ve very was we were what what's whatever when where whether which while who whom whose why will
    with within word would you your yours find give given mention mentioned according text document page pages
    conversation context above below provided anything something
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
