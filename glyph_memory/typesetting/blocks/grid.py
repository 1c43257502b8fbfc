"""Rows of a table, laid out in columns, and drawn with rules between them.

All cells are laid out together, as arrays. Knows cells and widths; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glyph_memory.document import Merge, Span
from glyph_memory.typesetting.blocks import tones
from glyph_memory.typesetting.blocks.cell_lines import break_cells, list_places, measure_cells
from glyph_memory.typesetting.blocks.coloring import color_spans
from glyph_memory.typesetting.blocks.plate import Plate
from glyph_memory.typesetting.blocks.tones import Type
from glyph_memory.typesetting.characters import RIGHT_TO_LEFT
from glyph_memory.typesetting.geometry import FIX
from glyph_memory.typesetting.layout import Ints
from glyph_memory.typesetting.shaping import visual_positions

_DESCENT_EM = 0.24
"""How far letters reach below the baseline."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table."""

    widths: Ints
    """Of their content."""
    pad: int
    """Left and right of it."""
    alignments: str
    """One letter each: `l`, `r` or `c`."""

    @property
    def lefts(self) -> Ints:
        """The left edge of each column's content, from the table's."""
        steps = self.widths + 2 * self.pad + FIX
        return np.cumsum(steps) - steps + self.pad

    @property
    def width(self) -> int:
        """Of the whole table."""
        return int((self.widths + 2 * self.pad + FIX).sum()) - FIX

    def get_room(self, column: int, span: int) -> int:
        """Return the width of a cell's content, of one that spans several columns, too."""
        last = min(column + span, len(self.widths))
        return int(self.widths[column:last].sum()) + (last - column - 1) * (2 * self.pad + FIX)


