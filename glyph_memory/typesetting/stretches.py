"""Draw a transcript in several styles, stretch by stretch.

Knows offsets and styles; knows nothing about kinds of text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript
from glyph_memory.typesetting.fit import ImageTokens
from glyph_memory.typesetting.pages import Composition, compose
from glyph_memory.typesetting.pieces import select_offsets, select_spans
from glyph_memory.typesetting.place import ColorSpan
from glyph_memory.typesetting.stream import stream_pages


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A part of a transcript's text, and the style that it is drawn in."""

    start: int
    """Offset of its first character in the text that `compose` returns."""
    stop: int
    """Offset after its last character."""
    style: PageStyle
    """How it looks."""


def iter_stretches(
    transcript: Transcript,
    stretches: Sequence[Stretch],
    *,
    first_page: int,
    image_tokens: ImageTokens | None = None,
) -> Iterator[Page]:
    """Turn a transcript into pages, each stretch beginning on a page of its own.

    Args:
        transcript: The turns.
        stretches: Parts of its text in order, without a gap. None is white space alone.
        first_page: Number of the first page.
        image_tokens: As for `iter_pages`.

    Returns:
        Pages whose offsets refer to the whole text, as if it had been drawn in one style.

    Raises:
        FontError: A font is missing or cannot be drawn.
        StyleError: A page is too narrow for a single character.
    """
    number, composed = first_page, dict[PageStyle, Composition]()
    for one in stretches:
        if one.style not in composed:  # only the labels' colours differ
            composed[one.style] = compose(transcript, style=one.style)
        for page in _draw_stretch(composed[one.style], one, number, image_tokens):
            number += 1
            yield page


def _draw_stretch(
    composed: Composition, one: Stretch, first_page: int, image_tokens: ImageTokens | None
) -> Iterator[Page]:
    spans = [
        ColorSpan(max(span.start, one.start) - one.start, min(span.stop, one.stop) - one.start, span.color)
        for span in select_spans(composed.labels, one.start, one.stop)
    ]
    reserved = [place - one.start for place in select_offsets(composed.reserved, one.start, one.stop)]
    text = composed.text[one.start : one.stop]
    for page in stream_pages(
        [text], one.style, first_page=first_page, spans=spans, reserved=reserved, image_tokens=image_tokens
    ):
        table = page.line_table.copy()
        table[:, :2] += one.start
        yield replace(
            page,
            start=page.start + one.start,
            line_table=table,
            reserved=tuple(place + one.start for place in page.reserved),
        )
