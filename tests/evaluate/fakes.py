"""Readers that know a page's lines and make chosen mistakes: the real seam, without weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from glyph_memory.evaluate import PageReader
from glyph_memory.page import Box, Page
from glyph_memory.style import PageStyle
from glyph_memory.transcription import ReadLine, Transcription
from glyph_memory.typesetting import spell_page


def certain(_: str) -> float:
    """Be sure of every character."""
    return 1.0


def read_line(text: str, box: Box, sure: Callable[[str], float] = certain) -> ReadLine:
    """Make a line of a transcription."""
    return ReadLine(
        text=text,
        box=box,
        confidence=np.array([sure(character) for character in text], np.float32),
        left=np.linspace(box[0], box[2], len(text), endpoint=False, dtype=np.float32),
    )


def transcribed(
    page: Page,
    style: PageStyle,
    mistake: Callable[[str], str] = str,
    sure: Callable[[str], float] = certain,
) -> Transcription:
    """Read a page's lines, each with the mistake, and as sure of its characters as is said."""
    texts = map(mistake, spell_page(page, style=style).split("\n"))
    lines = zip(texts, page.lines, strict=True)
    return Transcription(
        size=page.size, lines=tuple(read_line(text, line.box, sure) for text, line in lines if text.strip())
    )


def reading(
    pages: Sequence[Page],
    style: PageStyle,
    mistake: Callable[[str], str] = str,
    sure: Callable[[str], float] = certain,
) -> PageReader:
    """Make a reader that knows these pages by their pixels."""
    known = {image_key(page.image): page for page in pages}
    return lambda image: transcribed(known[image_key(image)], style, mistake, sure)


def image_key(image: Image.Image) -> tuple[tuple[int, int], bytes]:
    """Return what tells pictures apart."""
    return image.size, image.tobytes()
