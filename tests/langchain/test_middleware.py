"""Claims about the middleware by itself: what it does where pages cannot be sent, and whom it goes together with."""

from __future__ import annotations

import base64
import io
import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from langchain.agents.middleware import (
    AgentMiddleware,
    ClearToolUsesEdit,
    ContextEditingMiddleware,
    ExtendedModelResponse,
    ModelFallbackMiddleware,
    ModelRequest,
    ModelResponse,
    ModelRetryMiddleware,
    PIIMiddleware,
    SummarizationMiddleware,
)
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_glyph_memory import GlyphMemoryMiddleware, glyph_token_counter
from langchain_glyph_memory.state import BOOKMARK
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from PIL import Image

from glyph_memory import FoldPolicy, GlyphMemoryWarning, PolicyError, ProfileError
from glyph_memory.testing import FakeRequest, FakeVLMServer, Fault

WHERE: Any = {"configurable": {"thread_id": "1"}}
LONG = "The parcel left the second floor at noon and nobody has seen it since. " * 12


@pytest.fixture
def glyph(early: FoldPolicy) -> Callable[..., GlyphMemoryMiddleware]:
    """Return middleware that folds early."""
    return lambda **options: GlyphMemoryMiddleware("glyph", **({"policy": early} | options))


def digests(request: FakeRequest) -> list[str]:
    """Return a request's images, in order."""
    return [image.digest for image in request.images]


def png() -> str:
    """Return a small picture, in base64."""
    stream = io.BytesIO()
    Image.new("L", (56, 56), 255).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def summaries(server: FakeVLMServer) -> int:
    """Count the calls that a summarizer made: it knows no tools."""
    return sum("tools" not in request.body for request in server.requests)


# Where pages cannot be sent.


def test_a_text_model_gets_every_message_as_text_and_the_user_learns_why(
    server: FakeVLMServer, agent: Any, ask: Any, chat: Any, glyph: Any
) -> None:
    """Its profile says that it takes no images: nothing is lost, nothing is dropped on the way."""
    model = chat(server, profile={"image_inputs": False})
    one = agent(server, glyph(), model=model, checkpointer=InMemorySaver())
    with pytest.warns(GlyphMemoryWarning, match="takes no images, so old messages go as text") as told:
        messages = ask(one, 6)
    last = server.requests[-1].body["messages"]
    assert [message["content"] or "" for message in last[1:]] == [
        message.content for message in messages[:-1]
    ]
    assert not any(request.images for request in server.requests)
    assert "image_inputs" in str(told[0].message)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_server_that_refuses_images_is_asked_again_in_text(
    agent: Any, ask: Any, chat: Any, glyph: Any, streaming: bool
) -> None:
    """The user learns of it, and what to do about it; the answer comes all the same."""
    with FakeVLMServer(answer=lambda request: LONG, takes_images=False) as server:
        model = chat(server, streaming=streaming)
        one = agent(server, glyph(), model=model, checkpointer=InMemorySaver())
        with pytest.warns(GlyphMemoryWarning, match="is not a multimodal model") as told:
            messages = ask(one, 6)
        last = server.requests[-1].body["messages"]
    assert [message["content"] for message in last[1:]] == [message.content for message in messages[:-1]]
    assert "Serve a vision-language model" in str(told[0].message)
    assert "\n" not in str(told[0].message)


async def test_awaited_it_is_asked_again_as_well(agent: Any, glyph: Any, questions: Any) -> None:
    """The same, awaited."""
    with FakeVLMServer(answer=lambda request: LONG, takes_images=False) as server:
        one = agent(server, glyph(), checkpointer=InMemorySaver())
        with pytest.warns(GlyphMemoryWarning, match="is not a multimodal model"):
            for number in range(4):
                found = await one.ainvoke({"messages": [("user", questions(number, "1"))]}, WHERE)
    assert len(found["messages"]) == 8


def test_other_errors_are_nobody_elses_business(
    server: FakeVLMServer, agent: Any, ask: Any, glyph: Any
) -> None:
    """They come through as they are, and the next call goes on."""
    one = agent(server, glyph(), checkpointer=InMemorySaver())
    ask(one, 4)
    server.faults.append(Fault.error(400, "Something else."))
    with pytest.raises(Exception, match=r"Something else\."):
        ask(one, 1, first=4)
    ask(one, 1, first=5)
    assert server.requests[-1].images


