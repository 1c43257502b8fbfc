"""The middleware's contract, on the wire: what reaches the server through LangChain's own agent and client."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from langchain.agents.middleware import ModelRequest, ModelResponse
from langchain_core.caches import InMemoryCache
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_glyph_memory import GlyphMemoryMiddleware, fold_messages
from langgraph.checkpoint.memory import InMemorySaver

from glyph_memory import FoldPolicy, ModelProfile
from glyph_memory.testing import FakeRequest, FakeVLMServer

BLOCK_TOKENS = 16
"""The fake server's prefix cache, as vLLM's, keeps blocks of so many."""


def digests(request: FakeRequest) -> list[str]:
    """Return a request's images, in order."""
    return [image.digest for image in request.images]


def bodies(requests: Sequence[FakeRequest]) -> list[str]:
    """Return requests as they were on the wire, without what streaming adds."""
    return [json.dumps([request.body["messages"], request.body.get("tools")]) for request in requests]


def image_roles(request: FakeRequest) -> set[str]:
    """Return the roles of the messages that hold images."""
    return {
        message["role"]
        for message in request.body["messages"]
        if isinstance(message["content"], list)
        and any(part["type"] == "image_url" for part in message["content"])
    }


def test_pages_arrive_in_a_users_message_once_each_in_order(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy
) -> None:
    """Each under its caption, and the prompt stays below what the messages would take as text."""
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())
    messages = ask(one, 12)
    last = server.requests[-1]
    assert len(messages) == 48
    assert len(set(digests(last))) == len(last.images) >= 5
    assert image_roles(last) == {"user"}
    (holder,) = [message for message in last.body["messages"] if isinstance(message["content"], list)]
    kinds = [part["type"] for part in holder["content"]]
    captions = [
        holder["content"][place - 1]["text"] for place, kind in enumerate(kinds) if kind == "image_url"
    ]
    numbers = [caption.strip().rpartition("page ")[2].partition(" (")[0] for caption in captions]
    assert numbers == [str(number) for number in range(1, len(captions) + 1)]
    text = sum(len(str(message.content)) for message in messages) // 4
    assert last.prompt_tokens < text


def test_a_request_begins_with_the_one_before_it(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy
) -> None:
    """Message for message; where new pages came, up to the pages there were. So the server's prefix cache holds."""
    ask(agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver()), 15)
    sealings = 0
    for before, after in pairwise(server.requests):
        old, new = before.body["messages"], after.body["messages"]
        if len(before.images) == len(after.images):
            assert new[: len(old)] == old
            assert after.cached_tokens >= (before.prompt_tokens - 1) // BLOCK_TOKENS * BLOCK_TOKENS
            continue
        sealings += 1
        assert digests(after)[: len(before.images)] == digests(before)
        assert new[0] == old[0]
        if before.images:
            pages = [*map(_is_image, old[1]["content"])]
            shown = len(pages) - pages[::-1].index(True)
            assert new[1]["content"][:shown] == old[1]["content"][:shown]
    assert 3 <= sealings <= len(server.requests) // 2


def _is_image(part: dict[str, Any]) -> bool:
    return bool(part["type"] == "image_url")


async def test_awaited_it_sends_the_same(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy, questions: Any
) -> None:
    """Byte for byte."""
    ask(agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver()), 8)
    called = bodies(server.requests)
    server.requests.clear()
    other = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())
    for number in range(8):
        asked = {"messages": [("user", questions(number, "1"))]}
        await other.ainvoke(asked, {"configurable": {"thread_id": "1"}})
    assert bodies(server.requests) == called


def test_streamed_it_sends_the_same_and_keeps_the_same(
    server: FakeVLMServer, agent: Any, ask: Any, chat: Any, early: FoldPolicy, questions: Any
) -> None:
    """Words arrive one by one; nothing of a page does."""
    kept = ask(agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver()), 8)
    called = bodies(server.requests)
    server.requests.clear()
    model = chat(server, streaming=True)
    one = agent(
        server, GlyphMemoryMiddleware("glyph", policy=early), model=model, checkpointer=InMemorySaver()
    )
    where = {"configurable": {"thread_id": "1"}}
    chunks = []
    for number in range(8):
        asked = {"messages": [("user", questions(number, "1"))]}
        chunks += [*one.stream(asked, where, stream_mode="messages")]
    assert bodies(server.requests) == called
    state = one.get_state(where).values["messages"]
    assert [message.content for message in state] == [message.content for message in kept]
    assert len(chunks) > 8 * 10
    assert "image" not in repr(chunks)


def test_threads_go_through_one_instance_at_the_same_time(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy
) -> None:
    """Each sends exactly what it would send alone."""

    def sent_by(thread: str) -> list[str]:
        return [body for body in bodies(server.requests) if f"Customer {thread}-" in body]

    def talker() -> Any:
        return agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())

    alone: dict[str, list[str]] = {}
    for thread in "abcd":
        server.requests.clear()
        ask(talker(), 5, thread=thread)
        alone[thread] = bodies(server.requests)
    server.requests.clear()
    one = talker()
    with ThreadPoolExecutor(4) as pool:
        lengths = [len(found) for found in pool.map(lambda thread: ask(one, 5, thread=thread), "abcd")]
    assert lengths == [20] * 4
    everything = bodies(server.requests)
    for thread, expected in alone.items():
        assert [body for body in everything if body in set(expected)] == expected, thread
        assert set(sent_by(thread)) <= set(expected)
    assert len(everything) == sum(map(len, alone.values()))


