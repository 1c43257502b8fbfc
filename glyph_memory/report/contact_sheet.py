"""`ContactSheet`: many pages on one picture, scaled down, to look over at a glance."""

from __future__ import annotations

import io
import math
from importlib.resources import files

from PIL import Image, ImageDraw, ImageFont

from glyph_memory.page import Page

_THUMBNAIL = (196, 280)
_SMALLEST = 0.5
_WIDEST_PX = 3000
_GAP = 18
_CAPTION = 24
_PAPER, _INK, _EDGE = "#E9EBEE", "#5A6270", "#C3C8D0"


class ContactSheet:
    """Gathers thumbnails.

    Args:
        at_most: Thumbnails to keep; of further pages the sheet gives the number alone.

    Example:
        >>> from glyph_memory.typesetting import typeset
        >>> sheet = ContactSheet()
        >>> for page in typeset("Hello, page."):
        ...     sheet.add(page)
        >>> sheet.image().size
        (232, 340)
    """

    def __init__(self, *, at_most: int = 600) -> None:
        self._at_most = at_most
        self._thumbnails: list[tuple[int, Image.Image]] = []
        self._left_out = 0

    def add(self, page: Page) -> None:
        """Add a thumbnail of a page; beyond `at_most`, only count the page."""
        if len(self._thumbnails) >= self._at_most:
            self._left_out += 1
            return
        scale = min(_THUMBNAIL[0] / page.size[0], _THUMBNAIL[1] / page.size[1], 1)
        self._thumbnails.append((page.number, _scale_image(page.image, scale)))

    def image(self) -> Image.Image:
        """Draw the sheet: rows of thumbnails, smaller where there are many, each with its number below."""
        count = len(self._thumbnails)
        columns = max(1, min(count, round(math.sqrt(2 * count))))
        scale = max(_SMALLEST, min(1, (_WIDEST_PX / columns - _GAP) / _THUMBNAIL[0]))
        across = round(_THUMBNAIL[0] * scale) + _GAP
        down = round(_THUMBNAIL[1] * scale) + _CAPTION + _GAP
        footer = 2 * _CAPTION if self._left_out else 0
        size = (columns * across + _GAP, math.ceil(count / columns) * down + _GAP + footer)
        sheet = Image.new("RGB", size, _PAPER)
        draw, font = ImageDraw.Draw(sheet), _font()
        for index, (number, thumbnail) in enumerate(self._thumbnails):
            left, top = _GAP + index % columns * across, _GAP + index // columns * down
            small = _scale_image(thumbnail, scale)
            sheet.paste(small, (left, top))
            right, bottom = left + small.width, top + small.height
            draw.rectangle((left - 1, top - 1, right, bottom), outline=_EDGE)
            draw.text(((left + right) / 2, bottom + 5), str(number), _INK, font, anchor="ma")
        if self._left_out:
            rest = f"and {self._left_out:,} more"
            draw.text((sheet.width / 2, sheet.height - footer), rest, _INK, font, anchor="ma")
        return sheet

    def png(self) -> bytes:
        """Draw the sheet and encode it."""
        buffer = io.BytesIO()
        self.image().save(buffer, "PNG")
        return buffer.getvalue()


def _scale_image(image: Image.Image, scale: float) -> Image.Image:
    if scale == 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _font() -> ImageFont.FreeTypeFont:
    data = files("glyph_memory").joinpath("fonts", "GlyphMemorySans.ttf").read_bytes()
    # Basic layout, named explicitly: raqm is used where installed, and two machines would draw two sheets.
    return ImageFont.truetype(io.BytesIO(data), 13, layout_engine=ImageFont.Layout.BASIC)
