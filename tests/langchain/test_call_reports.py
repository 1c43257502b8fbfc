"""Claims about the report of each call: callbacks get it as an event, and the answer has it in its metadata."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from typing import Any

import pytest
from langchain.agents.middleware import ExtendedModelResponse, ModelRequest, ModelResponse
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_glyph_memory import GlyphMemoryMiddleware
from langgraph.checkpoint.memory import InMemorySaver

from glyph_memory import FoldPolicy, GlyphMemoryWarning, ModelProfile
from glyph_memory.testing import FakeVLMServer


class Recorder(BaseCallbackHandler):
    """Keeps the events that it is told of."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []

    def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
        """Keep one."""
        self.events.append((name, data))


def reports(messages: list[BaseMessage]) -> list[Any]:
    """Return what stands on the answers of a state."""
    return [one.response_metadata["glyph_memory"] for one in messages if isinstance(one, AIMessage)]


def test_each_call_is_an_event_and_stands_on_its_answer(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy
) -> None:
    """The numbers are those of the request; what is sealed, and what leaves, is told in the call that does so."""
    recorder, policy = Recorder(), replace(early, window_tokens=3_000)
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=policy), checkpointer=InMemorySaver())
    found = reports(ask(one, 8, callbacks=[recorder]))
    assert [name for name, _ in recorder.events] == ["glyph_memory"] * 16
    assert [data for _, data in recorder.events] == found
    assert [told["pages"] for told in found] == [len(request.images) for request in server.requests]
    assert {(told["profile"], told["window_tokens"]) for told in found} == {("glyph", 3_000)}
    for told, request in zip(found, server.requests, strict=True):
        # The server of this test counts four characters a token, and no tools.
        assert request.prompt_tokens < told["prompt_tokens"] < 2 * request.prompt_tokens + 80
    sealed = [told["sealed"] for told in found if told["sealed"]]
    left = [told["left"] for told in found if told["left"]]
    assert sealed[0][0] == 1
    assert [first for first, _ in sealed[1:]] == [last + 1 for _, last in sealed[:-1]]
    assert left
    assert found[-1]["generation"] == 1 + len(left)
    assert found[-1]["evicted_turns"] == left[-1][1]


def test_the_answer_keeps_all_else_and_the_state_holds_plain_numbers(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy, holds_png: Any
) -> None:
    """Ids, usage and the provider's own metadata; no word of the conversation, no byte of a page."""
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())
    bare = agent(server, GlyphMemoryMiddleware("glyph", policy=early, report=False))
    (_, answer, *_), (_, plain, *_) = ask(one, 1), ask(bare, 1)
    assert "glyph_memory" not in plain.response_metadata
    told = answer.response_metadata["glyph_memory"]
    assert answer.response_metadata.keys() - {"glyph_memory"} == plain.response_metadata.keys()
    assert (answer.usage_metadata["input_tokens"], answer.tool_calls) == (63, plain.tool_calls)
    assert answer.id
    assert json.loads(json.dumps(told)) == told
    assert not holds_png(told)
    words = {word for word in told.values() if isinstance(word, str)}
    assert words == {"glyph"}
    assert len(json.dumps(told)) < 600


@pytest.mark.parametrize("streaming", [False, True])
async def test_awaited_and_streamed_it_is_the_same(
    server: FakeVLMServer, agent: Any, chat: Any, early: FoldPolicy, questions: Any, streaming: bool
) -> None:
    """An event of the stream, once a call; the message that ends a stream of tokens is the one of the state."""
    model = chat(server, streaming=streaming)
    one = agent(
        server, GlyphMemoryMiddleware("glyph", policy=early), model=model, checkpointer=InMemorySaver()
    )
    where: Any = {"configurable": {"thread_id": "1"}}
    asked = {"messages": [("user", questions(0, "1"))]}
    events = [event async for event in one.astream_events(asked, where, version="v2")]
    told = [event["data"] for event in events if event["event"] == "on_custom_event"]
    state = (await one.aget_state(where)).values["messages"]
    assert told == reports(state)
    assert len(told) == 2
    streamed = [
        message
        async for message, _ in one.astream(
            {"messages": [("user", "Thanks.")]}, where, stream_mode="messages"
        )
    ]
    assert {message.id for message in streamed if isinstance(message, AIMessage)} <= {
        message.id for message in (await one.aget_state(where)).values["messages"]
    }


