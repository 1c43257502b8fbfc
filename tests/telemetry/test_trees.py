"""What is a span, and which is part of which: for a memory, a reader, documents; across threads and tasks."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from pathlib import Path

import pytest
from opentelemetry import baggage, trace
from opentelemetry import context as otel_context
from opentelemetry.trace import SpanKind, StatusCode

from glyph_memory import (
    Context,
    Document,
    OpenAIReader,
    Reader,
    ReaderUnavailable,
    Reading,
    Warmer,
    pack,
    typeset,
)
from glyph_memory.documents import draw_pages
from glyph_memory.nano import NanoReader
from glyph_memory.testing import FakeVLMServer, Fault
from tests.telemetry.recorded import Recorded, plain, record
from tests.telemetry.talks import TALK, find_sealing_turn, open_memory

FOLD = ("memory.fold", ["store.read"])
WAIT = ("glyph_memory.store.wait",)


def test_a_turn_is_stored_and_folded_in(tmp_path: Path, recorded: Recorded) -> None:
    """One transaction writes it, one looks whether others wrote."""
    with open_memory(tmp_path) as memory:
        memory.extend(TALK[:2])
        recorded.clear()
        memory.add(TALK[2])
    assert recorded.tree() == [("memory.add", ["store.write", FOLD])]


def test_a_turn_that_seals_others_draws_pages(tmp_path: Path, recorded: Recorded) -> None:
    """Identifiers are looked up for the ledger, the run is drawn, the seal is stored, and its page kept."""
    place = find_sealing_turn(tmp_path)
    with open_memory(tmp_path) as memory:
        memory.extend(TALK[:place])
        recorded.clear()
        memory.add(TALK[place])
        seals = memory.fold().seals
    sealing = ["store.read", "store.read", "pages.draw", "store.write", "store.read"]
    assert recorded.tree()[0] == ("memory.add", ["store.write", ("memory.fold", sealing)])
    drawn = recorded.find("glyph_memory.pages.draw")[0]
    assert plain(drawn) == {
        "glyph_memory.page.use": "seal",
        "glyph_memory.pages": len(seals[0].pages),
        "glyph_memory.tokens.pages": drawn.attributes and drawn.attributes["glyph_memory.tokens.pages"],
    }
    assert plain(recorded.find("glyph_memory.store.write")[0], without=WAIT) == {"db.system.name": "sqlite"}


def test_a_context_says_what_it_is_made_of(tmp_path: Path, recorded: Recorded) -> None:
    """Figures alone: seals, pages, tokens, turns, the generation."""
    with open_memory(tmp_path) as memory:
        memory.extend(TALK[: find_sealing_turn(tmp_path) + 1])
        memory.context()
        recorded.clear()
        context, fold = memory.context("What was it?"), memory.fold()
    assert recorded.tree()[0] == ("memory.context", [FOLD])
    assert plain(recorded.find("glyph_memory.memory.context")[0]) == {
        "glyph_memory.seals": 1,
        "glyph_memory.pages": len(context.images),
        "glyph_memory.tokens.pages": fold.seals[0].tokens,
        "glyph_memory.tokens.text": fold.head_tokens + fold.tail_tokens,
        "glyph_memory.turns.recent": len(fold.tail),
        "glyph_memory.generation": 1,
    }


def test_what_is_searched_and_erased_is_told_by_how_much_it_was(tmp_path: Path, recorded: Recorded) -> None:
    """Recall, focus, zoom, erasing: each a span with a figure."""
    with open_memory(tmp_path) as memory:
        memory.extend(TALK[: find_sealing_turn(tmp_path) + 1])
        recorded.clear()
        found = memory.recall("deploy", k=2)
        memory.context("Which deploy?", focus_tokens=300)
        memory.zoom(1, dpi=100)
        memory.truncate(after=3)
    assert plain(recorded.find("glyph_memory.memory.recall")[0]) == {"glyph_memory.passages": len(found)}
    focus = recorded.find("glyph_memory.focus")[0]
    assert {*plain(focus)} == {"glyph_memory.lines", "glyph_memory.tokens", "glyph_memory.lines.left_out"}
    assert (
        focus.parent
        and focus.parent.span_id == recorded.find("glyph_memory.memory.context")[0].context.span_id
    )
    assert plain(recorded.find("glyph_memory.memory.zoom")[0]) == {"glyph_memory.pages": 1}
    assert recorded.find("glyph_memory.memory.erase")[0].attributes


def test_a_reader_is_asked_by_the_conventions_for_generative_ai(recorded: Recorded) -> None:
    """A client's span with the model, and tokens as the server counts them, cached ones too; the second time cached."""
    context = Context.of("When did it start?", pages=[])
    with FakeVLMServer(answer=lambda _: "14:05") as server:
        host = server.base_url.split("/")[2]
        with OpenAIReader(server.base_url, model="glyph", max_tokens=9) as reader:
            first, again = reader.read(context), [*reader.stream(context)][-1].reading
    assert recorded.tree() == ["chat glyph", "chat glyph"]
    asked, streamed = recorded.spans
    assert asked.kind is SpanKind.CLIENT
    assert again is not None
    assert plain(asked) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "glyph",
        "gen_ai.request.stream": False,
        "gen_ai.request.max_tokens": 9,
        "gen_ai.request.temperature": 0.0,
        "gen_ai.response.model": "glyph",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": first.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": first.usage.completion_tokens,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "glyph_memory.request.images": 0,
        "glyph_memory.reader.is_warming": False,
        "server.address": "127.0.0.1",
        "server.port": int(host.split(":")[1]),
    }
    told = plain(streamed)
    assert told["gen_ai.request.stream"] is True
    assert told["gen_ai.response.time_to_first_chunk"] == again.timing.first_token_s
    assert told["gen_ai.usage.cache_read.input_tokens"] == again.usage.cached_tokens


