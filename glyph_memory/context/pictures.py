"""Pictures that came with turns: as they were while the turn is text, scaled down once it is sealed.

Knows image files; knows nothing about pages. A file that cannot be decoded is kept, and not shown.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from glyph_memory.context.cache import ReuseCache
from glyph_memory.image_files import LARGE_PX, ImageTooLarge, decode_quietly, open_image

_MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # what phones write: a JPEG with another one behind it
    "WEBP": "image/webp",
    "GIF": "image/gif",
}
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


_KEPT_BYTES = 64 << 20
"""Of decoded pictures that are remembered: the same ones are looked at several times a request."""
_ENTRY_BYTES = 1 << 10
_kept = ReuseCache[tuple[bytes, int], tuple["Picture | None"]](at_most=_KEPT_BYTES)


def decode_picture(data: bytes) -> Picture | None:
    """Return a picture in its original size, or None where it cannot be decoded, or has too many pixels."""
    return _remember(data, 0, lambda: _try_decode(data, _keep_original, is_reduced=True))


def scale_picture(data: bytes, side_px: int = SEALED_SIDE_PX) -> Picture | None:
    """Return a picture with sides of so many pixels at the most, or None where it cannot be decoded.

    Whatever it shows, and whatever its file says: pages of ours are no pictures, and never come here.
    """
    return _remember(
        data,
        side_px,
        lambda: _try_decode(data, lambda image, *_: _thumbnail(image, side_px), is_reduced=True),
    )


def explain_unshown(data: bytes) -> str:
    """Return why a picture is not decoded, and what to do, as the end of a sentence."""
    try:
        with decode_quietly():
            open_image(data, is_reduced=True)
    except ImageTooLarge as error:
        return f"{error}; scale it down"
    except MemoryError:
        raise
    except Exception:  # noqa: S110 - whatever a decoder raises for a broken file, what to do is the same
        pass
    return "it cannot be decoded; give a PNG or JPEG file"


def _remember(data: bytes, side_px: int, decode: Callable[[], Picture | None]) -> Picture | None:
    key = hashlib.sha256(data).digest(), side_px
    known = _kept.get(key)
    if known is None:
        picture = decode()
        known = (picture,)
        _kept.put(key, known, weight=_ENTRY_BYTES + (len(picture.data) if picture else 0))
    return known[0]


_Show = Callable[[Image.Image, bytes, tuple[int, int]], Picture]


def _try_decode(data: bytes, show: _Show, *, is_reduced: bool = False) -> Picture | None:
    try:
        with decode_quietly():
            image, size = open_image(data, is_reduced=is_reduced)
            image.load()
            return show(image, data, size)
    except MemoryError:
        raise
    except Exception:  # decoders of broken files raise whatever they like
        return None


def _keep_original(image: Image.Image, data: bytes, size: tuple[int, int]) -> Picture:
    media_type = _MEDIA_TYPES.get(image.format or "")
    if media_type is not None:
        return Picture(data=data, size=size, media_type=media_type)
    return _encode(flatten_picture(image), "PNG")


def _thumbnail(image: Image.Image, side_px: int) -> Picture:
    kind = "JPEG" if image.format in {"JPEG", "MPO"} else "PNG"
    if image.width * image.height > LARGE_PX and image.mode in _REDUCIBLE:
        factor = max(1, max(image.size) // (4 * side_px))
        image = image.reduce((min(factor, image.width), min(factor, image.height)))
    flat = flatten_picture(image)
    flat.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    return _encode(flat, kind)


_REDUCIBLE = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F"})
_STRIP_ROWS = 256
"""Rows that are converted at a time, so that no second copy of a large picture is made."""


def flatten_picture(image: Image.Image) -> Image.Image:
    """Rotate a photo by its EXIF note, put transparent pictures on white, reduce 16 bits to 8."""
    with contextlib.suppress(Exception):  # a broken note about the camera is no reason to show nothing
        ImageOps.exif_transpose(image, in_place=True)
    if image.has_transparency_data:
        return _join_strips(image, "RGB", _put_on_white)
    if image.mode[0] in "IF":  # Pillow would cut off what is above 255
        ends = [(one.min(), one.max()) for one in map(_list_values, _iter_strips(image))]
        low, high = min(low for low, _ in ends), max(high for _, high in ends)
        if image.mode.startswith("I;16"):
            low, high = np.float32(0), np.float32(65_535)
        return _join_strips(image, "L", lambda strip: _to_greys(_list_values(strip), low, high))
    return image if image.mode in {"L", "RGB"} else image.convert("RGB")


def _iter_strips(image: Image.Image) -> Iterator[Image.Image]:
    for top in range(0, image.height, _STRIP_ROWS):
        yield image.crop((0, top, image.width, min(top + _STRIP_ROWS, image.height)))


def _join_strips(image: Image.Image, mode: str, convert: Callable[[Image.Image], Image.Image]) -> Image.Image:
    whole = Image.new(mode, image.size)
    for number, strip in enumerate(_iter_strips(image)):
        whole.paste(convert(strip), (0, number * _STRIP_ROWS))
    return whole


def _put_on_white(strip: Image.Image) -> Image.Image:
    paper = Image.new("RGBA", strip.size, "white")
    paper.alpha_composite(strip.convert("RGBA"))
    return paper.convert("RGB")


def _list_values(strip: Image.Image) -> NDArray[np.float32]:
    return np.nan_to_num(np.asarray(strip, np.float32))


def _to_greys(values: NDArray[np.float32], low: np.float32, high: np.float32) -> Image.Image:
    return Image.fromarray(((values - low) * (255 / (high - low or 1))).astype(np.uint8))


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

    def put(image: Image.Image, *_: object) -> Picture:
        kind, flat = "JPEG" if image.format in {"JPEG", "MPO"} else "PNG", flatten_picture(image)
        width, height = flat.size
        scale = _caption_scale(width)
        whole = Image.new("RGB", size_with_captions(flat.size), "white")
        whole.paste(flat, (0, CAPTION_PX[1] * scale))
        for line, top in ((above, 0), (below, CAPTION_PX[1] * scale + height)):
            drawn = Image.frombytes("L", CAPTION_PX, line)
            whole.paste(drawn.resize((CAPTION_PX[0] * scale, CAPTION_PX[1] * scale)), (0, top))
        return _encode(whole, kind)

    # One that is too large to be drawn on is sent smaller, not without its lines.
    return _try_decode(data, put) or _try_decode(data, put, is_reduced=True)


def put_captions(picture: Picture, *, above: Image.Image, below: Image.Image) -> Picture:
    """Return a picture between two lines: grey images of `CAPTION_PX`.

    One that cannot be decoded stays as it is; but then it is shown to nobody.
    """
    return _put_captions(picture.data, above.tobytes(), below.tobytes()) or picture
