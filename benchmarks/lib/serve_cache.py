"""What a server's prefix cache has of an agent's requests, as plain text and through the proxy."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import httpx2

from glyph_memory.testing import FakeVLMServer, agent_conversation
from lib.serve_processes import start_proxy
from lib.serve_speed import list_messages

_LARGE = 4_000_000


def measure_cached_share(*, turns: int) -> list[dict[str, Any]]:
    """Return what the fake server counted of all requests of an agent's work, sent in both ways.

    It counts in blocks of 16 tokens as vLLM does, and drops nothing. Without the proxy its window has no end.
    """
    messages = list_messages(turns)
    ends = [number for number, turn in enumerate(agent_conversation(turns=turns)) if turn.role == "assistant"]
    rows = []
    for name, window in (
        ("plain text, no limit", _LARGE),
        ("proxy, window 131,072", 131_072),
        ("proxy, window 16,384", 16_384),
    ):
        with FakeVLMServer(window_tokens=window) as fake, tempfile.TemporaryDirectory() as folder:
            root = fake.base_url.removesuffix("/v1")
            proxy = None if window == _LARGE else start_proxy(root, Path(folder) / "serve.db")
            url = root if proxy is None else proxy.url
            try:
                with httpx2.Client(timeout=60) as client:
                    for end in ends:
                        body = {"model": "glyph", "messages": messages[:end]}
                        client.post(f"{url}/v1/chat/completions", json=body).raise_for_status()
            finally:
                if proxy is not None:
                    proxy.stop()
            prompts = sum(request.prompt_tokens for request in fake.requests)
            cached = sum(request.cached_tokens for request in fake.requests)
            rows.append(
                {
                    "way": name,
                    "requests": len(fake.requests),
                    "prompt tokens": prompts,
                    "cached": cached / prompts,
                    "computed": prompts - cached,
                    "largest prompt": max(request.prompt_tokens for request in fake.requests),
                    "last prompt": fake.requests[-1].prompt_tokens,
                }
            )
    return rows
