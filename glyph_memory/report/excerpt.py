"""The `Excerpt`: a piece of a page, magnified, with a frame round what is shown. Knows pictures and boxes."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from glyph_memory.page import Box

_AROUND_PX = 22
"""What is shown of the page above and below, so that one sees where it stands."""
_MOST_PX = 320
"""Highest piece of a page; what is framed may be as long as a page is."""
_FRAME = "#D93A2B"
_FRAME_PX = 3
_GAP_PX = 2
"""Between the letters and the frame, in pixels of the page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """A piece of a page as a picture."""

    size: tuple[int, int]
    """Width and height in pixels, magnified."""
    png: bytes = field(repr=False)
    """The picture."""

    @classmethod
    def of(cls, image: Image.Image, box: Box, *, magnified: int = 2) -> Excerpt:
        """Return a piece of the page, as wide as the page, with a frame round the box.

        Args:
            image: The page.
            box: What to frame, in pixels of the page; what lies outside of it is no matter.
            magnified: How many times larger it is shown.
        """
        left, top, right, bottom = box
        first = min(max(0, top - _AROUND_PX), max(0, image.height - 1))
        last = max(first + 1, min(image.height, bottom + _AROUND_PX, first + _MOST_PX))
        piece = image.crop((0, first, image.width, last)).convert("RGB")
        piece = piece.resize((piece.width * magnified, piece.height * magnified), Image.Resampling.LANCZOS)
        frame = [left - _GAP_PX, top - _GAP_PX - first, right + _GAP_PX, bottom + _GAP_PX - first]
        edges = [max(0, frame[0]), max(0, frame[1]), min(image.width, frame[2]), min(last - first, frame[3])]
        x, y, end_x, end_y = (edge * magnified for edge in edges)
        if end_x - x > 2 * _FRAME_PX and end_y - y > 2 * _FRAME_PX:
            ImageDraw.Draw(piece).rectangle((x, y, end_x - 1, end_y - 1), outline=_FRAME, width=_FRAME_PX)
        buffer = io.BytesIO()
        piece.quantize(64).save(buffer, "PNG", optimize=True)
        return cls(size=piece.size, png=buffer.getvalue())

    @property
    def data_url(self) -> str:
        """The picture as a `data:` URL."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"
