"""The demo's third part: questions about both texts, answered from the pixels of their pages alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice

from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.cli.terminal import PageProgress
from glyph_memory.context import Context
from glyph_memory.nano import NanoReader
from glyph_memory.page import Page
from glyph_memory.report import AnsweredQuestion, AnswersSection, Excerpt

REFERENCE_PAGES, MEMORY_PAGES = 6, 10
"""Pages that are read of each text: reading one takes some tenths of a second."""
REFERENCE_QUESTIONS = (
    "When is the value of __debug__ determined?",
    "How are private names mangled?",
    "Which exception is raised outside of a coroutine function?",
)
MEMORY_QUESTIONS = (
    "What is the deploy key of checkout?",
    "What is the status of ORD-809586-A?",
    "What became of request 16b86dd2-e011-4550-9385-e4107c4141e0?",
)
_TITLE = "Answered from pixels"
_NOTE = (
    "No server and no GPU: the nano reader, which comes along, reads the pages and quotes what bears on a question. It "
    "looks things up and does not reason; of what it is not sure, it says so. It is handed pictures, and no text."
)


def ask(reference: Sequence[Page], remembered: Sequence[Page]) -> AnswersSection:
    """Ask about pages of the reference, and of the conversation's memory.

    Raises:
        ReaderError: The nano reader's weights are missing or broken.
    """
    with PageProgress("Questions, answered from pixels") as progress:
        reader = NanoReader(progress=progress)
        return AnswersSection(
            title=_TITLE,
            note=_NOTE,
            answers=[
                *_answer_questions(
                    reader, "Python\N{RIGHT SINGLE QUOTATION MARK}s reference", reference, REFERENCE_QUESTIONS
                ),
                *_answer_questions(reader, "the conversation", remembered, MEMORY_QUESTIONS),
            ],
        )


def _answer_questions(
    reader: NanoReader, about: str, pages: Sequence[Page], questions: Sequence[str]
) -> Iterator[AnsweredQuestion]:
    for question in questions:
        began = time.monotonic()
        reading = reader.read(Context.of(question, pages=pages))
        seconds = time.monotonic() - began
        quote, excerpt = next(iter(reading.quotes), None), None
        if quote is not None and quote.image is not None and quote.box is not None:
            excerpt = Excerpt.of(pages[quote.image].image, quote.box)
        shown = f"{about}, {terminal.format_count(len(pages), 'page')}"
        yield AnsweredQuestion(
            about=shown, question=question, reading=reading, seconds=seconds, excerpt=excerpt
        )


def take_first(pages: Iterator[Page], count: int) -> list[Page]:
    """Return the first pages of many."""
    return list(islice(pages, count))


def show(section: AnswersSection) -> None:
    """Print questions and answers."""
    screen = terminal.console()
    screen.print()
    how = "nano reader: no server, no GPU, no text; it looks things up and does not reason"
    screen.print(Text.assemble((section.title, "bold"), (f"  {how}", "dim")), soft_wrap=True)
    for answered in section.answers:
        took = f"  {answered.about} · {answered.seconds:.1f} s"
        screen.print()
        screen.print(Text.assemble((answered.question, "cyan"), (took, "dim")), soft_wrap=True)
        said = answered.quote or answered.reading.text
        screen.print(Text(terminal.escape_controls(str(said))), soft_wrap=True)
    screen.print()
    more = 'glyph-memory ask FILE "QUESTION"'
    screen.print(Text.assemble("Ask about a text of yours: ", (more, "cyan")), soft_wrap=True)


def to_json(section: AnswersSection) -> list[dict[str, object]]:
    """Return questions and their first quotes as plain values for JSON."""
    return [
        {
            "question": answered.question,
            "seconds": round(answered.seconds, 3),
            "quote": answered.quote.text if answered.quote else None,
            "anchor": answered.quote.anchor if answered.quote else None,
            "page": answered.quote.page if answered.quote else None,
            "box": answered.quote.box if answered.quote else None,
            "doubts": answered.quote.doubts if answered.quote else (),
        }
        for answered in section.answers
    ]
