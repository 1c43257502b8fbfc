"""LlamaIndex's chat engines with our memory, over real HTTP: sync, async, streaming from a thread of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.chat_engine import CondensePlusContextChatEngine, ContextChatEngine, SimpleChatEngine
from llama_index.core.chat_engine.types import BaseChatEngine
from llama_index.core.embeddings import MockEmbedding
from llama_index.memory.glyph import GlyphMemory

from glyph_memory import FoldPolicy
from glyph_memory.testing import FakeRequest, FakeVLMServer

Serve = Callable[..., FakeVLMServer]
Point = Callable[[FakeVLMServer], Any]
Wire = list[dict[str, Any]]
Wires = Callable[[FakeVLMServer], list[Wire]]
Pictures = Callable[[Wire], list[tuple[str, str]]]
Check = Callable[[Wire], None]

ROUNDS = 12


def answer(request: FakeRequest) -> str:
    """Answer with so much that a few answers make a page."""
    return (
        f"I have heard of it, in {len(request.images)} pages. "
        + "It is a long story, and worth telling. " * 12
    )


@pytest.fixture(params=["simple", "context", "condense"])
def engine(request: pytest.FixtureRequest) -> Callable[[Any, GlyphMemory], BaseChatEngine]:
    """Return each kind of chat engine, for an LLM and a memory."""

    def made(llm: Any, memory: GlyphMemory) -> BaseChatEngine:
        if request.param == "simple":
            return SimpleChatEngine.from_defaults(llm=llm, memory=memory, system_prompt="Be brief.")
        index = VectorStoreIndex.from_documents(
            [Document(text="The gate's code is 4711-B.")], embed_model=MockEmbedding(embed_dim=4)
        )
        kind = ContextChatEngine if request.param == "context" else CondensePlusContextChatEngine
        return kind.from_defaults(retriever=index.as_retriever(), llm=llm, memory=memory)

    return made


def asked_of(memory: GlyphMemory) -> list[str | None]:
    """Return what users said."""
    return [message.content for message in memory.get_all() if message.role == MessageRole.USER]


@pytest.mark.parametrize("client", ["plain_llm", "glyph_llm"])
def test_an_engine_is_answered_and_its_history_kept(
    engine: Callable[[Any, GlyphMemory], BaseChatEngine], client: str, request: pytest.FixtureRequest, serve: Serve,
    policy: FoldPolicy, wire: Wires, pictures: Pictures, check_wire: Check,
) -> None:  # fmt: skip
    """With either client: pages arrive, in order and once; question and answer are put, the context is not."""
    server = serve(answer=answer)
    memory = GlyphMemory.from_defaults(policy=policy)
    chat = engine(request.getfixturevalue(client)(server), memory)
    for number in range(ROUNDS):
        assert "I have heard of it" in str(chat.chat(f"Question {number}?"))
    assert asked_of(memory) == [f"Question {number}?" for number in range(ROUNDS)]
    assert len(memory.get_all()) == 2 * ROUNDS
    told = [one for one in wire(server) if one[0]["role"] == "system" or pictures(one)]
    for one in told:
        check_wire(one)
    assert len(pictures(wire(server)[-1])) > 2
    assert f"Question {ROUNDS - 1}?" in repr(wire(server)[-1][-1])


async def test_streams_and_async_calls_put_the_same(
    engine: Callable[[Any, GlyphMemory], BaseChatEngine], serve: Serve, plain_llm: Point, policy: FoldPolicy
) -> None:
    """A sync stream puts its answer from a thread of its own, while the engine may ask for more."""
    server = serve(answer=answer)
    histories = []
    for way in ("chat", "achat", "stream", "astream"):
        memory = GlyphMemory.from_defaults(policy=policy)
        chat = engine(plain_llm(server), memory)
        for number in range(6):
            question = f"Question {number}?"
            match way:
                case "chat":
                    chat.chat(question)
                case "achat":
                    await chat.achat(question)
                case "stream":
                    stream = chat.stream_chat(question)
                    assert "".join(stream.response_gen).startswith("I have heard of it")
                case _:
                    later = await chat.astream_chat(question)
                    assert "".join([word async for word in later.async_response_gen()]).startswith("I have")
            await _put(memory, 2 * (number + 1))
        histories.append(
            [(message.role.value, (message.content or "").strip()) for message in memory.get_all()]
        )
    assert histories[0] == histories[1] == histories[2] == histories[3]


async def _put(memory: GlyphMemory, count: int) -> None:
    """Wait until so many messages are put: a stream's answer is, by a thread that ends on its own."""
    deadline = time.monotonic() + 10
    while len(memory.get_all()) < count:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def test_a_history_that_is_given_with_each_question_keeps_its_pages(
    serve: Serve,
    plain_llm: Point,
    policy: FoldPolicy,
    wire: Wires,
    pictures: Pictures,
    talk: list[ChatMessage],
) -> None:
    """As where a frontend sends it all each time: engines set it, and what is the same is not drawn anew."""
    server = serve(answer=answer)
    memory = GlyphMemory.from_defaults(policy=policy)
    chat = SimpleChatEngine.from_defaults(llm=plain_llm(server), memory=memory)
    seen: list[tuple[str, str]] = []
    for end in (20, 40, 60, 80):
        chat.chat("And now?", chat_history=talk[:end])
        now = pictures(wire(server)[-1])
        assert now[: len(seen)] == seen or now[0] in seen
        seen = now
    assert len(seen) > 3


def test_an_engine_makes_its_own_memory_of_the_class(
    serve: Serve, plain_llm: Point, wire: Wires, pictures: Pictures, talk: list[ChatMessage]
) -> None:
    """`memory_cls=GlyphMemory` is all it takes; the engine gives history and limit."""
    server = serve(answer=answer)
    chat = SimpleChatEngine.from_defaults(
        llm=plain_llm(server), memory_cls=GlyphMemory, chat_history=talk * 10, system_prompt="Be brief."
    )
    chat.chat("And now?")
    assert chat.chat_history[:-2] == talk * 10
    assert pictures(wire(server)[-1])
    chat.reset()
    assert chat.chat_history == []


def test_what_a_template_would_fill_in_is_left_alone_on_pages(
    serve: Serve, plain_llm: Point, policy: FoldPolicy, wire: Wires, pictures: Pictures
) -> None:
    """`ContextChatEngine` sends the history through a template; pages pass it byte for byte."""
    server = serve(answer=answer)
    memory = GlyphMemory.from_defaults(policy=policy)
    for number in range(8):
        memory.put(
            ChatMessage(role="user", content=f"{number}: put {{query_str}} into {{context_str}}. " * 12)
        )
        memory.put(ChatMessage(role="assistant", content="Done. " * 12))
    before = memory.get()
    index = VectorStoreIndex.from_documents([Document(text="x")], embed_model=MockEmbedding(embed_dim=4))
    chat = ContextChatEngine.from_defaults(
        retriever=index.as_retriever(), llm=plain_llm(server), memory=memory
    )
    chat.chat("And now?")
    sent = [url.partition("base64,")[2] for _, url in pictures(wire(server)[-1])]
    expected = [block.image for message in before for block in message.blocks if block.block_type == "image"]
    assert [one.encode() for one in sent] == expected
    assert expected
