"""What texts are compared by when they are searched: no case, no width, and scripts without spaces between words.

Knows characters; knows nothing about who searches.
"""

from __future__ import annotations

import unicodedata

UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1100, 0x11FF),  # Hangul jamo
    (0x2E80, 0x31FF),  # radicals, kana, bopomofo, jamo
    (0x3400, 0x9FFF),  # Han
    (0xA960, 0xA97F),  # Hangul jamo
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),  # Han
    (0x1AFF0, 0x1B16F),  # kana
    (0x20000, 0x3FFFF),  # Han
)
"""Scripts without spaces between words, or with endings that nobody types: each character is a word."""


def is_unspaced(character: str) -> bool:
    """Return whether a character belongs to a script that puts no spaces between words."""
    return any(first <= ord(character) <= last for first, last in UNSPACED)


def casefold(text: str) -> str:
    """Return a text in a form that ignores case and width, for comparison."""
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