def test_before_anything_is_sealed_a_refusal_of_the_users_own_picture_is_not_ours(
    agent: Any, glyph: Any
) -> None:
    """Nothing would be won by asking again."""
    with FakeVLMServer(takes_images=False) as server:
        block = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png()}"}}
        with pytest.raises(Exception, match="multimodal"):
            agent(server, glyph()).invoke({"messages": [HumanMessage([block])]})
        assert len([path for path in server.paths if "chat" in path]) == 1


# What the next one gives back.


def _requested(*messages: Any) -> ModelRequest[Any]:
    model = FakeListChatModel(responses=["x"])
    return ModelRequest(model=model, messages=[*messages], state={"messages": [*messages]})


HISTORY = [message for n in range(5) for message in (HumanMessage(f"{n}: {LONG}"), AIMessage(LONG))]


def test_whatever_a_handler_gives_back_the_bookmark_is_kept_beside_it(glyph: Any) -> None:
    """A response, a message alone, a response with a command of its own; an update of somebody else's is kept."""
    said = AIMessage("Yes.")
    command: Any = Command(update={"mine": 1})
    answers: list[Any] = [
        ModelResponse(result=[said], structured_response={"a": 1}),
        said,
        ExtendedModelResponse(ModelResponse(result=[said])),
        ExtendedModelResponse(ModelResponse(result=[said]), command),
    ]
    updates: list[Any] = []
    for answer in answers:
        middleware = glyph(report=False)
        found = middleware.wrap_model_call(_requested(*HISTORY), lambda request, answer=answer: answer)
        assert isinstance(found, ExtendedModelResponse)
        assert found.model_response.result == [said]
        assert found.command is not None
        updates.append(found.command.update)
    assert all(update[BOOKMARK] == updates[0][BOOKMARK] for update in updates)
    assert [sorted(update) for update in updates] == [[BOOKMARK]] * 3 + [[BOOKMARK, "mine"]]


def test_where_nothing_is_old_a_response_goes_through_as_it_is(glyph: Any) -> None:
    """No command, no wrapping; the messages are those of the request."""
    said, seen = AIMessage("Yes."), []
    request = _requested(HumanMessage("Hello."))

    def handler(request: Any) -> AIMessage:
        seen.append(request)
        return said

    assert glyph(report=False).wrap_model_call(request, handler) is said
    assert seen[0].messages[0] is request.messages[0]


def test_a_request_is_never_changed(glyph: Any) -> None:
    """Neither its list of messages nor a message in it: both are the state's own."""
    history = [message.model_copy(deep=True) for message in HISTORY]
    request = _requested(*history)
    glyph().wrap_model_call(request, lambda request: AIMessage("Yes."))
    assert all(one is other for one, other in zip(request.messages, history, strict=True))
    assert history == HISTORY


def test_a_large_system_prompt_and_many_tools_leave_less_room_for_pages(early: FoldPolicy) -> None:
    """They are in the prompt, though not among the messages."""
    small = replace(early, window_tokens=6_000)
    middleware = GlyphMemoryMiddleware("glyph", policy=small)
    seen: list[int] = []

    def handler(request: Any) -> ModelResponse[Any]:
        content = request.messages[0].content
        seen.append(sum(block["type"] == "image" for block in content) if isinstance(content, list) else 0)
        return ModelResponse(result=[AIMessage("Yes.")])

    request = _requested(*HISTORY * 6)
    middleware.wrap_model_call(request, handler)
    prompt = SystemMessage("Never promise a date. " * 300)
    middleware.wrap_model_call(request.override(system_message=prompt), handler)
    tool = {"type": "function", "function": {"name": "f", "description": "Never promise a date. " * 300}}
    middleware.wrap_model_call(request.override(tools=[tool]), handler)
    assert seen[0] > max(seen[1:])


@pytest.mark.parametrize("named", [True, False])
def test_what_has_left_the_prompt_stays_known_in_another_process(early: FoldPolicy, named: bool) -> None:
    """By ids, or by what is said where there are none; that it was changed is noticed."""
    policy = replace(early, window_tokens=6_000)
    history = [
        message.model_copy(update={"id": f"m-{place}" if named else None, "content": f"{place}: {LONG}"})
        for place, message in enumerate(HISTORY * 8)
    ]
    state: dict[str, Any] = {"messages": history}

    def sent(messages: list[Any]) -> str:
        seen: list[Any] = []

        def handler(request: Any) -> ModelResponse[Any]:
            seen.extend(request.messages)
            return ModelResponse(result=[AIMessage("Yes.")])

        request = _requested(*messages).override(state=json.loads(json.dumps(state, default=str)))
        found = GlyphMemoryMiddleware("glyph", policy=policy).wrap_model_call(request, handler)
        if isinstance(found, ExtendedModelResponse) and found.command:
            state.update(found.command.update or {})
        return repr([message.content for message in seen])

    first = sent(history)
    assert state[BOOKMARK]["evicted"]
    assert "are older and not shown" in first
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sent(history) == first
    with pytest.warns(GlyphMemoryWarning, match="had left the prompt"):
        sent(history[2:])


