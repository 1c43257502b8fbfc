"""The door of pictures: a file of any bytes is a picture or none; no warning, no memory beyond limits."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import warnings
import zlib

import pytest
from hypothesis import example, given, settings
from PIL import Image

from glyph_memory import DocumentError
from glyph_memory.context.pictures import decode_picture, explain_unshown, put_captions, scale_picture
from glyph_memory.image_files import PIXELS_AT_MOST
from glyph_memory.nano.sight.image import load
from tests.fuzz.bad_bytes import mutated
from tests.fuzz.outcomes import FINE, outcome_of

HEADING = Image.new("L", (420, 28), 255)


def encode(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """Return a small picture as a file."""
    stream = io.BytesIO()
    Image.new(mode, size, 1).save(stream, kind, **options)
    return stream.getvalue()


FILES = (
    *(encode(kind) for kind in ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "PPM", "AVIF")),
    *(encode("PNG", mode) for mode in ("RGBA", "LA", "P", "I;16", "1")),
    *(encode("TIFF", mode) for mode in ("I", "F", "CMYK")),
    encode("GIF", "P", save_all=True, append_images=[Image.new("P", (40, 30), 2)] * 3),
    encode("WEBP", save_all=True, append_images=[Image.new("RGB", (40, 30), 2)] * 3),
    encode("ICO", size=(32, 32)),
    encode("JPEG", progressive=True),
    encode("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12" * 40),
)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def hollow_png(width: int, height: int, *chunks: bytes, bits: int = 8, rows: int = 0) -> bytes:
    """Return a PNG that says it is so large, and holds so many rows."""
    head = struct.pack(">IIBBBBB", width, height, bits, 6 if bits == 8 else 0, 0, 0, 0)
    across = 1 + (4 * width if bits == 8 else -(-width // 8))
    packer = zlib.compressobj(9)
    held = b"".join([*(packer.compress(bytes(across)) for _ in range(rows)), packer.flush()])
    parts = (chunk(b"IHDR", head), *chunks, chunk(b"IDAT", held), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def hollow_icon(width: int, height: int) -> bytes:
    """Return an icon whose directory says 16 × 16, and whose picture says otherwise."""
    inner = hollow_png(width, height)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(inner), 22) + inner


def explains_or_draws_on(data: bytes) -> bool:
    """Return whether a file can be drawn on, or it is said why it is not shown, and what to do."""
    original = decode_picture(data)
    if original is None:
        return explain_unshown(data).count(";") == 1
    return put_captions(original, above=HEADING, below=HEADING).size >= original.size


def scales(data: bytes) -> bool:
    """Return whether a file is a small picture, or none."""
    scaled = scale_picture(data, 64)
    return scaled is None or max(scaled.size) <= 64


@settings(settings.get_profile("fuzz"))
@example(data=hollow_png(10_000, 10_000))
@example(data=hollow_png(60_000, 60_000))
@example(data=hollow_icon(9_000, 9_000))
@example(data=hollow_png(30, 30, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80 << 20), 9)), rows=30))
@example(data=hollow_png(30, 30, chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(80 << 20), 9)), rows=30))
@example(data=b"<svg xmlns='http://www.w3.org/2000/svg' width='99999' height='99999'/>")
@example(data=b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
@given(data=mutated(*FILES, head=64))
def test_a_file_of_changed_bytes_is_a_picture_or_none(data: bytes) -> None:
    """Sizes, palettes, notes and frames may say anything."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # decoders warn of what they find odd
        assert explains_or_draws_on(data)
        assert scales(data)
        assert outcome_of(lambda: load(data).size > 0, DocumentError) in FINE


def test_a_picture_over_the_budget_is_explained() -> None:
    """What it has, how much is decoded, and what to do."""
    assert decode_picture(hollow_png(10_000, 10_000)) is None
    assert (
        explain_unshown(hollow_png(10_000, 10_000))
        == "it has 10000 x 10000 px, more than the 50,000,000 that are decoded; scale it down"
    )
    assert explain_unshown(b"no picture") == "it cannot be decoded; give a PNG or JPEG file"


def test_a_large_photo_is_sent_as_it_is_and_scaled_once_it_is_sealed() -> None:
    """A JPEG may have more pixels than are decoded: it is decoded at a fraction."""
    data = encode("JPEG", "L", (9_000, 9_000))
    assert PIXELS_AT_MOST < 9_000**2
    original, scaled = decode_picture(data), scale_picture(data)
    assert original is not None
    assert (original.data, original.size) == (data, (9_000, 9_000))
    assert (
        put_captions(original, above=HEADING, below=HEADING).data != data
    )  # smaller, but never without its lines
    assert scaled is not None
    assert scaled.size == (448, 448)


def test_a_jpeg_of_endless_scans_is_not_decoded() -> None:
    """Each of them is a pass over all of it."""
    data = encode("JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    endless = data[:start] + data[start:-2] * 100 + data[-2:]
    assert decode_picture(data) is not None
    assert decode_picture(endless) is None
    assert "64 scans" in explain_unshown(endless)


def test_an_animation_of_thousands_of_frames_is_its_first_one() -> None:
    """The others are not decoded."""
    frames = [Image.new("P", (8, 8), number % 5) for number in range(2_000)]
    data = encode("GIF", "P", (8, 8), save_all=True, append_images=frames)
    scaled = scale_picture(data)
    assert scaled is not None
    assert scaled.size == (8, 8)


_PROGRAM = """
import resource, sys
from glyph_memory.context.pictures import decode_picture, scale_picture
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = sys.stdin.buffer.read()
picture = scale_picture(data)
decode_picture(data)
print(picture is not None, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a peak is counted in other units")
def test_a_small_file_never_takes_more_memory_than_stated() -> None:
    """Of 25 million pixels, 150 kB as a file: less than the 500 MB that 50 million may take."""
    for size, rows, is_shown in (((5_000, 5_000), 5_000, True), ((9_459, 9_459), 9_459, False)):
        data = hollow_png(*size, rows=rows if is_shown else 0)
        done = subprocess.run([sys.executable, "-c", _PROGRAM], input=data, capture_output=True, check=True)
        shown, took_mb = done.stdout.split()
        assert shown == str(is_shown).encode()
        assert int(took_mb) < 300
