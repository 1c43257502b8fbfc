"""Check what people give to a memory's calls: anchors, counts and words, before anything is read or erased.

Knows no session.
"""

from __future__ import annotations

from operator import index
from typing import SupportsIndex

from glyph_memory.errors import StoreError, show_value
from glyph_memory.memory.recall import parse_target


def read_anchor(given: object, *, name: str = "anchor") -> int:
    """Return the number of a turn that is given as `42` or "§42".

    Raises:
        StoreError: It is anything else: a flag, a list, "page 7".
    """
    target = parse_target(given) if isinstance(given, str) else None
    if target is not None and not target.is_page:
        return target.number
    if isinstance(given, str) or (number := _read_integer(given)) is None:
        many = ", each by itself: delete(3, 4)" if isinstance(given, list | tuple | set | range) else ""
        raise StoreError(f"{name} is {show_value(given)}; give a turn's number, 42 or '§42'{many}")
    return number


def read_count(given: object, *, name: str) -> int:
    """Return how many of something are asked for at the most.

    Raises:
        StoreError: It is no integer.
    """
    if (number := _read_integer(given)) is None:
        raise StoreError(f"{name} is {show_value(given)}; give an integer, how many at the most")
    return number


def check_words(given: object, *, name: str) -> str:
    """Return what is to be looked for.

    Raises:
        StoreError: It is no string.
    """
    if not isinstance(given, str):
        raise StoreError(f"{name} is {show_value(given)}; give a string, the words to look for")
    return given


def _read_integer(given: object) -> int | None:
    if isinstance(given, bool) or not isinstance(given, SupportsIndex):
        return None
    try:
        return index(given)
    except TypeError:  # an array of several numbers has the method, too
        return None
