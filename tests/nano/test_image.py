"""Any picture becomes pixels, and pixels become ink; what is no picture is refused in one line."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from glyph_memory import DocumentError, PageStyle, typeset
from glyph_memory.nano.sight.image import Source, load, measure_ink
from glyph_memory.testing import agent_conversation

TEXT = "The quick brown fox jumps over 13 lazy dogs.\n" * 6
TALK = agent_conversation(turns=60)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return an image file's bytes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def coverage(style: PageStyle, text: str = TEXT) -> NDArray[np.float32]:
    """Return the ink that a style's page was painted with, from the same page in black on white."""
    plain = replace(style, font_color="#000000", page_color="#FFFFFF", paragraph_color="#FFFFFF")
    return (255 - typeset(text, style=plain)[0].array().astype(np.float32)) / np.float32(255)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a part of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def hollow(width: int, height: int) -> bytes:
    """Return a PNG file that ends soon after its pixels begin."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(9)))


def test_a_page_a_file_its_bytes_and_an_array_give_the_same_pixels(tmp_path: Path) -> None:
    """Whatever is handed in, the same is seen."""
    page = typeset(TEXT)[0]
    path = tmp_path / "page.png"
    path.write_bytes(page.png())
    sources: list[Source] = [page, page.image, page.png(), path, str(path), page.array()]
    assert all(np.array_equal(load(source), page.array()) for source in sources)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F"])
def test_every_kind_of_pixels_shows_the_same(mode: str) -> None:
    """A black bar on white stays one."""
    bar = Image.new("L", (20, 10), 255)
    bar.paste(0, (4, 2, 16, 8))
    pixels = load(bar.convert("RGB").convert(mode) if mode in {"PA", "HSV", "YCbCr"} else bar.convert(mode))
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels if pixels.ndim == 2 else pixels[..., 1], np.asarray(bar))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_come_down_to_8(kind: str) -> None:
    """Nothing above 255 is cut off."""
    greys = np.linspace(0, 65_535, 64).astype(np.uint16).reshape(8, 8)
    pixels = load(encoded(Image.fromarray(greys), kind))
    assert np.abs(pixels.astype(int) - np.rint(greys / 257).astype(int)).max() <= 1


def test_shares_and_unknown_numbers_are_greys() -> None:
    """Floats from 0 to 1 are stretched; what is no number is white."""
    image = Image.fromarray(np.array([[0.0, 0.5], [1.0, np.nan]], np.float32))
    assert load(image).tolist() == [[0, 128], [255, 255]]


def test_what_is_transparent_lies_on_white() -> None:
    """Black ink of no opacity is no ink, with an alpha channel and with a palette's transparent colour."""
    clear = Image.new("RGBA", (6, 4), (0, 0, 0, 0))
    clear.putpixel((2, 1), (0, 0, 0, 255))
    palette = Image.new("P", (6, 4), 1)
    palette.putpalette([0, 0, 0, 0, 0, 0])
    palette.putpixel((2, 1), 0)
    for data in (encoded(clear), encoded(palette, transparency=1)):
        pixels = load(data)
        assert pixels[1, 2] == 0
        assert (pixels == 255).sum() == 23


def test_a_photo_is_turned_as_its_camera_was_held() -> None:
    """The note about the camera counts."""
    image = Image.new("L", (6, 4), 255)
    image.putpixel((0, 0), 0)
    note = Image.Exif()
    note[0x0112] = 6  # the top of the picture is at its right
    pixels = load(encoded(image, exif=note))
    assert pixels.shape == (6, 4)
    assert np.argwhere(pixels == 0).tolist() == [[0, 3]]


def test_of_an_animation_there_is_the_first_frame() -> None:
    """What moves is seen as it begins."""
    first, second = Image.new("L", (6, 4), 40), Image.new("L", (6, 4), 200)
    assert (load(encoded(first, "GIF", save_all=True, append_images=[second])) == 40).all()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (typeset(TEXT)[0].png()[:300], "breaks off or is damaged"),
        (b"", "no image that can be read"),
        (b"Dear Ada,", "no image that can be read"),
        ("no/such/page.png", "there is no file 'no/such/page.png'"),
        (Path(__file__).parent, "cannot be read: Is a directory"),
        (Path(__file__), "no image that can be read"),
        (Image.new("L", (0, 7)), "0 x 7 px"),
        (np.zeros((0, 7), np.uint8), "7 x 0 px"),
        (np.zeros((4, 5, 2), np.uint8), "shape (4, 5, 2)"),
        (np.zeros(9, np.uint8), "shape (9,)"),
        (np.zeros((4, 5), np.float32), "'float32'"),
        (7, "cannot look at a 'int'"),
    ],
)
def test_what_is_no_image_is_refused_in_one_line(source: Source, reason: str) -> None:
    """The message says which, and what to give instead."""
    with pytest.raises(DocumentError) as refused:
        load(source)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)
    assert ";" in str(refused.value)


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (60_000, 60_000)])
def test_an_enormous_image_is_refused_before_it_is_decoded(
    width: int, height: int, recwarn: pytest.WarningsRecorder
) -> None:
    """There is nothing to decode in this file, and nobody finds out; Pillow's own warning is not heard."""
    with pytest.raises(DocumentError, match=r"50,000,000.*crop it or scale it down"):
        load(hollow(width, height))
    assert not recwarn.list


