"""Pages as other programs draw them: any font file, by Pillow, Skia or PDFium, resampled and blurred.

Skia and PDFium are used where they are installed. Knows fonts and pixels; knows nothing about readers.
"""

from __future__ import annotations

import importlib.util
import io
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

_MARGIN = 16
_COLUMNS = 88
_PITCH = 1.3
_FINER = 4
"""So much larger are pages drawn that are then made small, so that hinting does not show."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignLook:
    """How a page of another program looks."""

    font: Path
    """The font's file."""
    size_px: float
    """Size of its em square."""
    rasteriser: str
    """One of `RASTERISERS`."""
    scale: float = 1.0
    """By what the page is resampled once it is drawn."""
    resampling: Image.Resampling = Image.Resampling.BICUBIC
    """How it is."""
    blur_px: float = 0.0
    """Radius of a blur after that."""


def draw_foreign_page(text: str, look: ForeignLook, *, at_most: int = 60) -> tuple[Image.Image, list[str]]:
    """Draw a page as another program would, and return it with the lines that stand on it.

    Args:
        text: What to write; lines are wrapped, empty ones left out.
        look: How the page looks.
        at_most: So many lines.
    """
    lines = [
        piece
        for line in text.splitlines()
        for piece in textwrap.wrap(line, _COLUMNS, drop_whitespace=False, break_long_words=True)
        if piece.strip()
    ][:at_most]
    picture = RASTERISERS[look.rasteriser](lines, look).convert("L")
    if look.scale != 1:
        size = round(picture.width * look.scale), round(picture.height * look.scale)
        picture = picture.resize(size, look.resampling)
    if look.blur_px:
        picture = picture.filter(ImageFilter.GaussianBlur(look.blur_px))
    return picture, lines


def list_rasterisers() -> list[str]:
    """Return the rasterisers that are installed."""
    needed = {"skia": ("skia",), "pdfium": ("pypdfium2", "reportlab")}
    return [name for name in RASTERISERS if all(map(importlib.util.find_spec, needed.get(name, ())))]


def _draw_hinted(lines: Sequence[str], look: ForeignLook) -> Image.Image:
    return _draw_with_pillow(lines, look, 1)


def _draw_unhinted(lines: Sequence[str], look: ForeignLook) -> Image.Image:
    return _draw_with_pillow(lines, look, _FINER).reduce(_FINER)


def _draw_with_pillow(lines: Sequence[str], look: ForeignLook, times: int) -> Image.Image:
    font = ImageFont.truetype(str(look.font), look.size_px * times, layout_engine=ImageFont.Layout.BASIC)
    width = max((font.getlength(line) for line in lines), default=0) / times
    picture = Image.new("L", _measure_page(len(lines), width, look, times), 255)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((_MARGIN * times, _baseline(number, look) * times), line, 0, font, anchor="ls")
    return picture


def _draw_with_skia(lines: Sequence[str], look: ForeignLook) -> Image.Image:
    import skia

    font = skia.Font(skia.Typeface.MakeFromFile(str(look.font)), look.size_px)
    font.setSubpixel(True)
    font.setHinting(skia.FontHinting.kSlight)
    font.setEdging(skia.Font.Edging.kAntiAlias)
    width = max((font.measureText(line) for line in lines), default=0)
    pixels = np.full((*_measure_page(len(lines), width, look)[::-1], 4), 255, np.uint8)
    with skia.Surface(pixels) as canvas:
        for number, line in enumerate(lines):
            canvas.drawString(line, _MARGIN, _baseline(number, look), font, skia.Paint(AntiAlias=True))
    return Image.fromarray(pixels[:, :, :3])


def _draw_with_pdfium(lines: Sequence[str], look: ForeignLook) -> Image.Image:
    import pypdfium2
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfgen.canvas import Canvas

    name = _register_font(look.font)
    width = max((pdfmetrics.stringWidth(line, name, look.size_px) for line in lines), default=0)
    size = _measure_page(len(lines), width, look)
    file = io.BytesIO()
    canvas = Canvas(file, size)
    canvas.setFont(name, look.size_px)
    for number, line in enumerate(lines):
        canvas.drawString(_MARGIN, size[1] - _baseline(number, look), line)
    canvas.save()
    document = pypdfium2.PdfDocument(file.getvalue())
    picture: Image.Image = document[0].render(scale=1).to_pil()  # a point is a pixel
    document.close()
    return picture


@cache
def _register_font(path: Path) -> str:
    """Return the name that reportlab knows a font by; it takes TrueType outlines alone."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont(path.stem, str(path)))
    return path.stem


def _measure_page(lines: int, width: float, look: ForeignLook, times: int = 1) -> tuple[int, int]:
    height = lines * look.size_px * _PITCH + 2 * _MARGIN
    return int(width + 2 * _MARGIN + 1) * times, int(height + 1) * times


def _baseline(number: int, look: ForeignLook) -> float:
    return _MARGIN + look.size_px + number * look.size_px * _PITCH


RASTERISERS: dict[str, Callable[[Sequence[str], ForeignLook], Image.Image]] = {
    "pil hinted": _draw_hinted,
    "pil unhinted": _draw_unhinted,
    "skia": _draw_with_skia,
    "pdfium": _draw_with_pdfium,
}
"""What draws, by name."""
