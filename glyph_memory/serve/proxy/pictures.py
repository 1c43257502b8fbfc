"""Refuse pictures that are too large, by their headers: no pixel is decoded. Knows units; knows nothing about HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.image_files import ImageTooLarge, decode_quietly, open_image
from glyph_memory.serve.dialects.units import Unit

_TOO_LARGE = "a picture {what}; send a smaller one"
_MORE_THAN_TAKEN = "has {width} x {height} px, more than the {most:,} of --max-image-px"
_REMEMBERED = 4096


class PictureRefused(GlyphMemoryError):
    """A picture that is larger than is taken; the message says how large."""


class PictureCheck:
    """Looks at pictures, each once as long as it is remembered.

    Args:
        most_px: The largest that is taken, in pixels.
    """

    def __init__(self, most_px: int) -> None:
        self._most_px = most_px
        self._known = lru_cache(maxsize=_REMEMBERED)(_Found)

    def check(self, units: Iterable[Unit]) -> None:
        """Look at the pictures of what was said.

        Raises:
            PictureRefused: One is too large.
        """
        for unit in units:
            if unit.turn.images:
                found = self._known(unit.name)
                if found.problem is None:
                    found.problem = next(filter(None, map(self._find_problem, unit.turn.images)), "")
                if found.problem:
                    raise PictureRefused(_TOO_LARGE.format(what=found.problem))

    def _find_problem(self, data: bytes) -> str:
        try:
            with decode_quietly():
                _, (width, height) = open_image(data, is_reduced=True)
        except ImageTooLarge as error:
            return f"is too large: {error}"  # whatever the option says
        except Exception:  # decoders raise whatever they like; the upstream says what is wrong with it
            return ""
        if width * height <= self._most_px:
            return ""
        return _MORE_THAN_TAKEN.format(width=width, height=height, most=self._most_px)


class _Found:
    """What was found of a turn's pictures; None before they were looked at."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problem: str | None = None
