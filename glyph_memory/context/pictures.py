"""Pictures that came with turns: as they were while the turn is text, scaled down once it is sealed.

Knows image files; knows nothing about pages. A file that cannot be decoded is kept, and not shown.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from PIL import Image, ImageOps

_MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # what phones write: a JPEG with another one behind it
    "WEBP": "image/webp",
    "GIF": "image/gif",
}
"""What every server's decoder takes; anything else is sent as PNG."""
_READ = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO", "AVIF", "HEIF")
"""What is decoded. Pillow knows more, among them EPS, which it would hand to a PostScript interpreter to run."""
_LARGEST_PX = 89_478_485
"""Pixels up to which a file is decoded, whatever its few bytes unfold to; above it Pillow warns of a bomb, too."""

SEALED_SIDE_PX = 448
"""Longest side of a sealed turn's picture: 256 tokens at 28 px a cell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture as it is sent."""

    data: bytes = field(repr=False)
    """The encoded file."""
    size: tuple[int, int]
    """Width and height in pixels."""
    media_type: str
    """Its MIME type."""


@lru_cache(maxsize=64)
def decode_picture(data: bytes) -> Picture | None:
    """Return a picture in its original size, or None where it cannot be decoded."""
    return _try_decode(data, _keep_original)


@lru_cache(maxsize=64)
def scale_picture(data: bytes, side_px: int = SEALED_SIDE_PX) -> Picture | None:
    """Return a picture with sides of so many pixels at the most, or None where it cannot be decoded.

    Whatever it shows, and whatever its file says: pages of ours are no pictures, and never come here.
    """
    return _try_decode(data, lambda image, _: _thumbnail(image, side_px))


def _try_decode(data: bytes, show: Callable[[Image.Image, bytes], Picture]) -> Picture | None:
    Image.init()
    try:
        image = Image.open(io.BytesIO(data), formats=[name for name in _READ if name in Image.OPEN])
        if image.width * image.height > _LARGEST_PX:
            return None
        image.load()
        return show(image, data)
    except Exception:  # decoders of broken files raise whatever they like
        return None


def _keep_original(image: Image.Image, data: bytes) -> Picture:
    media_type = _MEDIA_TYPES.get(image.format or "")
    if media_type is not None:
        return Picture(data=data, size=image.size, media_type=media_type)
    return _encode(_flatten(image), "PNG")


def _thumbnail(image: Image.Image, side_px: int) -> Picture:
    flat = _flatten(image)
    flat.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    return _encode(flat, "JPEG" if image.format in {"JPEG", "MPO"} else "PNG")


def _flatten(image: Image.Image) -> Image.Image:
    """Rotate a photo by its EXIF note, put transparent pictures on white, reduce 16 bits to 8."""
    try:
        image = ImageOps.exif_transpose(image)
    except Exception:  # a broken note about the camera is no reason to show nothing
        image = image.copy()
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        image = paper
    if image.mode[0] in "IF":  # Pillow would cut off what is above 255
        values = np.nan_to_num(np.asarray(image, np.float32))
        low, high = (0.0, 65_535.0) if image.mode.startswith("I;16") else (values.min(), values.max())
        image = Image.fromarray(((values - low) * (255 / (high - low or 1))).astype(np.uint8))
    return image if image.mode == "L" else image.convert("RGB")


def _encode(image: Image.Image, kind: str) -> Picture:
    stream = io.BytesIO()
    image.save(stream, kind, **({"quality": 85} if kind == "JPEG" else {}))
    return Picture(data=stream.getvalue(), size=image.size, media_type=_MEDIA_TYPES[kind])


# Where captions are drawn, since the server puts images before all text.

CAPTION_PX = (420, 28)
"""Size of a line of ours above or below a picture. It grows with the picture's width, to be read when that is scaled
down."""


def size_with_captions(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a picture of a size once there are lines of ours above and below it."""
    return max(size[0], CAPTION_PX[0]), size[1] + 2 * caption_height_px(size[0])


def caption_height_px(width: int) -> int:
    """Return the height of each of these lines, from the picture's width with them or without."""
    return CAPTION_PX[1] * _caption_scale(width)


def _caption_scale(width: int) -> int:
    return max(1, width // SEALED_SIDE_PX)


@lru_cache(maxsize=16)
def _put_captions(data: bytes, above: bytes, below: bytes) -> Picture | None:
    """Return a picture between two lines, given as the bytes of grey images of `CAPTION_PX`."""

    def put(image: Image.Image, _: bytes) -> Picture:
        flat = _flatten(image).convert("RGB")
        width, height = flat.size
        scale = _caption_scale(width)
        whole = Image.new("RGB", size_with_captions(flat.size), "white")
        whole.paste(flat, (0, CAPTION_PX[1] * scale))
        for line, top in ((above, 0), (below, CAPTION_PX[1] * scale + height)):
            drawn = Image.frombytes("L", CAPTION_PX, line)
            whole.paste(drawn.resize((CAPTION_PX[0] * scale, CAPTION_PX[1] * scale)), (0, top))
        return _encode(whole, "JPEG" if image.format in {"JPEG", "MPO"} else "PNG")

    return _try_decode(data, put)


def put_captions(picture: Picture, *, above: Image.Image, below: Image.Image) -> Picture:
    """Return a picture between two lines: grey images of `CAPTION_PX`.

    One that cannot be decoded stays as it is; but then it is shown to nobody.
    """
    return _put_captions(picture.data, above.tobytes(), below.tobytes()) or picture
