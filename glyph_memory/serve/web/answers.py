"""Answer questions about documents: by a model that sees the pages, or by the nano reader; told as it goes.

Words that an answer quotes are framed where they stand on the pages that are shown. Knows drawings and readers; knows
nothing about HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from glyph_memory.context import Context
from glyph_memory.errors import ReaderRefused
from glyph_memory.ledger import quote_identifiers
from glyph_memory.nano import NanoReader, Quote
from glyph_memory.readers import Reading
from glyph_memory.serve.web.bodies import QuestionAsked
from glyph_memory.serve.web.context import WebContext
from glyph_memory.serve.web.drawings import Boxes, Drawing, Drawings, spell_box
from glyph_memory.serve.web.events import Emit
from glyph_memory.serve.web.models import ChosenModel, open_reader
from glyph_memory.serve.web.nano import ask_nano
from glyph_memory.serve.web.shelf import Upload
from glyph_memory.serve.web.work import Stop, Tell, close_stream, run_in_thread, run_telling
from glyph_memory.tokens import ModelProfile

_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»\n]{6,400})[\"”“»]|^> ?(.{6,400})$", re.MULTILINE)
"""Words that an answer quotes, in quotation marks or as a block."""
_QUOTES_AT_MOST = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentQuestion:
    """A question about a document, ready to be answered."""

    upload: Upload
    """The document."""
    asked: QuestionAsked
    """The question, the look, how the answer is written."""
    profile: ModelProfile
    """The model that will read."""
    model: ChosenModel | None
    """Who answers; None for the nano reader."""


async def answer_question(
    question: DocumentQuestion, emit: Emit, *, context: WebContext, drawings: Drawings, nano: NanoReader
) -> None:
    """Answer a question, and tell it as it goes.

    Args:
        question: What is asked.
        emit: Sends an event.
        context: Knows the upstreams.
        drawings: Draws the document.
        nano: Answers where no model does.

    Raises:
        GlyphMemoryError: The document cannot be drawn, or nobody answers.
    """
    upload, asked, profile = question.upload, question.asked, question.profile
    shown = await run_in_thread(lambda stop: drawings.draw(upload, asked.look, profile, stop))
    if question.model is None:
        await _answer_by_nano(question, shown, emit, drawings=drawings, nano=nano)
        return
    if question.model.served.takes_images is False:
        raise ReaderRefused(
            f"the model {question.model.served.model!r} takes no images, so it cannot read pages; choose another"
        )
    prepared = await run_in_thread(lambda stop: _write_context(asked.question, shown, profile, stop))
    reading: Reading | None = None
    async with (
        open_reader(context, question.model, asked, special_tokens=profile.special_tokens) as reader,
        close_stream(reader.astream(prepared)) as deltas,
    ):
        async for delta in deltas:
            if delta.reasoning:
                await emit("reasoning", {"text": delta.reasoning})
            if delta.text:
                await emit("delta", {"text": delta.text})
            reading = delta.reading or reading
    if reading is not None:
        for quote in find_quotes(reading.text, shown):
            await emit("quote", quote)
        await emit("usage", describe_usage(reading))


def describe_usage(reading: Reading) -> dict[str, object]:
    """Return the tokens of an answer as the server counted them; None where it did not say."""
    usage = reading.usage
    return {
        "prompt_tokens": usage.prompt_tokens,
        "cached_tokens": usage.cached_tokens,
        "completion_tokens": usage.completion_tokens,
    }


def find_quotes(answer: str, shown: Drawing) -> Iterator[dict[str, object]]:
    """Yield the words that an answer quotes letter for letter, with the places where they stand."""
    told = set[str]()
    for found in _QUOTED.finditer(answer):
        text = (found[1] or found[2]).strip()
        place = shown.find(text) if text and text not in told else None
        if place is not None:
            told.add(text)
            page, boxes = shown.locate(*place)
            yield {"page": page, "text": text, "boxes": boxes}
        if len(told) == _QUOTES_AT_MOST:
            return


def _write_context(question: str, shown: Drawing, profile: ModelProfile, stop: Stop) -> Context:
    identifiers = list[str]()
    for page in shown.pages:
        stop.check()
        identifiers.append(quote_identifiers(page.text, profile=profile, page=f"page {page.number}"))
    return Context.of(question, pages=shown.pages, identifiers=identifiers)


async def _answer_by_nano(
    question: DocumentQuestion, shown: Drawing, emit: Emit, *, drawings: Drawings, nano: NanoReader
) -> None:
    upload, asked, profile = question.upload, question.asked, question.profile

    def work(stop: Stop, tell: Tell) -> None:
        read = drawings.draw(upload, asked.look, profile, stop, is_plain=True)
        context = Context.of(asked.question, pages=read.pages)
        for delta, quote in ask_nano(
            nano, context, stop, progress=lambda done, total: tell("progress", {"done": done, "total": total})
        ):
            tell("delta", {"text": delta})
            if quote is not None and quote.page is not None:
                page, boxes = _place_quote(quote, read, shown)
                tell("quote", {"page": page, "text": quote.text, "boxes": boxes})

    await run_telling(work, emit)


def _place_quote(quote: Quote, read: Drawing, shown: Drawing) -> tuple[int, Boxes]:
    """Return where a quote of the pages that were read stands on the pages that are shown."""
    number = quote.page or 1
    if quote.box is None:
        return number, []
    if read.key == shown.key:
        return number, [spell_box(quote.box)]
    near = read.offset_of(number, quote.box[1], quote.box[3])
    for text in (quote.text, *sorted(quote.text.splitlines(), key=len, reverse=True)):
        if (place := shown.find(text.strip(), near=near)) is not None:
            return shown.locate(*place)
    return shown.locate(near, near + 1)
