"""A page as it is read from the file: words, rules, pictures, links. Knows one page alone."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from glyph_memory.documents.pdf.drawings import PageDrawings, read_drawings
from glyph_memory.documents.pdf.extras import PageExtras, read_extras
from glyph_memory.documents.pdf.figures import find_figures
from glyph_memory.documents.pdf.file import PdfFile, Pointer
from glyph_memory.documents.pdf.word import Frame, Rect, Word, link_words
from glyph_memory.documents.pdf.words import PageText, read_words

_LETTER: Rect = (0.0, 0.0, 612.0, 792.0)
_PICTURE_PT = (48.0, 36.0)
"""Smaller pictures are ornaments."""
_PICTURE_DPI = 150
_PICTURE_PX = 2_000_000
_PICTURES = 50
"""Of one page."""
_COVERED = 0.85
"""A picture that takes so much of the page lies under its text: a scan, a background."""


@dataclass(kw_only=True, slots=True)
class PageContent:
    """A page as it is read from the file."""

    number: int
    """Counted from 1."""
    frame: Frame
    """Of most of its text."""
    text: PageText
    """What is written on it."""
    drawings: PageDrawings
    """What it shows besides."""
    extras: PageExtras
    """What is attached to it."""
    words: list[Word]
    """Those of the frame, with their links and with what was filled in."""
    pictures: list[tuple[Rect, bytes | None]] = field(default_factory=list)
    """Where pictures stand, and their files, where those are wanted."""
    losses: list[str] = field(default_factory=list)
    """What is said of pictures that are left out."""

    @property
    def area(self) -> float:
        """Of the page, in square points."""
        return self.frame.size[0] * self.frame.size[1]

    @property
    def image_share(self) -> float:
        """How much of the page pictures cover, 0 to 1."""
        return min(sum(self._visible(rect) for rect, _ in self.drawings.images) / self.area, 1.0)

    def measure_figures(self, tables: Iterable[Rect] = ()) -> float:
        """Return how much of the page figures made of lines and shapes cover, 0 to 1: the boxes around them.

        Args:
            tables: Where tables with rules stand.
        """
        figures = find_figures(self.drawings, self.words, self.frame.size, tables)
        return min(sum(map(self._visible, figures)) / self.area, 1.0)

    def _visible(self, rect: Rect) -> float:
        wide, high = self.frame.size
        return max(min(rect[2], wide) - max(rect[0], 0.0), 0.0) * max(
            min(rect[3], high) - max(rect[1], 0.0), 0.0
        )


def read_content(file: PdfFile, number: int, *, pictures: bool = False) -> PageContent:
    """Return a page of a file.

    Args:
        file: The PDF.
        number: Of the page, from 1.
        pictures: Whether to keep its pictures.

    Raises:
        DocumentError: The page is broken.
    """
    with file.open_page(number) as page:
        box = read_box(page)
        text = read_words(page, file.raw, box)
        frame = Frame(box, text.angle)
        drawings = read_drawings(page, file.raw, frame)
        extras = read_extras(page, file, frame)
        words = [word for word in text.words if word.angle == text.angle]
        content = PageContent(
            number=number,
            frame=frame,
            text=text,
            drawings=drawings,
            extras=extras,
            words=[*link_words(words, extras.links), *extras.fields],
        )
        if text.characters:
            _add_pictures(page, content, is_wanted=pictures)
        drawings.images = [(rect, None) for rect, _ in drawings.images]  # pdfium's objects end with the page
    return content


def read_box(page: Pointer) -> Rect:
    """Return the visible part of a page, in the file's own points: a box that is one."""
    boxes = [page.get_mediabox(fallback_ok=True) or _LETTER, page.get_cropbox(fallback_ok=True) or _LETTER]
    boxes = [box for box in boxes if all(map(math.isfinite, box)) and box[2] - box[0] >= 1 <= box[3] - box[1]]
    left, bottom = max((box[0] for box in boxes), default=0.0), max((box[1] for box in boxes), default=0.0)
    right, top = min((box[2] for box in boxes), default=0.0), min((box[3] for box in boxes), default=0.0)
    if right - left >= 1 and top - bottom >= 1:
        return left, bottom, right, top
    return boxes[0] if boxes else _LETTER


def _add_pictures(page: Pointer, content: PageContent, *, is_wanted: bool) -> None:
    """Add the pictures of a page as they look on it, those that are no scan and no ornament."""
    wide, high = content.frame.size
    for rect, _ in content.drawings.images:
        left, top = max(rect[0], 0.0), max(rect[1], 0.0)
        right, bottom = min(rect[2], wide), min(rect[3], high)
        if right - left < _PICTURE_PT[0] or bottom - top < _PICTURE_PT[1]:
            content.losses.append("small pictures")
        elif (right - left) * (bottom - top) > _COVERED * content.area:
            content.losses.append("a picture as large as the page, under the text")
        elif len(content.pictures) >= _PICTURES:
            content.losses.append(f"pictures beyond the first {_PICTURES}")
        else:
            place = (left, top, right, bottom)
            content.pictures.append((place, _draw(page, content, place) if is_wanted else None))


def _draw(page: Pointer, content: PageContent, place: Rect) -> bytes:
    """Return a part of a page as PNG."""
    left, top, right, bottom = place
    wide, high = content.frame.size
    scale = min(_PICTURE_DPI / 72, math.sqrt(_PICTURE_PX / ((right - left) * (bottom - top))))
    bitmap = page.render(
        scale=scale,
        rotation=(content.frame.angle - page.get_rotation()) % 360,
        crop=(left, high - bottom, wide - right, top),
        rev_byteorder=True,
    )
    buffer = io.BytesIO()
    bitmap.to_pil().save(buffer, "PNG")
    bitmap.close()
    return buffer.getvalue()
