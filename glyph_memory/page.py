"""The `Page`: one image and exactly what it says.

A page is a view of a text in a style and can be drawn again from both; nothing here knows how it is drawn.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyph_memory.locks import cached_property
from glyph_memory.style import PageStyle

try:
    from isal.isal_zlib import compress as deflate
except ImportError:  # no wheel for this machine
    from zlib import compress as deflate

Box = tuple[int, int, int, int]
"""Pixels: left, top, right, bottom; right and bottom are exclusive."""

EscapeReason = Literal[
    "no font", "control", "bidi control", "invisible", "surrogate", "needs shaping", "reserved"
]
"""Why a character could not be drawn."""


_MARK = b"Software\0glyph-memory"
"""What a page's file says of itself."""


def is_marked_print(data: bytes) -> bool:
    r"""Return whether a PNG file says that it was typeset, so that scaling makes it unreadable.

    Anybody can write that. It is no sign that a picture is a page of ours: only `Page.digest` is, kept by whoever drew
    the page.

    Example:
        >>> is_marked_print(b"\x89PNG")
        False
    """
    return data.startswith(b"\x89PNG") and b"tEXt" + _MARK in data[:256]


@dataclass(frozen=True, kw_only=True, slots=True)
class Escape:
    r"""A character that is written on a page as its number, `\u{200b}`, because it could not be drawn."""

    character: str
    """The character of the text."""
    count: int
    """How often it was escaped on this page."""
    reason: EscapeReason
    """Why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a page."""

    text: str
    """The characters of the text that stand on the line, including the break that ends it."""
    start: int
    """Offset of the first character in the text (counted in characters)."""
    stop: int
    """Offset after the last character."""
    box: Box
    """Where the line stands, in pixels of the page; tails and accents may reach a pixel or two beyond."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Page:
    """One typeset page.

    Two pages are equal when their sizes and pixels are. Pixels are palette indices, packed: `depth` 4 holds
    16 steps of ink (0 paper, 15 full), two pixels to a byte, the left one in the high half; `depth` 8 holds
    one pixel to a byte, of a typeset page `16 * colour + ink`. `depth` 24 holds no indices but red, green and blue, a
    byte each: a page that was drawn by another program.
    """

    number: int
    """1 for the first page of its text."""
    size: tuple[int, int]
    """Width and height in pixels."""
    text: str = field(repr=False)
    """The characters of the text that stand on the page, in order: `text[page.start:page.stop]`."""
    start: int
    """Offset into the text of the first character on the page, counted in characters."""
    line_table: NDArray[np.int64] = field(repr=False)
    """Shape (lines, 6): start and stop offset, left, top, right, bottom in pixels; `lines` spells it out."""
    escaped: tuple[Escape, ...] = ()
    """What had to be written as `\\u{…}`, by character."""
    reserved: tuple[int, ...] = ()
    """Offsets into the text of those escaped since a label or a heading of ours could be read there."""
    pixels: bytes = field(repr=False)
    """Palette indices row by row, at depth 24 colours; at depth 4 every row takes `(width + 1) // 2` bytes."""
    depth: Literal[4, 8, 24] = 4
    """Bits a pixel."""
    palette: bytes = field(repr=False, default=bytes(255 - 17 * ink for ink in range(16) for _ in "RGB"))
    """RGB triples, `2 ** depth` of them at the most; of no matter at depth 24."""
    style: PageStyle | None = field(repr=False, default=None)
    """What the page was typeset in, for those that compare it with its picture; None for a page made by hand."""

    @property
    def stop(self) -> int:
        """Offset into the text after the last character on the page; the next page's `start`."""
        return self.start + len(self.text)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines in reading order; their texts joined are the page's text."""
        rows = self.line_table.tolist()
        base = self.start
        return tuple(
            Line(
                text=self.text[start - base : stop - base],
                start=start,
                stop=stop,
                box=(left, top, right, bottom),
            )
            for start, stop, left, top, right, bottom in rows
        )

    @property
    def escapes(self) -> int:
        """How many characters of the page had to be escaped."""
        return sum(escape.count for escape in self.escaped)

    @cached_property
    def image(self) -> Image.Image:
        """The page as a Pillow image: mode `L` where every colour is a grey, else `RGB`. Treat as read-only."""
        return Image.fromarray(self.array())

    def array(self) -> NDArray[np.uint8]:
        """Return the decoded pixels, 0 to 255: shape (height, width) for greys, (height, width, 3) for colours.

        A page of depth 24 always has colours.
        """
        if self.depth == 4 and self.palette == _BLACK_ON_WHITE:
            # Both pixels of a byte at once: 17 times the ink, off white.
            return unpack(self._rows() ^ np.uint8(0xFF), self.size[0], scale=17)
        if self.depth == 24:
            return self._rows().reshape(self.size[1], self.size[0], 3)
        colors = np.frombuffer(self.palette, np.uint8).reshape(-1, 3)
        indices = self._rows() if self.depth == 8 else unpack(self._rows(), self.size[0])
        is_grey = bool((colors == colors[:, :1]).all())
        return colors[:, 0].take(indices) if is_grey else colors.take(indices, axis=0)

    def png(self, *, compress_level: int = 1) -> bytes:
        """Return the page as PNG: 16 greys at 4 bits a pixel, a palette where there are colours, RGB at depth 24.

        The same pixels give the same bytes for the same encoder: ISA-L's deflate where it is installed, else zlib's.

        Args:
            compress_level: 0 to 3. 1 by default: pages travel over loopback, where time counts for more than a few
                per cent of size.
        """
        rows, is_indexed = self._rows(), self.depth != 24
        white = self.depth == 4 and self.palette == _BLACK_ON_WHITE
        lines = np.zeros((rows.shape[0], rows.shape[1] + 1), np.uint8)  # a leading 0 says: no filter
        lines[:, 1:] = rows ^ np.uint8(0xFF) if white else rows
        bits, colors = (self.depth, 0 if white else 3) if is_indexed else (8, 2)
        head = struct.pack(">IIBBBBB", *self.size, bits, colors, 0, 0, 0)
        palette = b"" if white or not is_indexed else _chunk(b"PLTE", self.palette)
        data = _chunk(b"IDAT", deflate(lines, compress_level))
        mark = _chunk(b"tEXt", _MARK)
        return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + mark + palette + data + _chunk(b"IEND", b"")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the decoded pixels, in hex; `pixel_digest` takes it from any image."""
        pixels = self.array()
        if pixels.ndim == 3:
            red, green, blue = (pixels[..., channel] for channel in range(3))
            if (red == green).all() and (green == blue).all():
                pixels = red
        return _digest("L" if pixels.ndim == 2 else "RGB", self.size, pixels.tobytes())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Page):
            return NotImplemented
        return self.size == other.size and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def _rows(self) -> NDArray[np.uint8]:
        return np.frombuffer(self.pixels, np.uint8).reshape(self.size[1], -1)


_BLACK_ON_WHITE = bytes(255 - 17 * ink for ink in range(16) for _ in "RGB")


def unpack(rows: NDArray[np.uint8], width: int, *, scale: int = 1) -> NDArray[np.uint8]:
    """Return one byte per pixel, times `scale`, from rows that hold two pixels per byte.

    Args:
        rows: Shape (height, (width + 1) // 2), two pixels to a byte.
        width: Of the result, in pixels.
        scale: 17 spreads 0 to 15 over 0 to 255.

    Returns:
        Shape (height, width).
    """
    pairs = rows.astype("<u2")
    pairs *= 0x1001  # modulo 2**16: a byte's low half goes to the top, its high half stays below bit 8
    pairs >>= 4
    pairs &= 0x0F0F
    if scale != 1:
        pairs *= scale
    return pairs.view(np.uint8)[:, :width]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def pixel_digest(image: Image.Image) -> str:
    """Return the SHA-256, in hex, of an image's size and decoded pixels.

    Greys and colours of the same look have the same digest: an image whose channels are equal is hashed as `L`.
    Page files of any format, bit depth or compression can so be checked against `Page.digest`.
    """
    if image.mode != "L":
        image = image.convert("RGB")
        red, green, blue = image.split()
        if red.tobytes() == green.tobytes() == blue.tobytes():
            image = red
    return _digest(image.mode, image.size, image.tobytes())


def _digest(mode: str, size: tuple[int, int], pixels: bytes) -> str:
    digest = hashlib.sha256(f"{mode} {size[0]}x{size[1]}\n".encode())
    digest.update(pixels)
    return digest.hexdigest()
