"""Find fonts and draw single glyphs from them, unhinted, at fractions of a pixel.

Knows FreeType and the machine's font folders; knows nothing about text, lines or pages.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import freetype
import numpy as np
from numpy.typing import NDArray

from glyph_memory.errors import FontError, show_value
from glyph_memory.files import expand_home, is_file
from glyph_memory.locks import ForkSafeLock

SHIPPED = Path(__file__).parent.parent / "fonts"
_NAMED = {"sans": "GlyphMemorySans.ttf", "mono": "DejaVuSansMono.ttf", "emoji": "GlyphMemoryEmoji.otf"}
SHIPPED_FALLBACKS = ("sans", "mono", "emoji")
"""Tried for every style, in this order, before the machine's: so DejaVu's own ✔ and ★ stay as they are."""
_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_INDEX = re.compile(r"\d{1,5}", re.ASCII)
_BYTES_AT_MOST = 256 * 2**20
_RASTERS_AT_MOST = 4096
_CJK_FAMILIES = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans HW SC", "Noto Sans SC", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "PingFang SC", "Microsoft YaHei", "Hiragino Sans", "Droid Sans Fallback",
)  # fmt: skip
_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/Library/Fonts",
    "/System/Library/Fonts", "~/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip

# FreeType's library object is not safe for threads; a face's glyph slot even less so. Nor are they in a child that is
# forked while a glyph is drawn.
freetype_lock = ForkSafeLock(is_brief=True)

_T = TypeVar("_T")


@dataclass(frozen=True, order=True, slots=True)
class FontFile:
    """A font on disk; collections hold several, told apart by index."""

    path: str
    """Where it is."""
    index: int = 0
    """Which font of a collection."""


@dataclass(frozen=True, slots=True)
class Raster:
    """A glyph's coverage and where it sits against the pen."""

    coverage: NDArray[np.uint8]
    """Shape (rows, columns): 0 outside the outline, 255 inside."""
    left: int
    """Columns from the pen to the raster's first column."""
    top: int
    """Rows from the raster's first row down to the baseline."""


class Face:
    """One font at one size.

    Advances and outlines are unhinted, so that line breaks do not depend on pixel rounding; without antialiasing
    they are hinted to whole pixels instead.
    """

    def __init__(self, file: FontFile, *, width_px: float, height_px: float, antialias: bool = True) -> None:
        """Open a font.

        Args:
            file: The font.
            width_px: Horizontal size of the em square.
            height_px: Vertical size of the em square.
            antialias: Whether to draw grey edges.

        Raises:
            FontError: The file is no font, has no outlines, or is absurdly large.
        """
        self.file = file
        self._antialias = antialias
        hinting = freetype.FT_LOAD_NO_HINTING if antialias else freetype.FT_LOAD_TARGET_MONO
        self._flags = hinting | freetype.FT_LOAD_NO_BITMAP
        self._shown: dict[str, bool] = {}
        self._rasters: dict[tuple[int, int, int], Raster] = {}
        self._extent_px = 8 * max(width_px, height_px) + 16
        self._face = _call_freetype(file, lambda: _open(file))
        if not self._face.is_scalable or self._face.units_per_EM < 16:
            raise FontError(
                f"font {file.path!r} holds bitmaps only; pick a TrueType or OpenType font with outlines"
            )
        self.units_per_em = int(self._face.units_per_EM)
        self.width_px = width_px
        self.height_px = height_px
        _call_freetype(
            file, lambda: self._face.set_char_size(round(width_px * 64), round(height_px * 64), 72, 72)
        )

    def glyph(self, character: str) -> int:
        """Return the glyph's index for a character, 0 where the font has none."""
        with freetype_lock:
            return int(self._face.get_char_index(ord(character)))

    def can_draw(self, character: str) -> bool:
        """Return whether the font draws a character: its glyph has an outline, unless the character is a space.

        Fonts give empty glyphs to characters that they want hidden; on a page those would vanish.
        """
        with freetype_lock:
            if character not in self._shown:
                glyph = self.glyph(character)
                blank = glyph and unicodedata.category(character) != "Zs" and not self._has_ink(glyph)
                self._shown[character] = bool(glyph and not blank)
            return self._shown[character]

    def advance_px(self, glyph: int) -> float:
        """Return how far the pen moves after a glyph: exact and unhinted, or whole pixels without antialiasing."""
        with freetype_lock:
            self._load(glyph, freetype.FT_LOAD_NO_SCALE if self._antialias else self._flags)
            advance = self._face.glyph.advance.x
        return float(advance * self.width_px / self.units_per_em if self._antialias else round(advance / 64))

    def extent_px(self, glyph: int) -> tuple[float, float]:
        """Return how far left (mostly 0 or more) and right of the pen a glyph's ink reaches."""
        with freetype_lock:
            self._load(glyph, self._flags)
            box = self._face.glyph.outline.get_cbox()
            return box.xMin / 64, box.xMax / 64

    def _has_ink(self, glyph: int) -> bool:
        """Return whether a glyph has an area: colour fonts may give a picture an outline of two points, its corners."""
        self._load(glyph, self._flags)
        ends = self._face.glyph.outline.contours
        return any(end - before > 2 for before, end in zip([-1, *ends], ends, strict=False))

    def raster(self, glyph: int, x64: int = 0, y64: int = 0) -> Raster:
        """Draw a glyph.

        Args:
            glyph: Its index in the font.
            x64: Pen offset to the right in 64ths of a pixel.
            y64: Pen offset upwards in 64ths of a pixel.

        Raises:
            FontError: The glyph is broken, or far larger than its font's size.
        """
        if not self._antialias:
            x64, y64 = (x64 + 32) & -64, (y64 + 32) & -64
        raster = self._get_raster(glyph, x64 & 63, y64 & 63)
        return Raster(raster.coverage, raster.left + (x64 >> 6), raster.top + (y64 >> 6))

    def _get_raster(self, glyph: int, x64: int, y64: int) -> Raster:
        with freetype_lock:
            if (glyph, x64, y64) not in self._rasters:
                if len(self._rasters) >= _RASTERS_AT_MOST:
                    self._rasters.clear()
                self._rasters[glyph, x64, y64] = self._draw(glyph, x64, y64)
            return self._rasters[glyph, x64, y64]

    def _draw(self, glyph: int, x64: int, y64: int) -> Raster:
        self._load(glyph, self._flags)
        slot = self._face.glyph
        box = slot.outline.get_cbox()
        if max(abs(box.xMin), abs(box.xMax), abs(box.yMin), abs(box.yMax)) > 64 * self._extent_px:
            raise FontError(
                f"glyph {glyph} of font {self.file.path!r} is many times its size; pick another font"
            )
        freetype.FT_Outline_Translate(ctypes.byref(slot.outline._FT_Outline), x64, y64)
        mode = freetype.FT_RENDER_MODE_NORMAL if self._antialias else freetype.FT_RENDER_MODE_MONO
        _call_freetype(self.file, lambda: slot.render(mode))
        bitmap = slot.bitmap
        coverage = np.array(bitmap.buffer, np.uint8).reshape(bitmap.rows, bitmap.pitch)
        if not self._antialias:
            coverage = np.unpackbits(coverage, axis=1) * np.uint8(255)
        return Raster(coverage[:, : bitmap.width], slot.bitmap_left, slot.bitmap_top)

    def _load(self, glyph: int, flags: int) -> None:
        with freetype_lock:
            _call_freetype(self.file, lambda: self._face.load_glyph(glyph, flags))


