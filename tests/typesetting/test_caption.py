"""A caption stands above its page, in the picture; the page itself stays as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.testing import agent_conversation
from glyph_memory.typesetting import add_caption, typeset

STYLES = {
    "glyph": PageStyle.glyph(),
    "dark": PageStyle.dark(),
    "snapped to 32": PageStyle.glyph().with_snap_px(32),
    "odd widths": replace(PageStyle.glyph(), snap_px=1),
    "two columns": replace(PageStyle.glyph(), columns=2),
}


def rows(page: Page, *, below: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A page's pixels as colours, from a row on."""
    return np.asarray(page.image.convert("RGB"))[below:]


@pytest.mark.parametrize("name", STYLES)
def test_below_the_caption_every_pixel_is_the_page_s_own(name: str) -> None:
    """Pages of plain text and of conversations, whole ones and cropped ones."""
    style = STYLES[name]
    for source in ("One line.", agent_conversation(turns=120)):
        for page in typeset(source, style=style):
            above = add_caption(page, "§12–§31, page 7", style=style)
            strip = above.size[1] - page.size[1]
            width = page.size[0]
            assert np.array_equal(rows(above, below=strip)[:, :width], rows(page))
            assert (above.text, above.start, above.escaped, above.number) == (
                page.text,
                page.start,
                page.escaped,
                page.number,
            )


def test_the_caption_is_what_the_same_words_look_like() -> None:
    """Its strip holds ink, and another caption gives another strip."""
    page = typeset("Some text.")[0]
    one, other = (add_caption(page, words, style=PageStyle.glyph()) for words in ("§1, page 1", "§2, page 1"))
    strip = one.size[1] - page.size[1]
    assert (rows(one)[:strip] < 128).any()
    assert not np.array_equal(rows(one)[:strip], rows(other)[:strip])


def test_sides_stay_multiples_that_the_model_does_not_rescale() -> None:
    """A strip costs one row of cells."""
    for snap in (28, 32):
        style = PageStyle.glyph().with_snap_px(snap)
        page = typeset(agent_conversation(turns=200), style=style)[0]
        above = add_caption(page, "§1–§40, page 1", style=style)
        assert above.size == (page.size[0], page.size[1] + snap)


def test_boxes_of_lines_move_down_with_their_lines() -> None:
    """By the height of the strip."""
    page = typeset("First line.\nSecond line.")[0]
    above = add_caption(page, "§1, page 1", style=PageStyle.glyph())
    down = above.size[1] - page.size[1]
    assert [line.box for line in above.lines] == [
        (left, top + down, right, bottom + down)
        for left, top, right, bottom in (line.box for line in page.lines)
    ]
    assert [line.text for line in above.lines] == [line.text for line in page.lines]
