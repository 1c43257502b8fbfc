"""`glyph-memory mcp --http`: several clients at once on loopback, and no page of a browser among them."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import TextResourceContents

from glyph_memory import GlyphMemory
from glyph_memory.serve.edge.keys import Keys
from glyph_memory.serve.mcp import create_mcp_server
from glyph_memory.serve.mcp.callers import KeyCheck
from glyph_memory.serve.mcp.run import is_loopback
from glyph_memory.store import Store
from tests.serve.mcp.answers import read_error, read_text

OWN = "http://127.0.0.1:8401"
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


@asynccontextmanager
async def enter(app: KeyCheck, key: str) -> AsyncIterator[Client]:
    """Connect with a key."""
    headers = {"Authorization": f"Bearer {key}"}
    transport = httpx2.ASGITransport(app)
    async with (
        httpx2.AsyncClient(transport=transport, headers=headers, base_url=OWN) as http,
        Client(streamable_http_client(f"{OWN}/mcp", http_client=http)) as client,
    ):
        yield client


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


async def test_each_key_sees_its_own_sessions_alone(store: Store) -> None:
    """Turns, searches and resources of one are nothing to another; without a key nothing is answered."""
    keys = Keys({"ada": "a" * 16, "bob": "b" * 16})
    server = create_mcp_server(store, all_sessions=True)
    app = KeyCheck(server.streamable_http_app(), keys)
    async with server.session_manager.run():
        refused = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=OWN)
        async with refused, enter(app, "a" * 16) as ada, enter(app, "b" * 16) as bob:
            answer = await refused.post("/mcp", json={})
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
            for name, client in (("Ada", ada), ("Bob", bob)):
                await client.call_tool("remember", {"text": f"{name} was at the gate."})
            for name, client, other in (("Ada", ada, "bob"), ("Bob", bob, "ada")):
                found = read_text(await client.call_tool("recall", {"query": "gate"}))
                assert found == f"[§1 user]\n  {name} was at the gate."
                given = {"query": "gate", "session": f"{other}/mcp"}
                assert "no session" in read_error(await client.call_tool("recall", given))
                (listed,) = (await client.read_resource("glyph://sessions")).contents
                assert isinstance(listed, TextResourceContents)
                assert [info["name"] for info in json.loads(listed.text)["sessions"]] == ["mcp"]
                with pytest.raises(MCPError, match="Unknown resource"):
                    await client.read_resource(f"glyph://sessions/{other}%2Fmcp")
    assert [info.name for info in store.sessions()] == ["ada/mcp", "bob/mcp"]


async def test_no_key_goes_on_with_another_ones_session(store: Store) -> None:
    """Nor ends it, though it knows what it is called."""
    keys = Keys({"ada": "a" * 16, "bob": "b" * 16})
    server = create_mcp_server(store)
    app = KeyCheck(server.streamable_http_app(), keys)
    ada, bob = ({"Authorization": f"Bearer {key * 16}"} for key in "ab")
    kinds = {"Accept": "application/json, text/event-stream"}
    hello = {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    async with (
        server.session_manager.run(),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=OWN, headers=kinds) as client,
    ):
        begun = await client.post("/mcp", json=hello, headers=ada)
        named = {"Mcp-Session-Id": begun.headers["mcp-session-id"]}
        assert (await client.post("/mcp", json=ping, headers=bob | named)).status_code == 404
        assert (await client.delete("/mcp", headers=bob | named)).status_code == 404
        assert (await client.post("/mcp", json=ping, headers=ada | named)).status_code == 200


@pytest.mark.parametrize(
    ("host", "is_own"),
    [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),  # noqa: S104  asked about
     ("::", False), ("192.168.0.7", False), ("example.org", False), ("", False)],
)  # fmt: skip
def test_loopback_is_told_from_the_rest(host: str, is_own: bool) -> None:
    """Whoever reaches the port may read the memory."""
    assert is_loopback(host) == is_own
