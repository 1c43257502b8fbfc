"""LlamaIndex's side of `integrations.py`: histories in its chat store, agents in its loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.memory import ChatMemoryBuffer, ChatSummaryMemoryBuffer
from llama_index.core.storage.chat_store import SimpleChatStore
from llama_index.core.tools import BaseTool, FunctionTool
from llama_index.core.workflow import Context
from llama_index.llms.openai_like import OpenAILike
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike

from glyph_memory import ModelProfile, Turn
from lib.replay import PROFILE, WINDOW, History, Life, Replay


def memory_history(talk: Sequence[Turn], length: int) -> History:
    """Return a history in a chat store, read through the memory as an agent does."""
    messages = [to_chat_message(turn) for turn in talk]
    store = SimpleChatStore()
    memory = GlyphMemory.from_defaults(profile=PROFILE, chat_store=store)
    at = length - 1

    def call() -> float:
        nonlocal at
        at += 1
        store.set_messages(memory.chat_store_key, [copy_message(message) for message in messages[:at]])
        ours = asyncio.run(_time_call(memory.aget()))
        theirs = asyncio.run(_time_call(store.aget_messages(memory.chat_store_key)))
        return 1000 * (ours - theirs)

    return History(
        first_ms=call(),
        call=call,
        seals=lambda: len(memory.bookmark.seals) if memory.bookmark else 0,
    )


def copy_message(message: ChatMessage) -> ChatMessage:
    """Return a copy of a message that shares no string object with it, as if read from a store."""
    text = message.content or ""
    return ChatMessage(
        role=message.role, content=text[:1] + text[1:], additional_kwargs=message.additional_kwargs
    )


def to_chat_message(turn: Turn) -> ChatMessage:
    """Return a turn as LlamaIndex's message."""
    more: dict[str, Any] = {}
    if turn.tool_calls:
        more["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in turn.tool_calls
        ]
    if turn.role == "tool":
        more["tool_call_id"] = turn.tool_call_id
    role = MessageRole(turn.role if turn.role != "system" else "user")
    return ChatMessage(role=role, content=turn.text, additional_kwargs=more)


def llama_memories() -> dict[str, Life]:
    """Return the memories of LlamaIndex's agents, by name."""
    return {
        "ChatMemoryBuffer": lambda replay, url: _replay_conversation(replay, _llm(url), _buffer()),
        "ChatSummaryMemoryBuffer": lambda replay, url: _replay_conversation(replay, _llm(url), _summary(url)),
        "GlyphMemory": lambda replay, url: _replay_conversation(replay, _llm(url), _glyph_memory()),
        "GlyphMemory, GlyphOpenAILike": lambda replay, url: _replay_conversation(
            replay, _glyph_llm(url), _glyph_memory()
        ),
    }


def _replay_conversation(replay: Replay, llm: OpenAILike, memory: Any) -> int:  # noqa: ANN401 - any memory of the framework's
    """Replay a conversation in LlamaIndex's agent loop; return how many messages are kept."""

    async def replay_turns() -> int:
        tools: list[BaseTool | Callable[..., Any]] = [_llama_tool(replay, name) for name in replay.tools]
        agent = FunctionAgent(tools=tools, llm=llm, system_prompt=replay.system, timeout=600)
        context = Context(agent)
        for asked in replay.questions:
            await agent.run(asked, ctx=context, memory=memory, max_iterations=100)
        return len((await context.store.get("memory")).get_all())  # the context has a copy of its own

    return asyncio.run(replay_turns())


def _llama_tool(replay: Replay, name: str) -> FunctionTool:
    def run(**given: Any) -> str:  # noqa: ANN401 - whatever the model gave
        return replay.run_tool(name, given.get("kwargs", given))

    return FunctionTool.from_defaults(fn=run, name=name, description=f"{name}.")


def _llm(url: str) -> OpenAILike:
    return OpenAILike(
        model="glyph",
        api_base=url,
        api_key="none",
        is_chat_model=True,
        is_function_calling_model=True,
        context_window=WINDOW,
    )


def _glyph_llm(url: str) -> OpenAILike:
    return GlyphOpenAILike(model="glyph", api_base=url, api_key="none", profile=PROFILE)


def _glyph_memory() -> GlyphMemory:
    return GlyphMemory.from_defaults(profile=PROFILE)


def _buffer() -> ChatMemoryBuffer:
    return ChatMemoryBuffer.from_defaults(token_limit=WINDOW // 2, tokenizer_fn=_tokenize)


def _summary(url: str) -> ChatSummaryMemoryBuffer:
    return ChatSummaryMemoryBuffer.from_defaults(
        llm=_llm(url), token_limit=WINDOW // 2, tokenizer_fn=_tokenize
    )


def _tokenize(text: str) -> list[int]:
    return [0] * ModelProfile.from_name(PROFILE).text_tokens(text)


async def _time_call(call: Awaitable[object]) -> float:
    """Return CPU seconds of an awaited call; starting and ending the event loop is not counted."""
    begun = time.process_time()
    await call
    return time.process_time() - begun
