"""The fonts of a style in the order in which they are tried: its own, its fallbacks, ours, the machine's.

Ours are tried whatever the style; the machine's are opened when a character asks for them. Knows fonts and styles;
knows nothing about text, slots or pages.
"""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.errors import FontError
from glyph_memory.style import PageStyle
from glyph_memory.typesetting.fonts import SHIPPED_FALLBACKS, Face, FontFile, find_font, system_fallbacks


class FontChain:
    """Opens fonts one after the other until one draws what is asked for. Not safe for threads: its owner locks."""

    def __init__(self, style: PageStyle) -> None:
        """Open all fonts that the style names: a broken one is told for every text, not for the first that needs it.

        Raises:
            FontError: One of them is missing or cannot be drawn.
        """
        self._style = style
        self._faces: list[Face] = []
        self._sources = _iter_fonts(style)
        for number in range(1 + len(style.fallback_fonts)):
            self._get(number)

    @property
    def base(self) -> Face:
        """The style's own font."""
        return self._faces[0]

    def find(self, text: str) -> Face | None:
        """Return the first font that draws every character of a text; `None` where there is none."""
        number = 0
        while (face := self._get(number)) is not None:
            if all(face.can_draw(character) for character in text):
                return face
            number += 1
        return None

    def _get(self, number: int) -> Face | None:
        while number >= len(self._faces):
            source = next(self._sources, None)
            if source is None:
                return None
            file, is_named = source
            try:
                self._faces.append(self._open(file))
            except FontError:
                if is_named:
                    raise
        return self._faces[number]

    def _open(self, file: FontFile) -> Face:
        style = self._style
        return Face(
            file,
            width_px=style.to_horizontal_px(style.font_size_pt),
            height_px=style.to_vertical_px(style.font_size_pt),
            antialias=style.antialias,
        )


def _iter_fonts(style: PageStyle) -> Iterator[tuple[FontFile, bool]]:
    """Yield fonts in the order in which they are tried, and whether a failure to open one is an error."""
    # No method: a generator that held its chain would keep its megabytes until a garbage collection comes.
    named = (style.font, *style.fallback_fonts)
    yield from ((find_font(name), True) for name in named)
    yield from ((find_font(name), True) for name in SHIPPED_FALLBACKS if name not in named)
    if style.system_fonts:
        yield from ((file, False) for file in system_fallbacks())
