"""Read the words of a page from pdfium. Knows glyphs; knows nothing about lines and paragraphs."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import atan2, hypot, pi
from types import ModuleType

from glyph_memory.documents.pdf.file import Pointer
from glyph_memory.documents.pdf.word import HYPHEN, Angle, Font, Frame, Rect, Word

_TOKEN = re.compile(r"[^\s\ufffe\x02\0]+[\ufffe\x02]?|[\ufffe\x02]")
_HYPHENS = "\ufffe\x02"
"""How pdfium spells a hyphen at the end of a line."""
_LIGATURES = {
    0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st", 0x2010: "-",
    0xA0: " ", 0xAD: "", 0x200B: "", 0xFEFF: "",
}  # fmt: skip
_BOLD = re.compile(r"bold|black|heavy|semib|demi|CMBX|-Bd|NimbusSanL-Bold|medi\b", re.IGNORECASE)
_ITALIC = re.compile(r"ital|obliq|CMTI|CMSL|slant", re.IGNORECASE)
_MONO = re.compile(r"courier|mono|consol|menlo|typewriter|CMTT|CMSLTT|LMTT|NimbusMon|inconsol", re.IGNORECASE)
_MATH = re.compile(r"CMMI|CMSY|CMEX|MSAM|MSBM|math|EUFM|EUSM|rsfs|symbol|stix", re.IGNORECASE)
_FIXED_PITCH, _ITALIC_FLAG, _BOLD_FLAG = 1, 64, 1 << 18
_INVISIBLE = 3
"""How text is drawn that is not seen: over a scan."""


@dataclass(kw_only=True, slots=True)
class PageText:
    """What is written on a page."""

    words: list[Word] = field(default_factory=list)
    """In the order of the file."""
    angle: Angle = 0
    """How most of it runs."""
    characters: int = 0
    """How many there are, blanks not counted."""
    garbage: int = 0
    """Of which the file does not say what they are."""
    invisible: int = 0
    """Of which nothing is seen."""
    outside: list[str] = field(default_factory=list)
    """Words that stand outside of the page."""
    is_cut: bool = False
    """Whether there was more than is read of one page."""
    has_cut_string: bool = False
    """Whether one of its strings is longer than pdfium reads."""


_LONGEST = 200_000
"""Characters that are read of one page."""
_STRINGS = (16_383, 32_767)
"""Characters that pdfium reads of one string, with two bytes for each or one; what comes after them is dropped."""


_LIFT_PT = 0.5
"""Characters that stand so much higher or lower are raised or lowered."""
_FIND_OBJECT = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


@dataclass(frozen=True, slots=True)
class _Style:
    font: Font
    size: float
    angle: Angle
    is_invisible: bool
    is_unknown: bool
    baseline: float = field(compare=False)


def read_words(page: Pointer, raw: ModuleType, box: Rect) -> PageText:
    """Return what is written on a page; pdfium's lock is held.

    Args:
        page: pypdfium2's page.
        raw: pypdfium2's raw functions.
        box: The visible page, in the file's own points.
    """
    textpage = page.get_textpage()
    try:
        return _Reading(textpage.raw, raw, box).read()
    finally:
        textpage.close()


class _Reading:
    """Reads the words of one page."""

    def __init__(self, textpage: Pointer, raw: ModuleType, box: Rect) -> None:
        self._textpage, self._raw, self._box = textpage, raw, box
        self._numbers = [ctypes.c_double() for _ in range(4)]
        self._styles = dict[int, _Style]()
        self._fonts = dict[tuple[bytes, int], Font]()
        self._frames = {angle: Frame(box, angle) for angle in (0, 90, 180, 270)}
        self._sizes = {angle: frame.size for angle, frame in self._frames.items()}
        self._matrix, self._room = raw.FS_MATRIX(), raw.FS_RECTF()
        # Asked for each word: as a plain number, an object's address comes in half the time.
        address = ctypes.cast(raw.FPDFText_GetTextObject, ctypes.c_void_p).value or 0
        self._find_object = _FIND_OBJECT(address)
        self._address = ctypes.cast(textpage, ctypes.c_void_p).value

    def read(self) -> PageText:
        found = PageText()
        count = max(self._raw.FPDFText_CountChars(self._textpage), 0)
        found.is_cut = count > _LONGEST
        text = self._read_characters(min(count, _LONGEST))
        weights = dict.fromkeys(self._frames, 0)
        for token in _TOKEN.finditer(text):
            for number, (start, stop, style) in enumerate(self._split(token.start(), token.end())):
                length, spelled = stop - start, text[start:stop]
                found.characters += length
                found.garbage += length if style.is_unknown else _count_garbage(spelled)
                word = self._make_word(_spell(spelled), start, stop, style, glued=number > 0)
                if not word.text:
                    continue
                if self._is_outside(word):
                    found.outside.append(word.text)
                    continue
                found.invisible += length if style.is_invisible else 0
                weights[word.angle] += length
                found.words.append(word)
        found.angle = max(weights, key=lambda angle: weights[angle])
        found.has_cut_string = count >= min(_STRINGS) and any(map(self._is_cut, self._styles))
        return found

    def _is_cut(self, key: int) -> bool:
        """Return whether pdfium has dropped the end of a string."""
        pointer = ctypes.cast(key, self._raw.FPDF_PAGEOBJECT)
        return self._raw.FPDFTextObj_GetText(pointer, self._textpage, None, 0) // 2 - 1 in _STRINGS

    def _read_characters(self, count: int) -> str:
        """Return the characters of the page, so that each stands where pdfium counts it."""
        buffer = ctypes.create_string_buffer(2 * (count + 1))
        pointer = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort))
        self._raw.FPDFText_GetText(self._textpage, 0, count, pointer)
        text = buffer.raw[: 2 * count].decode("utf-16-le", "replace")
        if len(text) != count or "\0" in text or "�" in text:  # some have no place in that text, others two
            codes = (self._raw.FPDFText_GetUnicode(self._textpage, place) for place in range(count))
            text = "".join(
                "�" if code > 0x10FFFF or 0xD800 <= code < 0xE000 or not code else chr(code) for code in codes
            )
        return text

    def _split(self, start: int, stop: int) -> Iterator[tuple[int, int, _Style]]:
        """Yield the parts of a word that are written alike."""
        before = self._style_at(start)
        if stop - start == 1 or before is self._style_at(stop - 1):
            yield start, stop, before
            return
        first = start
        for place in range(start + 1, stop):
            style = self._style_at(place)
            if style != before or abs(style.baseline - before.baseline) > _LIFT_PT:
                yield first, place, before
                first = place
            before = style
        yield first, stop, before

    def _corners(self, place: int) -> Rect:
        left, right, bottom, top = self._numbers
        self._raw.FPDFText_GetCharBox(self._textpage, place, left, right, bottom, top)
        return left.value, bottom.value, right.value, top.value

    def _advance(self, place: int) -> Rect:
        """Return the room that a character takes, not its ink: as wide as any other of its font, and as a blank."""
        room = self._room
        if not self._raw.FPDFText_GetLooseCharBox(self._textpage, place, room):
            return self._corners(place)
        return room.left, room.bottom, room.right, room.top

    def _make_word(self, text: str, start: int, stop: int, style: _Style, *, glued: bool) -> Word:
        corners = self._advance if style.font.mono else self._corners
        x0, y0, x1, y1 = corners(start)
        if stop - start > 1:
            a0, b0, a1, b1 = corners(stop - 1)
            x0, y0 = (x0 if x0 < a0 else a0), (y0 if y0 < b0 else b0)
            x1, y1 = (x1 if x1 > a1 else a1), (y1 if y1 > b1 else b1)
        if style.angle == 0:
            left, right = x0 - self._box[0], x1 - self._box[0]
        else:
            left, _, right, _ = self._frames[style.angle].place_rect(x0, y0, x1, y1)
        return Word(text, left, right, style.baseline, style.size, style.font, glued, style.angle)

    def _is_outside(self, word: Word) -> bool:
        wide, high = self._sizes[word.angle]
        return word.right < 0 or word.left > wide or word.baseline < 0 or word.top > high

    def _style_at(self, place: int) -> _Style:
        key: int | None = self._find_object(self._address, place)
        style = self._styles.get(key) if key is not None else None
        if style is None:
            style = self._read_style(place, has_object=key is not None)
            if key is not None:
                self._styles[key] = style
        return style

    def _read_style(self, place: int, *, has_object: bool) -> _Style:
        matrix, raw = self._matrix, self._raw
        raw.FPDFText_GetMatrix(self._textpage, place, matrix)
        size = raw.FPDFText_GetFontSize(self._textpage, place) * hypot(matrix.c, matrix.d)
        turned = atan2(matrix.b, matrix.a) if matrix.a or matrix.b else 0.0
        angle = round(turned / (pi / 2)) % 4 * 90
        flags, name = ctypes.c_int(), ctypes.create_string_buffer(128)
        raw.FPDFText_GetFontInfo(self._textpage, place, name, 128, flags)
        pointer = raw.FPDFText_GetTextObject(self._textpage, place) if has_object else None
        mode = raw.FPDFTextObj_GetTextRenderMode(pointer) if has_object else 0
        font = self._name_font(name.value, flags.value)
        x, y, _, _ = self._numbers
        raw.FPDFText_GetCharOrigin(self._textpage, place, x, y)
        return _Style(
            font,
            round(min(max(abs(size), 0.1), 2000.0), 2),
            angle,
            mode == _INVISIBLE,
            raw.FPDFText_HasUnicodeMapError(self._textpage, place) == 1,
            self._frames[angle].place(x.value, y.value)[1],
        )

    def _name_font(self, name: bytes, flags: int) -> Font:
        font = self._fonts.get((name, flags))
        if font is None:
            plain = name.decode("utf-8", "replace").rpartition("+")[2]
            font = Font(
                plain,
                bold=bool(_BOLD.search(plain)) or bool(flags & _BOLD_FLAG),
                italic=bool(_ITALIC.search(plain)) or bool(flags & _ITALIC_FLAG),
                mono=bool(_MONO.search(plain)) or bool(flags & _FIXED_PITCH),
                math=bool(_MATH.search(plain)),
            )
            self._fonts[name, flags] = font
        return font


def _spell(text: str) -> str:
    """Return a word as it is written: without ligatures and soft hyphens, but for one at its end."""
    if text[-1] in _HYPHENS:
        text = text[:-1] + HYPHEN
    if text.isascii():
        return text
    return text.translate(_LIGATURES) + (HYPHEN if text.endswith(HYPHEN) else "")


def _count_garbage(text: str) -> int:
    """Return how many characters are none that anybody wrote."""
    if text.isascii() and text.isprintable():
        return 0
    return sum(
        one == "�" or "\ue000" <= one <= "\uf8ff" or (one < " " and one not in _HYPHENS) for one in text
    )
