"""Pictures that are too large are refused by what their headers say, in words that help."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from glyph_memory.serve.dialects.units import Unit
from glyph_memory.serve.proxy.pictures import PictureCheck, PictureRefused
from glyph_memory.transcript import Turn


def make_unit(size: tuple[int, int], kind: str) -> Unit:
    """Return what was said with a picture of that size; a bit a pixel, so that it is made quickly."""
    held = io.BytesIO()
    Image.new("L" if kind == "JPEG" else "1", size).save(held, kind)
    turn = Turn(role="user", text="Look.", images=(held.getvalue(),))
    return Unit(name=f"{size} {kind}", turn=turn, items=())


@pytest.mark.parametrize(
    ("size", "kind", "most_px", "told"),
    [
        ((9_000, 6_000), "PNG", 64_000_000, "than the 50,000,000"),
        ((9_000, 6_000), "PNG", 90_000_000, "than the 50,000,000"),
        ((9_000, 6_000), "JPEG", 50_000_000, "9000 x 6000 px, more than the 50,000,000 of --max-image-px"),
        ((300, 200), "PNG", 50_000, "300 x 200 px, more than the 50,000 of --max-image-px"),
    ],
)
def test_a_picture_is_refused_for_the_limit_that_it_breaks(
    size: tuple[int, int], kind: str, most_px: int, told: str
) -> None:
    """The option is named only where it helps: what nobody here can decode is not taken at any setting."""
    with pytest.raises(PictureRefused, match=re.escape(told)) as caught:
        PictureCheck(most_px).check([make_unit(size, kind)])
    assert ("--max-image-px" in str(caught.value)) == ("--max-image-px" in told)


def test_a_large_photograph_is_taken() -> None:
    """A JPEG is decoded at a fraction of its size, so that a telephone's 54 megapixels are no trouble."""
    PictureCheck(64_000_000).check([make_unit((9_000, 6_000), "JPEG")])
