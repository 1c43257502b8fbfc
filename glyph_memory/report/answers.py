"""The `AnswersSection` of a report: questions, the words that were quoted, and where on a page they stand.

Everything quoted was read off pixels, so all of it is escaped as any text of a stranger is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from glyph_memory.nano import NanoReading, Quote
from glyph_memory.report.escape import escape_and_mark, escape_text, paragraph
from glyph_memory.report.excerpt import Excerpt


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
        if quote.is_sure
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
