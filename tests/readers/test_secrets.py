"""Nothing that is secret comes out: not the key, not a header, not a password in the address, whatever goes wrong.

Searched are an error's text, `repr`, arguments, notes, causes, pickle and traceback with the values of its variables,
and all lines that httpx2, httpcore2 and we log. This module's own frames are left out: what a caller's variables hold
is the caller's.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from glyph_memory.context import Context
from glyph_memory.errors import GlyphMemoryError, ReaderRefused
from glyph_memory.readers import OpenAIReader, afind_served_model, find_served_model
from glyph_memory.readers.openai.clients import Clients, WireLimits
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.testing import FakeVLMServer
from tests.readers.raw_server import RawServer, http, open_stream, repeat

SECRETS = {"key": "sk-S3cret/+0123", "header": "hdr-S3cret&0123", "password": "pwd-S3cret 0123"}
BASIC = base64.b64encode(f"me:{SECRETS['password']}".encode()).decode()
QUESTION = Context.of("When?", pages=[])
FORMS = {
    *SECRETS.values(),
    BASIC,
    "S3cret",
    "UzNjcmV0",
}
"""How a secret may be spelled; the last two stand in each, and in what is base64."""

Make = Callable[..., OpenAIReader]
Call = Callable[[OpenAIReader], object]


def make_reader(base_url: str, *, in_address: bool = False, **fields: Any) -> OpenAIReader:
    """Return a reader with a key and a secret header, or with a password in the address."""
    if in_address:
        login = SECRETS["password"].replace(" ", "%20")
        return OpenAIReader(base_url.replace("://", f"://me:{login}@"), model="m", retries=0, **fields)
    return OpenAIReader(
        base_url,
        model="m",
        api_key=SECRETS["key"],
        headers={"X-Api-Key": SECRETS["header"]},
        retries=0,
        **fields,
    )


async def _await(reader: OpenAIReader, *, streams: bool) -> None:
    async with reader:
        if streams:
            async for _ in reader.astream(QUESTION):
                pass
        else:
            await reader.aread(QUESTION)


CALLS: dict[str, Call] = {
    "read": lambda reader: reader.read(QUESTION),
    "stream": lambda reader: list(reader.stream(QUESTION)),
    "aread": lambda reader: asyncio.run(_await(reader, streams=False)),
    "astream": lambda reader: asyncio.run(_await(reader, streams=True)),
    "served": lambda reader: reader.served_model(),
}


def search(error: BaseException, seen: set[int] | None = None) -> Iterator[str]:
    """Yield everything that can be found out about an error, and about those behind it."""
    seen = set() if seen is None else seen
    if id(error) in seen:
        return
    seen.add(id(error))
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    told.stack = traceback.StackSummary.from_list(
        [frame for frame in told.stack if frame.filename != __file__]
    )
    yield from told.format(chain=False)
    yield str(error)
    yield repr(error)
    yield repr(error.args)
    yield repr(vars(error))
    yield repr(getattr(error, "__notes__", ()))
    yield pickle.dumps(error).decode("latin-1")
    for behind in (error.__cause__, error.__context__):
        if behind is not None:
            yield from search(behind, seen)


def assert_hidden(texts: Iterator[str]) -> None:
    """Fail where one of the texts holds a secret."""
    for text in texts:
        found = [form for form in FORMS if form in text]
        assert not found, text[:2000]


def echo(request: bytes) -> Iterator[bytes]:
    """Repeat the whole request in the error's message."""
    yield http(request, "401 No", kind="text/plain")


def echoed(answer: Any) -> bytes:
    """Return what an answer repeats of a request."""
    return b"" if isinstance(answer, bytes) else next(iter(answer(b"Authorization: S3cret")))


