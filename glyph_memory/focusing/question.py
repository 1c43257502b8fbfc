"""What a question looks for: the words that are worth a search, what it names exactly, and the turns that it names.

Knows words; knows nothing about lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from glyph_memory.search import casefold, words

_MOST_PIECES = 32
"""Of a question: in a longer one those that tell most are looked for."""
_READ = 200_000
"""Characters of a question that are looked at: its end, where it is longer."""
_ANCHOR = re.compile(r"§\s?(\d{1,18})(?:\s?[-–]\s?§?\s?(\d{1,18}))?")
_QUOTED = re.compile(r"`([^`\n]{2,200})`|\"([^\"\n]{2,200})\"|“([^”\n]{2,200})”|«([^»\n]{2,200})»")
_AROUND = "\"'`()[]{}<>,;:!?.“”«»…"
_JOINED = re.compile(r"\w[-_/.:@#=+]\w")
_MOST_TURNS = 64
_LONGEST = 200
"""Characters of a piece that are looked for."""
_FUNCTION_WORDS = frozenset(
    """
    a about an and are as at be been but by can could did do does for from had has have he her his how i if in is it
    its me my of on or our said say says she so that the their them then there these they this those to us was we
    were what when where which who whom whose why will with word would you your
    """.split()  # noqa: SIM905 - a list of that length would be harder to read
)
"""Words of English questions that tell nothing of what is asked; looked for only where there are no others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a question looks for."""

    query: str
    """Its words that tell something, at most 32 pieces; empty where it has none."""
    exact: tuple[str, ...]
    """What it names letter for letter, without regard to case: identifiers, and what it quotes."""
    anchors: frozenset[int]
    """The turns that it names, as by §42 or §42–§44."""

    def __bool__(self) -> bool:
        return bool(self.query or self.anchors)


def read_question(question: str) -> Wanted:
    """Return what a question looks for.

    Example:
        >>> read_question("What did §7 say of `gate code`, and of ORD-4711-B?").exact
        ('gate code', 'ord-4711-b')
    """
    read = question[-_READ:]
    anchors = set[int]()
    for found in _ANCHOR.finditer(read):
        first = int(found[1])
        last = int(found[2]) if found[2] else first
        anchors |= set(range(first, min(last, first + _MOST_TURNS) + 1))
        if len(anchors) >= _MOST_TURNS:
            break
    rest = _ANCHOR.sub(" ", read)
    quoted = [next(filter(None, found.groups())) for found in _QUOTED.finditer(rest)]
    pieces = [piece for piece in dict.fromkeys(one[:_LONGEST] for one in rest.split()) if words(piece)]
    telling = [piece for piece in pieces if casefold(piece.strip(_AROUND)) not in _FUNCTION_WORDS]
    named = [piece.strip(_AROUND) for piece in pieces]
    exact = dict.fromkeys(casefold(one) for one in (*quoted, *named) if one in quoted or _is_identifier(one))
    return Wanted(
        query=" ".join(_choose_pieces(telling or ([] if anchors else pieces))),
        exact=tuple(exact)[:_MOST_PIECES],
        anchors=frozenset(sorted(anchors)[:_MOST_TURNS]),
    )


def _is_identifier(piece: str) -> bool:
    """Return whether a piece is rather a name of something than a word of a sentence."""
    return 2 < len(piece) <= _LONGEST and (any(one.isdigit() for one in piece) or bool(_JOINED.search(piece)))


def _choose_pieces(pieces: list[str]) -> list[str]:
    """Return the pieces of a question that tell most, in order: identifiers first, then the longest."""
    if len(pieces) <= _MOST_PIECES:
        return pieces
    ranked = sorted(
        range(len(pieces)),
        key=lambda place: (not _is_identifier(pieces[place].strip(_AROUND)), -len(pieces[place]), -place),
    )
    return [pieces[place] for place in sorted(ranked[:_MOST_PIECES])]
