"""Pictures and formulas as pixels that fit a page.

Knows Pillow and, where it is installed, matplotlib's mathtext; knows nothing about where they stand.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec

import numpy as np
from PIL import Image

from glyph_memory.document import Picture
from glyph_memory.image_files import decode_quietly, is_ornament, open_image
from glyph_memory.locks import ForkSafeLock
from glyph_memory.style import rgb
from glyph_memory.typesetting.blocks.plate import Pixels
from glyph_memory.typesetting.blocks.tones import Type
from glyph_memory.typesetting.geometry import FIX

_LONGEST_FORMULA = 2_000
_FORMULA_SCALE = 1.25
"""Indices are small: formulas are a little larger than the text around them."""
_LEAST_LETTERS = 0.85
"""The smallest letters of a formula, as a share of the text's size: with indices of indices, all of it is larger."""
_FRACTION = re.compile(r"\\frac(?![A-Za-z])")
_SCREEN_DPI = 96
"""Pixels an inch of a picture whose size in the original is not known."""

_lock = ForkSafeLock()


def scale_picture(picture: Picture, width: int, kind: Type) -> Pixels | None:
    """Return a picture as it fits on the page: shape (height, width, 3); None where its caption has to stand for it.

    It is never enlarged beyond its pixels. What is transparent shows the page.

    Args:
        picture: The file.
        width: Of the column.
        kind: The styles.
    """
    if kind.look.pictures == "caption":
        return None
    try:
        with decode_quietly():
            image, _ = open_image(picture.data)
            if is_ornament(image.size):
                return None
            size = _choose_size(image.size, picture, width, kind)
            return _flatten(image, size, rgb(kind.style.page_color))
    except Exception:
        return None


def _choose_size(size: tuple[int, int], picture: Picture, width: int, kind: Type) -> tuple[int, int]:
    style = kind.style
    wanted = picture.width_pt if picture.width_pt is not None else size[0] * 72 / _SCREEN_DPI
    high = kind.geometry.room / FIX * kind.look.picture_height
    scale = min(style.to_horizontal_px(wanted) / size[0], width / FIX / size[0], high / size[1], 1.0)
    return max(int(size[0] * scale), 1), max(int(size[1] * scale), 1)


def _flatten(image: Image.Image, size: tuple[int, int], paper: tuple[int, int, int]) -> Pixels:
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (*paper, 255)), image)
    image = image.convert("RGB")
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(image, np.uint8)


def draw_formula(latex: str, width: int, kind: Type) -> Pixels | None:
    """Return a formula as ink, shape (height, width), 0 to 15; None where it has to stand as LaTeX.

    Args:
        latex: The formula, without dollar signs.
        width: Of the column.
        kind: The styles.
    """
    if kind.look.formulas == "text" or len(latex) > _LONGEST_FORMULA or find_spec("matplotlib") is None:
        return None
    if not latex.isascii():  # a letter that its fonts lack would become a dummy
        return None
    em_px = kind.style.to_vertical_px(kind.style.font_size_pt)
    room_px = (width // FIX, kind.geometry.room // FIX)
    return _draw_math(" ".join(latex.split()), em_px, room_px)


@lru_cache(maxsize=256)
def _draw_math(latex: str, em_px: float, room_px: tuple[int, int]) -> Pixels | None:
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - an extra, and slow to load
    from matplotlib.mathtext import MathTextParser  # noqa: PLC0415 - as above

    # Its parser is drawn with directly: figures would look as this process has set up matplotlib, and this is its own.
    font = FontProperties(size=em_px * _FORMULA_SCALE, math_fontfamily="dejavusans")
    latex = _FRACTION.sub(
        r"\\dfrac", latex
    )  # as in formulas that stand alone: both parts as large as the rest
    with _lock:  # it has state of its own, and threads may draw
        try:
            size = MathTextParser("path").parse(f"${latex}$", dpi=72, prop=font)
            smallest = min((glyph[1] for glyph in size.glyphs), default=em_px)
            if smallest < em_px * _LEAST_LETTERS:
                font.set_size(font.get_size_in_points() * em_px * _LEAST_LETTERS / smallest)
                size = MathTextParser("path").parse(f"${latex}$", dpi=72, prop=font)
            if size.width > room_px[0] or size.height + size.depth > room_px[1]:  # before it takes memory
                return None
            drawn = MathTextParser("agg").parse(f"${latex}$", dpi=72, prop=font, antialiased=True)
        except (ValueError, RuntimeError):  # what mathtext does not know of LaTeX
            return None
        ink = (np.asarray(drawn.image).astype(np.int64) * 15 + 127) // 255
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return None
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8)
