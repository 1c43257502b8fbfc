"""Cut drawn pages into strips of lines, and say which character begins in which cell of each.

A page goes through what happens to pages on their way to a reader: colours, resampling, blur, noise, JPEG, a slight
turn. Knows where characters were drawn; knows nothing about networks.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from glyph_memory.nano.alphabet import (
    CLASSES,
    EDGE_PX,
    IDEOGRAPH,
    IDEOGRAPHS,
    LEAD_PX,
    NUMBER_OF,
    ROWS,
    ROWS_ABOVE,
    ROWS_BELOW,
    SIZE_PX,
    SIZES_PX,
    STEP_PX,
)  # fmt: skip
from glyph_memory.nano.network import cut_glances
from glyph_memory.nano.training.drawn import Drawn, Float, list_characters
from glyph_memory.nano.training.faces import list_asian_faces, measure_height
from glyph_memory.nano.training.foreign import draw_foreign_page
from glyph_memory.nano.training.marks import MARKS, fold_lines
from glyph_memory.nano.training.styles import choose_dense_style, choose_style
from glyph_memory.nano.training.texts import make_chat, make_ideograph_text, make_text
from glyph_memory.page import unpack
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript
from glyph_memory.typesetting.fonts import find_font
from glyph_memory.typesetting.trace import Trace, trace_pages

WIDTH = 320
"""Pixels of a strip."""
CELLS = WIDTH // STEP_PX
_CHARACTERS = 5000
_FOREIGN, _DENSE = 0.27, 0.15
"""Shares of pages drawn as other programs do, and of dense ones."""
_CUTS = 2
"""So often is a page of ideographs cut."""
_SMOOTH = (Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS)

_SPACES = {"sans": 0.318, "mono": 0.602}
"""Advance of a space in ems: a newline mark may bring some of its own."""


@dataclass(frozen=True, slots=True)
class Strips:
    """Lines of a page, cut to `WIDTH`."""

    ink: NDArray[np.uint8]
    """Shape (strips, ROWS, WIDTH): 0 paper to 255."""
    label: NDArray[np.int16]
    """Shape (strips, CELLS): number of the character that begins in each cell, as in `CLASSES` and then `IDEOGRAPHS`;
    -1 for none, -2 for what is not to be learned."""


def make_strips(seed: int, page: int, fonts: str = "") -> Strips:
    """Make up a page and cut it; the same seed, number and fonts give the same strips.

    Args:
        seed: Of the whole training.
        page: Number of the page.
        fonts: Folder of fonts to draw with, besides the package's own and the usual ones that are installed.
    """
    random = Random(f"{seed} {page}")  # noqa: S311 - no secret
    return cut_page(random, _draw_page(random, fonts))


def make_ideographs(seed: int, page: int, fonts: str = "") -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Make up a page of ideographs and cut out each one as the second look sees it.

    Returns:
        Ink of shape (ideographs, ROWS, GLANCE_PX), 0 paper to 255; the number of each in `IDEOGRAPHS`, and the number
        after all for one that is not among them.
    """
    random = Random(f"{seed} {page} ideographs")  # noqa: S311 - no secret
    strips = cut_page(random, _draw_ideographs(seed, page // _CUTS, fonts))
    other = NUMBER_OF[IDEOGRAPH]
    strip, cell = np.nonzero((strips.label >= len(CLASSES)) | (strips.label == other))
    told = strips.label[strip, cell].astype(np.int64)
    numbers = np.where(told == other, len(IDEOGRAPHS), told - len(CLASSES))
    return cut_glances(strips.ink, strip, cell), numbers


@lru_cache(maxsize=1)
def _draw_ideographs(seed: int, number: int, fonts: str) -> Drawn:
    """Draw a page of ideographs; it takes long, so a page is cut several times, and is distorted differently each."""
    random = Random(f"{seed} {number} ideographs drawn")  # noqa: S311 - no secret
    text = make_ideograph_text(random, _CHARACTERS // 2)
    if list_asian_faces(fonts) and random.random() < _FOREIGN:
        return draw_foreign_page(random, text, fonts, asian=True)
    return _typeset_page(random, text, choose_style(random, fonts))


def _draw_page(random: Random, fonts: str) -> Drawn:
    choice = random.random()
    if choice < _FOREIGN:
        text = make_text(random, _CHARACTERS)
        if random.random() < 0.15:
            text = fold_lines(random, text)
        asian = bool(list_asian_faces(fonts)) and random.random() < 0.06
        return draw_foreign_page(random, text, fonts, asian=asian)
    if choice < _FOREIGN + _DENSE:
        style = choose_dense_style(random)
        text = fold_lines(random, make_text(random, _CHARACTERS)) or "nothing"
        return _typeset_page(random, text, style, mark_ink=random.choice((1, 0.7, random.uniform(0.6, 1))))
    source = make_chat(random, _CHARACTERS) if random.random() < 0.15 else make_text(random, _CHARACTERS)
    return _typeset_page(random, source, choose_style(random, fonts))


def _typeset_page(
    random: Random, source: str | Transcript, style: PageStyle, *, mark_ink: float = 1
) -> Drawn:
    """Typeset a page.

    Args:
        random: Decides on colours.
        source: What to write.
        style: How.
        mark_ink: How much of the letters' ink what looks like a mark has.
    """
    trace = next(trace_pages(source, style=style))
    ink = _compute_coverage(random, trace)
    stop = trace.x + trace.advance
    size = style.to_vertical_px(style.font_size_pt)
    if mark_ink < 1:
        for found in MARKS.finditer(trace.text):
            first, last = found.start(), found.end() - 1
            row = int(trace.baselines[trace.line[first]])
            rows = slice(max(0, row - round(0.8 * size)), row + round(0.25 * size))
            if trace.line[first] == trace.line[last]:
                ink[rows, int(trace.x[first]) : int(stop[last])] *= np.float32(mark_ink)
    space = _SPACES.get(style.font, 0) if style.newline_mark.startswith(" ") else 0
    x, number, line = list_characters(
        np.frombuffer(trace.text.encode("utf-32-le"), np.uint32),
        trace.x,
        stop,
        trace.line,
        trace.marked,
        space * style.to_horizontal_px(style.font_size_pt),
    )
    return Drawn(
        ink=ink,
        x=x,
        number=number,
        line=line,
        baselines=trace.baselines.astype(np.float64),
        unlearned=np.stack([trace.line, trace.x, stop], axis=1)[trace.escaped],
        size_px=size * measure_height(find_font(style.font).path),
    )


def cut_page(random: Random, drawn: Drawn) -> Strips:
    """Distort a page and cut its lines out; none are left where no line is on the page."""
    ink, scale = _distort_page(random, drawn.ink, drawn.size_px)
    order = np.lexsort((drawn.x, drawn.line))
    x, number, line = drawn.x[order] * scale[0], drawn.number[order], drawn.line[order]
    baselines = drawn.baselines * scale[1]
    slope = random.uniform(-0.005, 0.005) if random.random() < 0.06 else 0.0
    height = ink.shape[0]
    pad = 2 * ROWS
    ink = np.pad(ink, ((pad, pad), (WIDTH, WIDTH)))
    strips, labels = [], []
    for nth in np.unique(line).tolist():
        of_line = slice(*np.searchsorted(line, (nth, nth + 1)).tolist())
        row = round(float(baselines[nth])) + random.choices((0, -1, 1), (8, 1, 1))[0]
        if not 0 < row <= height:
            continue
        strip = ink[pad + row - ROWS_ABOVE - 1 : pad + row + ROWS_BELOW + 1]
        unlearned = drawn.unlearned[drawn.unlearned[:, 0] == nth, 1:] * scale[0]
        for start in _choose_windows(random, x[of_line], ink.shape[1] - 2 * WIDTH):
            seen = strip[:, WIDTH + start : 2 * WIDTH + start]
            strips.append((_turn_strip(seen, slope) if slope else seen)[1:-1])
            labels.append(_label_cells(x[of_line] - start, number[of_line], unlearned - start))
    if not strips:
        return Strips(np.zeros((0, ROWS, WIDTH), np.uint8), np.zeros((0, CELLS), np.int16))
    return Strips(np.stack(strips), np.stack(labels))


def _turn_strip(strip: NDArray[np.uint8], slope: float) -> NDArray[np.uint8]:
    """Return a strip whose line rises or falls by a pixel or so."""
    terms = (1, 0, 0, slope, 1, -slope * WIDTH / 2)
    picture = Image.fromarray(strip)
    return np.asarray(
        picture.transform(picture.size, Image.Transform.AFFINE, terms, Image.Resampling.BILINEAR)
    )


def _choose_windows(random: Random, x: Float, width: int) -> Iterator[int]:
    """Yield where the strips of a line begin: they cover all of it that is on the page, at random places."""
    start = int(x[0]) - random.randint(EDGE_PX, 60)
    while start < min(x[-1], width):
        yield start
        start += WIDTH - 2 * EDGE_PX - random.randint(0, 20)


def _label_cells(x: Float, number: NDArray[np.int16], unlearned: NDArray[np.float64]) -> NDArray[np.int16]:
    """Label a strip's cells; what stands in `unlearned`, from where to where, is not learned."""
    label = np.full(CELLS, -1, np.int16)
    cell = _find_cell(x)
    inside = (cell >= 0) & (cell < CELLS)
    label[cell[inside]] = number[inside]
    for first, stop in _find_cell(unlearned).tolist():
        label[max(first, 0) : max(stop, 0)] = -2
    edge = EDGE_PX // STEP_PX
    label[:edge] = label[-edge:] = -2
    return label


def _find_cell(x: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the cell of a character that begins at `x`."""
    return np.floor((x + LEAD_PX + 0.125) / STEP_PX).astype(np.int64)


def _compute_coverage(random: Random, trace: Trace) -> Float:
    """Return the page's ink as `measure_ink` would: 0 paper to 1; coloured ink is a little weaker."""
    page = trace.page
    rows = np.frombuffer(page.pixels, np.uint8).reshape(page.size[1], -1)
    if page.depth == 4:
        return np.divide(unpack(rows, page.size[0]), np.float32(15), dtype=np.float32)
    strength = np.array([1, 1, *(random.uniform(0.75, 1) for _ in range(14))], np.float32)
    tinted: Float = (rows & 15) / np.float32(15) * strength[rows >> 4]
    return tinted


def _distort_page(random: Random, ink: Float, size: float) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """Resample, blur and disturb a page, or leave it as it is; then bring its letters to the size that is read.

    Args:
        random: Decides.
        ink: The page.
        size: Of its letters as they seem, in pixels.

    Returns:
        The page; by what its width and its height were multiplied.
    """
    picture = Image.fromarray(np.round(ink * 255).astype(np.uint8))
    scale = [1.0, 1.0]

    def resample(across: float, down: float, *filters: Image.Resampling) -> None:
        nonlocal picture
        width, height = round(picture.width * across), round(picture.height * down)
        scale[0] *= width / picture.width
        scale[1] *= height / picture.height
        picture = picture.resize((width, height), random.choice(filters))

    choice = random.random()
    if choice < 0.06:  # as a viewer does that knows no better
        factor = random.uniform(0.85, 1.3)
        resample(factor, factor, Image.Resampling.NEAREST)
    elif choice < 0.2:
        factor = random.uniform(0.8, 1.3)
        resample(factor, factor, *_SMOOTH)
    elif choice < 0.38:
        resample(random.uniform(0.92, 1.08), random.uniform(0.92, 1.08), *_SMOOTH)
    elif choice < 0.44:  # as a processor does to a page that was not snapped
        resample(random.uniform(0.97, 1), random.uniform(0.97, 1), *_SMOOTH)
    seems = size * scale[1] * random.uniform(0.95, 1.05)
    if not SIZES_PX[0] <= seems <= SIZES_PX[1]:
        resample(SIZE_PX / seems, SIZE_PX / seems, Image.Resampling.BICUBIC)
    if random.random() < 0.1:
        picture = picture.filter(ImageFilter.GaussianBlur(random.uniform(0.2, 0.6)))
    if random.random() < 0.06:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=random.randint(60, 95))
        picture = Image.open(file)
    pixels = np.asarray(picture)
    if random.random() < 0.12:
        noise = np.random.default_rng(random.getrandbits(32)).normal(0, random.uniform(2, 12), pixels.shape)
        gamma = random.uniform(0.75, 1.3)
        pixels = np.clip((pixels / 255) ** gamma * 255 + noise, 0, 255).astype(np.uint8)
    return pixels, (scale[0], scale[1])
