"""Which invisible characters belong to a drawn sign: selectors of its look, and joiners between two.

A selector or a joiner says how an emoji should look; beside a drawn one it hides nothing and need not be escaped. Knows
Unicode; knows nothing about fonts or pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable

JOINER = "\u200d"
KEYCAP = "\u20e3"
_SELECTORS = "\ufe0e\ufe0f"
_KEYS = frozenset("#*0123456789")
_SIGN = re.compile(
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u27ff\u2900-\u2bff\u3030-\u303d\u3297-\u3299\U0001f000-\U0001faff]"
)
"""Arrows, technical and geometric signs, dingbats, emoji: what selectors are written after. No letters."""


def belongs_to_sign(text: str, index: int, is_drawn: Callable[[int], bool]) -> bool:
    r"""Return whether a character only says how the drawn sign before it looks.

    One selector right after a sign does, and one joiner between two signs. A second one in a row does not: texts can be
    hidden in rows of selectors.

    Args:
        text: The text.
        index: The place of the character.
        is_drawn: Whether the character at a place is drawn as itself.

    Example:
        >>> [belongs_to_sign("a\ufe0f\u2714\ufe0f\ufe0f", index, lambda _: True) for index in range(5)]
        [False, False, False, True, False]
    """
    character = text[index]
    if character in _SELECTORS:
        return _is_sign(text, index - 1) and is_drawn(index - 1)
    if character != JOINER:
        return False
    before = index - 2 if index > 1 and text[index - 1] in _SELECTORS else index - 1
    return all(_is_sign(text, place) and is_drawn(place) for place in (before, index + 1))


def begins_keycap(text: str, index: int) -> bool:
    """Return whether a key, a selector and the box around it begin here: `1`, U+FE0F, U+20E3."""
    return (
        text[index] in _KEYS
        and text[index + 1 : index + 2] in _SELECTORS
        and text[index + 2 : index + 3] == KEYCAP
    )


def _is_sign(text: str, index: int) -> bool:
    return index >= 0 and _SIGN.match(text, index) is not None
