"""Put a caption above a page, as part of its picture, for servers that part pictures from the text around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Page, unpack
from glyph_memory.style import PageStyle
from glyph_memory.typesetting.pages import typeset

_MARGIN_PT = 4


def add_caption(page: Page, caption: str, *, style: PageStyle) -> Page:
    """Return a page with a caption line above it, in the text's colour.

    What stands on the page, and where, stays as it is; lines only move down. Sides stay multiples of `style.snap_px`.

    Args:
        page: A page of that style.
        caption: One short line. It may show the sign that begins labels, which content cannot.
        style: The page's style.

    Raises:
        FontError: The caption cannot be drawn.
    """
    strip_style = replace(
        style,
        margin_y_pt=_MARGIN_PT,
        columns=1,
        crop_width=True,
        crop_last_page=True,
        newline_mark="",
        reference=False,
    )
    strip = typeset(caption, style=strip_style)[0]
    width, above = max(strip.size[0], page.size[0]), strip.size[1]
    plane = np.zeros((above + page.size[1], width), np.uint8)
    for part, top in ((strip, 0), (page, above)):
        plane[top : top + part.size[1], : part.size[0]] = _indices(part)
    table = page.line_table.copy()
    table[:, [3, 5]] += above
    colored = next((part for part in (page, strip) if part.depth == 8), None)
    return replace(
        page,
        size=(width, plane.shape[0]),
        line_table=table,
        pixels=plane.tobytes() if colored else _pack_pixels(plane),
        depth=8 if colored else 4,
        palette=colored.palette if colored else page.palette,
    )


def _indices(page: Page) -> NDArray[np.uint8]:
    """Return a page's palette indices, shape (height, width)."""
    rows = np.frombuffer(page.pixels, np.uint8).reshape(page.size[1], -1)
    return rows if page.depth == 8 else unpack(rows, page.size[0])


def _pack_pixels(plane: NDArray[np.uint8]) -> bytes:
    """Pack two pixels into a byte, the left one in the high half; an odd last one is padded with paper."""
    even = np.pad(plane, ((0, 0), (0, plane.shape[1] % 2)))
    return (even[:, 0::2] << 4 | even[:, 1::2]).tobytes()