async def test_tasks_go_through_one_instance_at_the_same_time(
    server: FakeVLMServer, agent: Any, early: FoldPolicy, questions: Any
) -> None:
    """While one conversation's pages are drawn, the loop goes on."""
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())

    async def talk(thread: str) -> int:
        found: list[Any] = []
        for number in range(5):
            asked = {"messages": [("user", questions(number, thread))]}
            found = (await one.ainvoke(asked, {"configurable": {"thread_id": thread}}))["messages"]
        return len(found)

    assert await asyncio.gather(*map(talk, "abcd")) == [20] * 4
    assert max(len(request.images) for request in server.requests) >= 1


async def test_pages_are_drawn_in_a_thread(early: FoldPolicy) -> None:
    """Whoever awaits an answer keeps no one else waiting while pages are drawn."""
    threads: set[int] = set()

    class State(dict[str, Any]):
        """Remembers who looked into it."""

        def get(self, key: str, default: Any = None) -> Any:
            threads.add(threading.get_ident())
            return super().get(key, default)

    async def answered(request: Any) -> ModelResponse[Any]:
        return ModelResponse(result=[AIMessage("Yes.")])

    messages: list[Any] = [HumanMessage("Where? " * 300), AIMessage("There.")]
    model, state = FakeListChatModel(responses=["x"]), State(messages=messages)
    request: Any = ModelRequest(model=model, messages=messages, state=state)  # type: ignore[arg-type]  # any mapping
    await GlyphMemoryMiddleware("glyph", policy=early).awrap_model_call(request, answered)
    assert threads
    assert threading.get_ident() not in threads
    seen: set[int] = set()
    step = fold_messages(policy=early)
    await step.ainvoke(_Listing(messages, seen))
    assert seen
    assert threading.get_ident() not in seen


class _Listing(list[Any]):
    """Messages that remember who reads them."""

    def __init__(self, messages: list[Any], seen: set[int]) -> None:
        super().__init__(messages)
        self.seen = seen

    def __iter__(self) -> Any:
        self.seen.add(threading.get_ident())
        return super().__iter__()


def test_pages_may_be_a_message_of_their_own(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy
) -> None:
    """With `merge=False`; the user's message stays as it was said."""
    middleware = GlyphMemoryMiddleware("glyph", policy=early, merge=False)
    messages = ask(agent(server, middleware, checkpointer=InMemorySaver()), 6)
    said = {str(message.content) for message in messages}
    last = server.requests[-1].body["messages"]
    assert isinstance(last[1]["content"], list)
    assert all(message["content"] in said for message in last[2:] if message["content"])


def test_captions_may_stand_on_the_pages(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy
) -> None:
    """For servers that part images from the text round them."""
    middleware = GlyphMemoryMiddleware("glyph", policy=early, captions="page")
    ask(agent(server, middleware, checkpointer=InMemorySaver()), 6)
    assert server.requests[-1].images
    assert not any("page 1" in text for text in server.requests[-1].texts)


def test_a_history_without_a_checkpointer_is_folded_the_same(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy, questions: Any
) -> None:
    """Whoever keeps the messages: here the caller hands all of them in each time."""
    ask(agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver()), 8)
    expected = bodies(server.requests)
    server.requests.clear()
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=early))
    messages: list[Any] = []
    for number in range(8):
        messages = one.invoke({"messages": [*messages, HumanMessage(questions(number, "1"))]})["messages"]
    assert bodies(server.requests) == expected


def test_no_request_outgrows_the_window(
    server: FakeVLMServer, agent: Any, early: FoldPolicy, ask: Any
) -> None:
    """The oldest pages leave in one step; a long system prompt counts."""
    policy = replace(early, window_tokens=6_000)
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=policy), checkpointer=InMemorySaver())
    messages = ask(one, 26)
    counts = [len(request.images) for request in server.requests]
    drops = sum(after < before for before, after in pairwise(counts))
    assert 1 <= drops <= 4
    assert len(messages) == 104
    assert max(request.prompt_tokens for request in server.requests) < 5_500
    assert any("not shown" in text for text in server.requests[-1].texts)


def test_a_cache_of_answers_knows_a_request_again(
    server: FakeVLMServer, agent: Any, ask: Any, chat: Any, early: FoldPolicy
) -> None:
    """Nothing in what is sent changes from process to process: no random id on a block, none on a message."""
    middleware = GlyphMemoryMiddleware("glyph", policy=early)
    history = ask(agent(server, middleware, checkpointer=InMemorySaver()), 6)[:-1]
    model = chat(server, cache=InMemoryCache())
    server.requests.clear()
    for _ in range(3):
        again = GlyphMemoryMiddleware("glyph", policy=early)
        assert len(agent(server, again, model=model).invoke({"messages": history})["messages"]) == 24
    assert len(server.requests) == 1
    assert server.requests[0].images


@pytest.mark.parametrize("name", ["qwen2.5-vl", "glm-4.6v"])
def test_another_model_has_pages_of_its_own(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy, name: str
) -> None:
    """The profile is the model that reads."""
    profile = ModelProfile.from_name(name)
    ask(agent(server, GlyphMemoryMiddleware(profile, policy=early), checkpointer=InMemorySaver()), 4)
    sizes = {image.size for image in server.requests[-1].images}
    assert sizes
    assert all(side % profile.snap_px == 0 for size in sizes for side in size)


def test_results_of_tools_come_back_whole(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy
) -> None:
    """Artifacts, too, however old: the state is never folded."""
    messages = ask(
        agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver()), 8
    )
    artifacts = [message.artifact for message in messages if message.type == "tool"]
    calls = [call for message in messages if isinstance(message, AIMessage) for call in message.tool_calls]
    assert [artifact["order"] for artifact in artifacts] == [call["args"]["order"] for call in calls]