def test_what_cannot_work_is_refused_when_the_agent_is_made() -> None:
    """An unknown model, a policy without room."""
    with pytest.raises(ProfileError, match="no model profile 'glyf'"):
        GlyphMemoryMiddleware("glyf")
    with pytest.raises(PolicyError):
        GlyphMemoryMiddleware("glyph", policy=FoldPolicy(window_tokens=500))


def test_it_may_be_called_something_else(server: FakeVLMServer, agent: Any, glyph: Any) -> None:
    """An agent takes no two of a name."""
    assert (glyph().name, glyph(name="Pages").name) == ("GlyphMemoryMiddleware", "Pages")
    with pytest.raises(AssertionError, match="duplicate"):
        agent(server, glyph(), glyph())
    agent(server, glyph(), glyph(name="Pages"))


# Together with others.


def test_before_an_editor_the_pages_show_what_tools_really_said(
    server: FakeVLMServer, agent: Any, ask: Any, glyph: Any
) -> None:
    """Behind it, they would show that it was cleared: so put the middleware first."""
    editing = ContextEditingMiddleware(edits=[ClearToolUsesEdit(trigger=1, keep=1)])
    ask(agent(server, glyph(), checkpointer=InMemorySaver()), 8)
    pages = digests(server.requests[-1])
    found = []
    for order in ((glyph(), editing), (editing, glyph())):
        server.requests.clear()
        ask(agent(server, *order, checkpointer=InMemorySaver()), 8)
        found.append([digests(request) for request in server.requests])
    assert found[0][-1] == pages
    assert found[1][-1] != pages


def test_what_was_redacted_is_on_no_page_and_in_no_bookmark(
    server: FakeVLMServer, agent: Any, glyph: Any
) -> None:
    """`PIIMiddleware` changes the state before a page is drawn of it."""
    redacts = PIIMiddleware("email", strategy="redact", apply_to_input=True)
    found = []
    for middleware in ((glyph(), redacts), (glyph(),)):
        saver = InMemorySaver()
        server.requests.clear()
        one = agent(server, *middleware, checkpointer=saver)
        for number in range(6):
            one.invoke({"messages": [("user", f"Write to ada-{number}x7@post.example! {LONG}")]}, WHERE)
        found.append(json.dumps([one.get_state(WHERE).values[BOOKMARK], [r.texts for r in server.requests]]))
        assert server.requests[-1].images
    assert "@post.example" not in found[0]
    assert "@post.example" in found[1]


def test_behind_a_fallback_each_model_gets_what_it_takes(
    server: FakeVLMServer, agent: Any, ask: Any, chat: Any, glyph: Any
) -> None:
    """The model that answers in the end reads pages; the one before it would have read text."""
    with FakeVLMServer(faults=[Fault.error(500)] * 40) as broken:
        text_only = chat(broken, profile={"image_inputs": False})
        fallback = ModelFallbackMiddleware(chat(server))
        one = agent(server, fallback, glyph(), model=text_only, checkpointer=InMemorySaver())
        with pytest.warns(GlyphMemoryWarning, match="go as text"):
            messages = ask(one, 6)
    assert len(messages) == 24
    assert server.requests[-1].images


@pytest.mark.parametrize("outer", [True, False])
def test_a_call_that_is_tried_again_is_the_same_call(
    server: FakeVLMServer, agent: Any, ask: Any, glyph: Any, outer: bool
) -> None:
    """Whichever of the two stands first; the bookmark is kept once."""
    retries = ModelRetryMiddleware(max_retries=2, initial_delay=0.0, jitter=False)
    ask(agent(server, glyph(), checkpointer=InMemorySaver()), 8)
    expected = [json.dumps(request.body["messages"]) for request in server.requests]
    server.requests.clear()
    order = (retries, glyph()) if outer else (glyph(), retries)
    one = agent(server, *order, checkpointer=InMemorySaver())
    for number in range(8):
        server.faults.append(Fault.error(500))
        ask(one, 1, first=number)
    assert [json.dumps(request.body["messages"]) for request in server.requests] == expected


