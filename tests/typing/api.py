"""The README's code, type-checked: mypy reads this file, nobody runs it."""

from __future__ import annotations

from glyph_memory import (
    AnyMessage,
    Attachment,
    Binder,
    Context,
    Fold,
    Folding,
    FoldPolicy,
    GlyphMemory,
    MemoryReport,
    ModelProfile,
    OpenAIReader,
    PageOptions,
    PageStyle,
    Passage,
    ReaderError,
    Seal,
    Transcript,
    Turn,
    Warmer,
    ZoomResult,
    context_from_turns,
    fold,
    iter_pages,
    read_message,
    read_messages,
    typeset,
)
from glyph_memory.evaluate import check_pages, make_texts, measure_legibility
from glyph_memory.nano import NanoReader, NanoReading
from glyph_memory.transcription import SURE


def from_text_to_answer(text: str) -> str:
    """The README's eight lines."""
    profile = ModelProfile.from_name("glyph")
    pages = typeset(text, style=PageStyle.glyph())
    saved: float = profile.text_tokens(text) / profile.pages_tokens([page.size for page in pages])
    with OpenAIReader("http://127.0.0.1:8000/v1") as reader:
        reading = reader.read(Context.of(f"Which port? Ratio {saved}", pages=pages))
    return reading.text


def read_without_a_server(log: str) -> list[str]:
    """The nano reader, what came back, what a style costs a reader."""
    pages = typeset(log)
    reading: NanoReading = NanoReader().read(Context.of("What is the deploy key of catalogue?", pages=pages))
    quoted = [quote.text for quote in reading.quotes if quote.is_sure]
    sure: bool = bool((NanoReader().transcribe("scan.png").lines[0].confidence > SURE).all())
    misread = [found.truth for found in check_pages(pages).misread]
    rows = measure_legibility(PageStyle.glyph(), make_texts(["prose", "hex"])).rows
    return [*quoted, *misread, *(row.kind for row in rows), str(sure)]


def a_conversation_streamed() -> list[str]:
    """Transcripts, streaming, digests."""
    talk = Transcript((Turn(role="user", text="hi"), Turn(role="assistant", text="hello")))
    return [page.digest for page in iter_pages(talk, style=PageStyle.dark())]


def a_conversation_remembered(url: str) -> list[str]:
    """The README's memory: add, ask, recall, and what it costs."""
    with GlyphMemory.open("agent.db", session="on-call", profile="glyph") as memory:
        turn: Turn = memory.add("user", "Who signed off?", pinned=True)
        with OpenAIReader(url, extra_body={"cache_salt": memory.cache_salt}) as reader:
            memory.add("assistant", reader.read(memory.context()).text)
        report: MemoryReport = memory.report()
        passages: tuple[Passage, ...] = memory.recall("signed", k=3)
        zoomed: ZoomResult = memory.zoom(turn.anchor or 1, dpi=144)
        return [passage.text for passage in passages] + [zoomed.text, str(report.saved_tokens)]


def many_questions(contexts: list[Context], url: str) -> list[str]:
    """Many readings, each an answer or an error; pages that are read before anyone asks."""
    with OpenAIReader(url) as reader, Warmer(reader) as warmer:
        with GlyphMemory.open("agent.db", warmer=warmer) as memory:
            cached: int | None = memory.warm(reader).cached_tokens
        readings = reader.read_many(iter(contexts), progress=print)
        warmer.submit(contexts[0], conversation="agent")
        in_time: bool = warmer.wait(1.0)
    found = [str(reading) if isinstance(reading, ReaderError) else reading.text for reading in readings]
    return [*found, str(cached), str(in_time)]


async def the_same_without_blocking(memory: GlyphMemory) -> Context:
    """Every call has its twin."""
    await memory.aadd(Turn(role="user", text="hi"))
    await memory.arecall("hi", 2)
    return await memory.acontext("And now?")


def options_as_a_value_or_as_keywords(options: PageOptions) -> list[GlyphMemory]:
    """Names where names are meant; a keyword wins over the value."""
    Binder(options=options)
    Binder("glyph", options=options, style="dark", pages="folder")
    pages = typeset("Hello.", style="dark")
    measured = check_pages(pages, style="dark")
    return [
        GlyphMemory.open("a.db", options=PageOptions(profile="glyph", style="dark")),
        GlyphMemory.open("a.db", options=options, captions="page" if measured.misread else "text"),
        GlyphMemory.open("a.db", profile="glyph", style=PageStyle.dark(), policy=None),
    ]


def folded_by_a_framework(turns: list[Turn], kept: list[Seal]) -> Context:
    """Seals in, seals out."""
    binder = Binder("glyph", policy=FoldPolicy.for_profile(ModelProfile.from_name("glyph")), captions="page")
    folded: Fold = fold(turns, seals=kept, policy=binder.policy, costs=binder)
    kept[:] = folded.seals
    return context_from_turns(folded, turns, binder=binder)


def messages_as_others_spell_them(memory: GlyphMemory) -> list[str]:
    """Dictionaries, their lists, JSON, models of a client."""
    history = [{"role": "user", "content": "Hello."}]
    memory.extend(history)
    memory.extend('{"messages": []}')
    turn: Turn = memory.add({"role": "assistant", "content": None, "tool_calls": [{"name": "f", "args": {}}]})
    memory.add(
        "user", [{"type": "text", "text": "Look."}], images=[b"..."], attachments=[Attachment(block="{}")]
    )
    talk: Transcript = read_messages(history)
    folded = Folding[AnyMessage]("glyph").fold(history)
    return [turn.text, read_message(history[0]).text, *(one.text for one in talk), folded.notice]
