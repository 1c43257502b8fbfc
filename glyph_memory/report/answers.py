"""A report's section of answers: each quote framed on an excerpt of the page it was read from."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from glyph_memory.nano import NanoReading, Quote
from glyph_memory.page import Box
from glyph_memory.report.parts import escape_and_mark, escape_text, paragraph

_AROUND_PX = 22
"""What is shown of the page above and below, so that one sees where it stands."""
_MOST_PX = 320
"""Highest piece of a page; what is framed may be as long as a page is."""
_FRAME = "#D93A2B"
_FRAME_PX = 3
_GAP_PX = 2
"""Between the letters and the frame, in pixels of the page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """A piece of a page as a picture."""

    size: tuple[int, int]
    """Width and height in pixels, magnified."""
    png: bytes = field(repr=False)
    """The picture."""

    @classmethod
    def of(cls, image: Image.Image, box: Box, *, magnified: int = 2) -> Excerpt:
        """Return a piece of the page, as wide as the page, with a frame round the box.

        Args:
            image: The page.
            box: What to frame, in pixels of the page; what lies outside of it is no matter.
            magnified: How many times larger it is shown.
        """
        left, top, right, bottom = box
        first = min(max(0, top - _AROUND_PX), max(0, image.height - 1))
        last = max(first + 1, min(image.height, bottom + _AROUND_PX, first + _MOST_PX))
        piece = image.crop((0, first, image.width, last)).convert("RGB")
        piece = piece.resize((piece.width * magnified, piece.height * magnified), Image.Resampling.LANCZOS)
        frame = [left - _GAP_PX, top - _GAP_PX - first, right + _GAP_PX, bottom + _GAP_PX - first]
        edges = [max(0, frame[0]), max(0, frame[1]), min(image.width, frame[2]), min(last - first, frame[3])]
        x, y, end_x, end_y = (edge * magnified for edge in edges)
        if end_x - x > 2 * _FRAME_PX and end_y - y > 2 * _FRAME_PX:
            ImageDraw.Draw(piece).rectangle((x, y, end_x - 1, end_y - 1), outline=_FRAME, width=_FRAME_PX)
        buffer = io.BytesIO()
        piece.quantize(64).save(buffer, "PNG", optimize=True)
        return cls(size=piece.size, png=buffer.getvalue())

    @property
    def data_url(self) -> str:
        """The picture as a `data:` URL."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True, kw_only=True, slots=True)
class AnsweredQuestion:
    """A question, and what the reader answered."""

    about: str
    """What the pages are of."""
    question: str
    """What was asked."""
    reading: NanoReading
    """What was said."""
    seconds: float
    """How long that took, reading the pages that had not been read included."""
    excerpt: Excerpt | None = None
    """Where the first quote stands; None where there is none, or it comes from text."""

    @property
    def quote(self) -> Quote | None:
        """The best one."""
        return self.reading.quotes[0] if self.reading.quotes else None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswersSection:
    """Questions that were answered from pixels."""

    title: str
    """What to call it."""
    answers: Sequence[AnsweredQuestion]
    """In the order in which they were asked."""
    note: str = ""
    """A sentence below the title."""

    def html(self, *, heading: str) -> Iterator[str]:
        """Return the section as HTML in pieces; `heading` is HTML already."""
        yield f'<div class="card"><div class="head">{heading}{paragraph(self.note)}</div></div>\n'
        for answered in self.answers:
            yield from _render_answer(answered)


def _render_answer(answered: AnsweredQuestion) -> Iterator[str]:
    quote = answered.quote
    took = f"{escape_text(answered.about)} · {answered.seconds:.1f} s"
    yield f"<h3>“{escape_text(answered.question)}” <small>{took}</small></h3>\n"
    if quote is None:
        yield paragraph(answered.reading.text)
        return
    yield f'<dl class="turns">\n<dt>{escape_text(quote.label)}</dt><dd><pre>\n{_mark_doubts(quote)}</pre></dd>\n</dl>\n'
    if answered.excerpt is not None:
        width, height = answered.excerpt.size
        where = escape_text(quote.where[:1].upper() + quote.where[1:])
        yield (
            f'<div class="plates"><figure><img src="{answered.excerpt.data_url}" width="{width}" '
            f'height="{height}" alt="{escape_text(quote.label)}; what it says stands above" decoding="async">\n'
            f"<figcaption><b>{where}</b> · magnified, framed where it was read"
            f"{_list_doubts(quote)}</figcaption></figure></div>\n"
        )


def _list_doubts(quote: Quote) -> str:
    return (
        ""
        if not quote.unsure
        else f" · not sure of {', '.join(f'“{escape_text(word)}”' for word in quote.doubts)}"
    )


def _mark_doubts(quote: Quote) -> str:
    """Escape what was quoted, and mark the characters that the reader is unsure of."""
    shown, at = [], 0
    for start, stop in quote.unsure:
        shown += [
            escape_and_mark(quote.text[at:start]),
            f'<mark class="doubt">{escape_and_mark(quote.text[start:stop])}</mark>',
        ]
        at = stop
    return "".join([*shown, escape_and_mark(quote.text[at:])])
