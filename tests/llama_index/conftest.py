"""What the adapter's tests share: a conversation, a policy that folds early, a server and a look at its wire."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import httpx
import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.llms.openai_like import OpenAILike
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike, PageImageBlock, message_of
from pydantic import BaseModel

from glyph_memory import FoldPolicy
from glyph_memory.testing import FakeVLMServer, agent_conversation

Serve = Callable[..., FakeVLMServer]
Clients = Callable[[], dict[str, Any]]
Wire = list[Mapping[str, Any]]


@pytest.fixture
def policy() -> FoldPolicy:
    """Return a policy under which some turns make a page."""
    return FoldPolicy(
        window_tokens=6000,
        tools_tokens=0,
        output_tokens=500,
        keep_recent_tokens=200,
        seal_tokens=200,
        trigger_tokens=600,
        max_run_tokens=800,
        pinned_tokens=100,
    )


@pytest.fixture
def talk() -> list[ChatMessage]:
    """Return an agent's conversation of 120 messages, tools included."""
    return [message_of(turn) for turn in agent_conversation(turns=120)]


@pytest.fixture
def memory(policy: FoldPolicy) -> GlyphMemory:
    """Return an empty memory that folds early."""
    return GlyphMemory.from_defaults(policy=policy)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers, with the options of `FakeVLMServer`."""
    with ExitStack() as started:
        yield lambda **options: started.enter_context(FakeVLMServer(**options))


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    """Return HTTP clients that are closed after the test: LlamaIndex leaves its own open."""
    async with AsyncExitStack() as opened:

        def clients() -> dict[str, Any]:
            sync, other = httpx.Client(), httpx.AsyncClient()
            opened.callback(sync.close)
            opened.push_async_callback(other.aclose)
            return {"http_client": sync, "async_http_client": other}

        yield clients


@pytest.fixture
def plain_llm(clients: Clients) -> Callable[[FakeVLMServer], OpenAILike]:
    """Point LlamaIndex's own client at a server."""
    return lambda server: OpenAILike(
        model="glyph",
        api_base=server.base_url,
        api_key="x",
        is_chat_model=True,
        is_function_calling_model=True,
        context_window=131_072,
        max_retries=0,
        **clients(),
    )


@pytest.fixture
def glyph_llm(policy: FoldPolicy, clients: Clients) -> Callable[[FakeVLMServer], GlyphOpenAILike]:
    """Point our client at a server, with the policy that folds early."""
    return lambda server: GlyphOpenAILike(
        api_base=server.base_url, api_key="x", policy=policy, max_retries=0, **clients()
    )


@pytest.fixture
def wire() -> Callable[[FakeVLMServer], list[Wire]]:
    """Return the messages of every request that a server understood."""
    return lambda server: [list(request.body["messages"]) for request in server.requests]


@pytest.fixture
def pictures() -> Callable[[Wire], list[tuple[str, str]]]:
    """Return role and data of every picture on the wire, in order."""

    def found(messages: Wire) -> list[tuple[str, str]]:
        return [
            (message["role"], part["image_url"]["url"])
            for message in messages
            if isinstance(message["content"], list)
            for part in message["content"]
            if part["type"] == "image_url"
        ]

    return found


@pytest.fixture
def check_wire(pictures: Callable[[Wire], list[tuple[str, str]]]) -> Callable[[Wire], None]:
    """Check what servers and templates insist on: pictures of users, each once; calls with results; a user first."""

    def check(messages: Wire) -> None:
        found = pictures(messages)
        assert {role for role, _ in found} <= {"user"}
        assert len({url for _, url in found}) == len(found)
        waiting: list[str] = []
        for message in messages:
            if message["role"] == "tool":
                assert message["tool_call_id"] in waiting
                waiting.remove(message["tool_call_id"])
            else:
                assert not waiting, f"{waiting} have no result"
                waiting = [call["id"] for call in message.get("tool_calls") or ()]
        roles = [message["role"] for message in messages if message["role"] != "system"]
        assert roles[0] == "user"
        assert "system" not in [message["role"] for message in messages[len(messages) - len(roles) :]]

    return check


def _plain(held: object) -> object:
    """Return all that is in something; pages leave their bytes out where they are printed."""
    if isinstance(held, BaseModel):
        return [
            *map(_plain, held.__dict__.values()),
            *map(_plain, (held.__pydantic_private__ or {}).values()),
        ]
    if isinstance(held, Mapping):
        return {str(name): _plain(value) for name, value in held.items()}
    return [*map(_plain, held)] if isinstance(held, list | tuple | set) else held


@pytest.fixture
def holds_pages() -> Callable[[object], bool]:
    """Return whether something that is stored, sent or told holds a page: as bytes, base64 or base64 of that."""

    def found(held: object) -> bool:
        text = held if isinstance(held, str) else repr(_plain(held))
        marks = [b"\x89PNG\r\n\x1a\n", base64.b64encode(b"\x89PNG\r\n\x1a\n")[:10]]
        marks.append(base64.b64encode(marks[1])[:12])
        return any(mark.decode("latin-1") in text or repr(mark)[2:-1] in text for mark in marks)

    return found


@pytest.fixture
def said() -> Callable[[Sequence[ChatMessage]], list[object]]:
    """Return what messages say, to compare."""
    return lambda messages: [message.model_dump() for message in messages]


@pytest.fixture
def pages_of() -> Callable[[Sequence[ChatMessage]], list[PageImageBlock]]:
    """Return the pages in messages, in order."""
    return lambda messages: [
        block for message in messages for block in message.blocks if isinstance(block, PageImageBlock)
    ]
