"""Figures of a page: where lines, curves and filled shapes stand near each other, apart from text. Knows places alone.

A line plot has little ink and much area, so what counts is the box around its shapes. Rules of tables, lines under
words, rules across the page, and boxes that lie under text are no figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from glyph_memory.documents.pdf.drawings import PageDrawings
from glyph_memory.documents.pdf.word import Rect, Word

_CELL_PT = 15.0
"""Shapes that are nearer belong together."""
_CELLS = 120
"""Along a side of the page, at most."""
_LEAST_PT = 36.0
"""A figure is as wide and as high, at least."""
_WHOLE = 0.85
"""A rule that is so much of the page's width or height belongs to the page."""
_WRITTEN = 0.1
"""A shape of which words take so much lies under them."""
_ROW_EM = 3.0
"""A filled box that is lower is a row of a table, where it holds several words."""
_ROW_WORDS = 3
_TEXT = 0.3
"""So much of a figure is text, at most; a frame around text has more."""
_LINES = 3
"""Lines across and down, each at another place, that make a figure without any shape; a frame has two."""
_SNAP_PT = 3.0
_MOST = 300
"""Groups of shapes; more are one figure."""


def find_figures(
    drawings: PageDrawings, words: Sequence[Word], size: tuple[float, float], tables: Iterable[Rect] = ()
) -> list[Rect]:
    """Return the boxes of a page's figures, from the top.

    Args:
        drawings: Of the page.
        words: Of the page.
        size: Of the page.
        tables: Where tables with rules stand.
    """
    if not (drawings.paths or len(drawings.fills) > 1 or len(drawings.rules) >= 2 * _LINES):
        return []
    written, places = _Written(words), [*tables]
    paths, fills, rules = (
        [rect for rect in rects if not _lies_in(rect, places)]
        for rects in (drawings.paths, drawings.fills, drawings.rules)
    )
    shapes = [
        *(_Shape(rect, "path") for rect in paths if written.share(rect) < _WRITTEN),
        *(_Shape(rect, "fill") for rect in fills if not _is_wide(rect, size) and not written.lies_on(rect)),
        *(_Shape(rect, "rule") for rect in rules if not _is_wide(rect, size) and not written.stands_on(rect)),
    ]
    figures = [
        box
        for box, members in _group(shapes, size)
        if min(box[2] - box[0], box[3] - box[1]) >= _LEAST_PT
        and _is_drawn(members)
        and written.share(box) < _TEXT
    ]
    return sorted(figures, key=lambda box: (box[1], box[0]))


@dataclass(frozen=True, slots=True)
class _Shape:
    box: Rect
    kind: Literal["path", "fill", "rule"]


class _Written:
    """Where words stand."""

    def __init__(self, words: Sequence[Word]) -> None:
        places = [(word.left, word.top, word.right, word.bottom, word.baseline, word.size) for word in words]
        table = np.array(places, np.float64).reshape(-1, 6)
        self._left, self._top, self._right, self._bottom, self._baseline, self._size = table.T

    def share(self, rect: Rect) -> float:
        """Return how much of a rectangle words take."""
        wide, high = self._overlap(rect)
        return float((wide * high).sum()) / max((rect[2] - rect[0]) * (rect[3] - rect[1]), 1.0)

    def lies_on(self, rect: Rect) -> bool:
        """Return whether a filled box lies under words: a table's row, a box around text."""
        wide, high = self._overlap(rect)
        inside = wide * high > 0
        if self.share(rect) >= _WRITTEN:
            return True
        is_row = inside.any() and rect[3] - rect[1] < _ROW_EM * float(np.median(self._size[inside]))
        return bool(is_row and inside.sum() >= _ROW_WORDS)

    def stands_on(self, rule: Rect) -> bool:
        """Return whether words stand on a line, which is drawn under them."""
        wide = np.minimum(self._right, rule[2]) - np.maximum(self._left, rule[0])
        is_near = np.abs(self._baseline - rule[1]) < 0.35 * self._size
        return float(wide[is_near & (wide > 0)].sum()) > 0.5 * (rule[2] - rule[0]) > 0

    def _overlap(self, rect: Rect) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        wide = np.minimum(self._right, rect[2]) - np.maximum(self._left, rect[0])
        high = np.minimum(self._bottom, rect[3]) - np.maximum(self._top, rect[1])
        return wide.clip(0), high.clip(0)


def _lies_in(rect: Rect, places: Iterable[Rect]) -> bool:
    x, y = (rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2
    return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in places)


def _is_wide(rect: Rect, size: tuple[float, float]) -> bool:
    return rect[2] - rect[0] > _WHOLE * size[0] or rect[3] - rect[1] > _WHOLE * size[1]


def _is_drawn(members: Sequence[_Shape]) -> bool:
    """Return whether shapes are a figure: not a box alone, not a few lines."""
    kinds = Counter(one.kind for one in members)
    if kinds["path"] or kinds["fill"] > 1:
        return True
    across, down = set[int](), set[int]()
    for left, top, right, bottom in (one.box for one in members if one.kind == "rule"):
        if right - left > bottom - top:
            across.add(round(top / _SNAP_PT))
        else:
            down.add(round(left / _SNAP_PT))
    return min(len(across), len(down)) >= _LINES


def _group(shapes: Sequence[_Shape], size: tuple[float, float]) -> list[tuple[Rect, list[_Shape]]]:
    """Return shapes that stand near each other, or within each other's box, with the box around them."""
    cell = max(_CELL_PT, max(size) / _CELLS)
    marked = np.zeros((ceil(size[1] / cell) + 1, ceil(size[0] / cell) + 1), bool)
    places = [_find_cells(shape.box, cell, marked.shape) for shape in shapes]
    for left, top, right, bottom in places:
        marked[top : bottom + 1, left : right + 1] = True
    labels = _label(marked)
    groups = dict[int, list[_Shape]]()
    for shape, (left, top, _, _) in zip(shapes, places, strict=True):
        groups.setdefault(labels[top, left], []).append(shape)
    found = [(_surround(one.box for one in members), members) for members in groups.values()]
    if len(found) > _MOST:
        return [(_surround(one.box for one in shapes), [*shapes])]
    joined = list[tuple[Rect, list[_Shape]]]()
    while found:
        box, members = found.pop()
        near = next((other for other in [*found, *joined] if _meet(box, other[0])), None)
        if near is None:
            joined.append((box, members))
            continue
        (found if near in found else joined).remove(near)
        found.append((_surround((box, near[0])), members + near[1]))
    return joined


def _find_cells(box: Rect, cell: float, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    xs = [min(max(int(x / cell), 0), shape[1] - 1) for x in (box[0], box[2])]
    ys = [min(max(int(y / cell), 0), shape[0] - 1) for y in (box[1], box[3])]
    return xs[0], ys[0], xs[1], ys[1]


def _label(marked: NDArray[np.bool_]) -> dict[tuple[int, int], int]:
    """Return a number for each marked cell, the same for those that touch."""
    labels = dict[tuple[int, int], int]()
    cells = {(int(y), int(x)) for y, x in np.argwhere(marked)}
    for number, first in enumerate(sorted(cells)):
        todo = [first] if first not in labels else []
        while todo:
            y, x = todo.pop()
            if (y, x) in labels:
                continue
            labels[y, x] = number
            todo += [
                near
                for near in product((y - 1, y, y + 1), (x - 1, x, x + 1))
                if near in cells and near not in labels
            ]
    return labels


def _surround(boxes: Iterable[Rect]) -> Rect:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _meet(one: Rect, other: Rect) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
