"""Speed of the proxy: what a request takes longer than without it, and how old a chunk is when it comes."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx2

from glyph_memory.testing import agent_conversation

_HEADERS = {"content-type": "application/json"}


def list_messages(turns: int) -> list[dict[str, Any]]:
    """Return an agent's work as chat messages."""
    spelled = []
    for turn in agent_conversation(turns=turns):
        message: dict[str, Any] = {"role": turn.role, "content": turn.text}
        if turn.tool_calls:
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in turn.tool_calls
            ]
        if turn.tool_call_id is not None:
            message["tool_call_id"] = turn.tool_call_id
        spelled.append(message)
    return spelled


async def measure_overhead(upstream: str, proxy: str, length: int, requests: int) -> dict[str, Any]:
    """Return what requests take with and without the proxy, in ms, at a length of the conversation."""
    messages = list_messages(length + 2 * requests + 4)
    taken: dict[str, list[float]] = {"direct": [], "proxy": []}
    async with httpx2.AsyncClient(timeout=120) as client:
        await _ask(client, proxy, messages[:length])
        for number in range(requests):
            body = messages[: length + 2 * number + 2]
            for name, url in (("direct", upstream), ("proxy", proxy)):
                taken[name].append(await _ask(client, url, body))
    more = sorted(through - direct for direct, through in zip(*taken.values(), strict=True))
    return {
        "messages": length,
        "requests": requests,
        "direct p50": _quantile(taken["direct"], 0.5),
        "proxy p50": _quantile(taken["proxy"], 0.5),
        "overhead p50": _quantile(more, 0.5),
        "overhead p99": _quantile(more, 0.99),
    }


async def _ask(client: httpx2.AsyncClient, url: str, messages: list[dict[str, Any]]) -> float:
    data = json.dumps({"model": "glyph", "messages": messages, "bench": {"looks": False}}).encode()
    began = time.perf_counter()
    answer = await client.post(f"{url}/v1/chat/completions", content=data, headers=_HEADERS)
    taken = (time.perf_counter() - began) * 1000
    answer.raise_for_status()
    return taken


async def measure_chunks(upstream: str, proxy: str, chunks: int) -> list[dict[str, Any]]:
    """Return how old chunks are when they come, in ms, without and with the proxy."""
    rows = []
    for name, url in (("direct", upstream), ("proxy", proxy)):
        body: dict[str, Any] = {
            "model": "glyph",
            "messages": [{"role": "user", "content": "Go."}],
            "stream": True,
        }
        body["bench"] = {"chunks": chunks, "pause_s": 0.005}
        async with (
            httpx2.AsyncClient(timeout=120) as client,
            client.stream("POST", f"{url}/v1/chat/completions", json=body) as answer,
        ):
            ages = [
                (time.monotonic_ns() - json.loads(line[6:])["at"]) / 1e6
                async for line in answer.aiter_lines()
                if line.startswith("data: {")
            ]
        rows.append(
            {"way": name, "chunks": len(ages), "p50": _quantile(ages, 0.5), "p99": _quantile(ages, 0.99)}
        )
    return rows


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