class GridRows:
    """Some rows of a table."""

    def __init__(
        self,
        text: str,
        spans: Sequence[tuple[int, int]],
        kind: Type,
        columns: Columns,
        *,
        stop: int,
        headers: int = 0,
        marked: Sequence[Span] = (),
        merges: Sequence[Merge] = (),
    ) -> None:
        """Measure and break the cells.

        Args:
            text: The document's.
            spans: Start and stop of each cell, row by row.
            kind: The styles.
            columns: The columns.
            stop: Where what follows the last cell begins.
            headers: How many of the rows, from the first, are headers.
            marked: What is marked in the document.
            merges: Cells that take the room of several; their rows count from the first one here.
        """
        self._kind, self._columns, self._headers = kind, columns, headers
        self.merges = merges
        """Cells that take the room of several, as they were given."""
        count = len(columns.widths)
        self.rows = len(spans) // count
        self._base, end = spans[0][0], spans[-1][1]
        self._text = text[self._base : end]
        bounds = np.array(spans, np.int64).T - self._base
        self._starts, self._stops = bounds
        self._after = np.append(self._starts[1:], stop - self._base)
        owner = np.full(len(self._text), -1)
        owner[list_places(self._starts, self._stops)] = np.repeat(
            np.arange(len(spans)), self._stops - self._starts
        )
        self._measured, marks = measure_cells(self._text, owner >= 0, kind.body)
        self._cumulative = np.concatenate([[0], np.cumsum(self._measured.advance)])
        self._tones = color_spans(marked, self._base, len(self._text), tone=tones.TEXT)
        if headers:
            cells = headers * count
            head = self._starts[cells] if cells < len(self._starts) else len(self._text)
            self._tones = np.zeros(len(self._text), np.uint8) if self._tones is None else self._tones
            self._tones[:head] = np.where(self._tones[:head], self._tones[:head], tones.HEADINGS[2])
        if marks.any():
            self._tones = np.zeros(len(self._text), np.uint8) if self._tones is None else self._tones
            self._tones[marks] = tones.MARK
        self._rooms = np.tile(columns.widths, self.rows)
        for merge in merges:
            if 0 <= merge.row < self.rows and merge.column < count:
                self._rooms[merge.row * count + merge.column] = columns.get_room(merge.column, merge.columns)
        self._lines = break_cells(self._measured, bounds, self._after, self._rooms, kind.body)
        lines = np.bincount(self._lines.cells, minlength=len(spans))
        self.heights = lines.reshape(-1, count).max(axis=1) * kind.pitch + _choose_room_below(kind)
        # Of each character: the line that it is drawn on.
        self._owner = np.where(
            owner >= 0, np.searchsorted(self._lines.starts, np.arange(len(owner)), "right") - 1, -1
        )

    def get_offset(self, row: int) -> int:
        """Return where in the document a row begins; the end, for the row after the last."""
        cell = row * len(self._columns.widths)
        return self._base + int(self._starts[cell] if cell < len(self._starts) else self._after[-1])

    def draw(
        self, plate: Plate, first: int, last: int, left: int, top: int, *, is_repeated: bool = False
    ) -> None:
        """Draw some rows.

        Args:
            plate: Where.
            first: Number of the first row.
            last: Number after the last one.
            left: Of the table.
            top: Of the first row.
            is_repeated: Whether they stand on an earlier page already: these are on no line of this one.
        """
        count, lines = len(self._columns.widths), self._lines
        heights = self.heights[first:last]
        tops = top + np.cumsum(heights) - heights
        held = slice(*np.searchsorted(lines.cells, (first * count, last * count)).tolist())
        cells, starts = lines.cells[held], lines.starts[held]
        widths = self._cumulative.take(lines.stops[held]) - self._cumulative.take(starts)
        shares = np.array(
            [{"r": 2, "c": 1}.get(letter, 0) for letter in self._columns.alignments[:count].ljust(count, "l")]
        )
        slack = np.maximum(self._rooms.take(cells) - widths, 0)
        lefts = left + self._columns.lefts.take(cells % count) + slack * shares.take(cells % count) // 2
        line_tops = tops.take(cells // count - first) + lines.numbers[held] * self._kind.pitch
        if len(cells):
            self._draw_lines(plate, held, lefts, line_tops)
        if not is_repeated:
            plate.add_lines(
                starts + self._base,
                lines.after[held] + self._base,
                lefts,
                line_tops,
                lefts + widths,
                self._kind.geometry.pitch_px,
            )
        self._draw_rules(plate, first, last, left, tops, heights)

    def _draw_lines(self, plate: Plate, held: slice, lefts: Ints, tops: Ints) -> None:
        a, b = int(self._lines.starts[held.start]), int(self._lines.after[held.stop - 1])
        at = np.flatnonzero(self._owner[a:b] >= 0) + a
        if not len(at):
            return
        owner = self._owner.take(at)
        x = self._cumulative.take(at) - self._cumulative.take(self._lines.starts.take(owner))
        x += lefts.take(owner - held.start)
        kind, slots = self._measured.kind.take(at), self._measured.slots.take(at)
        if np.bitwise_or.reduce(kind) & RIGHT_TO_LEFT:
            text = "".join(map(self._text.__getitem__, at.tolist()))
            x = visual_positions(text, kind, x, self._measured.advance.take(at), owner)
        colored = tones.TEXT if self._tones is None else self._tones.take(at)
        plate.add_glyphs(self._kind.body, slots, x, tops.take(owner - held.start), colored)
        plate.add_escapes(self._kind.body, slots, kind)

    def _draw_rules(self, plate: Plate, first: int, last: int, left: int, tops: Ints, heights: Ints) -> None:
        """Draw lines between cells, but for those that a merged cell covers."""
        columns, count = self._columns, len(self._columns.widths)
        edges = (columns.lefts + columns.widths + columns.pad).tolist()
        begins = (columns.lefts - columns.pad).tolist()
        upper, lower = tops.tolist(), (tops + heights).tolist()
        across, down = self._list_covered()
        width = columns.width
        for row in range(first, last):
            bottom = lower[row - first]
            tone = tones.HEADINGS[2] if row + 1 == self._headers else tones.RULE
            hidden = down.get(row, set())
            if not hidden:
                plate.add_rule(left, bottom - FIX, left + width, bottom, tone)
                continue
            for column in range(count):
                if column not in hidden:
                    plate.add_rule(left + begins[column], bottom - FIX, left + edges[column], bottom, tone)
        for column in range(count - 1):
            begin = first
            for row in range(first, last + 1):
                if row == last or column in across.get(row, ()):
                    if begin < row:
                        plate.add_rule(
                            left + edges[column], upper[begin - first], left + edges[column] + FIX,
                            lower[row - 1 - first], tones.RULE,
                        )  # fmt: skip
                    begin = row + 1

    def _list_covered(self) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
        """Return by row: columns without a line at their right, and columns without one below."""
        across, down = dict[int, set[int]](), dict[int, set[int]]()
        for merge in self.merges:
            columns = range(merge.column, merge.column + merge.columns)
            for row in range(max(merge.row, 0), min(merge.row + merge.rows, self.rows)):
                across.setdefault(row, set()).update(columns[:-1])
                if row < merge.row + merge.rows - 1:
                    down.setdefault(row, set()).update(columns)
        return across, down


def _choose_room_below(kind: Type) -> int:
    """Return the room below a row's lines, with the rule in it: letters do not reach into the rule.

    Above them, the space between lines is enough.
    """
    descent = kind.style.to_vertical_px(kind.style.font_size_pt) * _DESCENT_EM
    reach = kind.geometry.baseline / FIX + descent - kind.pitch / FIX
    return max(2, round(reach) + 1) * FIX
