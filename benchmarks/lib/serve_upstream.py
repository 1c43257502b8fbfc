"""An upstream that computes nothing: what a proxy in front of it takes is the proxy's own.

It reads a body, looks for canaries in it, and answers at once, or in chunks that say when they were written. A
request says what it wants in `bench`, its last field: {"chunks": 20, "pause_s": 0.005}, {"looks": false}. Run as a
program, it prints its port and serves until it is killed.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

CANARY = re.compile(rb"canary-[0-9a-f]{16}")
_BENCH = re.compile(rb'"bench": ?(\{[^}]*\})')
_LAST_BYTES = 2000
_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
_CARD = {"id": "glyph", "object": "model", "owned_by": "vllm", "root": "glyph", "max_model_len": 131_072}


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            found = _LENGTH.search(head)
            body = await read_body(reader, int(found[1])) if found else b""
            if head.startswith(b"GET"):
                listed = json.dumps({"object": "list", "data": [_CARD]}).encode()
                write_whole(writer, listed if b"/models" in head.split(b"\r\n")[0] else b"{}")
            else:
                await answer_chat(writer, body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def read_body(reader: asyncio.StreamReader, length: int) -> bytes:
    """Return a body. Read piece by piece: `readexactly` moves what it has once more for every piece."""
    parts = []
    while length:
        part = await reader.read(length)
        if not part:
            raise asyncio.IncompleteReadError(b"", length)
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


async def answer_chat(writer: asyncio.StreamWriter, body: bytes) -> None:
    """Answer a chat request: the canaries in it, in one piece or in chunks."""
    # A wish stands at the end of a body. To look through its pages takes milliseconds, which nobody should count twice.
    found = _BENCH.search(body, max(0, len(body) - _LAST_BYTES))
    wanted = json.loads(found[1]) if found else {}
    canaries = [] if wanted.get("looks") is False else CANARY.findall(body)
    text = " ".join(sorted({one.decode() for one in canaries})) or "ok"
    if not wanted.get("chunks"):
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        told = {"id": "1", "object": "chat.completion", "created": 0, "model": "glyph"}
        write_whole(writer, json.dumps({**told, "choices": [choice], "usage": usage}).encode())
        return
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for number in range(int(wanted["chunks"])):
        if number:
            await asyncio.sleep(float(wanted.get("pause_s", 0)))
        delta = {"content": text if number == 0 else f" {number}"}
        told = {"id": "1", "choices": [{"index": 0, "delta": delta}], "at": time.monotonic_ns()}
        write_chunk(writer, b"data: " + json.dumps(told).encode() + b"\n\n")
        await writer.drain()
    write_chunk(writer, b"data: [DONE]\n\n")
    writer.write(b"0\r\n\r\n")


def write_whole(writer: asyncio.StreamWriter, body: bytes) -> None:
    """Write an answer in one piece."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


def write_chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Write a piece of an answer."""
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


async def serve(port: int) -> None:
    """Serve until the process ends."""
    server = await asyncio.start_server(answer, "127.0.0.1", port, limit=1 << 23)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
