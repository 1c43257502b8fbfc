"""Draw a PDF's own pages: as sharp as a token budget allows, in a size that the model's processor does not resample.

Knows PDFs and models' rules for images; knows nothing about which pages are drawn this way.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from glyph_memory.document import Document
from glyph_memory.documents.pdf.content import PageContent, read_content
from glyph_memory.documents.pdf.file import ASK_FOR_IT, PdfFile, Pointer, open_pdf
from glyph_memory.documents.sizes import LEAST_EM_PX, choose_size
from glyph_memory.errors import DocumentError
from glyph_memory.page import Page
from glyph_memory.tokens import ModelProfile

_AIR_PT = 4.0
"""Paper that stays around the ink."""
_LOOK_PX = 1_000
"""The longer side of the small picture by which margins are found."""
_PAPER = 250
"""Lighter greys are paper."""
_BODY_PT = 10.0
"""The size of letters on a page whose text is not known."""
_GREYS = bytes(grey for grey in range(256) for _ in "RGB")
_ANNOTATIONS = 1
_NO_LINES = np.zeros((0, 6), np.int64)


@dataclass(frozen=True, kw_only=True, slots=True)
class NativePlan:
    """How a page of a PDF would be drawn."""

    number: int
    """Of the page in the PDF, counted from 1."""
    size: tuple[int, int]
    """Width and height in pixels."""
    scale: float
    """Pixels a point."""
    ink: tuple[float, float, float, float]
    """What is drawn of the page as it is seen: left, top, right, bottom, in points."""
    turns: int
    """Quarters that it is turned clockwise, so that its text stands upright."""
    em_px: float
    """How high the letters of its body are: the size of their font."""
    tokens: int
    """What it costs the model."""


@contextmanager
def open_original(
    document: Document, *, password: str | None = None, remedy: str = ASK_FOR_IT
) -> Iterator[PdfFile]:
    """Open the file of a document whose own pages can be drawn.

    Args:
        document: As `load` yields it for a PDF.
        password: Of an encrypted file, where the document does not carry it.
        remedy: What to do where it lacks.

    Raises:
        DocumentError: It has no pages of its own, or the file cannot be opened any more.
    """
    if document.original is None:
        raise DocumentError(
            f"{document.source or document.title or 'the document'!r} has no pages of its own; "
            "draw it with way='reflow'"
        )
    shown = repr(document.source or document.title)
    given = document.password if password is None else password
    with open_pdf(document.original, password=given, shown=shown, remedy=remedy) as file:
        yield file


def plan_native_page(
    opened: PdfFile, number: int, *, profile: ModelProfile, tokens: int | None = None
) -> NativePlan:
    """Return how a page would be drawn.

    Args:
        opened: The PDF.
        number: Of the page, from 1.
        profile: The model that will read.
        tokens: What it may cost at the most; unless given, what letters as large as those of the default style cost.

    Raises:
        DocumentError: The page is broken, or the tokens are too few for any picture.
    """
    return _plan(opened, read_content(opened, number), profile, tokens)


def plan_content(
    opened: PdfFile, content: PageContent, *, profile: ModelProfile, tokens: int | None = None
) -> NativePlan:
    """Return how a page that was read already would be drawn; as `plan_native_page`."""
    return _plan(opened, content, profile, tokens)


def draw_native_page(
    opened: PdfFile,
    document: Document,
    number: int,
    *,
    profile: ModelProfile | str = "glyph",
    tokens: int | None = None,
    first_page: int = 1,
    plan: NativePlan | None = None,
) -> Page:
    """Draw a page of a PDF as it looks, its margins trimmed.

    Args:
        opened: The document's file, from `open_original`.
        document: The document, or the part of one, that holds the page's text.
        number: Of the page in the PDF, from 1.
        profile: The model that will read.
        tokens: What it may cost at the most; unless given, what letters as large as those of the default style cost.
        first_page: The number of the page that is drawn.
        plan: How it is drawn, where that is known already, as from `choose_ways`; then profile and tokens do not
            matter.

    Returns:
        A page in 256 greys, or in colours where it has some. It has no table of lines.

    Raises:
        DocumentError: The page is broken, or the tokens are too few for any picture.
    """
    if plan is None:
        plan = plan_native_page(opened, number, profile=ModelProfile.of(profile), tokens=tokens)
    pixels = _render(opened, plan)
    start, stop = find_stretch(document, number)
    is_grey = bool((pixels == pixels[..., :1]).all())
    return Page(
        number=first_page,
        size=plan.size,
        text=document.text[start:stop],
        start=start,
        line_table=_NO_LINES,
        pixels=(pixels[..., 0] if is_grey else pixels).tobytes(),
        depth=8 if is_grey else 24,
        palette=_GREYS if is_grey else b"",
    )


def find_stretch(document: Document, number: int) -> tuple[int, int]:
    """Return start and stop of a PDF page's text in a document, with what parts it from the next page's.

    A page without any text has an empty stretch, where its text would be.
    """
    places = document.source_map
    later = (place.start for place in places if place.page is not None and place.page > number)
    stop = next(later, len(document.text))
    own = (place.start for place in places if place.page == number)
    return next(own, stop), stop


def list_stretches(document: Document) -> Iterator[tuple[int, int, int]]:
    """Yield the number of each page of a PDF that a document holds, with the start and stop of its text."""
    starts = dict[int, int]()
    for place in document.source_map:
        if place.page is not None:
            starts.setdefault(place.page, place.start)
    numbers = sorted(starts)
    for number, following in zip(numbers, [*numbers[1:], None], strict=True):
        yield number, starts[number], len(document.text) if following is None else starts[following]


def _plan(opened: PdfFile, content: PageContent, profile: ModelProfile, tokens: int | None) -> NativePlan:
    with opened.open_page(content.number) as page:
        turns = (content.text.angle - page.get_rotation()) // 90 % 4 if content.text.characters else 0
        ink = _find_ink(opened, page, turns)
    body = _body_size(content)
    size, scale = choose_size(
        (ink[2] - ink[0], ink[3] - ink[1]), profile=profile, least=LEAST_EM_PX / body, tokens=tokens
    )
    return NativePlan(
        number=content.number,
        size=size,
        scale=scale,
        ink=ink,
        turns=turns,
        em_px=round(scale * body, 2),
        tokens=profile.image_tokens(size, images=2),
    )


def price_content(content: PageContent, *, profile: ModelProfile, tokens: int | None = None) -> int:
    """Return about what a page that was read already would cost: its ink is not looked for, but known by its words.

    Raises:
        DocumentError: The tokens are too few for any picture.
    """
    boxes = [(word.left, word.top, word.right, word.bottom) for word in content.words]
    drawings = content.drawings
    boxes += [rect for rect, _ in drawings.images] + drawings.paths + drawings.fills + drawings.rules
    (wide, high), air = content.frame.size, _AIR_PT
    left = max(min((box[0] for box in boxes), default=0.0) - air, 0.0)
    top = max(min((box[1] for box in boxes), default=0.0) - air, 0.0)
    right = min(max((box[2] for box in boxes), default=wide) + air, wide)
    bottom = min(max((box[3] for box in boxes), default=high) + air, high)
    area = (max(right - left, 1.0), max(bottom - top, 1.0))
    size, _ = choose_size(area, profile=profile, least=LEAST_EM_PX / _body_size(content), tokens=tokens)
    return profile.image_tokens(size)


def _body_size(content: PageContent) -> float:
    """Return the size of the letters that a tenth of the page's text at the most is smaller than."""
    if not content.text.characters or content.text.invisible * 2 > content.text.characters:
        return _BODY_PT
    words = sorted(content.text.words, key=lambda word: word.size)
    left = sum(len(word.text) for word in words) // 10
    for word in words:
        left -= len(word.text)
        if left < 0:
            return max(word.size, 1.0)
    return _BODY_PT