def test_a_default_page_comes_out_exactly_as_painted() -> None:
    """Readers may be trained on the ink of pages in black on white."""
    for text in (TEXT, "xnoe", "Hi"):
        grey = typeset(text)[0].array().astype(np.float32)
        assert np.array_equal(measure_ink(grey.astype(np.uint8)), (255 - grey) / np.float32(255))


@pytest.mark.parametrize("name", ["dark", "web"])
def test_ink_is_the_same_on_any_paper(name: str) -> None:
    """Light on dark and dark grey on two papers come out as black on white does, to a level of the colours."""
    style = PageStyle.from_name(name)
    text = "\n".join([TEXT.replace("\n", " ")] * 8)
    ink = measure_ink(typeset(text, style=style)[0].array())
    expected = coverage(style, text)
    rows, columns = (min(*sizes) for sizes in zip(ink.shape, expected.shape, strict=True))
    assert np.abs(ink[:rows, :columns] - expected[:rows, :columns]).max() < 0.006
    assert not ink[rows:].any()
    assert not ink[:, columns:].any()


@pytest.mark.parametrize("name", ["glyph", "web", "dark"])
def test_labels_have_nearly_as_much_ink_as_text(name: str) -> None:
    """Their colours are further from the paper than four fifths of the text's."""
    style = PageStyle.from_name(name)
    sharp = replace(style, antialias=False, font="mono")  # so that every pixel of a label is all ink
    pixels = typeset(TALK, style=sharp)[0].array().astype(int)
    colored = pixels.max(axis=2) - pixels.min(axis=2) > 30
    assert colored.any()
    assert measure_ink(pixels.astype(np.uint8))[colored].min() >= 0.8


@pytest.mark.parametrize("name", ["glyph", "dark", "web"])
@pytest.mark.parametrize("border", [255, 235, 128, 0])
@pytest.mark.parametrize("text", ["Hello, page.", TEXT * 12])
def test_a_border_round_a_page_is_no_ink(name: str, border: int, text: str) -> None:
    """However much larger than the page it is."""
    page = typeset(text, style=PageStyle.from_name(name))[0].image
    whole = Image.new("RGB", (page.width + 110, page.height + 90), (border,) * 3)
    whole.paste(page.convert("RGB"), (50, 40))
    ink = measure_ink(load(whole))
    assert np.abs(ink[40 : 40 + page.height, 50 : 50 + page.width] - measure_ink(load(page))).max() < 0.15
    ink[40 : 40 + page.height, 50 : 50 + page.width] = 0
    assert not ink.any()


def test_a_noisy_dark_page_on_white_is_a_page_on_white() -> None:
    """Noise makes every colour rare, but not white, beyond which there is nothing."""
    page = typeset(TEXT * 12, style=PageStyle.from_name("dark"))[0].image.convert("RGB")
    whole = Image.new("RGB", (page.width + 110, page.height + 90), "white")
    whole.paste(page, (50, 40))
    noise = np.random.default_rng(3).normal(0, 12, (*whole.size[::-1], 3))
    noisy = np.clip(np.rint(np.asarray(whole) + noise), 0, 255).astype(np.uint8)
    ink = measure_ink(noisy)[40 : 40 + page.height, 50 : 50 + page.width]
    assert np.abs(ink - measure_ink(load(page))).mean() < 0.08


def test_noise_and_single_pixels_do_not_break_it() -> None:
    """Ink is between 0 and 1 whatever comes."""
    roll = np.random.default_rng(1)
    for shape in ((1, 1), (1, 9), (9, 1), (3, 3, 3), (40, 50), (40, 50, 3)):
        ink = measure_ink(roll.integers(0, 256, shape, dtype=np.uint8))
        assert ink.shape == shape[:2]
        assert 0 <= ink.min() <= ink.max() <= 1