SAID = AIMessage("Yes.", id="a-1", response_metadata={"model_name": "m"})
RESULT = ToolMessage("Done.", tool_call_id="c1")
ANSWERS: list[Any] = [
    SAID,
    ModelResponse(result=[SAID, RESULT], structured_response={"a": 1}),
    ExtendedModelResponse(ModelResponse(result=[SAID, RESULT], structured_response={"a": 1})),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
@pytest.mark.parametrize("awaited", [False, True])
async def test_without_a_run_nobody_is_told_and_nothing_fails(answer: Any, awaited: bool) -> None:
    """Whoever calls the middleware by hand has no callbacks; whatever the handler gave is a copy with the report."""
    middleware = GlyphMemoryMiddleware("glyph")
    request: Any = ModelRequest(
        model=FakeListChatModel(responses=["Yes."]), messages=[HumanMessage("Hello.")], state={"messages": []}
    )

    async def handle(_: Any) -> Any:
        return answer

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found: Any = (
            await middleware.awrap_model_call(request, handle)
            if awaited
            else middleware.wrap_model_call(request, lambda _: answer)
        )
    response = getattr(found, "model_response", found)
    first, *others = getattr(response, "result", [response])
    assert type(found) is type(answer)
    assert first.response_metadata["glyph_memory"]["prompt_tokens"] > 0
    assert (first.id, first.response_metadata["model_name"]) == ("a-1", "m")
    assert others == ([RESULT] if response is not found or isinstance(found, ModelResponse) else [])
    assert getattr(response, "structured_response", None) == (None if answer is SAID else {"a": 1})
    assert "glyph_memory" not in SAID.response_metadata


def test_losses_are_counted(server: FakeVLMServer, agent: Any, early: FoldPolicy) -> None:
    """The warning says what; the report says how many of each kind."""
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=replace(early, window_tokens=4_000)))
    asked = HumanMessage("The parcel left at noon, order 4711. " * 2_000)
    with pytest.warns(GlyphMemoryWarning, match="is shown"):
        messages = one.invoke({"messages": [asked]})["messages"]
    assert sum(reports(messages)[0]["losses"].values()) == 1


def test_a_model_without_images_is_told_nothing_of_pages(
    server: FakeVLMServer, agent: Any, chat: Any, ask: Any
) -> None:
    """Its messages are not folded, so there is nothing to report."""
    recorder = Recorder()
    model = chat(server, profile={"image_inputs": False})
    with pytest.warns(GlyphMemoryWarning, match="takes no images"):
        messages = ask(agent(server, GlyphMemoryMiddleware("glyph"), model=model), 1, callbacks=[recorder])
    assert recorder.events == []
    assert not any("glyph_memory" in one.response_metadata for one in messages)


@pytest.mark.parametrize("window", [2_048, 8_192])
def test_all_that_is_sent_is_counted_and_the_window_is_the_servers(
    chat: Any, agent: Any, ask: Any, window: int
) -> None:
    """Also what we say of pages, which is a quarter of a prompt in a small window; no count is below the server's."""
    glyph = ModelProfile.from_name("glyph")
    counts: Any = {"image_tokens": glyph.image_tokens, "text_tokens": glyph.text_counter.count}
    with FakeVLMServer(window_tokens=window, answer=lambda request: "Noted. " * 30, **counts) as server:
        memory = GlyphMemoryMiddleware("glyph", window_tokens=window)
        found = reports(ask(agent(server, memory, checkpointer=InMemorySaver()), 12))
        assert found[-1]["pages"]
        for told, request in zip(found, server.requests, strict=True):
            assert told["window_tokens"] == window
            assert (
                request.prompt_tokens
                <= told["prompt_tokens"]
                < request.prompt_tokens + 40 * len(request.body["messages"])
            )
