"""Answer a message of a chat: what left the pages and bears on it is recalled, and a model or the nano reader answers.

What is said is stored before anybody is asked, so that it is there whatever happens next. Knows memories and readers;
knows nothing about HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import anyio

from glyph_memory.context import Context, Message, Text, TextCleaner
from glyph_memory.context.recall_wording import RECALLED
from glyph_memory.errors import ReaderError, ReaderRefused
from glyph_memory.memory import GlyphMemory, Passage
from glyph_memory.nano import NanoReader
from glyph_memory.readers import Reading
from glyph_memory.serve.web.answers import describe_usage
from glyph_memory.serve.web.bodies import MessageSent
from glyph_memory.serve.web.context import WebContext
from glyph_memory.serve.web.drawings import spell_box
from glyph_memory.serve.web.events import Emit
from glyph_memory.serve.web.models import ChosenModel, open_reader
from glyph_memory.serve.web.nano import ask_nano
from glyph_memory.serve.web.work import Stop, Tell, close_stream, run_in_thread, run_telling
from glyph_memory.transcript import Turn

STOPPED = "[stopped here by the user]"
"""Ends an answer that was stopped: whoever reads it later, the model too, sees that it is not whole."""
_RECALLED_AT_MOST = 4
_SEARCHED = 12
_BEARS = 0.5
"""Which share of the best passage's score another needs: what has common words alone stays out."""
_STORING_S = 5.0


@dataclass(kw_only=True)
class ChatMessage:
    """A message of a chat, and what becomes of it."""

    memory: GlyphMemory
    """The chat."""
    sent: MessageSent
    """What is said, and how the answer is written."""
    model: ChosenModel | None
    """Who answers; None for the nano reader."""
    recalled: tuple[int, ...] = ()
    """Anchors of the turns that were recalled for it."""
    parts: list[str] = field(default_factory=list)
    """What came of the answer so far."""


async def answer_message(message: ChatMessage, emit: Emit, *, context: WebContext, nano: NanoReader) -> Turn:
    """Store a message, have it answered, store the answer, and tell all as it goes; return the answer's turn.

    An answer whose client is gone is kept as far as it came.

    Args:
        message: The message.
        emit: Sends an event.
        context: Knows the upstreams.
        nano: Answers where no model does.

    Raises:
        GlyphMemoryError: It could not be stored, or nobody answers; a message that was stored stays.
    """
    memory = message.memory
    prepared, passages = await run_in_thread(lambda _: _prepare(memory, message.sent.text))
    message.recalled = tuple(passage.anchor for passage in passages)
    for passage in passages:
        await emit("recalled", {"anchor": passage.anchor, "text": passage.text})
    try:
        if message.model is None:
            await _ask_nano(message, prepared, emit, nano)
        else:
            await _ask_model(message, message.model, prepared, emit, context)
    except anyio.get_cancelled_exc_class():
        if "".join(message.parts).strip():
            with anyio.move_on_after(_STORING_S, shield=True):
                await run_in_thread(lambda _: _store(message, is_whole=False))
        raise
    if not "".join(message.parts).strip():
        raise ReaderError("the model said nothing; send the message again, or raise max_tokens")
    turns = list[Turn]()
    with anyio.CancelScope(shield=True):
        turns.append(await run_in_thread(lambda _: _store(message, is_whole=True)))
    return turns[0]


def _prepare(memory: GlyphMemory, text: str) -> tuple[Context, tuple[Passage, ...]]:
    """Store a message; return what is sent, and what was recalled for it."""
    turn = memory.add("user", text)
    found = [one for one in memory.recall(text, _SEARCHED) if one.anchor != turn.anchor]
    enough = _BEARS * max((one.score for one in found), default=0.0)
    passages = tuple(one for one in found if one.place == "evicted" and one.score >= enough)
    passages = passages[:_RECALLED_AT_MOST]
    context = memory.context()
    return (_add_passages(context, passages, memory) if passages else context), passages


def _add_passages(context: Context, passages: tuple[Passage, ...], memory: GlyphMemory) -> Context:
    """Return a context whose last message has passages of evicted turns after its words."""
    turns = [replace(one.turn, text=one.text, tool_calls=(), images=()) for one in passages]
    cleaner = TextCleaner(memory.profile.special_tokens, memory.options.terminal_escapes)
    quoted = Text(cleaner.quote(turns, remark=RECALLED))
    *rest, last = context.messages
    if last.role == "user":
        last = Message(role="user", parts=(*last.parts, quoted))
    else:
        rest, last = [*rest, last], Message(role="user", parts=(quoted,))
    return replace(context, messages=(*rest, last))


def _store(message: ChatMessage, *, is_whole: bool) -> Turn:
    text = "".join(message.parts).rstrip()
    if not is_whole:
        text = f"{text}\n{STOPPED}"
    return message.memory.add("assistant", text)


async def _ask_model(
    message: ChatMessage, model: ChosenModel, prepared: Context, emit: Emit, context: WebContext
) -> None:
    if model.served.takes_images is False and prepared.images:
        raise ReaderRefused(
            f"the model {model.served.model!r} takes no images, and old turns of this chat are pages; choose another"
        )
    reading: Reading | None = None
    tokens = message.memory.profile.special_tokens
    async with (
        open_reader(context, model, message.sent, special_tokens=tokens) as reader,
        close_stream(reader.astream(prepared)) as deltas,
    ):
        async for delta in deltas:
            if delta.reasoning:
                await emit("reasoning", {"text": delta.reasoning})
            if delta.text:
                message.parts.append(delta.text)
                await emit("delta", {"text": delta.text})
            reading = delta.reading or reading
    if reading is not None:
        await emit("usage", describe_usage(reading))


async def _ask_nano(message: ChatMessage, prepared: Context, emit: Emit, nano: NanoReader) -> None:
    def work(stop: Stop, tell: Tell) -> None:
        for delta, quote in ask_nano(
            nano,
            prepared,
            stop,
            progress=lambda done, total: tell("progress", {"done": done, "total": total}),
        ):
            message.parts.append(delta)
            tell("delta", {"text": delta})
            if quote is not None and quote.page is not None and quote.box is not None:
                box = spell_box(quote.box)
                tell("quote", {"page": quote.page, "text": quote.text, "boxes": [box]})

    await run_telling(work, emit)
