"""Choose which parts of a long text are shown where there is no room for all: beginning, end, what bears on a request.

Knows characters; knows nothing about tokens or turns.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from glyph_memory.context.wording import mark_cut

Range = tuple[int, int]
"""Offsets in a text: of the first character, and of the one after the last."""

_PIECE, _PIECES = 800, 6
"""Characters, at the least, of the pieces that are searched, and how many of them are shown."""
_SLACK = 200
"""How far a cut may move to lie at a line's end."""


def choose_ranges(text: str, size: int, *, query: str = "") -> tuple[Range, ...]:
    """Return the ranges of a text that are shown, in order: beginning, end, and pieces that fit a query between them.

    Args:
        text: The text.
        size: How many characters they may have together.
        query: Words to look for.

    Example:
        >>> choose_ranges("a" * 50 + "b" * 50, 20)
        ((0, 12), (92, 100))
    """
    if len(text) <= size:
        return ((0, len(text)),)
    found = _find_pieces(text, size * 3 // 10, query) if query.strip() and size > 2 * _PIECE else []
    rest = size - sum(stop - start for start, stop in found)
    begin, end = rest * 6 // 10, len(text) - (rest - rest * 6 // 10)
    ranges = [(0, _end_line(text, begin)), *found, (_begin_line(text, end), len(text))]
    return tuple(_join(sorted(ranges)))


def join_ranges(text: str, ranges: Sequence[Range]) -> str:
    """Return the ranges of a text as one text, with a line on how much is left out wherever something is."""
    pieces, done = list[str](), 0
    for start, stop in ranges:
        if start > done:
            pieces.append(f"\n{mark_cut(start - done)}\n")
        pieces.append(text[start:stop])
        done = stop
    if done < len(text):
        pieces.append(f"\n{mark_cut(len(text) - done)}\n")
    return "".join(pieces)


def shorten_text(text: str, size: int) -> str:
    """Return the beginning and the end of a text, with a line on how much is left out between them."""
    return join_ranges(text, choose_ranges(text, size))


def shorten_arguments(arguments: str, size: int) -> str:
    r"""Return a call's arguments with its long strings shortened; what was JSON stays JSON.

    Example:
        >>> shorten_arguments('{"path": "a.txt", "text": "' + "x" * 90 + '"}', 40)
        '{"path": "a.txt", "text": "xxxxxxxxxxxx\\n[… 70 characters left out here …]\\nxxxxxxxx"}'
    """
    try:
        held = json.loads(arguments)
    except (ValueError, RecursionError):
        return shorten_text(arguments, size)
    return json.dumps(_shorten_strings(held, size), ensure_ascii=False)


def _shorten_strings(value: object, size: int) -> object:
    if isinstance(value, str):
        return value if len(value) <= size else shorten_text(value, size // 2)
    if isinstance(value, dict):
        return {name: _shorten_strings(held, size) for name, held in value.items()}
    return [_shorten_strings(held, size) for held in value] if isinstance(value, list) else value


def _find_pieces(text: str, size: int, query: str) -> list[Range]:
    """Return the pieces that fit a query best, as many as come to a size."""
    pieces, start, length = list[Range](), 0, max(_PIECE, size // _PIECES)
    while start < len(text):
        stop = _end_line(text, min(len(text), start + length))
        pieces.append((start, stop))
        start = stop
    from glyph_memory.search import search  # noqa: PLC0415 - only what is too long is searched

    hits = search((text[start:stop] for start, stop in pieces), query, k=max(1, size // length))
    return [pieces[place] for place, _ in hits]


def _end_line(text: str, place: int) -> int:
    """Return the end of the line that a place is in, if it is near."""
    found = text.find("\n", place, place + _SLACK)
    return place if found < 0 else found + 1


def _begin_line(text: str, place: int) -> int:
    found = text.rfind("\n", max(0, place - _SLACK), place)
    return place if found < 0 else found + 1


def _join(ranges: Sequence[Range]) -> list[Range]:
    joined: list[Range] = []
    for start, stop in ranges:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(stop, joined[-1][1])
        else:
            joined.append((start, stop))
    return joined
