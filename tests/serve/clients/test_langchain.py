"""LangChain's agents through the proxy: `ChatOpenAI` with both of its dialects, and `ChatAnthropic`, streamed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import messages_to_dict
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.serve.clients import harness
from tests.serve.clients.harness import ROUND, STEPS, ask_for_round, check_client


@tool
def read_log(step: int, lines: int = 40) -> str:
    """Read a log."""
    return harness.read_log(step, lines=lines)


def make_chat(address: str) -> BaseChatModel:
    """Return a model that is asked in chats."""
    return ChatOpenAI(
        model="glyph", base_url=f"{address}/v1", api_key=SecretStr("none"), streaming=True, max_retries=0
    )


def make_responses(address: str) -> BaseChatModel:
    """Return a model that is asked in Responses, which keep no history."""
    return ChatOpenAI(
        model="glyph",
        base_url=f"{address}/v1",
        api_key=SecretStr("none"),
        streaming=True,
        max_retries=0,
        use_responses_api=True,
        store=False,
    )


def make_anthropic(address: str) -> BaseChatModel:
    """Return a model that is asked in Messages."""
    return ChatAnthropic(
        model_name="glyph",
        base_url=address,
        api_key=SecretStr("none"),
        streaming=True,
        max_retries=0,
        max_tokens_to_sample=1000,
        timeout=None,
        stop=None,
    )


@pytest.mark.parametrize("make_model", [make_chat, make_responses, make_anthropic])
def test_an_agent_notices_nothing(make_model: Any, tmp_path: Path) -> None:
    """Its state is that of a run without a proxy, the prefix holds, and nothing that was said is lost."""

    def work(address: str) -> Any:
        agent = create_agent(make_model(address), [read_log], system_prompt="You are on call.")
        state: Any = {"messages": []}
        for begun in range(0, STEPS, ROUND):
            state["messages"].append({"role": "user", "content": ask_for_round(begun)})
            stream: Any = agent.stream(state, {"recursion_limit": 99}, stream_mode=["values", "messages"])
            for mode, told in stream:
                if mode == "values":
                    state = {"messages": [*told["messages"]]}
        return [drop_counts(message) for message in messages_to_dict(state["messages"])]

    check_client(work, tmp_path)


def drop_counts(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message without its tokens, and without ids that are drawn by lot."""
    data = message["data"]
    data.pop("usage_metadata", None)
    data["response_metadata"].pop("usage", None)
    data["response_metadata"].pop("token_usage", None)
    if not str(data.get("id")).startswith(("chatcmpl", "msg", "resp")):
        data.pop("id", None)
    return message
