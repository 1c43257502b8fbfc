"""The `MonoSlots`: which slot draws a character in our monospaced font, beside the slot that all text has.

Knows the glyph table; knows nothing about which text is drawn so.
"""

from __future__ import annotations

import unicodedata
from typing import Self

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.characters import CONTEXT, ESCAPED
from glyph_memory.typesetting.font_chain import open_face
from glyph_memory.typesetting.fonts import find_font
from glyph_memory.typesetting.glyphs import EMPTY, GlyphTable
from glyph_memory.typesetting.layout import Ints

_FONT = "mono"
_PLAIN_SPACES = "\t\u00a0\u202f"
_UNKNOWN = -1


class MonoSlots:
    """The slots of a style's text where it is monospaced.

    Escapes, shaped words, and characters that the monospaced font lacks (ideographs) are drawn as everywhere.
    """

    def __init__(self, table: GlyphTable) -> None:
        """Open the font.

        Args:
            table: The style's glyphs; slots are added to it.
        """
        self.table, self._face = table, open_face(find_font(_FONT), table.style)
        self._slot_of = np.full(1024, _UNKNOWN, np.int64)
        self.advance = int(table.advance[table.get_slot_of(self._face, " ")])
        """How far every character moves the pen."""

    @classmethod
    def of(cls, table: GlyphTable) -> Self | None:
        """Return the slots for a style's tables; None where they are drawn as all text is."""
        style, face = table.style, table.base_face
        is_mono = face.advance_px(face.glyph("i")) == face.advance_px(face.glyph("m"))
        if not style.align_tables or style.reference or style.newline_mark or is_mono:
            return None
        return cls(table)

    def convert(self, text: str, slots: Ints) -> Ints:
        """Return the slots that draw a text monospaced, from those that draw it otherwise."""
        if len(self._slot_of) < len(self.table.advance):
            with self.table.lock:
                more = np.full(len(self.table.advance) - len(self._slot_of), _UNKNOWN, np.int64)
                self._slot_of = np.concatenate([self._slot_of, more])
        known = self._slot_of
        mono: NDArray[np.int64] = known.take(slots)
        for place in np.flatnonzero(mono == _UNKNOWN).tolist():
            slot = int(slots[place])
            mono[place] = known[slot] = self._find_slot(text, place, slot)
        return mono

    def _find_slot(self, text: str, place: int, slot: int) -> int:
        table = self.table
        if slot == EMPTY or table.kind[slot] & (ESCAPED | CONTEXT):
            return slot
        character = text[place]
        if table.slot_of[ord(character)] != slot:  # a letter that was joined with the marks after it
            character = _compose(text, place)
            if len(character) > 1 or table.slot_of[ord(character)] != slot:
                return slot
        if character == "\t":
            return table.get_slot_of(self._face, " ", repeat=table.style.tab_spaces)
        character = " " if character in _PLAIN_SPACES else character
        return table.get_slot_of(self._face, character) if self._face.can_draw(character) else slot


def _compose(text: str, place: int) -> str:
    """Return the letter at a place with the marks that follow it, as one character if there is one."""
    stop = place + 1
    while stop < len(text) and unicodedata.combining(text[stop]):
        stop += 1
    return unicodedata.normalize("NFC", text[place:stop])
