"""`glyph-memory mcp` over standard input and output: the protocol alone is printed, and nothing is lost at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from glyph_memory import GlyphMemory
from tests.serve.mcp.answers import read_error, read_text

COMMAND = [sys.executable, "-m", "glyph_memory", "mcp"]
HELLO = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def make_call(number: int, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's call as it goes over the line."""
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database will be."""
    return tmp_path / "memory.db"


@contextmanager
def start(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a server, and say hello."""
    command = [*COMMAND, "--memory", str(file)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        send(process, HELLO, READY)
        assert receive(process)["result"]["serverInfo"]["name"] == "glyph-memory"
        yield process
        process.kill()


@pytest.fixture
def server(file: Path) -> Iterator[subprocess.Popen[str]]:
    """A server that is running."""
    with start(file) as process:
        yield process


def send(process: subprocess.Popen[str], *messages: dict[str, Any]) -> None:
    """Write messages to a server."""
    assert process.stdin is not None
    process.stdin.writelines(f"{json.dumps(message)}\n" for message in messages)
    process.stdin.flush()


def receive(process: subprocess.Popen[str]) -> Any:
    """Return its next message."""
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def list_texts(file: Path) -> list[str]:
    """Return what a database holds."""
    with GlyphMemory.open(file, session="mcp", read_only=True) as memory:
        return [turn.text for turn in memory.turns()]


async def test_the_official_client_starts_it_and_uses_it(file: Path, tmp_path: Path) -> None:
    """As a desktop client does; what it stored is there for the next one."""
    (tmp_path / "a.md").write_text("# Gate")
    arguments = [*COMMAND[1:], "--memory", str(file), "--folder", str(tmp_path)]
    started = StdioServerParameters(command=COMMAND[0], args=arguments, env={**os.environ})
    async with Client(started) as client:
        await client.call_tool("remember", {"text": "The gate code is 4711-B."})
        assert "4711-B" in read_text(await client.call_tool("recall", {"query": "gate"}))
        assert "Page 1" in read_text(await client.call_tool("read_document", {"path": "a.md"}))
        assert "no file" in read_error(await client.call_tool("read_document", {"path": "../a.md"}))
    assert list_texts(file) == ["The gate code is 4711-B."]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_and_loses_nothing(
    server: subprocess.Popen[str], file: Path, number: signal.Signals
) -> None:
    """Though its standard input stays open and silent."""
    send(server, make_call(1, "remember", {"text": "kept"}))
    assert receive(server)["result"]["isError"] is False
    server.send_signal(number)
    assert server.wait(timeout=30) == 128 + number
    assert server.stdout is not None
    assert server.stderr is not None
    assert (server.stdout.read(), server.stderr.read()) == ("", "")
    assert list_texts(file) == ["kept"]


def test_a_client_that_says_no_more_has_all_answers(server: subprocess.Popen[str], file: Path) -> None:
    """As one does that is a line of a shell: whatever it asked for is stored and answered, then the server ends."""
    numbers = range(1, 31)
    send(server, *(make_call(number, "remember", {"text": f"turn {number}"}) for number in numbers))
    out, err = server.communicate(timeout=60)
    assert (server.returncode, err) == (0, "")
    answers = [json.loads(line) for line in out.splitlines()]
    assert sorted(answer["id"] for answer in answers) == [*numbers]
    assert sorted(list_texts(file)) == sorted(f"turn {number}" for number in numbers)


def test_a_call_that_was_taken_back_does_not_hold_up_the_end(server: subprocess.Popen[str]) -> None:
    """It has no answer that could be waited for."""
    long = {"text": "A line of a long document.\n" * 400_000, "start": 300}
    taken_back = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    send(server, make_call(1, "read_document", long), taken_back, make_call(2, "recall", {"query": "it"}))
    out, err = server.communicate(timeout=50)
    assert (server.returncode, err) == (0, "")
    assert 2 in [json.loads(line)["id"] for line in out.splitlines()]


def test_a_client_that_reads_no_more_ends_it_without_a_word(server: subprocess.Popen[str]) -> None:
    """Such as one that was killed: its log shows no traceback of ours."""
    assert server.stdout is not None
    assert server.stdin is not None
    assert server.stderr is not None
    server.stdout.close()
    with suppress(OSError):
        send(server, *(make_call(number, "recall", {"query": "it"}) for number in range(1, 9)))
        server.stdin.close()
    assert server.wait(timeout=30) == 0
    assert server.stderr.read() == ""


@pytest.mark.parametrize(
    ("line", "id", "code"),
    [
        ("no JSON", None, -32700),
        ("[" * 100_000, None, -32700),
        ("[]", None, -32600),
        ("5", None, -32600),
        ('{"jsonrpc": "2.0", "id": 7}', 7, -32600),
        ('{"jsonrpc": "1.0", "id": 7, "method": "ping"}', None, -32600),
    ],
)
def test_a_line_that_is_no_message_is_answered(
    server: subprocess.Popen[str], line: str, id: int | None, code: int
) -> None:
    """By JSON-RPC's own errors; whoever sent it would wait for ever."""
    assert server.stdin is not None
    server.stdin.write(f"\n{line}\n")
    server.stdin.flush()
    answer = receive(server)
    assert (answer["id"], answer["error"]["code"]) == (id, code)


def test_half_a_character_is_read_as_a_question_mark(server: subprocess.Popen[str], file: Path) -> None:
    """Clients in JavaScript cut texts so; it is JSON, and has an answer."""
    send(server, make_call(1, "remember", {"text": "A face: \ud83d"}))
    answer = receive(server)
    assert (answer["id"], answer["result"]["isError"]) == (1, False)
    assert list_texts(file) == ["A face: ?"]


def test_neither_a_call_that_is_taken_back_nor_a_broken_message_ends_it(
    server: subprocess.Popen[str], file: Path
) -> None:
    """Broken JSON, a wrong shape, half a character: the next call is answered. What a call began is ended."""
    send(
        server,
        make_call(1, "remember", {"text": "first"}),
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}},
    )
    assert server.stdin is not None
    server.stdin.write(
        '{"jsonrpc": \n[]\n"a"\n{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": 3}\n'
    )
    server.stdin.write('{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"\\ud83d"}}\n')
    send(server, make_call(9, "remember", {"text": "second"}))
    while (answer := receive(server)).get("id") != 9:
        pass
    assert answer["result"]["isError"] is False
    assert list_texts(file) in (["first", "second"], ["second"])
