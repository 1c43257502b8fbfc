"""The plain text of a mail: paragraphs, and what it quotes. Knows text; knows nothing about MIME."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from glyph_memory.document import Document
from glyph_memory.documents.builder import Builder

_QUOTE = re.compile(r"(?:>[ \t]?)+")
_DEEPEST = 20
"""Quotes within quotes; what stands deeper is drawn there."""
_LONGEST = 100_000
"""Characters of a paragraph, since a part is cut between two of them."""


def add_plain(
    builder: Builder, text: str, *, part_characters: int, is_flowed: bool = False
) -> Iterator[Document]:
    """Add plain text: lines that begin with `>` are quotes. Yield parts that are full.

    Args:
        builder: It gets the paragraphs.
        text: The body.
        part_characters: About how long a part may be.
        is_flowed: Whether a space at the end of a line says that its paragraph goes on: `format=flowed`.
    """
    lines = (_split_quote(line.rstrip("\r")) for line in text.split("\n"))
    for (depth, is_blank), group in groupby(lines, key=lambda line: (line[0], not line[1].strip())):
        if is_blank:
            continue
        paragraph = [line for _, line in group]
        joined = "".join(_join_flowed(paragraph)) if is_flowed else "\n".join(paragraph)
        builder.quotes = min(depth, _DEEPEST)
        for start in range(0, len(joined), _LONGEST):
            builder.add_paragraph(joined[start : start + _LONGEST].rstrip())
            yield from builder.pop_part(part_characters)
    builder.quotes = 0


def _split_quote(line: str) -> tuple[int, str]:
    """Return how deep a line is quoted, and what it says."""
    found = _QUOTE.match(line)
    return (found[0].count(">"), line[found.end() :]) if found else (0, line)


def _join_flowed(lines: list[str]) -> Iterator[str]:
    last = len(lines) - 1
    for place, line in enumerate(lines):
        flows = line.endswith(" ") and line != "-- "
        shown = line.removeprefix(" ")  # RFC 3676: put before a line that begins with a space, '>' or 'From '
        yield shown if flows or place == last else f"{shown}\n"
