"""The `AnswersSection` of a report: questions, the words that were quoted, and where on a page they stand.

Everything quoted was read off pixels, so all of it is escaped as any text of a stranger is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from glyph_memory.nano import NanoReading, Quote
from glyph_memory.report.escape import marked, paragraph, plain
from glyph_memory.report.excerpt import Excerpt


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """A question, and the best of what was found."""

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
    answers: Sequence[Answered]
    """In the order in which they were asked."""
    note: str = ""
    """A sentence below the title."""

    def html(self, *, heading: str) -> Iterator[str]:
        """Give the section in pieces, below a heading that is HTML already."""
        yield f'<div class="card"><div class="head">{heading}{paragraph(self.note)}</div></div>\n'
        for answered in self.answers:
            yield from _answered(answered)


def _answered(answered: Answered) -> Iterator[str]:
    quote = answered.quote
    took = f"{plain(answered.about)} · {answered.seconds:.1f} s"
    yield f"<h3>“{plain(answered.question)}” <small>{took}</small></h3>\n"
    if quote is None:
        yield paragraph(answered.reading.text)
        return
    yield f'<dl class="turns">\n<dt>{plain(quote.label)}</dt><dd><pre>\n{_doubted(quote)}</pre></dd>\n</dl>\n'
    if answered.excerpt is not None:
        width, height = answered.excerpt.size
        where = plain(quote.where[:1].upper() + quote.where[1:])
        yield (
            f'<div class="plates"><figure><img src="{answered.excerpt.data_url}" width="{width}" '
            f'height="{height}" alt="{plain(quote.label)}; what it says stands above" decoding="async">\n'
            f"<figcaption><b>{where}</b> · magnified, framed where it was read"
            f"{_named(quote)}</figcaption></figure></div>\n"
        )


def _named(quote: Quote) -> str:
    return "" if quote.is_sure else f" · not sure of {', '.join(f'“{plain(word)}”' for word in quote.doubts)}"


def _doubted(quote: Quote) -> str:
    """Escape what was quoted, and mark the characters that are not sure."""
    shown, at = [], 0
    for start, stop in quote.unsure:
        shown += [
            marked(quote.text[at:start]),
            f'<mark class="doubt">{marked(quote.text[start:stop])}</mark>',
        ]
        at = stop
    return "".join([*shown, marked(quote.text[at:])])
