"""Pictures that came with turns: as they were while the turn is text, scaled down once it is sealed.

Knows image files; knows nothing about pages. A file that cannot be decoded is kept, and not shown.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from functools import lru_cache

from PIL import Image, ImageOps

_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
"""What every server's decoder takes; anything else is sent as PNG."""

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
def whole(data: bytes) -> Picture | None:
    """Give a picture as it came, or None where it cannot be decoded."""
    image = _opened(data)
    if image is None:
        return None
    media_type = _MEDIA_TYPES.get(image.format or "")
    if media_type is not None:
        return Picture(data=data, size=image.size, media_type=media_type)
    return _encoded(_flat(image), "PNG")


@lru_cache(maxsize=64)
def scaled(data: bytes) -> Picture | None:
    """Give a picture with sides of `SEALED_SIDE_PX` at most, or None where it cannot be decoded."""
    image = _opened(data)
    if image is None:
        return None
    kind = "JPEG" if image.format == "JPEG" else "PNG"
    flat = _flat(image)
    flat.thumbnail((SEALED_SIDE_PX, SEALED_SIDE_PX), Image.Resampling.LANCZOS)
    return _encoded(flat, kind)


def _opened(data: bytes) -> Image.Image | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
            image.load()
    except Exception:  # decoders of broken files raise whatever they like
        return None
    return image


def _flat(image: Image.Image) -> Image.Image:
    """Turn a photo as its camera was held, and put transparent pictures on white."""
    kind, image = image.format, ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        image = paper
    image = image if image.mode == "L" else image.convert("RGB")
    image.format = kind
    return image


def _encoded(image: Image.Image, kind: str) -> Picture:
    stream = io.BytesIO()
    image.save(stream, kind, **({"quality": 85} if kind == "JPEG" else {}))
    return Picture(data=stream.getvalue(), size=image.size, media_type=_MEDIA_TYPES[kind])