def test_what_changed_and_what_was_left_out_is_told_once_a_model_has_answered(
    server: FakeVLMServer, agent: Any, chat: Any
) -> None:
    """Not at each try, and not of a model that is down, whose pages would be others than those that are sent."""
    retries = ModelRetryMiddleware(max_retries=2, initial_delay=0.0, jitter=False, on_failure="error")
    with FakeVLMServer(faults=[Fault.error(500)] * 40) as broken:
        first = chat(broken, model="qwen3-vl", profile={"max_input_tokens": 16_384})
        fallback = ModelFallbackMiddleware(chat(server, profile={"max_input_tokens": 8_192}))
        memory = GlyphMemoryMiddleware()
        one = agent(server, fallback, retries, memory, model=first, checkpointer=InMemorySaver())
        said = [("user", LONG) if number % 2 else ("ai", LONG) for number in range(40)]
        with warnings.catch_warnings():
            warnings.simplefilter("error", GlyphMemoryWarning)
            for asked in ([*said, ("user", "Where?")], [("user", "And now?")]):
                one.invoke({"messages": asked}, WHERE)
        assert server.requests[-1].images
        with pytest.warns(GlyphMemoryWarning) as told:
            one.invoke({"messages": [("user", LONG * 90)]}, WHERE)
    assert len(told) == 1


def test_a_summarizer_that_counts_what_is_sent_never_summarizes(
    server: FakeVLMServer, agent: Any, ask: Any, chat: Any, glyph: Any
) -> None:
    """One that counts the state does, and deletes what the pages could have shown."""
    counts = []
    for pages_aware in (True, False):
        server.requests.clear()
        middleware = glyph()
        counter = middleware.token_counter if pages_aware else glyph_token_counter("glyph")
        summarizer = SummarizationMiddleware(
            chat(server), trigger=("tokens", 3_300), keep=("messages", 4), token_counter=counter
        )
        messages = ask(agent(server, middleware, summarizer, checkpointer=InMemorySaver()), 14)
        counts.append((summaries(server), len(messages) == 56))
    assert counts[0] == (0, True)
    assert counts[1][0] >= 1
    assert not counts[1][1]


def test_the_counter_counts_what_the_server_counts(
    server: FakeVLMServer, agent: Any, ask: Any, glyph: Any, look_up: Any
) -> None:
    """Within what a chat template may put round messages; far below what the history would take."""
    middleware = glyph()
    one = agent(server, middleware, checkpointer=InMemorySaver())
    messages = ask(one, 12)
    counted = middleware.token_counter(messages)
    assert counted == middleware.token_counter(messages)
    assert counted < glyph_token_counter("glyph")(messages) * 0.9
    assert middleware.token_counter(messages, tools=[look_up]) > counted
    assert middleware.token_counter([]) == 0
    assert abs(counted - server.requests[-1].prompt_tokens) < 0.25 * counted


def test_a_tool_that_the_model_calls_for_an_answer_does_no_harm(
    server: FakeVLMServer, agent: Any, chat: Any, glyph: Any
) -> None:
    """A `response_format`: what the agent gives back is complete."""
    schema = {"title": "Place", "type": "object", "properties": {"shelf": {"type": "string"}}}
    with FakeVLMServer(answer=lambda request: '{"shelf": "cart-7"}') as own:
        one = agent(own, glyph(), response_format=_provider(schema), checkpointer=InMemorySaver())
        for _ in range(6):
            found = one.invoke({"messages": [("user", LONG)]}, WHERE)
        assert found["structured_response"] == {"shelf": "cart-7"}
        assert own.requests[-1].images


def _provider(schema: dict[str, Any]) -> Any:
    from langchain.agents.structured_output import ProviderStrategy

    return ProviderStrategy(schema)


def test_other_middleware_may_change_what_is_folded_for_one_call(
    server: FakeVLMServer, agent: Any, ask: Any, glyph: Any
) -> None:
    """A call that shows the model another history neither breaks the state's folding nor is broken by it."""

    class Shortens(AgentMiddleware[Any, Any, Any]):
        """Shows the model the last message alone, every fifth time."""

        calls = 0

        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            self.calls += 1
            return handler(
                request.override(messages=request.messages[-1:]) if self.calls % 5 == 4 else request
            )

    one = agent(server, Shortens(), glyph(), checkpointer=InMemorySaver())
    with pytest.warns(GlyphMemoryWarning, match="seals no longer match"):
        messages = ask(one, 8)
    assert len(messages) >= 24
    assert server.requests[-1].images
