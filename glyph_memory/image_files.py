"""Open image files that anybody may have sent, within a budget: by their header, before a pixel is decoded.

Knows Pillow and the formats that are read; knows nothing about what is done with a picture.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from glyph_memory.locks import ForkSafeLock

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO", "AVIF", "HEIF")
"""What is decoded. Pillow knows more, among them EPS, which it would hand to a PostScript interpreter to run."""

PIXELS_AT_MOST = 50_000_000
"""Pixels that are decoded of one image, 200 MB of colours. A JPEG may have 178 million where it is scaled down: its
decoder gives every eighth of them at once."""

LARGE_PX = 16_000_000
"""Above so many pixels an image that is scaled down is reduced while it is decoded, or at once after."""

_ORNAMENT_PX = (12, 64)
"""Pictures whose shorter side and longer side are both below these show nothing: bullets, dots that count visits."""
_REDUCED_SIDE_PX = 1024
"""No side of a JPEG is reduced to less while it is decoded: what is then made of it is finer."""
_SCANS_AT_MOST = 64
"""A progressive JPEG is decoded anew for each of its scans; cameras and editors write about ten."""

_lock = ForkSafeLock()


class ImageTooLarge(ValueError):
    """An image with more pixels than are decoded; the message says how many, as the end of a sentence."""


def open_image(data: bytes, *, is_reduced: bool = False) -> tuple[Image.Image, tuple[int, int]]:
    """Return an image that is not decoded yet, and the size that its file says.

    Args:
        data: The file.
        is_reduced: Whether a large JPEG may be decoded at a fraction of its size, as it is scaled down anyway, or
            only shall be known to be whole.

    Raises:
        ImageTooLarge: It has more than `PIXELS_AT_MOST` pixels.
        Exception: Decoders of broken files raise whatever they like.
    """
    Image.init()
    try:
        image = Image.open(io.BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"it has more than the {PIXELS_AT_MOST:,} px that are decoded") from error
    size = image.size
    if image.format in {"JPEG", "MPO"}:
        if "progressive" in image.info and data.count(b"\xff\xda") > _SCANS_AT_MOST:
            raise ImageTooLarge(f"it is a JPEG of more than {_SCANS_AT_MOST} scans")
        if is_reduced and "progressive" not in image.info and size[0] * size[1] > LARGE_PX:
            image.draft(None, (_REDUCED_SIDE_PX, _REDUCED_SIDE_PX))
    held = _list_icon_sizes(data) if image.format == "ICO" else []
    for width, height in (image.size, *held):
        if width * height > PIXELS_AT_MOST:
            raise ImageTooLarge(
                f"it has {width} x {height} px, more than the {PIXELS_AT_MOST:,} that are decoded"
            )
    return image, size


def is_ornament(size: tuple[int, int]) -> bool:
    """Return whether a picture of that size is too small to show anything; a long banner is not."""
    return min(size) < _ORNAMENT_PX[0] and max(size) < _ORNAMENT_PX[1]


def find_fault(data: bytes) -> str:
    """Return why a picture is not drawn, as the end of a sentence; empty where it is. No pixel is decoded.

    Args:
        data: The file.

    Example:
        >>> find_fault(b"no picture")
        'is of a kind that is not drawn, or broken'
    """
    try:
        with decode_quietly():
            image, size = open_image(data)
            image.verify()  # of a PNG, whether it is whole
    except ImageTooLarge as error:
        return f"is not drawn, as {error}"
    except Exception:  # decoders raise whatever they like
        return "is of a kind that is not drawn, or broken"
    return f"has {size[0]} x {size[1]} px, too few to show anything" if is_ornament(size) else ""


@contextmanager
def decode_quietly() -> Iterator[None]:
    """Keep Pillow's warnings about odd files from whoever runs us; one image is decoded at a time.

    Filters of warnings belong to the process: two threads that changed them at once could leave them changed. And so
    the budget is the process's, however many threads look at pictures.
    """
    with _lock, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def _list_icon_sizes(data: bytes) -> list[tuple[int, int]]:
    """Return the sizes that an icon's pictures say of themselves: its directory says something else, and less."""
    sizes = []
    for entry in range(min(int.from_bytes(data[4:6], "little"), 256)):
        start = int.from_bytes(data[6 + 16 * entry + 12 : 6 + 16 * entry + 16], "little")
        head = data[start : start + 24]
        if len(head) == 24:
            big = head.startswith(b"\x89PNG")
            width, height = struct.unpack(">II", head[16:24]) if big else struct.unpack("<ii", head[4:12])
            sizes.append((abs(width), abs(height)))
    return sizes
