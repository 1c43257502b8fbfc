"""A page is an immutable view of a text: lines, escapes, pixels, digest."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from glyph_memory.page import Escape, Line, Page, pixel_digest

GREYS = bytes(255 - 17 * ink for ink in range(16) for _ in "RGB")


def grey_page(rows: list[list[int]], *, text: str = "ab\ncd", start: int = 100) -> Page:
    """A page by hand: steps of ink, row by row, packed two to a byte."""
    packed = b""
    for row in rows:
        even = [*row, 0][: len(row) + len(row) % 2]
        packed += bytes(left << 4 | right for left, right in zip(even[::2], even[1::2], strict=True))
    return Page(
        number=3, size=(len(rows[0]), len(rows)), text=text, start=start,
        line_table=np.array([[start, start + 3, 1, 2, 3, 4], [start + 3, start + 5, 5, 6, 7, 8]]),
        escaped=(Escape(character="b", count=2, reason="control"), Escape(character="c", count=3, reason="no font")),
        pixels=packed,
    )  # fmt: skip


PAGE = grey_page([[0, 15, 7], [1, 0, 15]])


def test_lines_are_cut_out_of_the_pages_text_by_their_offsets() -> None:
    """Which count from the whole text's beginning."""
    assert PAGE.lines == (
        Line(text="ab\n", start=100, stop=103, box=(1, 2, 3, 4)),
        Line(text="cd", start=103, stop=105, box=(5, 6, 7, 8)),
    )
    assert PAGE.stop == 105


def test_escapes_add_up() -> None:
    """Over characters."""
    assert PAGE.escapes == 5


def test_ink_of_sixteen_steps_is_grey_from_white_to_black() -> None:
    """Step 0 is 255, step 15 is 0; odd widths drop the last half byte."""
    assert PAGE.array().tolist() == [[255, 0, 255 - 7 * 17], [255 - 17, 255, 0]]
    assert PAGE.image.mode == "L"


def test_colours_are_looked_up_in_the_palette() -> None:
    """A byte a pixel; shape (height, width, 3)."""
    page = replace(
        PAGE, size=(2, 1), pixels=b"\x00\x11", depth=8, palette=GREYS + bytes([9, 9, 9, 200, 100, 50])
    )
    assert page.array().tolist() == [[[255, 255, 255], [200, 100, 50]]]
    assert page.image.mode == "RGB"
    assert page.image.getpixel((1, 0)) == (200, 100, 50)


def test_pages_are_equal_when_their_sizes_and_pixels_are() -> None:
    """Whatever text they show; and equal pages are one in a set."""
    other = replace(PAGE, text="other", start=0, number=9, escaped=())
    assert other == PAGE
    assert hash(other) == hash(PAGE)
    assert grey_page([[0, 15, 7], [1, 0, 14]]) != PAGE
    assert grey_page([[0, 15, 7, 1, 0, 15]]) != PAGE
    assert PAGE != "a page"


def test_greys_in_a_palette_are_the_same_page() -> None:
    """The digest is of what is seen, not of how it is stored."""
    stored = replace(PAGE, pixels=bytes([0, 15, 7, 1, 0, 15]), depth=8)
    assert stored == PAGE


def test_a_page_is_frozen() -> None:
    """It may be shared and cached."""
    with pytest.raises(FrozenInstanceError):
        PAGE.number = 4  # type: ignore[misc]  # that this fails is the claim


@given(st.integers(1, 9), st.data())
def test_a_png_decodes_to_the_pages_pixels(width: int, data: st.DataObject) -> None:
    """For any pixels and any width, at every level of compression."""
    row = st.lists(st.integers(0, 15), min_size=width, max_size=width)
    page = grey_page(data.draw(st.lists(row, min_size=1, max_size=5)))
    for level in range(4):
        decoded = Image.open(io.BytesIO(page.png(compress_level=level)))
        assert (np.asarray(decoded) == page.array()).all()
        assert pixel_digest(decoded) == page.digest


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_the_digest_is_the_same_in_any_lossless_file(kind: str) -> None:
    """Of greys, saved as greys or as colours."""
    for image in (PAGE.image, PAGE.image.convert("RGB"), PAGE.image.convert("RGBA")):
        if kind == "BMP" and image.mode == "RGBA":
            continue
        file = io.BytesIO()
        image.save(file, kind)
        assert pixel_digest(Image.open(file)) == PAGE.digest


def test_the_digest_tells_sizes_and_colours_apart() -> None:
    """The same bytes in another shape, or another colour, are another picture."""
    images = [
        Image.new("L", (2, 3)), Image.new("L", (3, 2)), Image.new("L", (2, 3), 1),
        Image.new("RGB", (2, 3), "#000001"), Image.new("RGB", (2, 3), "#010000"),
    ]  # fmt: skip
    assert len({pixel_digest(image) for image in images}) == 5


def test_the_digest_is_a_known_one() -> None:
    """Stored digests stay true: SHA-256 of the mode, the size and the pixels."""
    black = b"L 1x1\n" + b"\x00"
    import hashlib

    assert pixel_digest(Image.new("L", (1, 1))) == hashlib.sha256(black).hexdigest()
    assert pixel_digest(Image.new("RGB", (1, 1))) == hashlib.sha256(black).hexdigest()


def test_repr_is_short() -> None:
    """No pixels and no text: pages end up in logs."""
    assert len(repr(PAGE)) < 300
    assert "ab" not in repr(PAGE)


def test_without_isal_a_png_still_holds_the_same_pixels(tmp_path: Path) -> None:
    """Where there is no wheel of it, zlib packs the page; the bytes may differ, the picture does not."""
    program = (
        "import sys; sys.modules['isal'] = None\n"
        "from glyph_memory import typeset\n"
        "page, = typeset('packed by zlib')\n"
        "open(sys.argv[1], 'wb').write(page.png()); print(page.digest)"
    )
    file = tmp_path / "page.png"
    told = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, check=True)
    with Image.open(file) as image:
        assert pixel_digest(image) == told.stdout.strip()


def test_a_page_of_three_bytes_a_pixel_is_what_it_says() -> None:
    """Its colours, its file and its digest; one that is grey all over has the digest of a grey one."""
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    page = replace(PAGE, size=(3, 2), depth=24, palette=b"", pixels=pixels.tobytes())
    assert page.array().tolist() == pixels.tolist()
    image = Image.open(io.BytesIO(page.png()))
    assert (image.mode, image.size) == ("RGB", (3, 2))
    assert np.asarray(image).tolist() == pixels.tolist()
    assert pixel_digest(image) == page.digest
    grey = replace(page, pixels=bytes(18))
    assert grey == replace(PAGE, size=(3, 2), depth=8, palette=GREYS[::-1], pixels=bytes(6))