def test_an_error_is_told_by_its_class_alone(recorded: Recorded) -> None:
    """Not what it says, nor where it was raised: both may quote what was sent."""
    with (
        FakeVLMServer(faults=[Fault(status=500)]) as server,
        OpenAIReader(server.base_url, retries=0) as reader,
        pytest.raises(ReaderUnavailable),
    ):
        reader.read(Context.of("When?", pages=[]))
    (span,) = recorded.spans
    assert span.status.status_code is StatusCode.ERROR
    assert (span.status.description, span.events) == (None, ())
    assert plain(span)["error.type"] == "ReaderUnavailable"
    assert list(recorded.read_metrics()["gen_ai.client.operation.duration"]) == [
        ("chat", "openai", "glyph", "ReaderUnavailable")
    ]


def test_whoever_stops_to_listen_ends_the_span_without_an_error(recorded: Recorded) -> None:
    """A stream's span lasts as long as somebody listens, and is nobody's parent between two pieces."""
    with FakeVLMServer(answer=lambda _: "one two three") as server, OpenAIReader(server.base_url) as reader:
        stream = reader.stream(Context.of("Which?", pages=[]))
        next(stream)
        assert not trace.get_current_span().get_span_context().is_valid
        assert recorded.spans == []
        stream.close()  # type: ignore[attr-defined]  # it is a generator
    (span,) = recorded.spans
    assert span.status.status_code is StatusCode.UNSET
    assert "error.type" not in plain(span)


class TellsTrace(Reader):
    """A reader that looks which span is current, in whatever thread it is called."""

    def read(self, context: Context) -> Reading:
        """Answer with the trace that it is in."""
        return Reading(text=f"{trace.get_current_span().get_span_context().trace_id:x}")


def test_threads_and_tasks_go_on_in_the_trace_of_their_caller(tmp_path: Path, recorded: Recorded) -> None:
    """The async twins, `read_many` and `aread_many` run in threads and tasks: the caller's span is the parent."""
    tracer = recorded.tracer_provider.get_tracer("the user's")
    contexts = [Context.of(f"{number}?", pages=[]) for number in range(3)]

    async def converse() -> tuple[str, list[str]]:
        with tracer.start_as_current_span("agent") as agent:
            memory = open_memory(tmp_path)
            await asyncio.gather(memory.aadd(TALK[0]), memory.acontext())
            with FakeVLMServer() as server:
                async with OpenAIReader(server.base_url, model="glyph") as reader:
                    await reader.aread(contexts[0])
                    async for _ in reader.astream(contexts[0]):
                        pass
                    await asyncio.to_thread(reader.read_many, contexts)
            asked = [*TellsTrace().read_many(contexts), *await TellsTrace().aread_many(contexts)]
            memory.close()
        return f"{agent.get_span_context().trace_id:x}", [
            one.text for one in asked if isinstance(one, Reading)
        ]

    trace_id, seen = asyncio.run(converse())
    assert seen == [trace_id] * 6
    assert [name for name, _ in (one for one in recorded.tree() if isinstance(one, tuple))] == ["agent"]
    (agent,) = recorded.find("agent")
    chats = recorded.find("chat glyph")
    assert len(chats) == 5
    for span in [
        *chats,
        *recorded.find("glyph_memory.memory.add"),
        *recorded.find("glyph_memory.memory.context"),
    ]:
        assert span.parent and span.parent.span_id == agent.context.span_id