def _find_ink(opened: PdfFile, page: Pointer, turns: int) -> tuple[float, float, float, float]:
    """Return the box around all ink of a page as it is seen, in points, with a little air."""
    wide, high = _page_size(page, turns)
    scale = min(1.0, _LOOK_PX / max(wide, high))
    size = (max(ceil(wide * scale), 1), max(ceil(high * scale), 1))
    pixels = _fill(opened, page, size, (0, 0), size, turns)
    darkest: NDArray[np.uint8] = pixels.min(axis=2)
    rows = np.flatnonzero(darkest.min(axis=1) < _PAPER)
    columns = np.flatnonzero(darkest.min(axis=0) < _PAPER)
    if not len(rows):
        return 0.0, 0.0, wide, high
    return (
        max(int(columns[0]) / scale - _AIR_PT, 0.0),
        max(int(rows[0]) / scale - _AIR_PT, 0.0),
        min((int(columns[-1]) + 1) / scale + _AIR_PT, wide),
        min((int(rows[-1]) + 1) / scale + _AIR_PT, high),
    )


def _render(opened: PdfFile, plan: NativePlan) -> NDArray[np.uint8]:
    """Return the pixels of a page, shape (height, width, 3)."""
    with opened.open_page(plan.number) as page:
        wide, high = _page_size(page, plan.turns)
        whole = (max(round(wide * plan.scale), 1), max(round(high * plan.scale), 1))
        corner = (round(plan.ink[0] * plan.scale), round(plan.ink[1] * plan.scale))
        return _fill(opened, page, plan.size, corner, whole, plan.turns)


def _page_size(page: Pointer, turns: int) -> tuple[float, float]:
    wide, high = max(float(page.get_width()), 1.0), max(float(page.get_height()), 1.0)
    return (high, wide) if turns % 2 else (wide, high)


def _fill(
    opened: PdfFile,
    page: Pointer,
    size: tuple[int, int],
    corner: tuple[int, int],
    whole: tuple[int, int],
    turns: int,
) -> NDArray[np.uint8]:
    """Draw a part of a page on white paper, with what was filled in and what readers marked.

    Args:
        opened: The PDF.
        page: pypdfium2's page.
        size: Width and height of the part, in pixels.
        corner: Its left and top, on the page.
        whole: Width and height of the page, in pixels.
        turns: Quarters that it is turned clockwise.

    Returns:
        Shape (height, width, 3).
    """
    raw, (width, height) = opened.raw, size
    pixels = np.full((height, width, 3), 255, np.uint8)
    buffer = pixels.ctypes.data_as(ctypes.c_void_p)
    bitmap = raw.FPDFBitmap_CreateEx(width, height, raw.FPDFBitmap_BGR, buffer, 3 * width)
    if not bitmap:
        raise DocumentError(f"page {page} cannot be drawn at {width} x {height} px; give fewer tokens")
    try:
        flags = raw.FPDF_REVERSE_BYTE_ORDER | _ANNOTATIONS
        place = (-corner[0], -corner[1], *whole, turns, flags)
        raw.FPDF_RenderPageBitmap(bitmap, page.raw, *place)
        if opened.document.formenv is not None:
            raw.FPDF_FFLDraw(opened.document.formenv.raw, bitmap, page.raw, *place)
    finally:
        raw.FPDFBitmap_Destroy(bitmap)
    return pixels
