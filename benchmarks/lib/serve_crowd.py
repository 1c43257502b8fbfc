"""A crowd before the proxy: many conversations at a time, streamed; what goes wrong, and what it holds of memory."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import httpx2

from lib.serve_processes import Process

WORDS = "The gate opens at nine and the code for it was changed on Tuesday by the night shift. " * 12


class Conversation:
    """A client that says something, keeps the answer, and goes on; each has a canary of its own."""

    def __init__(self) -> None:
        self.canary = f"canary-{secrets.token_hex(8)}"
        self.messages: list[dict[str, Any]] = []
        self.said: list[str] = []
        """What was answered, and so has to be in the store."""

    def make_body(self, *, chunks: int, pause_s: float) -> dict[str, Any]:
        """Return the next request."""
        text = f"{self.canary}: turn {len(self.messages)}. {WORDS}"
        asked = [*self.messages, {"role": "user", "content": text}]
        wanted = {"chunks": chunks, "pause_s": pause_s}
        return {"model": "glyph", "messages": asked, "stream": bool(chunks), "bench": wanted}

    def keep(self, body: dict[str, Any], answer: str) -> None:
        """Keep an answer that came whole."""
        self.said.append(body["messages"][-1]["content"])
        self.messages = [*body["messages"], {"role": "assistant", "content": answer}]


async def ask_streamed(client: httpx2.AsyncClient, url: str, body: dict[str, Any]) -> str:
    """Return the answer to a streamed request, as its raw events.

    Raises:
        httpx2.HTTPError: It did not come whole.
    """
    async with client.stream("POST", f"{url}/v1/chat/completions", json=body) as answer:
        if answer.status_code != 200:
            await answer.aread()
            answer.raise_for_status()
        text = "".join([piece async for piece in answer.aiter_text()])
    if "[DONE]" not in text:
        raise httpx2.RemoteProtocolError("the answer broke off")
    return text


async def measure_crowd(proxy: Process, *, conversations: int, turns: int) -> list[dict[str, Any]]:
    """Return after each fifth of the turns how many requests there were, errors, and memory."""
    crowd = [Conversation() for _ in range(conversations)]
    rows: list[dict[str, Any]] = []
    errors = asked = foreign = 0
    limits = httpx2.Limits(max_connections=conversations, max_keepalive_connections=conversations)
    async with httpx2.AsyncClient(timeout=120, limits=limits) as client:

        async def go_on(one: Conversation) -> None:
            nonlocal errors, asked, foreign
            body = one.make_body(chunks=10, pause_s=0.05)
            asked += 1
            try:
                text = await ask_streamed(client, proxy.url, body)
            except httpx2.HTTPError:
                errors += 1
                return
            foreign += text.count("canary-") - text.count(one.canary)
            one.keep(body, "Noted.")

        began = time.perf_counter()
        for turn in range(1, turns + 1):
            await asyncio.gather(*map(go_on, crowd))
            if turn % max(1, turns // 5) == 0:
                rows.append(
                    {
                        "turns each": turn,
                        "requests": asked,
                        "errors": errors,
                        "foreign words": foreign,
                        "requests/s": asked / (time.perf_counter() - began),
                        "memory MiB": proxy.memory_mib,
                    }
                )
    return rows
