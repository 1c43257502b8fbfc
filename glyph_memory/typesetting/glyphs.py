"""The glyph table: every character, cluster or escape that a style draws, as a numbered slot.

A slot has an advance and a kind, which layout reads as arrays, and parts (glyphs of fonts), which the atlas draws.
Knows fonts and characters; knows nothing about lines or pages.
"""

from __future__ import annotations

import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glyph_memory.errors import FontError
from glyph_memory.page import EscapeReason
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import shaping
from glyph_memory.typesetting.characters import (
    CONTEXT,
    ESCAPED,
    NEWLINE,
    SPACE,
    escape,
    escape_reason,
    is_mark,
    kind_of,
    needs_shaping,
)
from glyph_memory.typesetting.fonts import Face, FontFile, find_font, system_fallbacks
from glyph_memory.typesetting.geometry import FIX, Geometry

EMPTY = 0
"""The slot of a character that is drawn as part of the one before it."""

_SLOTS_AT_MOST = 200_000


@dataclass(frozen=True, slots=True)
class Part:
    """One glyph of a slot."""

    face: Face
    """Its font."""
    glyph: int
    """Its index there."""
    x64: int = 0
    """From the slot's pen position, to the right, in 64ths of a pixel."""
    y64: int = 0
    """Upwards from the baseline, in 64ths of a pixel."""


