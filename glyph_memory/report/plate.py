"""The `Plate`: a page as it is printed in a report, its picture encoded once.

Small enough to keep where a `Page` with its pixels is not.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from glyph_memory.page import Page


@dataclass(frozen=True, kw_only=True, slots=True)
class Plate:
    """A page's picture as PNG, with the page's text."""

    number: int
    """The page's number."""
    size: tuple[int, int]
    """Width and height in pixels."""
    text: str = field(repr=False)
    """Exactly the characters that stand on it."""
    start: int
    """Offset of the first of them in the whole text."""
    escapes: int
    """How many of them stand there as their number."""
    png: bytes = field(repr=False)
    """The picture."""

    @classmethod
    def of(cls, page: Page) -> Plate:
        """Encode a page."""
        return cls(
            number=page.number,
            size=page.size,
            text=page.text,
            start=page.start,
            escapes=page.escapes,
            png=page.png(),
        )

    @property
    def data_url(self) -> str:
        """The picture as a `data:` URL."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"
