"""Tell what of a page that was read is a guess: letters that look the same, accents, dashes, unclaimed alphabets.

The network is sure of what it sees, and some of that looks the same. Knows lines of text; knows nothing about pictures.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.claims import CLAIMED, find_doubtful
from glyph_memory.nano.decode import StripText
from glyph_memory.nano.scripts import restore_scripts

_GUESSED = 0.8
"""How sure a guess is at the most."""
_DASHES = frozenset("-–—−")
_STROKED = dict(zip("ıłŁđĐøØ", "ilLdDoO", strict=True))
"""Letters with a mark that Unicode does not take apart, or without one that others have."""


def mark_guesses(read: Sequence[StripText], *, claimed: Collection[str] = CLAIMED) -> list[StripText]:
    """Return the lines of a page with the letters of their scripts; what is a guess is not sure.

    Args:
        read: What was read, line by line.
        claimed: The alphabets that are vouched for.
    """
    restored = restore_scripts([one.text for one in read], [one.rivals for one in read])
    guessed = [{*line.guessed, *_find_dashes(one)} for line, one in zip(restored, read, strict=True)]
    if any(letter.isalpha() and not letter.isascii() for line in restored for letter in line.text):
        for places, one in zip(guessed, read, strict=True):
            places.update(_find_bare_letters(one))
    for number, doubtful in find_doubtful([line.text for line in restored], claimed=claimed):
        guessed[number].update(doubtful)
    return [
        replace(one, text=line.text, confidence=_limit(one, places))
        for one, line, places in zip(read, restored, guessed, strict=True)
    ]


def _limit(one: StripText, guessed: Collection[int]) -> NDArray[np.float32]:
    confidence, places = one.confidence.copy(), sorted(guessed)
    confidence[places] = np.minimum(confidence[places], _GUESSED)
    return confidence


def _find_dashes(one: StripText) -> Iterator[int]:
    """Yield the places of hyphens and dashes that may well be longer or shorter ones, as between two numbers."""
    for place, (sign, rival) in enumerate(zip(one.text, one.rivals, strict=True)):
        if sign != rival and {sign, rival} <= _DASHES:
            yield place


def _find_bare_letters(one: StripText) -> Iterator[int]:
    """Yield the places of plain letters that may well have an accent: the commonest slip that leaves no trace."""
    for place, (letter, rival) in enumerate(zip(one.text, one.rivals, strict=True)):
        if letter != rival and letter.isascii() and _strip_accent(rival) == letter:
            yield place


def _strip_accent(letter: str) -> str:
    return _STROKED.get(letter) or unicodedata.normalize("NFD", letter)[0]
