"""A proxy of the environment is for the world outside: never for a server on this machine, always for another."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from glyph_memory.context import Context
from glyph_memory.errors import ReaderRefused
from glyph_memory.readers import OpenAIReader, find_served_model
from glyph_memory.readers.openai.clients import is_loopback
from tests.readers.raw_server import RawServer, http

QUESTION = Context.of("When?", pages=[])
ANSWER = http('{"choices": [{"message": {"content": "14:05"}, "finish_reason": "stop"}]}')
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[RawServer]:
    """A proxy that the environment names, and that answers itself."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    with RawServer(ANSWER) as server:
        monkeypatch.setenv("HTTP_PROXY", server.address)
        monkeypatch.setenv("http_proxy", server.address)  # what some libraries look at alone
        monkeypatch.setenv("ALL_PROXY", server.address)
        yield server


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104  an address to ask
def test_a_server_on_this_machine_is_asked_without_the_proxy(proxy: RawServer, host: str) -> None:
    """Blocking and awaiting, and when it is asked what it serves; the proxy gets no connection."""

    async def wait(reader: OpenAIReader) -> str:
        async with reader:
            return (await reader.aread(QUESTION)).text

    with RawServer(ANSWER) as server:
        base_url = server.base_url.replace("127.0.0.1", host)
        with OpenAIReader(base_url, model="m") as reader:
            assert reader.read(QUESTION).text == "14:05"
        assert asyncio.run(wait(OpenAIReader(base_url, model="m"))) == "14:05"
        find_served_model(base_url)
        assert len(server.requests) > 2
    assert proxy.requests == []


def test_another_server_is_asked_through_the_proxy(proxy: RawServer) -> None:
    """Its name is the proxy's to look up."""

    async def wait() -> str:
        async with OpenAIReader("http://vlm.example.test/v1", model="m") as reader:
            return (await reader.aread(QUESTION)).text

    with OpenAIReader("http://vlm.example.test/v1", model="m") as reader:
        assert reader.read(QUESTION).text == "14:05"
    assert asyncio.run(wait()) == "14:05"
    for request in proxy.requests:
        assert request.startswith(b"POST http://vlm.example.test/v1/chat/completions HTTP/1.1\r\n")
    assert len(proxy.requests) == 2


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("http://localhost:8000/v1", True),
        ("http://LOCALHOST./v1", True),
        ("http://vllm.localhost/v1", True),
        ("http://127.8.9.1/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://0.0.0.0:8000/v1", True),
        ("http://localhost.example.com/v1", False),
        ("http://10.0.0.1/v1", False),
        ("http://127.0.0.1.example.com/v1", False),
    ],
)
def test_this_machine_is_told_from_others(address: str, *, is_ours: bool) -> None:
    """By name and by number."""
    assert is_loopback(address) is is_ours


@pytest.mark.parametrize(
    "value", ["http://me:S3cret@[::1", "ftp://me:S3cret@proxy", "http://me:S3cret@h:port"]
)
def test_a_proxy_that_cannot_be_used_is_told_in_one_line(
    proxy: RawServer, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Without the password that may stand in it."""
    monkeypatch.setenv("ALL_PROXY", value)
    with (
        OpenAIReader("http://vlm.example.test/v1", model="m", retries=0) as reader,
        pytest.raises(ReaderRefused, match=r"Look at .*ALL_PROXY") as refused,
    ):
        reader.read(QUESTION)
    assert "S3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)
