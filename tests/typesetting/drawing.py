"""Draw texts in a plain style, and look where the ink is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import typeset

PLAIN = PageStyle(page_width_pt=300, page_height_pt=200, snap_px=1, crop_width=False, crop_last_page=False)
WORDS = "the quick brown fox jumps over the lazy dog and then sleeps in the shade of an old oak tree " * 3
LEFT, TOP, LINE = 16, 16, 10
"""Of `PLAIN`: margin and padding, and the line height, in pixels."""


def pages_of(text: str, **changes: Any) -> list[Page]:
    """Typeset in the plain style with some parameters changed."""
    return typeset(text, style=replace(PLAIN, **changes))


def page_of(text: str, **changes: Any) -> Page:
    """The same, for a text of one page."""
    (page,) = pages_of(text, **changes)
    return page


def texts(page: Page) -> list[str]:
    """The lines' texts."""
    return [line.text for line in page.lines]


def ink(page: Page) -> NDArray[np.bool_]:
    """Where the page is not white."""
    return colored(page, "#FFFFFF") ^ True


def colored(page: Page, color: str) -> NDArray[np.bool_]:
    """Where the page has exactly this colour."""
    pixels = np.asarray(page.image.convert("RGB"))
    found: NDArray[np.bool_] = (pixels == tuple(bytes.fromhex(color[1:]))).all(axis=2)
    return found


def bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is true; right and bottom exclusive."""
    across, down = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1


def lines_of_ink(page: Page) -> list[NDArray[np.bool_]]:
    """Each line's rows, cut out of the page."""
    return [ink(page)[line.box[1] : line.box[3]] for line in page.lines]
