"""Thai and Lao: letters stand beside each other as Latin ones do, but vowels and tones are stacked above or below them.

Fonts hold a tone at one height, and it has to be lifted off a vowel. Knows Unicode; knows nothing about fonts or pages.
"""

from __future__ import annotations

import unicodedata

AM = "\u0e33\u0eb3"
"""Vowels that are a ring above the letter before them, under its tone, and a letter of their own."""
_BELOW = (103, 118)
"""Combining classes of the marks that stand below."""


def is_thai(character: str) -> bool:
    """Return whether a character is Thai or Lao."""
    return "\u0e00" <= character <= "\u0eff"


def needs_lifting(character: str) -> bool:
    """Return whether a shaping engine stacks marks better than we do: in Thai, not in Lao.

    The Lao that is tried first is DejaVu's, which has no rules for tones above vowels.
    """
    return "\u0e00" <= character < "\u0e80"


def split_am(cluster: str) -> tuple[str, str]:
    r"""Return a cluster's letter and marks, the ring of a last am first among the marks; and what follows them.

    Example:
        >>> split_am("\u0e19\u0e49\u0e33") == ("\u0e19\u0e4d\u0e49", "\u0e32")
        True
    """
    if cluster[-1] not in AM:
        return cluster, ""
    am = unicodedata.normalize("NFKD", cluster[-1])
    return cluster[0] + am[0] + cluster[1:-1], am[1]


def stands_above(mark: str) -> bool:
    """Return whether a mark stands above its letter: Unicode gives vowels of Thai no class that says so."""
    place = unicodedata.combining(mark)
    return place not in _BELOW if is_thai(mark) else place >= 222
