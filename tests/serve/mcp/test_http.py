"""`glyph-memory mcp --http`: several clients at once on loopback, and no page of a browser among them."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from mcp import Client

from glyph_memory import GlyphMemory
from glyph_memory.serve.mcp.run import is_loopback
from tests.serve.mcp.answers import read_text

COMMAND = [sys.executable, "-m", "glyph_memory", "mcp", "--http"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server on a free port, and its address."""
    command = [*COMMAND, "--port", "0", "--memory", str(tmp_path / "memory.db")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stderr is not None
        told = ""
        while not (found := re.search(r"http://\S+/mcp", told)):
            told += process.stderr.read(1)
        process.stderr.readline()
        yield process, found[0]
        process.kill()


async def test_two_clients_share_a_memory_and_a_signal_ends_it(
    server: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    """Calls of both at once; nothing is printed; the process ends as Ctrl-C ends any command."""
    process, address = server
    async with Client(address) as one, Client(address, mode="legacy") as other:
        calls = [
            client.call_tool("remember", {"text": f"turn {number}"})
            for number in range(8)
            for client in (one, other)
        ]
        assert all(not stored.is_error for stored in await asyncio.gather(*calls))
        assert "turn 3" in read_text(await other.call_tool("recall", {"query": "turn 3"}))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "")
    with GlyphMemory.open(tmp_path / "memory.db", session="mcp", read_only=True) as memory:
        assert len([*memory.turns()]) == 16


def test_another_host_or_origin_is_refused(server: tuple[subprocess.Popen[str], str]) -> None:
    """A page in a browser reaches loopback, too, under a name of its own."""
    _, address = server
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    headers = {"Accept": "application/json, text/event-stream"}
    with httpx2.Client(headers=headers) as client:
        assert client.post(address, json=body, headers={"Host": "evil.example"}).status_code == 421
        assert client.post(address, json=body, headers={"Origin": "http://evil.example"}).status_code == 403
        own = address.removesuffix("/mcp")
        assert client.post(address, json=body, headers={"Origin": own}).status_code not in {403, 421}


@pytest.mark.parametrize(
    ("host", "is_own"),
    [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),  # noqa: S104  asked about
     ("::", False), ("192.168.0.7", False), ("example.org", False), ("", False)],
)  # fmt: skip
def test_loopback_is_told_from_the_rest(host: str, is_own: bool) -> None:
    """Whoever reaches the port may read the memory."""
    assert is_loopback(host) == is_own
