"""Choose the lines that bear on a question, the best first, and put those that are shown together as they stood.

Knows lines and scores; knows nothing about tokens, contexts or pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from glyph_memory.focusing.lines import Piece, SourceLine, cut_lines
from glyph_memory.focusing.question import Wanted
from glyph_memory.focusing.rankers import LineRanker, score_lines
from glyph_memory.search import casefold, words

_SHORT = 80
"""Characters below which a line takes those beside it along: alone it may not tell what it is about."""
_MOST = 256
"""How many lines are looked at."""
_RARE, _RARE_SHARE = 8, 1 / 20
"""What is named exactly tells something where no more lines than so many, or such a share of them, hold it."""

_Key = tuple[str, str | None, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class FocusLine:
    """A line that was chosen for a question, or the part of a long one."""

    text: str
    """Word for word."""
    source: SourceLine
    """The whole line, and where it comes from."""
    place: int
    """Which of the source's lines that are not blank it is, from 0."""
    start: int
    """Offset of the text in it."""
    score: float
    """How well it fits; 0 for a line that stands beside one and makes it readable. Only the order means something."""

    @property
    def is_cut(self) -> tuple[bool, bool]:
        """Whether something of the line is left out before the text, and after it."""
        return self.start > 0, self.start + len(self.text) < len(self.source.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidates:
    """The lines that bear on a question."""

    lines: tuple[SourceLine, ...]
    """All of the source."""
    pieces: tuple[Piece, ...]
    """The same, long ones cut."""
    ranked: tuple[tuple[int, float], ...]
    """Places of the pieces that bear on the question, and their scores; the best first."""
    is_shown: Callable[[SourceLine], bool]
    """Returns whether a line stands in the context as text already."""

    def __len__(self) -> int:
        return len(self.ranked)

    def take(self, count: int) -> tuple[FocusLine, ...]:
        """Return the best pieces, and those beside them that make them readable, in the order of the source."""
        scores = dict(self.ranked[:count])
        taken, told = set(scores), {self._make_key(place) for place in scores}
        for place in sorted(scores):
            for near in self._find_beside(place):
                key = self._make_key(near)
                if words(key[0]) and (key in told or self.is_shown(self.lines[self.pieces[near].line])):
                    continue
                taken.add(near)
                told.add(key)
        pieces = [(self.pieces[place], scores.get(place, 0.0)) for place in sorted(taken)]
        return tuple(_join(pieces, self.lines))

    def _make_key(self, place: int) -> _Key:
        piece = self.pieces[place]
        line = self.lines[piece.line]
        return _make_key(line.text[piece.start : piece.stop], line)

    def _find_beside(self, place: int) -> Iterator[int]:
        """Yield the places of the lines before and after a short one, of the same turn or page."""
        piece = self.pieces[place]
        line = self.lines[piece.line]
        if piece.stop - piece.start >= _SHORT or line.text.strip()[-1:] in {".", "!", "?", "。"}:
            return
        for near in (place - 1, place + 1):
            if 0 <= near < len(self.pieces):
                other = self.pieces[near]
                if other.line != piece.line and is_together(line, self.lines[other.line]):
                    yield near


def is_together(line: SourceLine, other: SourceLine) -> bool:
    """Return whether two lines are of one turn, or of one page of a document."""
    return (line.anchor, line.page, line.role, line.name) == (
        other.anchor,
        other.page,
        other.role,
        other.name,
    )


def find_candidates(
    lines: Sequence[SourceLine],
    wanted: Wanted,
    *,
    ranker: LineRanker,
    question: str,
    is_shown: Callable[[SourceLine], bool],
) -> Candidates:
    """Return the lines that bear on a question.

    Lines of turns that are named come first, then those that hold what is named exactly, then the others, each by its
    score. Of lines that say the same, by the same speaker, the last is taken.

    Args:
        lines: What there is.
        wanted: What the question looks for.
        ranker: Scores lines.
        question: As it is asked, for a ranker that takes sentences.
        is_shown: Returns whether a line stands in the context as text already.
    """
    pieces = cut_lines(lines, whole=wanted.exact)
    texts = [lines[piece.line].text[piece.start : piece.stop] for piece in pieces]
    scores = score_lines(ranker, texts, question) if question else [0.0] * len(texts)
    exact = _count_exact(texts, wanted.exact)
    named = [lines[piece.line].anchor in wanted.anchors for piece in pieces]
    bearing = [place for place in range(len(pieces)) if named[place] or exact[place] or scores[place] > 0]
    weighed = _weigh(scores, [lines[piece.line].weight for piece in pieces])
    # Of equals the last, but those of a turn that is named from its beginning.
    bearing.sort(
        key=lambda place: (
            named[place],
            exact[place],
            weighed[place],
            -place if named[place] and not scores[place] else place,
        ),
        reverse=True,
    )
    ranked = list[tuple[int, float]]()
    seen = set[_Key]()
    for place in bearing:
        line = lines[pieces[place].line]
        key = _make_key(texts[place], line)
        if key in seen or is_shown(line):
            continue
        seen.add(key)
        ranked.append((place, weighed[place] or 1.0))
        if len(ranked) == _MOST:
            break
    return Candidates(lines=tuple(lines), pieces=tuple(pieces), ranked=tuple(ranked), is_shown=is_shown)


def _make_key(text: str, line: SourceLine) -> _Key:
    """Return what is the same of lines that say the same, by the same speaker."""
    return " ".join(text.split()), line.role, line.name


def _weigh(scores: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the scores of lines with the weights of their turns; each as a share of the best, as no unit is both's."""
    if not any(weights):
        return list(scores)
    best, heaviest = max(scores, default=0.0) or 1.0, max(weights) or 1.0
    return [score / best + weight / heaviest for score, weight in zip(scores, weights, strict=True)]


def _count_exact(texts: Sequence[str], exact: Sequence[str]) -> list[int]:
    """Count in each text how much stands in it of what is named exactly, and stands in few of them."""
    counts = [0] * len(texts)
    if not exact:
        return counts
    small = [casefold(text) for text in texts]
    for one in exact:
        whole = re.compile(rf"(?<![0-9a-z]){re.escape(one)}(?![0-9a-z])")
        holding = [place for place, text in enumerate(small) if one in text and whole.search(text)]
        if len(holding) <= max(_RARE, _RARE_SHARE * len(texts)):
            for place in holding:
                counts[place] += 1
    return counts


def _join(taken: Sequence[tuple[Piece, float]], lines: Sequence[SourceLine]) -> Iterator[FocusLine]:
    """Yield pieces as lines; pieces of one line that follow each other become one."""
    for number, group in groupby(taken, key=lambda one: one[0].line):
        begun, stop, score, line = -1, -1, 0.0, lines[number]
        for piece, scored in group:
            if begun >= 0 and line.text[stop : piece.start].strip():
                yield FocusLine(
                    text=line.text[begun:stop], source=line, place=number, start=begun, score=score
                )
                begun, score = -1, 0.0
            begun, stop, score = piece.start if begun < 0 else begun, piece.stop, max(score, scored)
        yield FocusLine(text=line.text[begun:stop], source=line, place=number, start=begun, score=score)
