"""The `anthropic` package through the proxy: messages, streamed and not, with tools, thoughts and cache marks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.serve.clients.harness import (
    FEW_STEPS,
    ROUND,
    STEPS,
    TOOL,
    Client,
    ScriptedAgent,
    ask_for_round,
    check_client,
    read_log,
    run_client,
)

SCHEMA = {"type": "object", "properties": {"step": {"type": "integer"}}}
ASKED: dict[str, Any] = {
    "model": "glyph",
    "max_tokens": 1500,
    "system": [{"type": "text", "text": "You are on call.", "cache_control": {"type": "ephemeral"}}],
    "tools": [{"name": TOOL, "input_schema": SCHEMA}],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
}


def answer_calls(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the results of a message's calls."""
    return [
        {"type": "tool_result", "tool_use_id": block["id"], "content": read_log(**block["input"])}
        for block in content
        if block["type"] == "tool_use"
    ]


def read_content(message: anthropic.types.Message) -> list[dict[str, Any]]:
    """Return a message's blocks as they are sent back."""
    return [
        {name: value for name, value in block.to_dict().items() if value is not None}
        for block in message.content
    ]


def stream_messages(address: str) -> list[dict[str, Any]]:
    """Work through the script in streamed messages; return all of them."""
    client = anthropic.Anthropic(base_url=address, api_key="none", max_retries=0)
    messages: list[Any] = []
    for begun in range(0, STEPS, ROUND):
        messages.append({"role": "user", "content": ask_for_round(begun)})
        while messages[-1]["role"] != "assistant":
            with client.messages.stream(**ASKED, messages=messages) as stream:
                said = "".join(stream.text_stream)
                content = read_content(stream.get_final_message())
            assert said == "".join(block.get("text", "") for block in content)
            messages.append({"role": "assistant", "content": content})
            if results := answer_calls(content):
                messages.append({"role": "user", "content": results})
    return messages


def create_messages_in_a_loop(address: str) -> list[dict[str, Any]]:
    """Work through the script in messages that are told whole, in an event loop."""

    async def work() -> list[dict[str, Any]]:
        messages: list[Any] = []
        async with anthropic.AsyncAnthropic(base_url=address, api_key="none", max_retries=0) as client:
            for begun in range(0, FEW_STEPS, ROUND):
                messages.append({"role": "user", "content": ask_for_round(begun)})
                while messages[-1]["role"] != "assistant":
                    content = read_content(await client.messages.create(**ASKED, messages=messages))
                    messages.append({"role": "assistant", "content": content})
                    if results := answer_calls(content):
                        messages.append({"role": "user", "content": results})
        return messages

    return asyncio.run(work())


def move_the_mark(address: str) -> list[dict[str, Any]]:
    """Work through the script, the cache mark on the newest block alone, as agents do."""
    client = anthropic.Anthropic(base_url=address, api_key="none", max_retries=0)
    messages: list[Any] = []
    for begun in range(0, STEPS, ROUND):
        messages.append({"role": "user", "content": [{"type": "text", "text": ask_for_round(begun)}]})
        while messages[-1]["role"] != "assistant":
            *former, newest = messages
            *blocks, block = newest["content"]
            marked = {**block, "cache_control": {"type": "ephemeral"}}
            sent: list[Any] = [*former, {**newest, "content": [*blocks, marked]}]
            content = read_content(client.messages.create(**ASKED, messages=sent))
            messages.append({"role": "assistant", "content": content})
            if results := answer_calls(content):
                messages.append({"role": "user", "content": results})
    return messages


@pytest.mark.parametrize("client", [stream_messages, create_messages_in_a_loop, move_the_mark])
def test_it_notices_nothing(client: Client, tmp_path: Path) -> None:
    """Its messages are those of a run without a proxy, the prefix holds, and nothing that was said is lost."""
    check_client(client, tmp_path, answer=ScriptedAgent(reasoning="Let me see."), at_least=FEW_STEPS)


def test_what_is_counted_is_what_would_be_sent(tmp_path: Path) -> None:
    """Pages included: the client learns what its long history costs now, and nothing is stored."""

    def count(address: str) -> int:
        client = anthropic.Anthropic(base_url=address, api_key="none", max_retries=0)
        messages: list[Any] = []
        for step in range(40):
            messages.append({"role": "user", "content": read_log(step)})
            messages.append({"role": "assistant", "content": f"Noted, plum{step}."})
        messages.append({"role": "user", "content": "Is it fine?"})
        return client.messages.count_tokens(model="glyph", messages=messages).input_tokens

    direct = run_client(count, ScriptedAgent())
    through = run_client(count, ScriptedAgent(), folder=tmp_path)
    assert 1000 < through.state < 8192 < direct.state
