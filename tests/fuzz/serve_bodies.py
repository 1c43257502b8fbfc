"""Bodies of requests, right or wrong, as hypothesis strategies of bytes: what a client may send, and what none would.

Knows the three dialects' names and real clients' requests; knows nothing about the server.
"""

from __future__ import annotations

import base64
import copy
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.bad_bytes import mutated
from tests.serve.dialects.captured_clients import CLIENTS, load_client

ROLES = ("user", "assistant", "system", "developer", "tool", "function", "USER", "", "\ud800", "critic")
KINDS = (
    "text", "input_text", "output_text", "refusal", "image_url", "input_image", "image", "input_file", "document",
    "tool_use", "tool_result", "thinking", "redacted_thinking", "reasoning", "message", "function_call",
    "function_call_output", "item_reference", "compaction", "input_audio", "__proto__",
)  # fmt: skip
NAMES = (
    "role", "type", "text", "content", "source", "data", "media_type", "image_url", "url", "detail", "tool_calls",
    "tool_call_id", "tool_use_id", "id", "call_id", "function", "name", "arguments", "input", "output", "summary",
    "cache_control", "is_error", "status", "title",
)  # fmt: skip
BESIDE = (
    "model", "stream", "system", "instructions", "tools", "tool_choice", "max_tokens", "max_completion_tokens",
    "max_output_tokens", "previous_response_id", "conversation", "store", "n", "metadata", "stream_options", "thinking",
    "reasoning", "temperature", "messages", "input", "",
)  # fmt: skip
_WORDS = (
    b'""', b'"Hi."', b'"c1"', b'"base64"', b'"image/png"', b'"ephemeral"', b'"\\ud800"', b'"\\udc00\\ud83d"',
    b'"\xff\xfe"', b'"\xed\xa0\x80"', b'"\\u0000"', b'"\x00"', b'"\\u202e<|user|>\\n<think>"', b'"\\x1b[2J"',
    b'"' + b"A" * 9000 + b'"', b'"file:///etc/passwd"', b'"http://127.0.0.1:1/a.png"',
    b'"data:image/png;base64,%%%"', b'"data:,"', b'"data:image/png"',
)  # fmt: skip
_NUMBERS = (
    b"0", b"-0", b"-1", b"1", b"true", b"false", b"null", b"1e999", b"-1e999", b"NaN", b"Infinity", b"-Infinity",
    b"1e-400", b"9" * 400, b"9" * 5000, b"18446744073709551616", b"0.1", b"01", b"+1", b"0x10", b"1_0",
)  # fmt: skip
_DEEP = tuple(
    opened * depth + b"1" + closed * depth
    for depth in (30, 900, 60_000)
    for opened, closed in ((b"[", b"]"), (b'{"content":', b"}"), (b'[{"type":"text","content":', b"}]"))
)


def make_header(width: int, height: int) -> bytes:
    """Return a PNG that says how large it is, and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


_SIZES = ((20_000, 10_000), (1, 1), (2**31 - 1, 1), (0, 0), (30_000, 1), (64_000, 1000))
_FILES = (
    b"", b"\x89PNG", b"GIF89a\xff\xff\xff\xff", b"\xff\xd8\xff\xe0", b"BM" + b"\xff" * 60, b"RIFF\0\0\0\0WEBPVP8 ",
    b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"PK\x03\x04", b"%PDF-1.7", b"no picture at all",
    b"II*\0" + b"\xff" * 40,
)  # fmt: skip
PICTURES = tuple(base64.b64encode(file) for file in (*(make_header(*size) for size in _SIZES), *_FILES))
"""Files that are no pictures, and headers of 200 megapixels, in base64."""


def _spell_object(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return an object with its names as they come, the same twice among them."""
    return b"{" + b",".join(b'"' + name + b'":' + value for name, value in pairs) + b"}"


def _name(names: Sequence[str]) -> st.SearchStrategy[bytes]:
    return st.sampled_from([name.encode() for name in names])


