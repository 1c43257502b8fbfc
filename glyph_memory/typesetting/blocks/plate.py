"""A `Plate`: all that stands on one page of a document, gathered, then painted at once.

Knows glyphs, rules, pictures and their places; knows nothing about where they come from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Box, Escape, EscapeReason, Page
from glyph_memory.typesetting.blocks.tones import Type
from glyph_memory.typesetting.characters import ESCAPED
from glyph_memory.typesetting.color import combine
from glyph_memory.typesetting.geometry import FIX, FIX_BITS
from glyph_memory.typesetting.layout import Ints
from glyph_memory.typesetting.paint import Canvas
from glyph_memory.typesetting.place import clip_boxes
from glyph_memory.typesetting.prepared import PreparedStyle

Pixels = NDArray[np.uint8]


_Strokes = list[tuple[Ints, Ints, Ints, NDArray[np.uint8] | int]]
"""Glyphs as they came: slots, pen positions, tops of their lines, colours. A page may hold many blocks of a few glyphs
each; so all is computed once, when it is painted."""


class Plate:
    """What stands on one page."""

    def __init__(self, kind: Type) -> None:
        """Begin an empty page."""
        self._type = kind
        self._strokes: dict[int, _Strokes] = defaultdict(list)
        self._prepared: dict[int, PreparedStyle] = {}
        self._lines: list[tuple[Ints, Ints, Ints, Ints, Ints, int]] = []
        self._rules: list[tuple[Box, int]] = []
        self._stamps: list[tuple[Pixels, int, int]] = []
        self._pictures: list[tuple[Pixels, int, int]] = []
        self._escapes: Counter[tuple[str, EscapeReason]] = Counter()

    def add_glyphs(
        self, prepared: PreparedStyle, slots: Ints, x: Ints, tops: Ints, tones: NDArray[np.uint8] | int
    ) -> None:
        """Add glyphs.

        Args:
            prepared: Their style.
            slots: What each is drawn as.
            x: Their pen positions.
            tops: The top of each one's line.
            tones: Their colours, or the one that all have.
        """
        self._prepared[id(prepared)] = prepared
        self._strokes[id(prepared)].append((slots, x, tops, tones))

    def add_lines(
        self, starts: Ints, stops: Ints, lefts: Ints, tops: Ints, rights: Ints, height_px: int
    ) -> None:
        """Add rows of the page's line table."""
        self._lines.append((starts, stops, lefts, tops, rights, height_px))

    def add_line(self, start: int, stop: int, box: tuple[int, int, int, int]) -> None:
        """Add one row: left, top, right and bottom are not in pixels yet."""
        left, top, right, bottom = (np.array([edge]) for edge in box)
        height_px = int(bottom[0] - top[0] + FIX - 1) >> FIX_BITS
        self.add_lines(np.array([start]), np.array([stop]), left, top, right, height_px)

    def add_escapes(self, prepared: PreparedStyle, slots: Ints, kind: NDArray[np.uint8]) -> None:
        """Count the characters that are drawn as their numbers."""
        if not np.bitwise_or.reduce(kind, initial=0) & ESCAPED:
            return
        found, counts = np.unique(slots[kind & ESCAPED != 0], return_counts=True)
        for slot, count in zip(found.tolist(), counts.tolist(), strict=True):
            self._escapes[prepared.table.escapes[slot]] += count

    def add_rule(self, left: int, top: int, right: int, bottom: int, tone: int) -> None:
        """Add a filled box, at least a pixel wide and high."""
        across, down = left >> FIX_BITS, top >> FIX_BITS
        self._rules.append(
            ((across, down, max(right >> FIX_BITS, across + 1), max(bottom >> FIX_BITS, down + 1)), tone)
        )

    def add_stamp(self, ink: Pixels, left: int, top: int) -> None:
        """Add ink in the text's colour: shape (height, width), 0 to 15."""
        self._stamps.append((ink, left >> FIX_BITS, top >> FIX_BITS))

    def add_picture(self, pixels: Pixels, left: int, top: int) -> None:
        """Add a picture: shape (height, width, 3)."""
        self._pictures.append((pixels, left >> FIX_BITS, top >> FIX_BITS))

    def paint(self, *, number: int, text: str, start: int, is_last: bool) -> Page:
        """Return the page.

        Args:
            number: Its number.
            text: The characters of the document that stand on it.
            start: Offset of the first.
            is_last: Whether it is cropped below its last ink, where the style says so for last pages.

        Raises:
            FontError: A glyph's outline is broken.
        """
        kind = self._type
        layers = self._draw_glyphs()
        boxes = [
            *(box for box, _ in self._rules),
            *(_get_box(part, left, top) for part, left, top in (*self._stamps, *self._pictures)),
        ]
        size = self._crop([*layers.values()], boxes, is_last=is_last)
        is_colored = len(layers) > 1 or bool(self._rules or self._pictures or self._stamps)
        packed = {tone: canvas.crop(size) for tone, canvas in layers.items()}
        content = packed.pop(0)
        if not is_colored:
            pixels, depth = content.tobytes(), 4
            palette = kind.encode_palette()[: 16 * 3]
        else:
            plane = np.frombuffer(combine(content, packed, size[0], (), (0, 0)), np.uint8).reshape(
                size[1], size[0]
            )
            plane = self._stamp(plane.copy())
            pixels, depth, palette = plane.tobytes(), 8, kind.encode_palette()
            if self._pictures:
                pixels, depth = self._place_pictures(plane, palette), 24
        return Page(
            number=number,
            size=size,
            text=text,
            start=start,
            line_table=clip_boxes(self._list_lines(), size),
            escaped=self._list_escapes(),
            pixels=pixels,
            depth=8 if depth == 8 else 4 if depth == 4 else 24,
            palette=palette,
            style=self._type.style,
        )

    def _draw_glyphs(self) -> dict[int, Canvas]:
        """Return the ink of each colour."""
        size = self._type.geometry.page_px
        layers: dict[int, Canvas] = {0: Canvas(size)}
        for number, strokes in self._strokes.items():
            prepared = self._prepared[number]
            slots, x, tops = (np.concatenate([stroke[part] for stroke in strokes]) for part in range(3))
            tones = np.concatenate([_spread(stroke[3], len(stroke[0])) for stroke in strokes])
            baselines = (tops + prepared.geometry.baseline) >> FIX_BITS
            inked = np.flatnonzero(prepared.table.inked.take(slots))
            order = inked.take(np.lexsort((x.take(inked), baselines.take(inked), tones.take(inked))))
            tones = tones.take(order)
            for drawn in np.split(order, np.flatnonzero(np.diff(tones)) + 1) if len(order) else ():
                canvas = layers.setdefault(int(tones[0]), Canvas(size))
                tones = tones[len(drawn) :]
                rows, line = np.unique(baselines.take(drawn), return_inverse=True)
                canvas.draw(prepared.atlas, slots.take(drawn), x.take(drawn), line, rows)
        return layers

    def _list_lines(self) -> Ints:
        if not self._lines:
            return np.zeros((0, 6), np.int64)
        starts, stops, lefts, tops, rights = (
            np.concatenate([line[part] for line in self._lines]) for part in range(5)
        )
        heights = np.repeat([line[5] for line in self._lines], [len(line[0]) for line in self._lines])
        left, top, right = lefts >> FIX_BITS, tops >> FIX_BITS, (rights + FIX - 1) >> FIX_BITS
        return np.stack([starts, stops, left, top, right, top + heights], axis=1)

    def _stamp(self, plane: Pixels) -> Pixels:
        """Add rules and stamps to palette indices; text is not covered."""
        for (left, top, right, bottom), tone in self._rules:
            part = plane[top:bottom, left:right]
            part[part & 15 == 0] = (tone << 4) + 15
        for ink, left, top in self._stamps:
            part = plane[top : top + ink.shape[0], left : left + ink.shape[1]]
            np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)
        return plane

    def _place_pictures(self, plane: Pixels, palette: bytes) -> bytes:
        colored = np.frombuffer(palette, np.uint8).reshape(-1, 3).take(plane, axis=0)
        for picture, left, top in self._pictures:
            part = colored[top : top + picture.shape[0], left : left + picture.shape[1]]
            part[:] = picture[: part.shape[0], : part.shape[1]]
        return colored.tobytes()

    def _crop(self, layers: Sequence[Canvas], boxes: Sequence[Box], *, is_last: bool) -> tuple[int, int]:
        style, geometry = self._type.style, self._type.geometry
        width, height = geometry.page_px
        if style.crop_width:
            ink = max((*(canvas.ink_width() for canvas in layers), *(box[2] for box in boxes)))
            width = min(width, _round_up(ink + geometry.margins_px[0], style.snap_px))
        if style.crop_last_page and is_last:
            ink = max((*(canvas.ink_height() for canvas in layers), *(box[3] for box in boxes)))
            height = min(height, _round_up(ink + geometry.margins_px[1], style.snap_px))
        return max(width, 1), max(height, 1)

    def _list_escapes(self) -> tuple[Escape, ...]:
        return tuple(
            Escape(character=character, count=count, reason=reason)
            for (character, reason), count in sorted(self._escapes.items())
        )


def _spread(tones: NDArray[np.uint8] | int, count: int) -> NDArray[np.uint8]:
    return np.full(count, tones, np.uint8) if isinstance(tones, int) else tones


def _get_box(part: Pixels, left: int, top: int) -> Box:
    return left, top, left + part.shape[1], top + part.shape[0]


def _round_up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple
