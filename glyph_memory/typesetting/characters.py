"""Return what kind of character each one is: space, ideograph, mark, or one that must not stand on a page as it is.

Knows Unicode; knows nothing about fonts or pages.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from glyph_memory.page import EscapeReason

# Bits of a character's kind. Layout works on arrays of these.
SPACE = 1  # may be trimmed at a line's end, may stretch and shrink
IDEOGRAPH = 2  # a line may break before it and after it
NO_START = 4  # closing punctuation: no line starts with it
NO_END = 8  # opening punctuation: no line ends with it
NEWLINE = 16
CONTEXT = 32  # how it is drawn depends on its neighbours
ESCAPED = 64
RIGHT_TO_LEFT = 128

_NO_START = frozenset(
    "!,.:;?)]}、。，．：；！？」』】〕）］｝〉》”’…‥ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ・％℃"
)
_NO_END = frozenset("([{「『【〔（［｛〈《“‘")

# First and last code point of the blocks where a line may break between any two characters.
_IDEOGRAPHIC = (
    (0x1100, 0x11FF), (0x2E80, 0x303F), (0x3040, 0x30FF), (0x3100, 0x318F), (0x31A0, 0x4DBF), (0x4E00, 0x9FFF),
    (0xA000, 0xA4CF), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF), (0x1B000, 0x1B16F),
    (0x1F200, 0x1F2FF), (0x20000, 0x3FFFF),
)  # fmt: skip

# Scripts whose letters change form or order with their neighbours, or run right to left.
_SHAPED = (
    (0x0590, 0x08FF), (0x0900, 0x0DFF), (0x0F00, 0x109F), (0x1700, 0x17FF),
    (0x1800, 0x18AF), (0x1A20, 0x1AAF), (0x1B00, 0x1C4F),
    (0x1CD0, 0x1CFF), (0xA8E0, 0xA8FF), (0xA980, 0xA9DF), (0xAA60, 0xAA7F), (0xABC0, 0xABFF), (0xFB1D, 0xFDFF),
    (0xFE70, 0xFEFC), (0x10800, 0x10FFF), (0x11000, 0x11FFF), (0x1E800, 0x1E95F),
)  # fmt: skip

_BIDI_CONTROLS = frozenset((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_INVISIBLE = frozenset((0x00AD, 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0))  # fmt: skip


@lru_cache(maxsize=65536)
def escape_reason(character: str) -> EscapeReason | None:
    """Return why a character must be escaped whatever the font; `None` where it need not be."""
    code = ord(character)
    if character in "\n\t":
        return None
    if 0xD800 <= code <= 0xDFFF:
        return "surrogate"
    if code in _BIDI_CONTROLS:
        return "bidi control"
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return "control"
    if category == "Cf" or code in _INVISIBLE or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return "invisible"
    return None


def get_kind(character: str) -> int:
    """Return a character's kind: the bits above, without `ESCAPED`, which depends on fonts."""
    code = ord(character)
    if character == "\n":
        return NEWLINE
    if character == "\r":
        return CONTEXT
    kind = 0
    if character == "\t" or (code != 0xA0 and unicodedata.category(character) == "Zs" and code != 0x202F):
        kind |= SPACE
    if _is_in_ranges(code, _IDEOGRAPHIC) and not kind:
        kind |= IDEOGRAPH
    if character in _NO_START:
        kind |= NO_START
    if character in _NO_END:
        kind |= NO_END
    if needs_shaping(character) or unicodedata.category(character) in ("Mn", "Me"):
        kind |= CONTEXT
    if unicodedata.bidirectional(character) in ("R", "AL"):
        kind |= RIGHT_TO_LEFT
    return kind


@lru_cache(maxsize=65536)
def needs_shaping(character: str) -> bool:
    """Return whether a character belongs to a script that only a shaping engine draws right."""
    return _is_in_ranges(ord(character), _SHAPED)


@lru_cache(maxsize=65536)
def get_script(character: str) -> str:
    """Return the name of a letter's script, as in its Unicode name: `ARABIC`, `DEVANAGARI`."""
    return unicodedata.name(character, "").partition(" ")[0]


def is_mark(character: str) -> bool:
    """Return whether a character is drawn onto the one before it."""
    return unicodedata.category(character) in ("Mn", "Me")


def escape(character: str) -> str:
    r"""Return a character as its number, `\u{200b}`."""
    return f"\\u{{{ord(character):x}}}"


def _is_in_ranges(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)