def test_two_tasks_do_not_take_each_other_for_parents(recorded: Recorded) -> None:
    """Streams that are read in turn, in one thread, are brothers."""
    with FakeVLMServer(answer=lambda _: "one two three") as server:

        async def read_both() -> None:
            async with OpenAIReader(server.base_url, model="glyph") as reader:
                streams = [reader.astream(Context.of("Which?", pages=[])) for _ in range(2)]
                async for _ in streams[0]:
                    async for _ in streams[1]:
                        pass

        asyncio.run(read_both())
    assert recorded.tree() == ["chat glyph", "chat glyph"]


def test_a_document_is_one_span_however_many_pages_it_has(recorded: Recorded) -> None:
    """Also where only the first page was asked for; results that are packed are one, too."""
    document = Document(text="It opens at nine, and closes at five. " * 4_000)
    pages = [*draw_pages([document, Document(text="It rains.")])]
    assert len(pages) > 5
    next(draw_pages(document))
    packed = pack([document])
    told = [plain(span, without=["glyph_memory.tokens.pages"]) for span in recorded.spans]
    assert told == [
        {"glyph_memory.pages": len(pages) - 1, "glyph_memory.document.way": "reflow"},
        {"glyph_memory.pages": 1, "glyph_memory.document.way": "reflow"},
        {"glyph_memory.pages": 1, "glyph_memory.document.way": "reflow"},
        {"glyph_memory.pages": len(packed), "glyph_memory.page.use": "results"},
    ]
    assert recorded.read_metrics()["glyph_memory.pages.drawn"] == {
        ("document",): len(pages) + 1,
        ("results",): len(packed),
    }


def test_the_reader_without_a_model_is_traced_like_others(recorded: Recorded) -> None:
    """It has no tokens to tell."""
    NanoReader().read(Context.of("Who signs?", pages=[]))
    assert recorded.tree() == ["chat nano"]
    assert plain(recorded.spans[0])["gen_ai.provider.name"] == "glyph_memory"


@pytest.mark.parametrize("stream", [False, True])
def test_a_readers_server_is_part_of_its_trace(stream: bool, recorded: Recorded) -> None:
    """Its request names the reader's span; what a program says of its users as baggage is not sent along."""
    told = otel_context.attach(baggage.set_baggage("user", "ada"))
    try:
        with (
            FakeVLMServer() as server,
            OpenAIReader(server.base_url, model="glyph") as reader,
        ):
            asked = Context.of("When?", pages=[])
            _ = [*reader.stream(asked)] if stream else reader.read(asked)
    finally:
        otel_context.detach(told)
    (chat,) = recorded.find("chat glyph")
    (sent,) = server.requests
    name = f"00-{chat.context.trace_id:032x}-{chat.context.span_id:016x}"
    assert sent.headers["traceparent"].startswith(name)
    assert "baggage" not in sent.headers


def test_without_an_sdk_a_reader_sends_no_header_of_a_trace() -> None:
    """And one that is given for all requests goes as it is."""
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with FakeVLMServer() as server:
        for headers in ({}, {"traceparent": given}):
            with OpenAIReader(server.base_url, model="glyph", headers=headers) as reader:
                reader.read(Context.of("When?", pages=[]))
        with record(), OpenAIReader(server.base_url, model="glyph", headers={"traceparent": given}) as reader:
            reader.read(Context.of("When?", pages=[]))
    assert [request.headers.get("traceparent") for request in server.requests] == [None, given, given]


def test_a_warmers_spans_are_a_trace_of_their_own(recorded: Recorded) -> None:
    """Also where an instrumentation of threads hands on the context of whoever started one."""
    tracer, start = recorded.tracer_provider.get_tracer("the user's"), threading.Thread.start

    def start_within(thread: threading.Thread) -> None:
        run, held = thread.run, contextvars.copy_context()
        thread.run = lambda: held.run(run)  # type: ignore[method-assign]
        start(thread)

    with pytest.MonkeyPatch.context() as patch, FakeVLMServer() as server:
        patch.setattr(threading.Thread, "start", start_within)
        with OpenAIReader(server.base_url, model="glyph") as reader, Warmer(reader) as warmer:
            with tracer.start_as_current_span("a turn"):
                warmer.submit(Context.of("When?", pages=typeset("It opens at nine.")))
            assert warmer.wait(20)
    (warmed,) = recorded.find("chat glyph")
    assert warmed.parent is None
    assert plain(warmed)["glyph_memory.reader.is_warming"] is True
