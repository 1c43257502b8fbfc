"""LangChain's side of `integrations.py`: histories in its messages, agents in its loop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse, SummarizationMiddleware
from langchain_core.language_models import BaseChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage, trim_messages
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import StructuredTool
from langchain_glyph_memory import GlyphMemoryMiddleware, glyph_token_counter
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import SecretStr

from glyph_memory import Turn
from lib.replay import PROFILE, WINDOW, History, Life, Replay


def middleware_history(talk: Sequence[Turn], length: int) -> History:
    """Return a history in an agent's state, with the middleware called as the agent's model node does."""
    middleware = GlyphMemoryMiddleware(PROFILE)
    messages = [to_message(turn, place) for place, turn in enumerate(talk)]
    model = GenericFakeChatModel(messages=iter(()))
    state: dict[str, Any] = {}
    at = length - 1

    def call() -> float:
        nonlocal at
        at += 1
        history = [copy_message(message) for message in messages[:at]]
        request = make_request(history, state, model)
        begun = time.process_time()
        response = middleware.wrap_model_call(request, _answer)
        spent = time.process_time() - begun
        command = getattr(response, "command", None)
        if command is not None:
            state.update(command.update)
        return 1000 * spent

    def seals() -> int:
        return sum(
            len(mark["seals"]) for mark in state.values() if isinstance(mark, dict) and "seals" in mark
        )

    def restart() -> float:
        nonlocal middleware
        middleware = GlyphMemoryMiddleware(PROFILE)
        return call()

    return History(first_ms=call(), call=call, seals=seals, renewed=restart)


def call_middleware(
    middleware: AgentMiddleware[Any, Any, Any], history: Sequence[BaseMessage], state: Mapping[str, Any]
) -> object:
    """Call a middleware once, with a model that answers at once."""
    return middleware.wrap_model_call(
        make_request(history, state, GenericFakeChatModel(messages=iter(()))), _answer
    )


def make_request(
    history: Sequence[BaseMessage], state: Mapping[str, Any], model: BaseChatModel
) -> ModelRequest[Any]:
    """Return what an agent's model node hands to its middleware."""
    given: Any = {"messages": history, **state}  # what a state holds is for the middleware to say
    return ModelRequest(model=model, messages=given["messages"], state=given, tools=[])


def _answer(request: ModelRequest[Any]) -> ModelResponse[Any]:
    return ModelResponse(result=[AIMessage("ok")])


def to_message(turn: Turn, place: int) -> BaseMessage:
    """Return a turn as LangChain's message."""
    if turn.role == "assistant":
        calls = [
            {"name": call.name, "args": json.loads(call.arguments), "id": call.id} for call in turn.tool_calls
        ]
        return AIMessage(turn.text, tool_calls=calls, id=f"message-{place}")
    if turn.role == "tool":
        return ToolMessage(
            turn.text, tool_call_id=turn.tool_call_id or "", name=turn.name, id=f"message-{place}"
        )
    return HumanMessage(turn.text, id=f"message-{place}")


def copy_message(message: BaseMessage) -> BaseMessage:
    """Return a copy of a message that shares no string object with it, as if read from a checkpoint."""
    copied = message.model_copy()
    if isinstance(message.content, str):
        copied.content = message.content[:1] + message.content[1:]
    return copied


def langchain_memories() -> dict[str, Life]:
    """Return the memories of LangChain's agents, by name."""
    return {
        "nothing": lambda replay, url: _replay_conversation(replay, url, []),
        "GlyphMemoryMiddleware": lambda replay, url: _replay_conversation(
            replay, url, [GlyphMemoryMiddleware(PROFILE)]
        ),
        "SummarizationMiddleware": lambda replay, url: _replay_conversation(replay, url, [_summarizer(url)]),
        "trim_messages": lambda replay, url: _replay_conversation(replay, url, [Trimmer()]),
    }


def _replay_conversation(
    replay: Replay, url: str, middleware: Sequence[AgentMiddleware[Any, Any, Any]]
) -> int:
    """Replay a conversation in LangChain's agent loop, with a checkpointer; return how many messages are kept."""
    schema = {"type": "object", "properties": {}, "additionalProperties": True}

    def make_tool(name: str) -> StructuredTool:
        return StructuredTool(
            name=name,
            description=f"{name}.",
            args_schema=schema,
            func=lambda **given: replay.run_tool(name, given),
        )

    agent = create_agent(
        _chat_model(url),
        tools=[make_tool(name) for name in replay.tools],
        system_prompt=replay.system,
        middleware=middleware,
        checkpointer=InMemorySaver(),
    )
    thread: RunnableConfig = {"configurable": {"thread_id": "1"}, "recursion_limit": 100}
    messages: Sequence[BaseMessage] = ()
    for asked in replay.questions:
        messages = agent.invoke({"messages": [HumanMessage(asked)]}, thread)["messages"]
    return len(messages)


class Trimmer(AgentMiddleware[Any, Any, Any]):
    """Sends the newest messages alone, as LangChain's guides do it."""

    def wrap_model_call(self, request: ModelRequest[Any], handler: Callable[..., Any]) -> Any:  # noqa: ANN401 - the framework's
        """Send what `trim_messages` leaves."""
        kept: Any = trim_messages(
            request.messages,
            max_tokens=WINDOW // 2,
            token_counter=glyph_token_counter(PROFILE),
            start_on="human",
        )
        return handler(request.override(messages=kept))


def _chat_model(url: str) -> ChatOpenAI:
    return ChatOpenAI(
        base_url=url, model="glyph", api_key=SecretStr("none"), use_responses_api=False, max_retries=0
    )


def _summarizer(url: str) -> AgentMiddleware[Any, Any, Any]:
    return SummarizationMiddleware(
        _chat_model(url),
        trigger=("tokens", WINDOW // 2),
        keep=("tokens", WINDOW // 8),
        token_counter=glyph_token_counter(PROFILE),
        trim_tokens_to_summarize=None,
    )