def find_font(name: str) -> FontFile:
    """Find a font by `sans`, `mono`, a path (`#2` after it picks from a collection), or an installed family's name.

    Raises:
        FontError: There is no such file or family.
    """
    if name in _NAMED:
        return FontFile(str(SHIPPED / _NAMED[name]))
    path, sign, index = (name, "", "") if is_file(name) else name.partition("#")
    if Path(path).suffix.lower() in _SUFFIXES or "/" in path or "\\" in path:
        if not is_file(path):
            raise FontError(
                f"no font file {show_value(path, at_most=300)}; give the path of a .ttf, .otf or .ttc file, 'sans' or "
                "'mono'"
            )
        if sign and not _INDEX.fullmatch(index):
            raise FontError(
                f"{show_value(index)} after the '#' picks no font of {show_value(path)}; give a number from 0 to 65535"
            )
        return FontFile(path, int(index or 0))
    for family, file in installed_fonts():
        if name.lower() in family.lower().split(","):
            return file
    raise FontError(
        f"no installed font family {show_value(name)}; give a path to a font file, or one of 'sans' and 'mono'"
    )


def system_fallbacks() -> Iterator[FontFile]:
    """Return the machine's fonts in the order in which they are tried: those for CJK first, then all by path."""
    fonts = installed_fonts()
    for wanted in _CJK_FAMILIES:
        yield from (file for family, file in fonts if wanted.lower() in family.lower().split(","))
    yield from sorted(file for _, file in fonts)


@lru_cache(maxsize=1)
def installed_fonts() -> tuple[tuple[str, FontFile], ...]:
    """List the machine's outline fonts in regular weight: names (joined by commas) and file, sorted by path."""
    return tuple(sorted(_query_fontconfig() or _scan_folders(), key=lambda font: (font[1], font[0])))


def _query_fontconfig() -> list[tuple[str, FontFile]]:
    program = shutil.which("fc-list")
    if program is None:
        return []
    query = [program, ":outline=true:slant=0:weight=80", "--format", "%{file}\t%{index}\t%{family}\n"]
    try:
        answer = subprocess.run(query, capture_output=True, timeout=30, check=True).stdout  # noqa: S603 - a fixed command, found on PATH
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [line.split("\t") for line in os.fsdecode(answer).split("\n") if line.count("\t") == 2]
    return [
        (family, FontFile(path, int(index) & 0xFFFF))
        for path, index, family in rows
        if path.lower().endswith(_SUFFIXES)
    ]


def _scan_folders() -> list[tuple[str, FontFile]]:
    found = []
    for folder in _FOLDERS:
        for path in sorted(expand_home(folder).rglob("*.[tToO][tT][fFcC]")):
            try:
                face = _open(FontFile(str(path)))
            except (freetype.FT_Exception, FontError, OSError, ValueError):
                continue
            if face.is_scalable and face.style_name in (b"Regular", b"Book", b"Roman", None):
                found.append(((face.family_name or b"").decode("utf-8", "replace"), FontFile(str(path))))
    return found


def _open(file: FontFile) -> freetype.Face:
    path = Path(file.path)
    if not is_file(path):
        raise FontError(
            f"no font file {file.path!r}; give the path of a .ttf, .otf or .ttc file, 'sans' or 'mono'"
        )
    if path.stat().st_size > _BYTES_AT_MOST:
        raise FontError(f"font {file.path!r} is larger than {_BYTES_AT_MOST >> 20} MiB; is it a font at all?")
    with freetype_lock:
        return freetype.Face(file.path, file.index)


def _call_freetype(file: FontFile, call: Callable[[], _T]) -> _T:
    with freetype_lock:
        try:
            return call()
        except (freetype.FT_Exception, OSError, ValueError) as error:
            raise FontError(
                f"{file.path!r} is no font that can be drawn ({error}); give a sound .ttf, .otf or .ttc file"
            ) from error
