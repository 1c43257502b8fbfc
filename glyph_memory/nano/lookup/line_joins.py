"""Decide what stands between two lines of a page: nothing but a wrap, or the end of a line of the text.

Knows where lines stand and how they begin; knows nothing about turns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from glyph_memory.transcription import ReadLine, Transcription

_WRAPPED = 30
"""Characters of a line that may have been wrapped; columns hold more."""
_NEAR = 0.85
"""How far lines reach that are wrapped, the longest one being 1."""
_NOWHERE = 1 << 30


def find_wrap_edges(pages: Sequence[Transcription]) -> dict[tuple[int, int], int]:
    """Return where lines are wrapped, by number of columns and column: where the longest lines end.

    The margin is as wide on the right as on the left, unless a page was cropped to its longest line; where only one
    line is that long, it may be by itself, and none counts as wrapped.
    """
    ends: dict[tuple[int, int], list[int]] = {}
    edges: dict[tuple[int, int], int] = {}
    for page in pages:
        columns = count_columns(page)
        for line in page.lines:
            ends.setdefault((columns, line.column), []).append(line.box[2])
        if columns == 1:
            key, margin = (1, page.lines[0].column), min(line.box[0] for line in page.lines)
            edges[key] = max(edges.get(key, 0), page.size[0] - margin)
    for key, rights in ends.items():
        longest = max(rights)
        if sum(right >= _NEAR * longest for right in rights) > 1:
            edges[key] = max(edges.get(key, 0), longest)
        else:
            edges[key] = _NOWHERE
    return edges


def count_columns(page: Transcription) -> int:
    """Count a page's columns."""
    return len({line.column for line in page.lines})


def choose_joint(
    above: ReadLine, below: ReadLine, *, edges: Mapping[tuple[int, int], int], columns: int
) -> str:
    """Return what joins two lines: a newline where the second's first word had fitted on the first.

    Args:
        above: A line.
        below: The one after it, which may stand on the next page.
        edges: Where lines are wrapped, by `find_wrap_edges`.
        columns: How many its page has.
    """
    text, before = below.text, above.text
    blank = text.find(" ")
    if blank == 0 or not text or len(before) < _WRAPPED or _is_next_record(before, text):
        return "\n"
    word = (int(below.left[blank]) if blank > 0 else below.box[2]) - below.box[0]
    letter = (above.box[2] - above.box[0]) / len(before)
    if above.box[2] + letter / 2 + word <= edges.get((columns, above.column), 0):
        return "\n"
    return " " if " " in before.strip() else ""


_LABELLED = re.compile(r"^§\d+ (?:system|user|assistant|tool|calls)\b(?: \w+:)? ?")


def _is_next_record(above: str, below: str) -> bool:
    """Return whether a line begins as the one above does, as those of logs, lists and JSON do."""
    above = _LABELLED.sub("", above)
    shapes = [re.sub(r"\d+", "0", text.split(" ", 1)[0]) for text in (above, below)]
    sign = below[0]
    is_alike = not sign.isalpha() and "0" in shapes[0] and shapes[0] == shapes[1]
    is_listed = (
        not sign.isalnum()
        and sign != "§"
        and above.startswith(sign)
        and (above[-1] in ",;" or shapes[0] == sign)
    )
    is_new_sentence = above.endswith((".", "!", "?")) and sign.islower()  # wrapped ones begin with a capital
    return is_alike or is_listed or is_new_sentence or _LABELLED.match(below) is not None
