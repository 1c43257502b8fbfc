"""Cut typeset pages into strips of lines, and say which character begins in which cell of each.

A page goes through what happens to pages on their way to a reader: colours, resampling, blur, noise, JPEG. Knows where
characters were drawn; knows nothing about networks.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from glyph_memory.nano.alphabet import (
    CLASSES,
    EDGE_PX,
    LEAD_PX,
    ROWS,
    ROWS_ABOVE,
    ROWS_BELOW,
    SIZE_PX,
    SIZES_PX,
    STEP_PX,
    find_class,
)  # fmt: skip
from glyph_memory.nano.network import cut_glances
from glyph_memory.nano.training.styles import choose_style
from glyph_memory.nano.training.texts import make_chat, make_ideograph_text, make_text
from glyph_memory.page import unpack
from glyph_memory.style import PageStyle
from glyph_memory.typesetting.trace import Trace, trace_pages

WIDTH = 320
"""Pixels of a strip."""
CELLS = WIDTH // STEP_PX
_CHARACTERS = 5000

Float = NDArray[np.float32]

_CLASS = np.array([find_class(chr(code)) if code != 10 else 0 for code in range(0x110000)], np.int16)
_MARK = CLASSES.index("⏎")
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


def make_strips(seed: int, page: int) -> Strips:
    """Make up a page and cut it; the same seed and number give the same strips.

    Args:
        seed: Of the whole training.
        page: Number of the page.
    """
    random = Random(f"{seed} {page}")  # noqa: S311 - no secret
    style = choose_style(random)
    source = make_chat(random, _CHARACTERS) if random.random() < 0.15 else make_text(random, _CHARACTERS)
    return _cut_page(random, next(trace_pages(source, style=style)), style)


def make_ideographs(seed: int, page: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Make up a page of ideographs and cut out each one as the second look sees it.

    Returns:
        Ink of shape (ideographs, ROWS, GLANCE_PX), 0 paper to 255; the number of each in `IDEOGRAPHS`.
    """
    random = Random(f"{seed} {page} ideographs")  # noqa: S311 - no secret
    style = choose_style(random)
    strips = _cut_page(
        random, next(trace_pages(make_ideograph_text(random, _CHARACTERS // 2), style=style)), style
    )
    strip, cell = np.nonzero(strips.label >= len(CLASSES))
    numbers = strips.label[strip, cell].astype(np.int64) - len(CLASSES)
    return cut_glances(strips.ink, strip, cell), numbers


def _cut_page(random: Random, trace: Trace, style: PageStyle) -> Strips:
    ink, scale = _distort_page(random, _compute_coverage(random, trace), style)
    x, number, line = _list_characters(trace, style)
    order = np.lexsort((x, line))
    x, number, line = x[order] * scale[0], number[order], line[order]
    baselines = trace.baselines * scale[1]
    height = ink.shape[0]
    pad = 2 * ROWS
    ink = np.pad(ink, ((pad, pad), (WIDTH, WIDTH)))
    strips, labels = [], []
    for nth in np.unique(line).tolist():
        of_line = slice(*np.searchsorted(line, (nth, nth + 1)).tolist())
        row = round(baselines[nth]) + random.choices((0, -1, 1), (8, 1, 1))[0]
        if not 0 < row <= height:
            continue
        strip = ink[pad + row - ROWS_ABOVE : pad + row + ROWS_BELOW]
        spelled = trace.escaped & (trace.line == nth)
        escapes = np.stack([trace.x[spelled], (trace.x + trace.advance)[spelled]], axis=1) * scale[0]
        for start in _choose_windows(random, x[of_line]):
            strips.append(strip[:, WIDTH + start : 2 * WIDTH + start])
            labels.append(_label_cells(x[of_line] - start, number[of_line], escapes - start))
    return Strips(np.stack(strips), np.stack(labels))


def _choose_windows(random: Random, x: Float) -> Iterator[int]:
    """Yield where the strips of a line begin: they cover all of it, at random places."""
    start = int(x[0]) - random.randint(EDGE_PX, 60)
    while start < x[-1]:
        yield start
        start += WIDTH - 2 * EDGE_PX - random.randint(0, 20)


def _label_cells(x: Float, number: NDArray[np.int16], escapes: NDArray[np.float64]) -> NDArray[np.int16]:
    """Label a strip's cells; what is written as an escape, `escapes` from where to where, is not learned."""
    label = np.full(CELLS, -1, np.int16)
    cell = _find_cell(x)
    inside = (cell >= 0) & (cell < CELLS)
    label[cell[inside]] = number[inside]
    for first, stop in _find_cell(escapes).tolist():
        label[max(first, 0) : max(stop, 0)] = -2
    edge = EDGE_PX // STEP_PX
    label[:edge] = label[-edge:] = -2
    return label


def _find_cell(x: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the cell of a character that begins at `x`."""
    return np.floor((x + LEAD_PX + 0.125) / STEP_PX).astype(np.int64)


def _list_characters(trace: Trace, style: PageStyle) -> tuple[Float, NDArray[np.int16], NDArray[np.int64]]:
    """Return where each character begins, its number, its line; one space for several, and one after a line."""
    codes = np.frombuffer(trace.text.encode("utf-32-le"), np.uint32)
    number = _CLASS[codes]
    number[trace.marked] = _MARK
    x = trace.x.astype(np.float32)
    ends = (codes == 10) & ~trace.marked
    number[ends] = 0
    blank = number == 0
    after_blank = np.concatenate([[True], blank[:-1] | (trace.line[1:] != trace.line[:-1])])
    kept = ~(blank & after_blank)
    x, number, line = x[kept], number[kept], trace.line[kept]
    # A line that does not end in a space gets one where its last character ends; so does a mark that brings its own.
    last = np.flatnonzero(np.append(trace.line[1:] != trace.line[:-1], True))
    last = last[(_CLASS[codes[last]] != 0) | trace.marked[last]]
    more = [(trace.x + trace.advance)[last]]
    lines = [trace.line[last]]
    if style.newline_mark.startswith(" "):  # it has a space before it and one behind
        space = np.float32(_SPACES[style.font] * style.to_horizontal_px(style.font_size_pt))
        x = x + space * (number == _MARK)
        more += [trace.x[trace.marked], (trace.x + trace.advance)[trace.marked] - space]
        lines += [trace.line[trace.marked]] * 2
    spaces = np.concatenate(more).astype(np.float32)
    return (
        np.concatenate([x, spaces]),
        np.concatenate([number, np.zeros(len(spaces), np.int16)]),
        np.concatenate([line, *lines]),
    )


def _compute_coverage(random: Random, trace: Trace) -> Float:
    """Return the page's ink as `measure_ink` would: 0 paper to 1; coloured ink is a little weaker."""
    page = trace.page
    rows = np.frombuffer(page.pixels, np.uint8).reshape(page.size[1], -1)
    if page.depth == 4:
        return np.divide(unpack(rows, page.size[0]), np.float32(15), dtype=np.float32)
    strength = np.array([1, 1, *(random.uniform(0.75, 1) for _ in range(14))], np.float32)
    tinted: Float = (rows & 15) / np.float32(15) * strength[rows >> 4]
    return tinted


def _distort_page(
    random: Random, ink: Float, style: PageStyle
) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """Resample, blur and disturb a page, or leave it as it is."""
    picture = Image.fromarray(np.round(ink * 255).astype(np.uint8))
    size = style.to_vertical_px(style.font_size_pt)
    across = down = 1.0
    if not SIZES_PX[0] <= size <= SIZES_PX[1]:
        across = down = SIZE_PX / size * random.uniform(0.92, 1.08)
    if random.random() < 0.3:
        across, down = across * random.uniform(0.92, 1.08), down * random.uniform(0.92, 1.08)
    elif random.random() < 0.1:  # as a processor does to a page that was not snapped
        across, down = across * random.uniform(0.97, 1), down * random.uniform(0.97, 1)
    if (across, down) != (1, 1):
        width, height = round(picture.width * across), round(picture.height * down)
        filters = (Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS)
        across, down = width / picture.width, height / picture.height
        picture = picture.resize((width, height), random.choice(filters))
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
    return pixels, (across, down)
