"""An agent's pages are read before its next request; what it sends is the same with a warmer and without."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_glyph_memory import GlyphChatMessageHistory, GlyphMemoryMiddleware
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import SecretStr

from glyph_memory import FoldPolicy, OpenAIReader, ReaderRefused, Warmer
from glyph_memory.testing import FakeRequest, FakeVLMServer, ScriptedReader

WHERE: Any = {"configurable": {"thread_id": "1"}}
Questions = Callable[[int, str], str]


@pytest.fixture
def server() -> Iterator[FakeVLMServer]:
    """A server whose model answers at length, and calls no tool: an answer seals what came before it."""
    said = "The parcel left the second floor at noon and nobody has seen it since. " * 20
    with FakeVLMServer(answer=lambda request: f"{len(request.body['messages'])}: {said}") as serving:
        yield serving


def _prefix_of(request: FakeRequest, other: FakeRequest) -> bool:
    """Return whether a warmed request's messages are how another's begin, part for part."""
    *heads, last = request.body["messages"]
    there = other.body["messages"]
    parts = there[len(heads)]["content"]
    return there[: len(heads)] == heads and _spell(parts[: len(last["content"])]) == _spell(last["content"])


def _spell(parts: Any) -> list[str]:
    return [json.dumps({key: part[key] for key in ("type", part["type"])}, sort_keys=True) for part in parts]


@pytest.mark.parametrize("secrets", ["off", "mask"])
def test_each_answer_that_seals_has_the_next_requests_pages_read(
    server: FakeVLMServer, agent: Any, early: FoldPolicy, questions: Questions, look_up: Any, secrets: Any
) -> None:
    """By a request of one token that is how the next one begins, and none where pages stay what they are."""
    tools = [convert_to_openai_tool(look_up)]
    reader = OpenAIReader(server.base_url, model="glyph", extra_body={"tools": tools})
    with reader, Warmer(reader) as warmer:
        middleware = GlyphMemoryMiddleware("glyph", policy=early, warmer=warmer, secrets=secrets)
        one = agent(server, middleware, checkpointer=InMemorySaver())
        for number in range(8):
            one.invoke({"messages": [("user", questions(number, "1"))]}, WHERE)
            assert warmer.wait(10)
    assert (warmer.failures, warmer.dropped) == (0, 0)
    warmed = [place for place, request in enumerate(server.requests) if request.body.get("max_tokens") == 1]
    assert 2 < len(warmed) == warmer.warmed < 8
    for place in warmed[:-1]:
        assert _prefix_of(server.requests[place], server.requests[place + 1])
        following = server.requests[place + 1]
        assert following.cached_tokens >= (server.requests[place].prompt_tokens - 1) // 16 * 16


def test_what_an_agent_sends_is_the_same_with_a_warmer_and_without(
    agent: Any, early: FoldPolicy, questions: Questions, server: FakeVLMServer
) -> None:
    """To the byte."""
    sent = []
    for warmer in (None, Warmer(ScriptedReader([]))):
        middleware = GlyphMemoryMiddleware("glyph", policy=early, warmer=warmer)
        one = agent(server, middleware, checkpointer=InMemorySaver())
        before = len(server.requests)
        for number in range(8):
            one.invoke({"messages": [("user", questions(number, "1"))]}, WHERE)
        sent.append([request.body["messages"] for request in server.requests[before:]])
    assert sent[0] == sent[1]


def test_what_will_be_refused_for_its_secrets_is_not_read(
    server: FakeVLMServer, agent: Any, early: FoldPolicy, questions: Questions
) -> None:
    """Nor is it a failure; the next call says so itself."""
    reader = ScriptedReader([])
    with Warmer(reader) as warmer:
        middleware = GlyphMemoryMiddleware("glyph", policy=early, warmer=warmer, secrets="refuse")
        one = agent(server, middleware, checkpointer=InMemorySaver())
        for number in range(6):
            one.invoke({"messages": [("user", questions(number, "1"))]}, WHERE)
        assert warmer.wait(10)
        read = len(reader.warmed)
        assert read > 0
        server.answer = lambda request: "The key is AKIAIOSFODNN7EXAMPLE. " * 60
        one.invoke({"messages": [("user", "What is the key?")]}, WHERE)
        assert warmer.wait(10)
    assert (len(reader.warmed), warmer.failures) == (read, 0)


def test_a_history_has_the_pages_read_that_it_gives(early: FoldPolicy) -> None:
    """After each call that adds messages and seals some."""
    reader = ScriptedReader([])
    with (
        Warmer(reader) as warmer,
        GlyphChatMessageHistory("alice", ":memory:", policy=early, warmer=warmer) as history,
    ):
        for number in range(8):
            history.add_user_message(f"{number}? " * 80)
            history.add_ai_message(f"{number}! " * 80)
        assert warmer.wait(10)
        assert reader.warmed[-1] == history.memory.context().stable_prefix()


def test_a_reader_in_place_of_a_warmer_is_refused() -> None:
    """When the middleware is made."""
    with pytest.raises(ReaderRefused, match="is no Warmer"):
        GlyphMemoryMiddleware("glyph", warmer=ScriptedReader([]))  # type: ignore[arg-type]  # what people write


def test_a_chains_system_prompt_is_read_before_the_pages(server: FakeVLMServer, early: FoldPolicy) -> None:
    """Else what was read is how no request begins; here each question's tokens before it come from the cache."""
    system = "You are a kind assistant, and answer whatever you are asked."
    reader = OpenAIReader(server.base_url, model="glyph", image_uuids="never")
    chat = ChatOpenAI(
        base_url=server.base_url, model="glyph", api_key=SecretStr("none"), use_responses_api=False
    )
    with reader, Warmer(reader, system_prompt=system) as warmer:
        history = GlyphChatMessageHistory("alice", ":memory:", policy=early, warmer=warmer)
        for number in range(8):
            question = HumanMessage(f"{number}? " * 80)
            chat.invoke([SystemMessage(system), *history.messages, question])
            history.add_messages([question, AIMessage(f"{number}! " * 80)])
            assert warmer.wait(10)
    warmed = [place for place, request in enumerate(server.requests) if request.body.get("max_tokens") == 1]
    assert len(warmed) > 2
    for place in warmed[:-1]:
        assert (
            server.requests[place + 1].cached_tokens >= (server.requests[place].prompt_tokens - 1) // 16 * 16
        )


def test_a_second_system_prompt_is_refused() -> None:
    """The middleware knows what its requests begin with."""
    with pytest.raises(ReaderRefused, match="without one"):
        GlyphMemoryMiddleware("glyph", warmer=Warmer(ScriptedReader([]), system_prompt="Be kind."))