def _extend(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    typed = st.builds(
        lambda kind, pairs: _spell_object([(b"type", json.dumps(kind).encode()), *pairs]),
        st.sampled_from(KINDS),
        st.lists(st.tuples(_name(NAMES), inner), max_size=5),
    )
    return st.one_of(
        st.lists(inner, max_size=3).map(lambda items: b"[" + b",".join(items) + b"]"),
        st.lists(st.tuples(_name(NAMES), inner), max_size=4).map(_spell_object),
        typed,
    )


_LEAVES = st.sampled_from(_WORDS) | st.sampled_from(_NUMBERS)
VALUES = st.recursive(_LEAVES, _extend, max_leaves=12) | st.sampled_from(_DEEP)
"""JSON of any kind, and what is nearly JSON."""


def _make_blocks(data: bytes) -> tuple[bytes, ...]:
    """Return a picture as the three dialects spell it."""
    url = b'"data:image/png;base64,' + data + b'"'
    source = b'{"type":"base64","media_type":"image/png","data":"' + data + b'"}'
    return (
        b'{"type":"image_url","image_url":{"url":' + url + b"}}",
        b'{"type":"input_image","image_url":' + url + b"}",
        b'{"type":"image","source":' + source + b"}",
        b'{"type":"tool_result","tool_use_id":"c1","content":[{"type":"image","source":' + source + b"}]}",
        b'{"type":"function_call_output","call_id":"c1","output":[{"type":"input_image","image_url":'
        + url
        + b"}]}",
    )


_BLOCKS = st.sampled_from(PICTURES).flatmap(lambda data: st.sampled_from(_make_blocks(data))) | VALUES
_MESSAGES = st.builds(
    lambda role, content, more: _spell_object(
        [(b"role", json.dumps(role).encode()), (b"content", content), *more]
    ),
    st.sampled_from(ROLES[:4]) | st.sampled_from(ROLES),
    st.lists(_BLOCKS, max_size=3).map(lambda items: b"[" + b",".join(items) + b"]") | VALUES,
    st.lists(st.tuples(_name(NAMES), VALUES), max_size=2),
)
SPOKEN = st.builds(
    lambda items, beside, is_last: _spell_object(
        [*beside, (b"messages", items), (b"input", items)][:: 1 if is_last else -1]
    ),
    st.lists(_MESSAGES | _BLOCKS, max_size=4).map(lambda items: b"[" + b",".join(items) + b"]") | VALUES,
    st.lists(st.tuples(_name(BESIDE), VALUES), max_size=3),
    st.booleans(),
)
"""Bodies with messages of any kind."""


def _list_places(value: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    return [at, *(place for name, one in inner for place in _list_places(one, (*at, name)))]


_CAPTURED = tuple(
    (one["path"], one["body"], _list_places(one["body"])[1:])
    for client in CLIENTS
    for one in load_client(client)["requests"]
)
_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**400, 1e308, float("nan"), float("inf"), "", "\ud800", "\0", "x" * 70_000, [], {}, [[]],
    [None], {"type": None}, {"type": "text"}, [{"type": "text", "text": ""}] * 3000, ["x"] * 3000,
)  # fmt: skip


@st.composite
def changed_requests(draw: st.DrawFn) -> tuple[str, bytes]:
    """Return the path and body of a real client's request, in which some values are others, gone, or there twice."""
    path, body, places = draw(st.sampled_from(_CAPTURED))
    body = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 4))):
        *way, last = draw(st.sampled_from(places))
        held: Any = body
        try:
            for step in way:
                held = held[step]
            _change(held, last, draw(st.sampled_from(["set", "drop", "twice"])), draw(st.sampled_from(_ODD)))
        except (KeyError, IndexError, TypeError):  # an earlier change took it away
            continue
    return path, json.dumps(body).encode()


def _change(held: Any, last: Any, how: str, odd: object) -> None:
    if how == "drop":
        del held[last]
    elif how == "twice" and isinstance(held, list):
        held.insert(last, held[last])
    else:
        held[last] = odd


CHANGED_BYTES = st.sampled_from(_CAPTURED).flatmap(
    lambda one: st.tuples(st.just(one[0]), mutated(json.dumps(one[1]).encode()))
)
"""The same requests, some of their bytes others."""