class GlyphTable:
    """Slots of one style. Safe for several threads: slots are only ever added."""

    def __init__(self, style: PageStyle) -> None:
        """Open the style's font; others are opened when a character asks for them.

        Raises:
            FontError: The style's font cannot be drawn.
        """
        self.style = style
        self.lock = threading.RLock()
        self.parts: list[tuple[Part, ...]] = []
        self.escapes: dict[int, tuple[str, EscapeReason]] = {}
        self.slot_of = np.full(0x110000, -1, np.int64)
        self.advance = np.zeros(1024, np.int64)
        self.kind = np.zeros(1024, np.uint8)
        self.inked = np.zeros(1024, np.bool_)
        self._named: dict[tuple[str, str], int] = {}
        self._faces: list[Face] = []
        self._sources = self._fonts_in_order()
        self.line = min(Geometry.of(style).line, Geometry.of(style).first_line)
        self._spacing = round(style.across_px(style.letter_spacing_pt) * FIX)
        self._new((), 0, 0)
        base = self._face(0)
        if base is None or not all(base.shows(digit) for digit in "0123456789abcdef"):
            raise FontError(
                f"font {style.font!r} lacks digits or letters; pick a text font, 'sans' or 'mono'"
            )
        self.base_face = base
        self.widest_escape = int(self.advance[self.escaped("\U0010ffff", "no font")])

    @property
    def full(self) -> bool:
        """Whether so many slots are taken that a new table should be begun."""
        return len(self.parts) > _SLOTS_AT_MOST

    def slots(self, codes: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Give each character's slot, as if it stood alone."""
        slots = self.slot_of.take(codes)
        if slots.size and slots.min() < 0:
            with self.lock:
                for code in np.unique(codes[slots < 0]).tolist():
                    self.slot_of[code] = self._single(chr(code))
            slots = self.slot_of.take(codes)
        return slots

    def escaped(self, character: str, reason: EscapeReason) -> int:
        """Give the slot that spells a character as its number."""

        def build() -> int:
            parts, advance = self._spelled(escape(character))
            slot = self._new(parts, advance, ESCAPED)
            self.escapes[slot] = (character, reason)
            return slot

        return self._once(f"escape {reason}", character, build)

    def newline_mark(self) -> int:
        """Give the slot of the style's newline mark."""

        def build() -> int:
            parts, advance = self._spelled(self.style.newline_mark)
            return self._new(parts, advance, NEWLINE)

        return self._once("mark", self.style.newline_mark, build)

    def shifted(self, slot: int, x64: int) -> int:
        """Give the slot that draws another one's glyphs so many 64ths of a pixel further right."""

        def build() -> int:
            parts = tuple(replace(part, x64=part.x64 + x64) for part in self.parts[slot])
            return self._new(parts, int(self.advance[slot]), int(self.kind[slot]))

        return self._once(f"shifted {x64}", str(slot), build)

    def cluster(self, text: str) -> int | None:
        """Give the slot of a letter with marks; `None` where it has to be escaped."""

        def build() -> int:
            composed = unicodedata.normalize("NFC", text)
            if len(composed) == 1 and self._covering(composed):
                return int(self.slots(np.array([ord(composed)], np.uint32))[0])
            face = self._covering(composed)
            if face is None:
                return -1
            base = Part(face, face.glyph(composed[0]))
            parts = [base, *_stacked(face, base, composed[1:])]
            return self._new(
                tuple(parts), self._fixed(face.advance_px(base.glyph)), kind_of(text[0]) & ~CONTEXT
            )

        return self._optional("cluster", text, build)

    def shaped(self, text: str) -> int | None:
        """Give the slot of a run that a shaping engine draws; `None` where it has to be escaped."""

        def build() -> int:
            face = self._covering(text.replace("\u200c", "").replace("\u200d", ""))
            return -1 if face is None else self._shaped_slot(face, text, kind_of(text[0]) & ~CONTEXT)

        return self._optional("shaped", text, build) if shaping.available else None

    # How slots are made. All under the lock.

    def _single(self, character: str) -> int:
        if self.style.reference and character in "\u00ad\u200b":
            return EMPTY
        reason = escape_reason(character)
        if reason is not None:
            return self._escaped_with(character, reason)
        kind = kind_of(character)
        if character == "\n":
            return self._new((), 0, kind)
        if kind & SPACE or character in "\u00a0\u202f":
            return self._new((), self._space(character), kind)
        return self._drawn(character, kind)

    def _drawn(self, character: str, kind: int) -> int:
        if needs_shaping(character) and not shaping.available:
            return self.escaped(character, "needs shaping")
        face = self._covering(character)
        if face is None:
            return self._escaped_with(character, "no font")
        glyph = face.glyph(character)
        return self._new((Part(face, glyph),), self._fixed(face.advance_px(glyph)), kind)

    def _escaped_with(self, character: str, reason: EscapeReason) -> int:
        # A carriage return before a newline is drawn as nothing, and joiners join inside a shaped run.
        slot = self.escaped(character, reason)
        if character in "\r\u200c\u200d" or is_mark(character):
            self.kind[slot] |= CONTEXT
        return slot

    def _space(self, character: str) -> int:
        if character == "\t" and not self.style.reference:
            return self.style.tab_spaces * self._space(" ")
        face = (
            self.base_face if character in "\t\u00a0\u202f" else self._covering(character) or self.base_face
        )
        return self._fixed(face.advance_px(face.glyph(" " if character in "\t\u00a0\u202f" else character)))

    def _spelled(self, text: str) -> tuple[tuple[Part, ...], int]:
        """Give the parts and the advance of characters set one after the other."""
        parts: list[Part] = []
        advance = 0
        for character in text:
            face = self._covering(character) or self.base_face
            glyph = face.glyph(character)
            parts.append(Part(face, glyph, round(advance * 64 / FIX)))
            advance += self._fixed(face.advance_px(glyph))
        return tuple(parts), advance

    def _shaped_slot(self, face: Face, text: str, kind: int) -> int:
        run = shaping.shape(face, text)
        if run is None:
            return -1
        glyphs, advance = run
        parts = tuple(Part(face, item.glyph, round(item.x_px * 64), round(item.y_px * 64)) for item in glyphs)
        return self._new(parts, self._fixed(advance), kind)

    def _new(self, parts: tuple[Part, ...], advance: int, kind: int) -> int:
        slot = len(self.parts)
        if slot == len(self.advance):
            self.advance, self.kind, self.inked = (
                np.concatenate([array, np.zeros_like(array)])
                for array in (self.advance, self.kind, self.inked)
            )
        self.advance[slot], self.kind[slot] = advance, kind
        self.inked[slot] = bool(parts)
        self.parts.append(parts)
        return slot

    def _fixed(self, advance_px: float) -> int:
        return max(round(advance_px * FIX) + self._spacing, 0) if advance_px > 0 else 0

    def _once(self, sort: str, text: str, build: Callable[[], int]) -> int:
        with self.lock:
            if (sort, text) not in self._named:
                self._named[sort, text] = build()
            return self._named[sort, text]

    def _optional(self, sort: str, text: str, build: Callable[[], int]) -> int | None:
        slot = self._once(sort, text, build)
        return None if slot < 0 else slot

    # Fonts, in order: the style's, its fallbacks, ours, the machine's.

    def _covering(self, text: str) -> Face | None:
        number = 0
        while (face := self._face(number)) is not None:
            if all(face.shows(character) for character in text):
                return face
            number += 1
        return None

    def _face(self, number: int) -> Face | None:
        while number >= len(self._faces):
            source = next(self._sources, None)
            if source is None:
                return None
            file, must_open = source
            try:
                self._faces.append(self._open(file))
            except FontError:
                if must_open:
                    raise
        return self._faces[number]

    def _open(self, file: FontFile) -> Face:
        style = self.style
        return Face(
            file,
            width_px=style.across_px(style.font_size_pt),
            height_px=style.down_px(style.font_size_pt),
            antialias=style.antialias,
        )

    def _fonts_in_order(self) -> Iterator[tuple[FontFile, bool]]:
        """Give fonts, and whether a failure to open one is an error."""
        named = (self.style.font, *self.style.fallback_fonts)
        yield from ((find_font(name), True) for name in named)
        yield from ((find_font(name), True) for name in ("sans", "mono") if name not in named)
        if self.style.system_fonts:
            yield from ((file, False) for file in system_fallbacks())


def _stacked(face: Face, base: Part, marks: str) -> list[Part]:
    """Place marks on a letter: by their own bearing, or centred where they have a width; the later, the further out."""
    advance = face.advance_px(base.glyph)
    middle = sum(face.extent_px(base.glyph)) / 2
    parts, stacked = [], Counter[bool]()
    for mark in marks:
        glyph, above = face.glyph(mark), unicodedata.combining(mark) >= 222
        x = middle - sum(face.extent_px(glyph)) / 2 if face.advance_px(glyph) else advance
        y = face.height_px / 5 * stacked[above] * (1 if above else -1)
        stacked[above] += 1
        parts.append(Part(face, glyph, round(x * 64), round(y * 64)))
    return parts
