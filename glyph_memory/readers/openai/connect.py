"""Connections to a server, and what it serves: `open_clients`, `find_served_model`.

Knows how long to wait; knows nothing about contexts and answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from glyph_memory.checks import check_text
from glyph_memory.errors import ReaderRefused
from glyph_memory.readers.openai.discovery import ask_what_is_served, list_models
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.served import ServedModel

if TYPE_CHECKING:
    from glyph_memory.readers.openai.clients import Clients

MAX_REPLY_BYTES = 64 << 20
"""A token of a stream takes some 300 bytes, so this is an answer of more than 200,000 tokens."""
CONNECT_TIMEOUT_S = 5.0
"""How long connecting may take."""
TOTAL_TIMEOUT_S = 3600.0
"""How long an answer may take."""


def find_served_model(
    base_url: str,
    *,
    model: str | None = None,
    api_key: str | None = None,
    timeout_s: float = 10.0,
    headers: Mapping[str, str] | None = None,
) -> ServedModel:
    """Return what a server serves: which model, in how large a window; `ServedModel.page_options` fits to it.

    Knows vLLM, SGLang, llama.cpp, Ollama, LM Studio, TGI, LiteLLM, OpenRouter, and whatever lists windows as they do.

    Args:
        base_url: The server's address up to and including `/v1`.
        model: The model's name there; the first that it lists unless given.
        api_key: Sent as a bearer token; never repeated in an error.
        timeout_s: How long each answer may take.
        headers: Sent with every request.

    Raises:
        ReaderUnavailable: Nobody is there.
        ReaderRefused: The key is wrong, the address is none, or `timeout_s` no time.

    Example:
        >>> from glyph_memory.testing import FakeVLMServer
        >>> with FakeVLMServer(model="Qwen/Qwen2.5-VL-7B-Instruct", window_tokens=32_768) as server:
        ...     served = find_served_model(server.base_url)
        >>> served.server, served.window_tokens, served.page_options().profile.name
        ('vllm', 32768, 'qwen2.5-vl')
    """
    endpoint = Endpoint.parse(base_url, api_key=api_key, headers=headers)
    del base_url, api_key, headers  # as in `OpenAIReader`
    from glyph_memory.readers.openai import wire  # noqa: PLC0415 - as there

    check_text("model", model, ReaderRefused, or_none=True)
    clients = open_clients(endpoint, timeout_s=timeout_s, total_timeout_s=timeout_s)
    try:
        return wire.run_requests(ask_what_is_served(endpoint, model), clients)
    finally:
        clients.close()


async def afind_served_model(
    base_url: str,
    *,
    model: str | None = None,
    api_key: str | None = None,
    timeout_s: float = 10.0,
    headers: Mapping[str, str] | None = None,
) -> ServedModel:
    """Do what `find_served_model` does, without blocking the event loop."""
    endpoint = Endpoint.parse(base_url, api_key=api_key, headers=headers)
    del base_url, api_key, headers  # as in `OpenAIReader`
    from glyph_memory.readers.openai import wire  # noqa: PLC0415 - as there

    check_text("model", model, ReaderRefused, or_none=True)
    clients = open_clients(endpoint, timeout_s=timeout_s, total_timeout_s=timeout_s)
    try:
        return await wire.run_requests_async(ask_what_is_served(endpoint, model), clients)
    finally:
        await clients.aclose()


async def alist_models(base_url: str, *, api_key: str | None = None, timeout_s: float = 10.0) -> list[str]:
    """Return the names of all models that a server lists, without blocking the event loop.

    Raises:
        ReaderError: Nobody is there, or the key is refused.
    """
    endpoint = Endpoint.parse(base_url, api_key=api_key)
    del base_url, api_key  # as in `OpenAIReader`
    from glyph_memory.readers.openai import wire  # noqa: PLC0415 - as there

    clients = open_clients(endpoint, timeout_s=timeout_s, total_timeout_s=timeout_s)
    try:
        return await wire.run_requests_async(list_models(endpoint), clients)
    finally:
        await clients.aclose()


def open_clients(
    endpoint: Endpoint,
    *,
    timeout_s: float,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
    total_timeout_s: float | None = TOTAL_TIMEOUT_S,
    max_reply_bytes: int | None = MAX_REPLY_BYTES,
) -> Clients:
    """Return a reader's connections to a server; none is open yet."""
    from glyph_memory.readers.openai.clients import Clients, WireLimits  # noqa: PLC0415 - loads an HTTP client

    limits = WireLimits(
        timeout_s=timeout_s,
        connect_timeout_s=connect_timeout_s,
        total_timeout_s=total_timeout_s,
        max_reply_bytes=max_reply_bytes,
    )
    return Clients(endpoint, limits)