ANSWERS: dict[str, Any] = {
    "echo": echo,
    "echo in an answer": lambda request: iter([http(request)]),
    "echo in a stream": lambda request: iter([open_stream(request.decode().replace("\r\n", " "))]),
    "echo in a status line": lambda request: iter([b"HTTP/1.1 " + request[:400] + b"\r\n\r\n"]),
    "echo in a type": lambda request: iter(
        [http("{}", kind=next(line for line in request.decode().splitlines() if "uthor" in line))]
    ),
    "hangs up": b"",
    "half": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{",
    "garbage": b"\x00\x01" * 400,
    "refused": http('{"error": "no"}', "403 No"),
    "busy": http('{"error": "no"}', "503 No"),
    "without an end": repeat(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", b"x" * 4000),
    "a broken stream": open_stream('{"choices": [{"delta": {"content": "a"}}]}'),
    "elsewhere": http("", "302 Found", more="Location: http://127.0.0.1:9/\r\n"),
}


@pytest.mark.parametrize("in_address", [False, True], ids=["key", "address"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_no_failure_shows_a_secret(
    answer: Any, call: Call, *, in_address: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the server does, also where it repeats all that it was sent; the server was sent it."""
    caplog.set_level(logging.DEBUG)
    with RawServer(answer) as server:
        reader = make_reader(server.base_url, in_address=in_address, max_reply_bytes=100_000)
        try:
            with reader:
                call(reader)
        except GlyphMemoryError as error:
            assert_hidden(search(error))
        sent = server.requests[0].decode()
    if b"S3cret" not in echoed(answer):  # httpcore2's lines of debugging hold a server's headers as they came
        assert_hidden(record.getMessage() + repr(vars(record)) for record in caplog.records)
    assert (f"Basic {BASIC}" if in_address else f"Bearer {SECRETS['key']}") in sent
    assert in_address or SECRETS["header"] in sent


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("in_address", [False, True], ids=["key", "address"])
def test_no_server_and_a_silent_one_show_no_secret(call: Call, *, in_address: bool) -> None:
    """Unreachable, too slow, and a request that is not taken."""
    with RawServer(b"") as server:
        gone = make_reader(server.base_url, in_address=in_address)

        def wait(_: bytes) -> Iterator[bytes]:
            server.stopping.wait()
            yield b""

        server.answer = wait
        for limit in ({"timeout_s": 0.1}, {"total_timeout_s": 0.1}):
            with (
                make_reader(server.base_url, in_address=in_address, **limit) as reader,
                pytest.raises(GlyphMemoryError, match="timeout_s") as failed,
            ):
                call(reader)
            assert_hidden(search(failed.value))
    with pytest.raises(GlyphMemoryError, match="no server at") as failed:
        call(gone)
    assert_hidden(search(failed.value))


@pytest.mark.parametrize("size", [10, 20_000_000], ids=["reading", "writing"])
def test_a_call_that_is_cancelled_shows_no_secret(size: int) -> None:
    """While its request is sent, and while an answer is waited for: httpx2's frames hold the bytes."""
    question = Context.of("x" * size, pages=[])

    async def cancel(reader: OpenAIReader) -> BaseException:
        task = asyncio.create_task(reader.aread(question))
        await asyncio.sleep(0.3)
        task.cancel()
        (error,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(error, BaseException)
        return error

    with RawServer(b"") as server:

        def wait(_: bytes) -> Iterator[bytes]:
            server.stopping.wait()
            yield b""

        server.answer = wait
        error = asyncio.run(cancel(make_reader(server.base_url)))
    assert isinstance(error, asyncio.CancelledError)
    assert_hidden(search(error))


BROKEN_KEYS = {
    "line end": "\n",
    "blank": " ",
    "carriage return": "\r\nX-Evil: 1",
    "NUL": "\0",
    "apostrophe": "\u2019",
    "latin-1": "é",
    "surrogate": "\udc80",
}


@pytest.mark.parametrize("end", BROKEN_KEYS.values(), ids=BROKEN_KEYS)
@pytest.mark.parametrize("place", ["key", "header", "address"])
def test_what_cannot_be_sent_is_refused_when_it_is_given(end: str, place: str) -> None:
    """In one line that does not repeat it, before any connection, and once."""
    fields: dict[str, dict[str, Any]] = {
        "key": {"api_key": SECRETS["key"] + end},
        "header": {"headers": {"X-Api-Key": SECRETS["header"] + end}},
        "address": {},
    }
    login = f"me:{SECRETS['password']}{end}@" if place == "address" else ""
    for make in (OpenAIReader, find_served_model, lambda *a, **b: asyncio.run(afind_served_model(*a, **b))):
        with pytest.raises(ReaderRefused) as refused:
            make(f"http://{login}127.0.0.1:9/v1", **fields[place])
        assert "\n" not in str(refused.value)
        assert not refused.value.retryable
        assert_hidden(search(refused.value))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"api_key": "sk-1\n"}, r"such as the line end of a file\. Give it without, by \.strip\(\)"),
        ({"api_key": "Bearer sk-1"}, "Give the key alone"),
        ({"api_key": "sk 1"}, "a blank"),
        ({"api_key": b"sk-1"}, "of type bytes, no str"),
        ({"headers": {"X-A": "1\n"}}, r"the header 'X-A' begins or ends with white space"),
        ({"headers": {"X-A": "a\nb"}}, "the header 'X-A' holds a control character"),
        ({"headers": {"X A": "1"}}, "a name that is none"),
        ({"headers": {"X-A\n": "1"}}, "a name that is none"),
        ({"headers": {1: "1"}}, "a name that is none"),
        ({"headers": {"X-A": 1}}, "of type int"),
        ({"headers": [("X-A", "1")]}, "of type list"),
        ({"headers": {"Content-Length": "1"}}, "Take it from headers"),
    ],
)
def test_the_refusal_says_what_to_do(fields: dict[str, Any], said: str) -> None:
    """A file's line end is the most common of all."""
    with pytest.raises(ReaderRefused, match=said):
        OpenAIReader("http://127.0.0.1:8000/v1", **fields)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost:8000",
        "ftp://h/v1",
        "http://",
        "http://[::1",
        "http://h:99999/v1",
        "http://h:port/v1",
        "http://h/v1\n",
        " http://h/v1",
        "http://h/v\x001",
        "http://h/v1?api-version=2",
        "http://h/v1#models",
        "http://me:pa/ss@h/v1",
        None,
        b"http://h",
    ],
)
def test_an_address_that_is_none_is_told_in_one_line(address: Any) -> None:
    """Without what stands before an @ or behind a question mark."""
    for make in (OpenAIReader, find_served_model):
        with pytest.raises(ReaderRefused) as refused:
            make(address)
        assert "\n" not in str(refused.value)
        assert not any(part in str(refused.value) for part in ("pa/ss", "api-version=2"))


