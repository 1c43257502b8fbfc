"""Texts as they are compared: runs of white space are one space, none at the ends, accents composed.

A picture does not tell a tab from four spaces, nor `é` from `e` with an accent. Knows characters; knows nothing about
pages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.characters import is_mark


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class NormalizedText:
    """A text as it is compared, and where its characters came from."""

    text: str
    """The characters."""
    source: NDArray[np.int64] = field(repr=False)
    """Shape (characters,): of each, the number it was given with."""


def collapse_spaces(pieces: Iterable[tuple[str, int]]) -> NormalizedText:
    """Join pieces, with one space for any length of white space.

    Args:
        pieces: Texts, each with a number that its characters are to keep.
    """
    characters, source = list[str](), list[int]()
    gap: int | None = None
    for piece, number in pieces:
        for character in piece:
            if character.isspace():
                gap = number if gap is None else gap
                continue
            if gap is not None and characters:
                characters.append(" ")
                source.append(gap)
            gap = None
            characters.append(character)
            source.append(number)
    return NormalizedText(text="".join(characters), source=np.array(source, np.int64))


def compose_accents(text: str) -> list[str]:
    """Return characters with accents merged into their letter; empty strings stand for the accents.

    Returns:
        As many strings as the text has characters.
    """
    if text.isascii():
        return list(text)
    pieces: list[str] = []
    base = 0
    for character in text:
        if pieces and is_mark(character) and not pieces[base].isspace():
            pieces[base] = unicodedata.normalize("NFC", pieces[base] + character)
            pieces.append("")
        else:
            base = len(pieces)
            pieces.append(unicodedata.normalize("NFC", character))
    return pieces


def normalize_text(text: str) -> str:
    r"""Return a text as it is compared.

    Example:
        >>> normalize_text("  a\t\tb\n")
        'a b'
    """
    return collapse_spaces((piece, 0) for piece in compose_accents(text)).text
