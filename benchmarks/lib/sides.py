"""Three ways to typeset a text, each as a function that returns the number of pages: the reference, Pillow, ours."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import typeset
from lib.corpus import Text

SIDES = ("reference", "Pillow", "ours")
_PAGE_PX = (595, 842)
_BOX_PX = (16, 16, 563)
_LINES = 81


def make_side(side: str, form: str, text: Text) -> Callable[[str], int]:
    """Return a function that typesets a text on one side and returns the number of pages."""
    make = {"reference": _reference_side, "Pillow": _pillow_side, "ours": _our_side}[side]
    return make(text.font_path, png=form == "PNG")


def _reference_side(font_path: Path, *, png: bool) -> Callable[[str], int]:
    from lib import reference  # only where it is timed: its imports would count as our memory

    config = reference.load_config()
    verb = reference.reference_png if png else reference.reference_pages
    return lambda source: len(verb(source, config, font_path))


def _pillow_side(font_path: Path, *, png: bool) -> Callable[[str], int]:
    finish: Callable[[Image.Image], object] = _encode_png if png else np.asarray
    return lambda source: len([finish(page) for page in pillow_pages(source, font_path)])


def _our_side(font_path: Path, *, png: bool) -> Callable[[str], int]:
    style = replace(PageStyle.glyph(), font=str(font_path))
    finish: Callable[[Page], object] = Page.png if png else Page.array
    return lambda source: len([finish(page) for page in typeset(source, style=style)])


def _encode_png(page: Image.Image) -> bytes:
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


def pillow_pages(text: str, font_path: Path) -> list[Image.Image]:
    """Return a text's pages as one draws them with Pillow alone."""
    font = ImageFont.truetype(str(font_path), 9, layout_engine=ImageFont.Layout.BASIC)
    left, top, width = _BOX_PX
    lines = [line for paragraph in text.split("\n") for line in _wrap(paragraph, font, width)]
    pages = []
    for first in range(0, len(lines), _LINES):
        page = Image.new("L", _PAGE_PX, 255)
        draw = ImageDraw.Draw(page)
        for number, line in enumerate(lines[first : first + _LINES]):
            draw.text((left, top + 10 * number), line, fill=0, font=font)
        pages.append(page)
    return pages


def _wrap(paragraph: str, font: ImageFont.FreeTypeFont, width: float) -> Iterator[str]:
    space = font.getlength(" ")
    line: list[str] = []
    used = -space
    for word in paragraph.split(" "):
        for part, length in _split_word(word, font, width):
            if line and used + space + length > width:
                yield " ".join(line)
                line, used = [], -space
            line.append(part)
            used += space + length
    yield " ".join(line)


def _split_word(word: str, font: ImageFont.FreeTypeFont, width: float) -> Iterator[tuple[str, float]]:
    """Yield a word with its length; a word wider than the line in parts that fit."""
    length = font.getlength(word)
    if length <= width:
        yield word, length
        return
    part, used = "", 0.0
    for character in word:
        advance = font.getlength(character)
        if part and used + advance > width:
            yield part, used
            part, used = "", 0.0
        part += character
        used += advance
    yield part, used
