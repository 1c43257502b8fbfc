"""What the LangChain tests share: a server that calls tools, an agent on it, and a policy that folds early."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import BaseMessage
from langchain_core.tools import BaseTool, tool
from langchain_openai import ChatOpenAI

from glyph_memory import FoldPolicy, ToolCall
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer

Chat = Callable[..., ChatOpenAI]
Agent = Any
"""A compiled graph; its type has five parameters that no test turns on."""


@pytest.fixture
def early() -> FoldPolicy:
    """Folds after a few hundred tokens."""
    return FoldPolicy(
        window_tokens=32_000,
        tools_tokens=0,
        output_tokens=500,
        keep_recent_tokens=200,
        seal_tokens=200,
        trigger_tokens=600,
        max_run_tokens=800,
        pinned_tokens=100,
    )


def _answer(request: FakeRequest) -> FakeAnswer:
    """Look an order up where a user asks, and answer once the tool did: the same for the same request."""
    last = request.body["messages"][-1]
    number = zlib.crc32(str(last["content"]).encode()) % 10_000 + len(request.body["messages"]) * 10_000
    if last["role"] == "user" and request.body.get("tools"):
        call = ToolCall(name="look_up", arguments=f'{{"order": "ORD-{number}"}}', id=f"call_{number}")
        return FakeAnswer(tool_calls=(call,))
    return FakeAnswer(text=f"Order ORD-{number} is on its way; parcel service, second floor, ring twice. ")


@pytest.fixture
def server() -> Iterator[FakeVLMServer]:
    """A server whose model looks up every order that it is asked for."""
    with FakeVLMServer(answer=_answer) as serving:
        yield serving


@pytest.fixture
def chat() -> Chat:
    """Return LangChain's own client of a server."""

    def chat(server: FakeVLMServer, **options: Any) -> ChatOpenAI:
        defaults: dict[str, Any] = {"model": "glyph", "api_key": "x", "max_retries": 0}
        return ChatOpenAI(base_url=server.base_url, use_responses_api=False, **(defaults | options))

    return chat


@pytest.fixture
def look_up() -> BaseTool:
    """A tool with a long result and an artifact."""

    @tool(response_format="content_and_artifact")
    def look_up(order: str) -> tuple[str, dict[str, Any]]:
        """Look an order up."""
        lines = [
            f"{order}: parcel {n} of 9 packed by Ada, shelf cart-{n}, weight {n * 37} g" for n in range(9)
        ]
        return "\n".join(lines), {"order": order, "raw": {"parcels": 9}}

    return look_up


@pytest.fixture
def agent(chat: Chat, look_up: BaseTool) -> Callable[..., Agent]:
    """Return an agent with a tool, on a server."""

    def agent(server: FakeVLMServer, *middleware: Any, model: Any = None, **options: Any) -> Agent:
        return create_agent(
            model or chat(server),
            tools=[look_up],
            system_prompt="You answer for a web shop. Be terse.",
            middleware=middleware,
            **options,
        )

    return agent


@pytest.fixture
def ask() -> Callable[..., list[BaseMessage]]:
    """Ask an agent about orders, one after the other, in one thread; give the messages of its state in the end."""

    def ask(
        agent: Agent, count: int, *, thread: str = "1", first: int = 0, **config: Any
    ) -> list[BaseMessage]:
        messages: list[BaseMessage] = []
        for number in range(first, first + count):
            asked = {"messages": [("user", question(number, thread))]}
            where = {"configurable": {"thread_id": thread}, **config}
            messages = agent.invoke(asked, where)["messages"]
        return messages

    return ask


@pytest.fixture
def questions() -> Callable[[int, str], str]:
    """Return what `ask` asks."""
    return question


def question(number: int, thread: str = "1") -> str:
    """Word a question."""
    return f"Customer {thread}-{number} wants to know where order ORD-{number} is, and who packed it. " * 3


@pytest.fixture
def holds_png() -> Callable[[Any], bool]:
    """Return whether any string or bytes in a value, however deep, holds a PNG file, as it is or as base64."""

    def holds(value: Any) -> bool:
        if isinstance(value, str):
            return "iVBORw0KGgo" in value or "\x89PNG" in value
        if isinstance(value, bytes):
            return b"iVBORw0KGgo" in value or b"\x89PNG" in value
        if isinstance(value, dict):
            return any(holds(name) or holds(held) for name, held in value.items())
        if isinstance(value, Sequence | set | frozenset):
            return any(map(holds, value))
        return holds(vars(value)) if hasattr(value, "__dict__") else False

    return holds
