"""Words become pieces of lines: what stands on one baseline without a gap. Knows places; knows nothing about order.

A piece is at most as wide as a column; where a line has a wide gap, it has several pieces, and `regions` says whether
that gap lies between two columns or within a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from glyph_memory.documents.pdf.word import HYPHEN, Rect, Word
from glyph_memory.locks import cached_property

_GAP_EM = 0.9
"""A wider gap may lie between two columns; spaces of justified text are narrower."""
_MARKER_GAP_EM = 4.0
_MONO_GAP_EM = 12.0
MARKER = re.compile(
    r"[•◦▪‣●○■□–—∗*·➢✓\-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{2,5})[.)]|\[\d{1,3}\]|(?:\d{1,2}\.){1,4}\d{1,2}\.?"
)
"""What stands before an item of a list, or a heading."""
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


@dataclass(eq=False)
class Piece:
    """Words on one baseline, without a gap; or something else that has its place among them."""

    words: list[Word]
    """From left to right, or as they are read where that is the other way."""
    payload: object = None
    """What stands here in place of words: a table, a picture."""
    place: Rect | None = None
    """Of a payload: where."""

    @cached_property
    def box(self) -> Rect:
        """Left, top, right, bottom."""
        if self.place is not None:
            return self.place
        left, right = min(word.left for word in self.words), max(word.right for word in self.words)
        return left, self.baseline - 0.75 * self.size, right, self.baseline + 0.25 * self.size

    @cached_property
    def size(self) -> float:
        """Of the font that most of it is written in."""
        weights = dict[float, int]()
        for word in self.words:
            weights[word.size] = weights.get(word.size, 0) + len(word.text)
        return max(weights, key=lambda size: (weights[size], size), default=10.0)

    @cached_property
    def baseline(self) -> float:
        """On which most of it stands."""
        return fmean(word.baseline for word in self.words if word.size == self.size) if self.words else 0.0

    @cached_property
    def text(self) -> str:
        """What it says."""
        return join_words(self.words)

    @cached_property
    def is_mono(self) -> bool:
        """Whether nearly all of it is of one width a character; a sign that the font lacks stands in another."""
        if not self.words or not self.words[0].font.mono:
            return False
        mono = sum(len(word.text) for word in self.words if word.font.mono)
        return mono > 0.8 * sum(len(word.text) for word in self.words)

    @cached_property
    def is_rtl(self) -> bool:
        """Whether most of its words run from right to left."""
        return sum(bool(_RTL.search(word.text)) for word in self.words) * 2 > len(self.words)


def join_words(words: Iterable[Word]) -> str:
    """Return what words say, with a space between those that are not glued."""
    parts = list[str]()
    for word in words:
        parts += (" " if parts and not word.glued else "", word.text)
    return "".join(parts).replace(HYPHEN, "-")


@dataclass(slots=True)
class _Growing:
    """A piece that is not whole yet."""

    words: list[Word]
    left: float
    right: float
    baseline: float
    size: float
    is_mono: bool = field(default=False)

    def takes(self, word: Word) -> bool:
        """Return whether a word stands beside the last one, on the same line."""
        if word.baseline != self.baseline:
            smaller = min(word.size, self.size)
            overlap = min(word.bottom, self.baseline + 0.25 * self.size) - max(
                word.top, self.baseline - 0.75 * self.size
            )
            if overlap < 0.45 * smaller:
                return _is_lowered(word, self.baseline, self.size) and self._touches(word)
        size = max(word.size, self.size)
        limit = _GAP_EM
        if self.is_mono and word.font.mono:
            limit = _MONO_GAP_EM
        elif len(self.words) == 1 and _may_mark(self.words[0].text, word.text):
            limit = _MARKER_GAP_EM
        if word.left >= self.left:
            return -0.6 * size <= word.left - self.right <= limit * size
        return bool(_RTL.search(word.text)) and -0.6 * size <= self.left - word.right <= limit * size

    def _touches(self, word: Word) -> bool:
        return -0.2 * self.size <= word.left - self.right <= 0.3 * self.size

    def add(self, word: Word) -> None:
        if word.baseline != self.words[-1].baseline and abs(word.left - self.right) < 0.15 * self.size:
            word = replace(word, glued=True)
        self.words.append(word)
        self.left, self.right = min(self.left, word.left), max(self.right, word.right)
        self.is_mono = self.is_mono and word.font.mono
        if word.size > self.size:
            self.size, self.baseline = word.size, word.baseline


def _is_lowered(word: Word, baseline: float, size: float) -> bool:
    """Return whether a word hangs deep below a line, as the figure of a formula does."""
    return word.size <= 0.85 * size and 0 < word.baseline - baseline <= 0.6 * size


def _may_mark(text: str, following: str) -> bool:
    """Return whether a word is the marker of what follows; a price beside another is none."""
    return bool(MARKER.fullmatch(text)) and not (text[-1].isdigit() and following[:1].isdigit())


def make_pieces(words: Sequence[Word]) -> list[Piece]:
    """Return pieces of lines, in the order of the words."""
    pieces, grown = list[Piece](), None
    for word in words:
        if grown is not None and grown.takes(word):
            grown.add(word)
            continue
        if grown is not None:
            pieces.append(Piece(grown.words))
        grown = _Growing([word], word.left, word.right, word.baseline, word.size, word.font.mono)
    if grown is not None:
        pieces.append(Piece(grown.words))
    return pieces


def make_lines(pieces: Sequence[Piece]) -> list[Piece]:
    """Return whole lines of one column, from top to bottom; pieces beside each other become one line."""
    lines = list[list[Piece]]()
    for piece in sorted(pieces, key=lambda one: (one.box[1] + one.box[3]) / 2):
        near = lines[-1] if lines else []
        if near and piece.payload is None and near[0].payload is None and _is_beside(near, piece):
            near.append(piece)
        else:
            lines.append([piece])
    return [_join_pieces(line) for line in lines]


def _is_beside(line: list[Piece], piece: Piece) -> bool:
    largest = max(line, key=lambda one: one.size)
    overlap = min(piece.box[3], largest.box[3]) - max(piece.box[1], largest.box[1])
    if overlap < 0.5 * min(piece.size, largest.size):
        near = min(abs(piece.box[0] - one.box[2]) for one in line)
        if not _is_lowered(piece.words[0], largest.baseline, largest.size) or near > 0.3 * largest.size:
            return False
    return all(
        piece.box[0] >= one.box[2] - 0.3 * one.size or piece.box[2] <= one.box[0] + 0.3 * one.size
        for one in line
    )


def _join_pieces(line: list[Piece]) -> Piece:
    if len(line) == 1:
        return line[0]
    is_rtl = sum(piece.is_rtl for piece in line) * 2 > len(line)
    line.sort(key=lambda piece: piece.box[0], reverse=is_rtl)
    words = list[Word]()
    for piece in line:
        touches = bool(words) and _touches(words[-1], piece.words[0])
        words += piece.words if touches else [_unglue(piece.words[0]), *piece.words[1:]]
    return Piece(words)


def _touches(word: Word, other: Word) -> bool:
    return other.glued and abs(other.left - word.right) < 0.15 * max(word.size, other.size)


def _unglue(word: Word) -> Word:
    if not word.glued:
        return word
    return Word(
        word.text, word.left, word.right, word.baseline, word.size, word.font, False, word.angle, word.target
    )


def is_bold(line: Piece) -> bool:
    """Return whether all of its words are in bold."""
    return all(word.font.bold for word in line.words if any(map(str.isalnum, word.text)))


def is_marked(line: Piece) -> bool:
    """Return whether it begins with the marker of an item."""
    return len(line.words) > 1 and not line.words[1].glued and bool(MARKER.fullmatch(line.words[0].text))


def is_bullet(line: Piece) -> bool:
    """Return whether it begins with a sign, no letter or figure."""
    return not line.words[0].text[0].isalnum()