def test_empty_and_missing_keys_are_none() -> None:
    """An environment variable may be set to nothing."""
    for key in ("", None):
        with RawServer(http("{}", "401 No")) as server:
            with (
                OpenAIReader(server.base_url, model="m", api_key=key) as reader,
                pytest.raises(ReaderRefused),
            ):
                reader.read(QUESTION)
            assert b"authorization" not in server.requests[0].lower()


def test_a_reader_shows_no_secret_and_is_neither_pickled_nor_copied() -> None:
    """The error says so; a queue to another process would carry the key."""
    for in_address in (False, True):
        reader = make_reader("http://127.0.0.1:9/v1", in_address=in_address)
        shown = [repr(reader), str(reader), repr(vars(reader)), pprint.pformat(vars(reader))]
        shown += [repr(vars(value)) for value in vars(reader).values() if hasattr(value, "__dict__")]
        assert_hidden(iter(shown))
        for take in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="make one where it is needed"):
                take(reader)


def test_secrets_are_cut_out_of_a_servers_words_however_they_are_spelled() -> None:
    """As they are, in an address, in JSON, in HTML; ordinary header values stay."""
    endpoint = Endpoint.parse("http://h/v1", api_key='sk-"a"/&b', headers={"X-Stream": "true"})
    said = 'sk-"a"/&b sk-%22a%22%2F%26b sk-\\"a\\"/&b sk-&quot;a&quot;/&amp;b true'
    assert endpoint.quote(said) == "'… … … … true'"


def test_a_redirect_is_not_followed() -> None:
    """The key goes to the server that it was given for, and no file is opened."""
    with RawServer(http("{}")) as other:
        for place in (other.base_url, "file:///etc/passwd"):
            answer = http("", "307 Away", more=f"Location: {place}\r\n")
            with (
                RawServer(answer) as server,
                pytest.raises(ReaderRefused, match="sends the request elsewhere"),
                make_reader(server.base_url) as reader,
            ):
                reader.read(QUESTION)
        assert other.requests == []


def test_the_key_arrives() -> None:
    """And a wrong one is refused."""
    with FakeVLMServer(api_key="sk-1") as server:
        with OpenAIReader(server.base_url, api_key="sk-1") as reader:
            assert reader.read(QUESTION).text
        with (
            OpenAIReader(server.base_url, api_key="sk-2") as reader,
            pytest.raises(ReaderRefused, match="Is api_key right"),
        ):
            reader.read(QUESTION)


_KEY = "sk-abc/DEF+1234567890"


@pytest.mark.parametrize(
    "repeated",
    [
        _KEY[:9] + "\n" + _KEY[9:],
        _KEY[:9] + "\u200b" + _KEY[9:],
        " ".join(_KEY),
        base64.b64encode(f"Bearer {_KEY}".encode()).decode(),
        base64.b64encode(f"x{_KEY}yz".encode()).decode(),
        base64.urlsafe_b64encode(f"xy{_KEY}?".encode()).decode(),
        "".join(f"%{ord(char):02x}" for char in _KEY),
        "".join(f"%25{ord(char):02x}" for char in _KEY),
        "".join(f"&#{ord(char)};" for char in _KEY),
        "".join(f"\\u{ord(char):04x}" for char in _KEY),
    ],
)
def test_words_that_hold_a_key_in_disguise_are_left_out(repeated: str) -> None:
    """A server that echoes its headers spells the key in many ways; none of its words are shown then."""
    endpoint = Endpoint.parse("http://127.0.0.1:9/v1", api_key=_KEY)
    assert endpoint.quote(f"no such key: {repeated}!") == "(left out: it repeats a key)"
    assert endpoint.quote("no such key: sk-abc…") == "'no such key: sk-abc…'"


def test_a_reader_keeps_no_cookies() -> None:
    """A reader is stateless: what a server set with one answer is not sent with the next request."""
    with Clients(Endpoint.parse("http://127.0.0.1:9/v1"), _LIMITS).get_client() as client:
        request = client.build_request("GET", "http://127.0.0.1:9/v1")
        client.cookies.extract_cookies(httpx2.Response(200, headers={"Set-Cookie": "a=b"}, request=request))
        assert not list(client.cookies.jar)


_LIMITS = WireLimits(timeout_s=1.0, connect_timeout_s=1.0, total_timeout_s=1.0, max_reply_bytes=1000)
