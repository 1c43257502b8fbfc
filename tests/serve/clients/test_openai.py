"""The `openai` package through the proxy: chats and responses, streamed and not, in threads and in an event loop."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from glyph_memory.testing import FakeAnswer, FakeRequest
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

SYSTEM = "You are on call. Quote numbers exactly."
SCHEMA = {"type": "object", "properties": {"step": {"type": "integer"}}, "required": ["step"]}
CHAT_TOOLS: list[Any] = [{"type": "function", "function": {"name": TOOL, "parameters": SCHEMA}}]
RESPONSE_TOOLS: list[Any] = [{"type": "function", "name": TOOL, "parameters": SCHEMA, "strict": False}]


def connect(address: str) -> Any:
    """Return a client of an address."""
    return openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0)


def answer_calls(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the results of a message's calls."""
    return [
        {
            "role": "tool",
            "tool_call_id": call["id"],
            "content": read_log(**json.loads(call["function"]["arguments"])),
        }
        for call in message.get("tool_calls") or ()
    ]


def chat(address: str) -> list[dict[str, Any]]:
    """Work through the script in streamed chats; return all messages."""
    client = connect(address)
    messages: list[Any] = [{"role": "system", "content": SYSTEM}]
    for begun in range(0, STEPS, ROUND):
        messages.append({"role": "user", "content": ask_for_round(begun)})
        while messages[-1]["role"] != "assistant":
            asked = {"model": "glyph", "messages": messages, "tools": CHAT_TOOLS}
            with client.chat.completions.stream(**asked, stream_options={"include_usage": True}) as stream:
                message = stream.get_final_completion().choices[0].message.to_dict()
            messages.append({name: value for name, value in message.items() if value and name != "parsed"})
            for call in messages[-1].get("tool_calls") or ():
                call.pop("index", None)
                call["function"].pop("parsed_arguments", None)
            messages += answer_calls(messages[-1])
    return messages


def chat_in_a_loop(address: str) -> list[dict[str, Any]]:
    """Work through the script in chats that are told whole, in an event loop."""

    async def work() -> list[dict[str, Any]]:
        messages: list[Any] = [{"role": "system", "content": SYSTEM}]
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
            for begun in range(0, FEW_STEPS, ROUND):
                messages.append({"role": "user", "content": ask_for_round(begun)})
                while messages[-1]["role"] != "assistant":
                    reply = await client.chat.completions.create(
                        model="glyph", messages=messages, tools=CHAT_TOOLS
                    )
                    messages.append(reply.choices[0].message.to_dict())
                    messages += answer_calls(messages[-1])
        return messages

    return asyncio.run(work())


def respond(address: str) -> list[dict[str, Any]]:
    """Work through the script in streamed responses; return all items."""
    client = connect(address)
    items: list[Any] = []
    for begun in range(0, FEW_STEPS, ROUND):
        items.append({"role": "user", "content": ask_for_round(begun)})
        while items[-1].get("type") != "message":
            asked = {"model": "glyph", "instructions": SYSTEM, "input": items, "tools": RESPONSE_TOOLS}
            with client.responses.stream(**asked) as stream:
                output = stream.get_final_response().output
            items += [drop_parsed(item.to_dict()) for item in output]
            items += answer_items(items[-len(output) :])
    return items


def respond_in_a_loop(address: str) -> list[dict[str, Any]]:
    """Work through the script in responses that are told whole, in an event loop."""

    async def work() -> list[dict[str, Any]]:
        items: list[Any] = []
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
            for begun in range(0, FEW_STEPS, ROUND):
                items.append({"role": "user", "content": ask_for_round(begun)})
                while items[-1].get("type") != "message":
                    reply = await client.responses.create(
                        model="glyph", instructions=SYSTEM, input=items, tools=RESPONSE_TOOLS
                    )
                    items += [item.to_dict() for item in reply.output]
                    items += answer_items(items[-len(reply.output) :])
        return items

    return asyncio.run(work())


def drop_parsed(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item without what the package parsed for its caller."""
    item.pop("parsed_arguments", None)
    for part in item.get("content") or ():
        part.pop("parsed", None)
    return item


def answer_items(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the results of calls."""
    return [
        {
            "type": "function_call_output",
            "call_id": item["call_id"],
            "output": read_log(**json.loads(item["arguments"])),
        }
        for item in items
        if item["type"] == "function_call"
    ]


@pytest.mark.parametrize("client", [chat, chat_in_a_loop, respond, respond_in_a_loop])
def test_it_notices_nothing(client: Client, tmp_path: Path) -> None:
    """Its messages are those of a run without a proxy, the prefix holds, and nothing that was said is lost."""
    check_client(client, tmp_path, answer=ScriptedAgent(reasoning="Let me see."), at_least=FEW_STEPS)


class Verdict(BaseModel):
    """What a model is to answer."""

    is_fine: bool


def ask_in_many_ways(address: str) -> list[Any]:
    """Ask about a long history in ways that few clients use."""
    client = connect(address)
    messages: list[Any] = [{"role": "user", "content": f"{read_log(step)} Noted?"} for step in range(40)]
    for place in range(1, 80, 2):
        messages.insert(place, {"role": "assistant", "content": f"Noted, plum{place}."})
    messages[-1] = {"role": "user", "content": "Is it fine?"}
    asked = {"model": "glyph", "messages": messages}
    several = client.chat.completions.create(**asked, n=2, logprobs=True, top_logprobs=1)
    parsed = client.chat.completions.parse(**asked, response_format=Verdict)
    odd = client.chat.completions.create(**asked, extra_body={"vendor": {"deep": [1, None]}, "top_k": 3})
    streamed = list(client.chat.completions.create(**asked, n=2, stream=True))
    told = [reply.to_dict() for reply in (several, odd, *streamed)]
    for one in told:
        one.pop("usage", None)
    return [*told, parsed.choices[0].message.parsed]


def test_what_few_clients_ask_for_goes_through(tmp_path: Path) -> None:
    """Several answers, probabilities, a schema, and fields that nobody here knows, with pages in each request."""

    def answer(request: FakeRequest) -> FakeAnswer:
        return FakeAnswer(text='{"is_fine": true}')

    direct = run_client(ask_in_many_ways, answer)
    through = run_client(ask_in_many_ways, answer, folder=tmp_path)
    assert through.state == direct.state
    for sent, said in zip(through.requests, direct.requests, strict=True):
        assert sent.images
        assert {**sent.body, "messages": None} == {**said.body, "messages": None}
