"""Check the numbers that a caller gives, when they are given: kind and range, in one sentence for all of them.

Knows numbers; knows nothing about what they are for.
"""

from __future__ import annotations

import math
from typing import TypeGuard

from glyph_memory.errors import GlyphMemoryError, show_value

LONGEST_S = 1_000_000.0
"""Seconds that may be waited for, some eleven days; sockets and locks count no further on every system."""
LARGEST_COUNT = 10**12
"""Tokens, bytes, pixels: nothing that is counted here comes to more."""


def check_number(
    name: str,
    value: object,
    error: type[GlyphMemoryError],
    *,
    at_least: float = 0.0,
    at_most: float = LONGEST_S,
    is_open: bool = False,
    or_none: bool = False,
) -> None:
    """Raise an error for a value that is no finite number in a range.

    Args:
        name: The keyword, as the caller knows it.
        value: What was given.
        error: What is raised.
        at_least: The smallest that is right.
        at_most: The largest.
        is_open: Whether `at_least` itself is wrong.
        or_none: Whether None is right.
    """
    if value is None and or_none:
        return
    if not _is_number(value):
        raise error(
            f"{name}={show_value(value)} is no finite number; give one{' or None' if or_none else ''}"
        )
    if value < at_least or (is_open and value == at_least):
        least = f"more than {at_least:g}" if is_open else f"{at_least:g} or more"
        raise error(
            f"{name}={show_value(value)} is {'not above' if is_open else 'below'} {at_least:g}; give {least}"
        )
    if value > at_most:
        raise error(f"{name}={show_value(value)} is above {at_most:,.15g}; give that or less")


def check_whole(
    name: str,
    value: object,
    error: type[GlyphMemoryError],
    *,
    at_least: int = 0,
    at_most: float = LARGEST_COUNT,
    or_none: bool = False,
) -> None:
    """Raise an error for a value that is no whole number in a range; see `check_number`."""
    if value is None and or_none:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise error(f"{name}={show_value(value)} is no whole number; give one{' or None' if or_none else ''}")
    check_number(name, value, error, at_least=at_least, at_most=at_most)


def check_text(name: str, value: object, error: type[GlyphMemoryError], *, or_none: bool = False) -> None:
    """Raise an error for a value that is no text, or holds half a character, which no file or server takes."""
    if isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value):
        return
    if value is not None or not or_none:
        raise error(f"{name}={show_value(value)} is no text; give a str without lone surrogates")


def _is_number(value: object) -> TypeGuard[float]:
    # Compared, not converted: integers may be too large to become a float.
    return isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < math.inf
