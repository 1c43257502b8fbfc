"""The order in which a page is read: bands from top to bottom, and within a band its columns from left to right.

A gutter is a strip of paper that no line crosses, over several lines. A heading across the page closes the columns
above it. Rows of short pieces that stand below each other are a table, which is read row by row. Knows places; knows
nothing about what is written.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from glyph_memory.documents.pdf.gaps import are_blocks, is_prose, list_cuts
from glyph_memory.documents.pdf.grids import Row, Strip, join_rows
from glyph_memory.documents.pdf.lines import MARKER, Piece, make_lines

Interval = tuple[float, float]

_COLUMN_LINES = 3
"""So many lines on either side make columns."""
_COLUMN_EM = 9.0
"""A column of text is at least as wide."""
_COLUMN_FILL = 0.55
"""So much of their column do its lines fill, as a mean; cells of a table fill less."""
_COLUMN_LETTERS = 25
"""Lines with so many letters, as a mean, are no cells either."""
_GUTTER_EM = 0.8
_DEPTH = 4
"""Columns within columns."""
_MOST = 2_500
"""Pieces of a page that are ordered; beyond, they stand as the file has them."""
_TRIES = 4_000
"""Lines of a page that are looked at to cut tables in two, those of each try counted; it takes time."""
_PAGE_NUMBER = re.compile(r"\W*(?:page )?[\divxlc]+(?: (?:of|/) \d+)?\W*", re.IGNORECASE)


@dataclass(slots=True)
class Region:
    """A stretch of the page that is read from top to bottom."""

    lines: list[Piece]
    """Whole lines, and what stands between them."""
    grid: list[list[str]] | None = None
    """The rows, of a table without rules."""
    is_unsure: bool = False
    """Whether pieces stand beside each other that are neither columns nor a table: their order is guessed."""


def order_pieces(pieces: Sequence[Piece], *, size: float, is_rtl: bool = False) -> list[Region]:
    """Return the regions of a page in reading order.

    Args:
        pieces: Of one frame.
        size: Of the font of its body.
        is_rtl: Whether its columns are read from right to left.
    """
    if len(pieces) > _MOST:
        return [Region(list(pieces), is_unsure=True)]
    return _Order(size, is_rtl).split(list(pieces), 0)


class _Order:
    def __init__(self, size: float, is_rtl: bool) -> None:
        self._size, self._is_rtl = size, is_rtl
        self._gutter = _GUTTER_EM * size
        self._tries = _TRIES

    def split(self, pieces: list[Piece], depth: int) -> list[Region]:
        regions, plain = list[Region](), list[Piece]()
        unsure = False

        def close() -> None:
            nonlocal unsure
            if plain:
                regions.append(Region(make_lines(plain), is_unsure=unsure))
                plain.clear()
            unsure = False

        bands = deque(self._find_bands(pieces))
        while bands:
            strips, gutters = bands.popleft()
            inside = [piece for strip in strips for piece in strip.pieces]
            columns = self._cut_columns(inside, gutters) if gutters else [inside]
            if depth < _DEPTH and len(columns) > 1 and self._are_columns(columns):
                close()
                for column in reversed(columns) if self._is_rtl else columns:
                    regions += self.split(column, depth + 1)
            elif len(columns) > 1 and (parts := self._cut_tables(strips, gutters)):
                bands.extendleft(reversed(parts))
            elif len(columns) > 1 and is_prose(strips, columns):
                plain += inside
            elif len(columns) > 1 and (found := self._make_grid(strips, columns)):
                before, grid, after = found
                plain += before
                close()
                regions.append(Region([], grid=grid))
                plain += after
            else:
                plain += inside
                unsure = unsure or _stand_beside(strips, columns)
        close()
        return regions

    def _find_bands(self, pieces: list[Piece]) -> list[tuple[list[Strip], list[Interval]]]:
        """Return the bands of a page: strips one below the other that have gutters in common."""
        if not pieces:
            return []
        span = (min(piece.box[0] for piece in pieces), max(piece.box[2] for piece in pieces))
        bands = list[tuple[list[Strip], list[Interval]]]()
        for strip in self._make_strips(pieces):
            free = self._find_free(strip.pieces, span)
            if bands:
                strips, gutters = bands[-1]
                common = self._intersect(gutters, free)
                inner = self._inner(common, [*strips, strip])
                is_like = bool(inner) or not (gutters or free)
                if _is_number(strip) or all(map(_is_number, strips)):
                    own = max(len(self._inner(gutters, strips)), len(self._inner(free, [strip])))
                    is_like, common = (is_like, common) if len(inner) <= own else (False, [])
                if is_like or (
                    common and not self._inner(gutters, strips) and not self._inner(free, [strip])
                ):
                    bands[-1] = ([*strips, strip], common)
                    continue
            bands.append(([strip], free))
        return [(strips, self._inner(gutters, strips)) for strips, gutters in bands]

    def _cut_tables(
        self, strips: list[Strip], gutters: list[Interval]
    ) -> list[tuple[list[Strip], list[Interval]]]:
        """Return the bands of two tables, one below the other, where strips are such: their gutters differ."""
        for upper, lower, is_far in list_cuts(strips):
            self._tries -= len(strips)
            if self._tries < 0:
                break
            parts = [
                self._find_bands([piece for strip in part for piece in strip.pieces])
                for part in (upper, lower)
            ]
            above, below = (max(len(found) for _, found in part) for part in parts)
            is_other = len(gutters) != max(above, below)
            if is_other or (is_far and above != below):
                return [band for part in parts for band in part]
        return []

    def _make_strips(self, pieces: list[Piece]) -> list[Strip]:
        strips = list[Strip]()
        for piece in sorted(pieces, key=lambda one: one.box[1]):
            _, top, _, bottom = piece.box
            if piece.payload is None:
                top, bottom = piece.baseline - 0.5 * piece.size, piece.baseline
            if strips and top < strips[-1].bottom:
                strips[-1].pieces.append(piece)
                strips[-1].bottom = max(strips[-1].bottom, bottom)
            else:
                strips.append(Strip([piece], top, bottom))
        return strips

    def _find_free(self, pieces: list[Piece], span: Interval) -> list[Interval]:
        free, at = list[Interval](), span[0] - 1.0
        for piece in sorted(pieces, key=lambda one: one.box[0]):
            if piece.box[0] - at >= self._gutter:
                free.append((at, piece.box[0]))
            at = max(at, piece.box[2])
        if span[1] + 1.0 - at >= self._gutter:
            free.append((at, span[1] + 1.0))
        return free

    def _intersect(self, one: list[Interval], other: list[Interval]) -> list[Interval]:
        found = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
        return [(left, right) for left, right in found if right - left >= self._gutter]

    def _inner(self, gutters: list[Interval], strips: list[Strip]) -> list[Interval]:
        """Return the gutters that have something on both sides, more than markers of a list."""
        if not gutters:
            return []
        pieces = [piece for strip in strips for piece in strip.pieces]
        return [gutter for gutter in gutters if self._divides(gutter, pieces)]

    @staticmethod
    def _divides(gutter: Interval, pieces: list[Piece]) -> bool:
        left = [piece for piece in pieces if piece.box[2] <= gutter[0] + 0.01]
        if not left or not any(piece.box[0] >= gutter[1] - 0.01 for piece in pieces):
            return False
        return not all(piece.payload is None and MARKER.fullmatch(piece.text) for piece in left)

    @staticmethod
    def _cut_columns(pieces: list[Piece], gutters: list[Interval]) -> list[list[Piece]]:
        columns = [list[Piece]() for _ in range(len(gutters) + 1)]
        for piece in pieces:
            columns[sum(piece.box[0] >= right - 0.01 for _, right in gutters)].append(piece)
        return [column for column in columns if column]

    def _are_columns(self, columns: list[list[Piece]]) -> bool:
        """Return whether columns hold running text, or something else that is no cell."""
        if are_blocks(columns):
            return True
        wide, lines = 0, 0
        for column in columns:
            if any(piece.payload is not None for piece in column):
                wide, lines = wide + 1, lines + _COLUMN_LINES
                continue
            width = max(piece.box[2] for piece in column) - min(piece.box[0] for piece in column)
            fill = sum(piece.box[2] - piece.box[0] for piece in column) / len(column) / max(width, 1.0)
            letters = sum(len(piece.text) for piece in column) / len(column)
            is_full = fill >= _COLUMN_FILL or letters >= _COLUMN_LETTERS or len(column) > 12
            wide += width >= _COLUMN_EM * self._size and is_full
            lines += len(column)
        return wide == len(columns) and lines >= _COLUMN_LINES * len(columns) - 1

    def _make_grid(
        self, strips: list[Strip], columns: list[list[Piece]]
    ) -> tuple[list[Piece], list[list[str]], list[Piece]] | None:
        """Return the rows of a table without rules, with what stands above and below it; None where it is none."""
        column_of = {id(piece): number for number, column in enumerate(columns) for piece in column}
        rows = list[Row]()
        for strip in strips:
            if any(piece.payload is not None for piece in strip.pieces):
                return None
            cells = [list[Piece]() for _ in columns]
            for piece in strip.pieces:
                cells[column_of[id(piece)]].append(piece)
            rows.append(Row([strip], cells))
        rows = join_rows(rows)
        full = [number for number, row in enumerate(rows) if sum(map(bool, row.cells)) > 1]
        if len(full) < 3 or len(full) * 2 < full[-1] - full[0] + 1:
            return None
        first, last = full[0], full[-1] + 1
        above = [piece for row in rows[:first] for piece in row.pieces]
        below = [piece for row in rows[last:] for piece in row.pieces]
        grid = [row.write() for row in rows[first:last]]
        used = [number for number in range(len(columns)) if any(texts[number] for texts in grid)]
        return above, [[texts[number] for number in used] for texts in grid], below


def _stand_beside(strips: Sequence[Strip], columns: Sequence[list[Piece]]) -> bool:
    """Return whether several lines have pieces in more than one column."""
    column_of = {id(piece): number for number, column in enumerate(columns) for piece in column}
    shared = sum(len({column_of[id(piece)] for piece in strip.pieces}) > 1 for strip in strips)
    return shared >= _COLUMN_LINES


def _is_number(strip: Strip) -> bool:
    """Return whether a line may be the number of a page, which stands in the gutter of its columns."""
    return len(strip.pieces) == 1 and bool(_PAGE_NUMBER.fullmatch(strip.pieces[0].text))
