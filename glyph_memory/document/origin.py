"""Where a stretch comes from, in words. Knows places; knows nothing about documents."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from glyph_memory.document.source_map import SourceSpan

_MOST = 3
"""Files or sheets that are named."""


def describe_places(places: Sequence[tuple[SourceSpan, SourceSpan]]) -> str:
    """Return where a stretch comes from, as a reader would say it.

    Args:
        places: In order, each as that of its first and that of its last character.

    Example:
        >>> first, last = SourceSpan(start=0, stop=9, page=3), SourceSpan(start=9, stop=12, page=4)
        >>> describe_places([(first, first), (last, last)])
        'pages 3 to 4'
    """
    groups = [[*group] for _, group in groupby(places, key=lambda place: (place[0].file, place[0].sheet))]
    named = [words for group in groups[:_MOST] if (words := _describe_group(group))]
    if len(groups) > _MOST:
        named.append(f"and {len(groups) - _MOST} more")
    return "; ".join(named)


def _describe_group(group: Sequence[tuple[SourceSpan, SourceSpan]]) -> str:
    """Return the words for places of one file and sheet."""
    first = group[0][0]
    words = [f"file {first.file!r}"] if first.file else []
    pages = [place.page for both in group for place in both if place.page is not None]
    words += [_describe_range("page", min(pages), max(pages))] if pages else []
    words += [f"sheet {first.sheet!r}"] if first.sheet else []
    cells = [place.cell for both in group for place in both if place.cell]
    words += [_describe_range("cell", cells[0], cells[-1])] if cells else []
    lines = [place.line for both in group for place in both if place.line is not None]
    words += [_describe_range("line", min(lines), max(lines))] if lines else []
    return ", ".join(words)


def _describe_range(name: str, first: object, last: object) -> str:
    return f"{name} {first}" if first == last else f"{name}s {first} to {last}"
