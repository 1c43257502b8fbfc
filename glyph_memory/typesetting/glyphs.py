"""The glyph table: every character, cluster or escape that a style draws, as a numbered slot.

A slot has an advance and a kind, which layout reads as arrays, and parts (glyphs of fonts), which the atlas draws.
Knows fonts and characters; knows nothing about lines or pages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from glyph_memory.errors import FontError
from glyph_memory.locks import ForkSafeLock
from glyph_memory.page import EscapeReason
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import shaping
from glyph_memory.typesetting.accents import SlotGlyph, shift, stack_accents
from glyph_memory.typesetting.characters import (
    CONTEXT,
    ESCAPED,
    NEWLINE,
    SPACE,
    escape,
    escape_reason,
    get_kind,
    is_mark,
    needs_shaping,
)  # fmt: skip
from glyph_memory.typesetting.font_chain import FontChain
from glyph_memory.typesetting.fonts import Face
from glyph_memory.typesetting.geometry import FIX, Geometry
from glyph_memory.typesetting.marks import TIMES_SIGN
from glyph_memory.typesetting.thai import needs_lifting, split_am

EMPTY = 0
"""The slot of a character that is drawn as part of the one before it."""

_SLOTS_AT_MOST = 200_000


class GlyphTable:
    """The slots of one style. Safe for several threads: slots are only ever added."""

    def __init__(self, style: PageStyle) -> None:
        """Open the fonts that the style names; others are opened when a character asks for them.

        Raises:
            FontError: One of them is missing or cannot be drawn.
        """
        self.style = style
        self.lock, self._is_broken = ForkSafeLock(in_child=self._mark_broken), False
        self.parts: list[tuple[SlotGlyph, ...]] = []
        self.escapes: dict[int, tuple[str, EscapeReason]] = {}
        self.slot_of = np.full(0x110000, -1, np.int64)
        self.advance = np.zeros(1024, np.int64)
        self.kind = np.zeros(1024, np.uint8)
        self.inked = np.zeros(1024, np.bool_)
        self._named: dict[tuple[str, str], int] = {}
        self._fonts = FontChain(style)
        self.line = min(Geometry.of(style).line, Geometry.of(style).first_line)
        self._spacing = round(style.to_horizontal_px(style.letter_spacing_pt) * FIX)
        self._gap = round(style.to_horizontal_px(style.font_size_pt) / 8 * FIX)
        self._add_slot((), 0, 0)
        base = self._fonts.base
        if not all(base.can_draw(digit) for digit in "0123456789abcdef"):
            raise FontError(
                f"font {style.font!r} lacks digits or letters; pick a text font, 'sans' or 'mono'"
            )
        self.base_face = base
        self.widest_escape = int(self.advance[self.get_escape_slot("\U0010ffff", "no font")])

    @property
    def full(self) -> bool:
        """Whether a new table should be begun: so many slots are taken, or a fork cut one in the making."""
        return self._is_broken or len(self.parts) > _SLOTS_AT_MOST

    def slots(self, codes: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return the slot of each character, without regard to its neighbours."""
        slots = self.slot_of.take(codes)
        if slots.size and slots.min() < 0:
            with self.lock:
                for code in np.unique(codes[slots < 0]).tolist():
                    self.slot_of[code] = self._build_slot(chr(code))
            slots = self.slot_of.take(codes)
        return slots

    def get_escape_slot(self, character: str, reason: EscapeReason) -> int:
        """Return the slot that draws a character as its number."""

        def build() -> int:
            parts, advance = self._lay_out_text(escape(character))
            slot = self._add_slot(parts, advance, ESCAPED)
            self.escapes[slot] = (character, reason)
            return slot

        return self._get_or_build(f"escape {reason}", character, build)

    def get_mark_slot(self, mark: str) -> int:
        """Return the slot of a newline mark, or of a number that stands for a run."""

        def build() -> int:
            parts, advance = self._lay_out_text(mark)
            gap = self._gap if self.style.count_runs else 0  # where a mark has no spaces round it
            if gap and mark[0] not in (" ", TIMES_SIGN):
                parts, advance = tuple(shift(part, round(gap * 64 / FIX)) for part in parts), advance + gap
            return self._add_slot(parts, advance + (0 if mark[-1] == " " else gap), NEWLINE)

        return self._get_or_build("mark", mark, build)

    def get_shifted_slot(self, slot: int, x64: int) -> int:
        """Return a slot that draws another slot's glyphs further right, by 64ths of a pixel."""

        def build() -> int:
            parts = tuple(shift(part, x64) for part in self.parts[slot])
            shifted = self._add_slot(parts, int(self.advance[slot]), int(self.kind[slot]))
            self.escapes |= {shifted: self.escapes[slot]} if slot in self.escapes else {}
            return shifted

        return self._get_or_build(f"shifted {x64}", str(slot), build)

    def get_cluster_slot(self, text: str) -> int | None:
        """Return the slot of a letter with marks; `None` where it has to be escaped."""

        def build() -> int:
            composed, tail = split_am(unicodedata.normalize("NFC", text))
            if len(composed) == 1 and self._fonts.find(composed):
                return int(self.slots(np.array([ord(composed)], np.uint32))[0])
            kind = get_kind(text[0]) & ~CONTEXT
            face = self._fonts.find(composed + tail)
            if face is None:
                return -1
            if needs_lifting(text[0]) and shaping.available:
                return self._build_shaped_slot(face, text, kind)
            base = SlotGlyph(face, face.glyph(composed[0]))
            parts = [base, *stack_accents(face, base, composed[1:])]
            advance_px = face.advance_px(base.glyph)
            for letter in tail:
                parts.append(SlotGlyph(face, face.glyph(letter), round(advance_px * 64)))
                advance_px += face.advance_px(face.glyph(letter))
            return self._add_slot(tuple(parts), self._convert_advance(advance_px), kind)

        return self._get_or_none("cluster", text, build)

    def get_shaped_slot(self, text: str) -> int | None:
        """Return the slot of a text that a shaping engine draws; `None` where it has to be escaped."""

        def build() -> int:
            face = self._fonts.find(text.replace("\u200c", "").replace("\u200d", ""))
            return -1 if face is None else self._build_shaped_slot(face, text, get_kind(text[0]) & ~CONTEXT)

        return self._get_or_none("shaped", text, build) if shaping.available else None

    def _mark_broken(self, may_be_broken: bool) -> None:
        self._is_broken |= may_be_broken

    # How slots are made. All under the lock.

    def _build_slot(self, character: str) -> int:
        if self.style.reference and character in "\u00ad\u200b":
            return EMPTY
        reason = escape_reason(character)
        if reason is not None:
            return self._build_escape_slot(character, reason)
        kind = get_kind(character)
        if character == "\n":
            return self._add_slot((), 0, kind)
        if kind & SPACE or character in "\u00a0\u202f":
            return self._add_slot((), self._measure_space(character), kind)
        return self._build_glyph_slot(character, kind)

    def _build_glyph_slot(self, character: str, kind: int) -> int:
        if needs_shaping(character) and not shaping.available:
            return self.get_escape_slot(character, "needs shaping")
        face = self._fonts.find(character)
        if face is None:
            return self._build_escape_slot(character, "no font")
        glyph = face.glyph(character)
        return self._add_slot((SlotGlyph(face, glyph),), self._convert_advance(face.advance_px(glyph)), kind)

    def _build_escape_slot(self, character: str, reason: EscapeReason) -> int:
        # A carriage return before a newline is drawn as nothing, and joiners join inside a shaped span.
        slot = self.get_escape_slot(character, reason)
        if character in "\r\u200c\u200d" or is_mark(character):
            self.kind[slot] |= CONTEXT
        return slot

    def _measure_space(self, character: str) -> int:
        if character == "\t" and not self.style.reference:
            return self.style.tab_spaces * self._measure_space(" ")
        plain = " " if character in "\t\u00a0\u202f" else character
        face = (self._fonts.find(plain) if plain == character else None) or self.base_face
        return self._convert_advance(face.advance_px(face.glyph(plain)))

    def _lay_out_text(self, text: str) -> tuple[tuple[SlotGlyph, ...], int]:
        """Return the parts and the advance of characters drawn one after the other."""
        parts: list[SlotGlyph] = []
        advance = 0
        for character in text:
            face = self._fonts.find(character) or self.base_face
            glyph = face.glyph(character)
            parts.append(SlotGlyph(face, glyph, round(advance * 64 / FIX)))
            advance += self._convert_advance(face.advance_px(glyph))
        return tuple(parts), advance

    def _build_shaped_slot(self, face: Face, text: str, kind: int) -> int:
        shaped = shaping.shape(face, text)
        if shaped is None:
            return -1
        glyphs, advance = shaped
        parts = tuple(
            SlotGlyph(face, item.glyph, round(item.x_px * 64), round(item.y_px * 64)) for item in glyphs
        )
        return self._add_slot(parts, self._convert_advance(advance), kind)

    def _add_slot(self, parts: tuple[SlotGlyph, ...], advance: int, kind: int) -> int:
        slot = len(self.parts)
        if slot == len(self.advance):
            self.advance, self.kind, self.inked = (
                np.concatenate([array, np.zeros_like(array)])
                for array in (self.advance, self.kind, self.inked)
            )
        self.advance[slot], self.kind[slot], self.inked[slot] = advance, kind, bool(parts)
        self.parts.append(parts)
        return slot

    def _convert_advance(self, advance_px: float) -> int:
        return max(round(advance_px * FIX) + self._spacing, 0) if advance_px > 0 else 0

    def _get_or_build(self, sort: str, text: str, build: Callable[[], int]) -> int:
        with self.lock:
            if (sort, text) not in self._named:
                self._named[sort, text] = build()
            return self._named[sort, text]

    def _get_or_none(self, sort: str, text: str, build: Callable[[], int]) -> int | None:
        return None if (slot := self._get_or_build(sort, text, build)) < 0 else slot
