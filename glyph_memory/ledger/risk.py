# ruff: noqa: SIM905  a line of words reads better than a list of strings
"""Guess how easily a vision-language model misreads a string, and answers with something plausible instead.

Knows characters and what looks like a word; knows nothing about kinds of identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import exp

_CONFUSABLE = frozenset("0O8B3D5S6b1lI|wWsScCQgq9zZ2vVuU")
"""Characters with a double: 0 and O, 8 and B, 3 and 8, 5 and S, 6 and 8, 1, l and I, 2 and Z, g, q and 9, and letters
whose capital differs in size alone."""
_PLAIN, _DOUBLE, _READABLE = 0.04, 0.08, 0.002
"""How often one character is misread: one that nothing predicts, one that also has a double, one of a word."""

_LETTERS = re.compile(r"[^\W_]++")
_HUMP = re.compile(r"[^\W\d_]++|\d++")
_WORD = re.compile(r"(?:[^\W\d_A-Z][^\W\d_A-Z]++|[A-Z][^\W\d_A-Z]++|[A-Z]++(?![^\W\d_A-Z])|[^\W\d_])")
_VOWELS = frozenset("aeiouyAEIOUYäöüÄÖÜáéíóúàèìòùâêîôûø")
_SHORT_WORDS = frozenset(
    "id ip db py js ts md sh go rs cc api url uri src lib bin tmp var etc usr log txt css html xml sql cfg "
    "ini yml yaml json toml csv pdf png jpg svg http https ssh ftp www com org net io dev app test ctx str "
    "int fmt pkg cmd ms kb mb gb px ord ops utf os by is of to in on at or as do go if it no up us we my a".split()
)


def misread_risk(text: str) -> float:
    """Estimate the chance that a model misreads at least one character of a string.

    Each character is taken to be misread independently: seldom if it belongs to something like a word, which a
    model completes by itself, more often if nothing predicts it, twice as often if it has a double such as
    0 and O. The rates are guesses that put things in order; they are not measured. Where a calibration counted, its
    `MeasuredRisk` takes their place.

    Returns:
        0 for an empty string, towards 1 for a long random one.

    Example:
        >>> misread_risk("550e8400-e29b-41d4-a716-446655440000") > 0.8
        True
        >>> misread_risk("config.py") < 0.05
        True
    """
    expected = 0.0
    for letters in _LETTERS.finditer(text):
        pieces = _find_pieces(letters[0])
        expected += sum(
            _READABLE * len(piece) if is_predicted else _sum_rates(piece) for _, piece, is_predicted in pieces
        )
    return 1 - exp(-expected)


def find_words(text: str) -> Iterator[tuple[int, int]]:
    """Yield where something like a word stands in a string: letters that a model completes by itself.

    Example:
        >>> [*find_words("config.py, 8f0c2d1e")]
        [(0, 6), (7, 9)]
    """
    for letters in _LETTERS.finditer(text):
        for place, piece, is_predicted in _find_pieces(letters[0]):
            if is_predicted:
                yield letters.start() + place, letters.start() + place + len(piece)


def _find_pieces(letters: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the pieces that a string of letters and digits falls into: where, which, and whether it is like a word."""
    humps = [*_HUMP.finditer(letters)]
    if len(humps) > 3 or (len(humps) == 3 and (letters.isupper() or letters.islower())):
        yield 0, letters, False  # letters and digits take turns: there is no word to lean on
        return
    for hump in humps:
        if hump[0].isdigit():
            yield hump.start(), hump[0], False
            continue
        for word in _WORD.finditer(hump[0]):
            yield hump.start() + word.start(), word[0], is_word(word[0])


def _sum_rates(letters: str) -> float:
    return sum(_DOUBLE if character in _CONFUSABLE else _PLAIN for character in letters)


def is_word(letters: str) -> bool:
    """Return whether letters could be pronounced: they hold vowels, and never many consonants in a row."""
    if letters.lower() in _SHORT_WORDS or not letters.isascii():
        return True
    if not 3 <= len(letters) <= 24:
        return False
    vowels = sum(letter in _VOWELS for letter in letters)
    return 4 * vowels >= len(letters) - 1 and not _CONSONANTS.search(letters)


_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]{5}")
