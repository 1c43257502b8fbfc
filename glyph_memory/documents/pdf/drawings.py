"""Rules, pictures and figures of a page. Knows shapes and their places; knows nothing about words."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType

from glyph_memory.documents.pdf.file import Pointer
from glyph_memory.documents.pdf.word import Frame, Rect

_THIN_PT = 2.0
"""A rectangle that is thinner is a rule."""
_SHORTEST_PT = 4.0
_MOST = 20_000
"""Objects of a page that are looked at."""
_DEPTH = 5
"""Of forms within forms."""
_PATH, _IMAGE, _FORM = 2, 3, 5
_LINE, _MOVE = 0, 2
_MOST_SEGMENTS = 600
"""Of a shape that may be a grid."""
_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(kw_only=True, slots=True)
class PageDrawings:
    """What a page shows besides words."""

    rules: list[Rect] = field(default_factory=list)
    """Straight lines across or down, as rectangles without width or height, in the frame of the page's text."""
    images: list[tuple[Rect, Pointer]] = field(default_factory=list)
    """Pictures made of pixels: where, and pdfium's own object, which lives as long as the page."""
    paths: list[Rect] = field(default_factory=list)
    """Shapes that are no rules: where."""
    fills: list[Rect] = field(default_factory=list)
    """Boxes that are filled, but for white ones: bars of charts; they head tables and lie under text, too."""
    is_cut: bool = False
    """Whether there were more than are looked at."""

    @property
    def has_shapes(self) -> bool:
        """Whether there are any lines or shapes."""
        return bool(self.paths or self.rules or self.fills)


def read_drawings(page: Pointer, raw: ModuleType, frame: Frame) -> PageDrawings:
    """Return what a page shows besides words; pdfium's lock is held.

    Args:
        page: pypdfium2's page.
        raw: pypdfium2's raw functions.
        frame: Of the page's text.
    """
    found = PageDrawings()
    numbers = [ctypes.c_float() for _ in range(4)]
    left = _MOST
    for pointer, kind, matrix in _walk(page.raw, raw, _IDENTITY, 0):
        left -= 1
        if left < 0:
            found.is_cut = True
            break
        if not raw.FPDFPageObj_GetBounds(pointer, *numbers):
            continue
        x0, y0, x1, y1 = (number.value for number in numbers)
        corners = [_apply(matrix, x, y) for x in (x0, x1) for y in (y0, y1)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        rect = frame.place_rect(min(xs), min(ys), max(xs), max(ys))
        if kind == _IMAGE:
            found.images.append((rect, pointer))
        else:
            _add_path(found, rect, _Shape(pointer, raw, matrix, frame))
    return found


def _walk(
    page: Pointer, raw: ModuleType, matrix: _Matrix, depth: int
) -> Iterator[tuple[Pointer, int, _Matrix]]:
    count, get = raw.FPDFPage_CountObjects(page), raw.FPDFPage_GetObject
    for place in range(count):
        yield from _walk_object(get(page, place), raw, matrix, depth)


def _walk_object(
    pointer: Pointer, raw: ModuleType, matrix: _Matrix, depth: int
) -> Iterator[tuple[Pointer, int, _Matrix]]:
    kind: int = raw.FPDFPageObj_GetType(pointer)
    if kind in (_PATH, _IMAGE):
        yield pointer, kind, matrix
    elif kind == _FORM and depth < _DEPTH:
        own = raw.FS_MATRIX()
        raw.FPDFPageObj_GetMatrix(pointer, own)
        inner = _multiply((own.a, own.b, own.c, own.d, own.e, own.f), matrix)
        for place in range(raw.FPDFFormObj_CountObjects(pointer)):
            yield from _walk_object(raw.FPDFFormObj_GetObject(pointer, place), raw, inner, depth + 1)


def _add_path(found: PageDrawings, rect: Rect, shape: _Shape) -> None:
    left, top, right, bottom = rect
    wide, high = right - left, bottom - top
    if min(wide, high) <= _THIN_PT:
        if max(wide, high) >= _SHORTEST_PT:
            x, y = (left + right) / 2, (top + bottom) / 2
            found.rules.append((left, y, right, y) if wide > high else (x, top, x, bottom))
        return
    sides = shape.list_sides()
    if sides is None:
        found.paths.append(rect)
        return
    is_filled, is_stroked = shape.find_mode()
    if is_stroked:
        found.rules += sides
    if is_filled and not shape.is_white():
        found.fills.append(rect)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A path of pdfium's."""

    pointer: Pointer
    raw: ModuleType
    matrix: _Matrix
    frame: Frame

    def count_segments(self) -> int:
        return max(int(self.raw.FPDFPath_CountSegments(self.pointer)), 0)

    def find_mode(self) -> tuple[bool, bool]:
        """Return whether it is filled, and whether its line is drawn."""
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        self.raw.FPDFPath_GetDrawMode(self.pointer, fill, stroke)
        return bool(fill.value), bool(stroke.value)

    def is_white(self) -> bool:
        parts = [ctypes.c_uint() for _ in range(4)]
        self.raw.FPDFPageObj_GetFillColor(self.pointer, *parts)
        return all(part.value >= 250 for part in parts[:3])

    def list_sides(self) -> list[Rect] | None:
        """Return its lines, where all of them run across or down; None for a shape that is no box and no grid."""
        raw, sides = self.raw, list[Rect]()
        count = self.count_segments()
        if count > _MOST_SEGMENTS:
            return None
        own, x, y = raw.FS_MATRIX(), ctypes.c_float(), ctypes.c_float()
        raw.FPDFPageObj_GetMatrix(self.pointer, own)
        matrix = _multiply((own.a, own.b, own.c, own.d, own.e, own.f), self.matrix)
        before = begin = (0.0, 0.0)
        for place in range(count):
            segment = raw.FPDFPath_GetPathSegment(self.pointer, place)
            kind = raw.FPDFPathSegment_GetType(segment)
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            point = self.frame.place(*_apply(matrix, x.value, y.value))
            if kind == _MOVE:
                begin = point
            elif kind != _LINE or not _add_side(sides, before, point):
                return None
            before = point
            if raw.FPDFPathSegment_GetClose(segment):
                if not _add_side(sides, before, begin):
                    return None
                before = begin
        return sides


def _add_side(sides: list[Rect], one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Add a line that runs across or down; return False for any other."""
    (x0, y0), (x1, y1) = one, other
    if abs(x0 - x1) > 0.5 and abs(y0 - y1) > 0.5:
        return False
    if abs(x0 - x1) > abs(y0 - y1):
        sides.append((min(x0, x1), y0, max(x0, x1), y0))
    elif y0 != y1:
        sides.append((x0, min(y0, y1), x0, max(y0, y1)))
    return True


def _multiply(one: _Matrix, other: _Matrix) -> _Matrix:
    a, b, c, d, e, f = one
    return (*_turn(other, a, b), *_turn(other, c, d), *_apply(other, e, f))


def _turn(matrix: _Matrix, x: float, y: float) -> tuple[float, float]:
    return matrix[0] * x + matrix[2] * y, matrix[1] * x + matrix[3] * y


def _apply(matrix: _Matrix, x: float, y: float) -> tuple[float, float]:
    moved = _turn(matrix, x, y)
    return moved[0] + matrix[4], moved[1] + matrix[5]
