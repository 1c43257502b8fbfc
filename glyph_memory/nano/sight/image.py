"""Any picture as plain pixels: a page, a file, its bytes, a Pillow image or an array.

Knows image files; knows nothing about text. `measure_ink` says where the ink is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from glyph_memory.errors import DocumentError
from glyph_memory.files import read_file
from glyph_memory.image_files import PIXELS_AT_MOST, ImageTooLarge, decode_quietly, open_image
from glyph_memory.nano.sight.ink import measure_ink as measure_ink  # noqa: PLC0414 - offered here, too
from glyph_memory.page import Page

Source: TypeAlias = Page | Image.Image | bytes | str | Path | NDArray[np.uint8]
"""What can be looked at; a string is a path."""

_BYTES_AT_MOST = 512 << 20
"""Of a file; 50 million pixels without compression take less."""


def load(source: Source) -> NDArray[np.uint8]:
    """Return an image's pixels.

    Transparent ones lie on white, 16 bits come down to 8, a photo is turned as its camera was held, of an animation
    there is the first frame.

    Args:
        source: A page, of which only the pixels are looked at; a file's path or bytes; a Pillow image; or an array of
            shape (height, width) or (height, width, 3).

    Returns:
        Shape (height, width) for greys, (height, width, 3) for colours, 0 to 255.

    Raises:
        DocumentError: It is no image, is broken or empty, or has more than `PIXELS_AT_MOST`.
    """
    if isinstance(source, Page):
        return source.array()
    if isinstance(source, np.ndarray):
        return _check_array(source)
    if isinstance(source, Image.Image):
        return _decode_image(source, f"this image of mode {source.mode!r}")
    if isinstance(source, bytes):
        return _open_image(source, f"{len(source)} bytes that begin with {source[:8]!r}")
    if isinstance(source, str | Path):
        return _open_image(_read_file(source), f"file {str(source)!r}")
    raise DocumentError(
        f"cannot look at a {type(source).__name__!r}; give a page, an image file, its bytes, a Pillow image or an array"
    )


def _check_array(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise DocumentError(
            f"an array of shape {pixels.shape!r} and type {pixels.dtype.name!r} is no image; give uint8, shape "
            "(height, width) or (height, width, 3)"
        )
    _check_size((pixels.shape[1], pixels.shape[0]), "this array")
    return pixels


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise DocumentError(
            f"{name} is {width} x {height} px: there is nothing to see; give at least one pixel"
        )
    if width * height > PIXELS_AT_MOST:
        raise DocumentError(
            f"{name} is {width} x {height} px, more than the {PIXELS_AT_MOST:,} that are looked at; "
            "crop it or scale it down"
        )


def _read_file(path: str | Path) -> bytes:
    try:
        return read_file(path, at_most=_BYTES_AT_MOST)
    except FileNotFoundError as error:
        raise DocumentError(f"there is no file {str(path)!r}; give the path of an image") from error
    except OSError as error:
        raise DocumentError(
            f"file {str(path)!r} cannot be read: {error.strerror}; give a PNG, JPEG or WebP"
        ) from error


def _open_image(data: bytes, name: str) -> NDArray[np.uint8]:
    try:
        with decode_quietly():
            image, _ = open_image(data)
    except ImageTooLarge as error:
        raise DocumentError(f"{name}: {error}; crop it or scale it down") from error
    except Exception as error:  # decoders of broken files raise whatever they like
        raise DocumentError(f"{name} is no image that can be read; give a PNG, JPEG or WebP") from error
    with image:
        return _decode_image(image, name)


def _decode_image(image: Image.Image, name: str) -> NDArray[np.uint8]:
    _check_size(image.size, name)
    try:
        with decode_quietly():
            image.load()
            return _convert_pixels(_rotate_upright(image))
    except Exception as error:  # decoders of broken files raise whatever they like
        raise DocumentError(f"{name} breaks off or is damaged; save the image again") from error


def _rotate_upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken note about the camera is no reason to see nothing
        return image


def _convert_pixels(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode[0] in "IF":  # Pillow would cut off what is above 255
        return _scale_values(np.asarray(image), is_16_bit=image.mode.startswith("I;16"))
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        image = paper
    elif image.mode in ("1", "L"):
        return np.array(image.convert("L"))
    pixels = np.array(image.convert("RGB"))
    is_grey = (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    return np.ascontiguousarray(pixels[..., 0]) if is_grey else pixels


def _scale_values(values: NDArray[np.generic], *, is_16_bit: bool) -> NDArray[np.uint8]:
    """Scale large numbers to 0 to 255, from the smallest of the usual ranges that holds them."""
    greys = np.nan_to_num(values.astype(np.float32), nan=np.inf, posinf=np.inf)
    known = greys[np.isfinite(greys)]
    highest = float(known.max()) if known.size else 0.0
    is_share = values.dtype.kind == "f" and highest <= 1.0
    full = 1.0 if is_share else 255.0 if highest <= 255.0 else 65_535.0 if highest <= 65_535.0 else highest
    if is_16_bit:
        full = 65_535.0
    result: NDArray[np.uint8] = np.clip(np.rint(greys * np.float32(255.0 / full)), 0, 255).astype(np.uint8)
    return result
