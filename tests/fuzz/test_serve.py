"""The door of the proxy: whatever a client sends, it has an answer, and the next request has one, too.

No 500, no hang, no word of one caller's in another's request. The upstream says yes to everything, so that all else is
the proxy's own answer, which has to be in the format of the API that was asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from glyph_memory.serve import ServeOptions, Upstream
from glyph_memory.serve.app import create_app
from glyph_memory.testing import agent_conversation
from tests.fuzz.outcomes import is_short_line
from tests.fuzz.serve_bodies import CHANGED_BYTES, PICTURES, SPOKEN, VALUES, changed_requests
from tests.fuzz.serve_upstream import YesServer

KEYS = {"ada": "ada-key-0123456789", "ben": "ben-key-0123456789"}
CANARIES = {"ada": "canary-of-ada-71f3", "ben": "canary-of-ben-0c9e"}
FOLDED = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/messages/count_tokens")
PATHS = (
    *FOLDED, "/chat/completions", "/messages", "/responses", "/v1/completions", "/v1/embeddings", "/v1", "/%ff",
    "/v1/chat/completions/", "/v1//chat/completions", "/v1/chat/completions?x=%00", "/tokenize", "/v1/responses/resp_1",
    "/v1/messages/batches", "/V1/MESSAGES", "/v1/files/%2e%2e/%2e%2e/etc", "/healthz", "/metrics", "/glyph/api/none",
    "/glyph/static/x",
)  # fmt: skip
REFUSALS = {400, 401, 403, 404, 405, 411, 413, 414, 415, 422, 431}
HEADERS = (
    "x-glyph-session", "content-type", "accept-encoding", "connection", "x-glyph-note", "anthropic-beta", "range",
    "content-encoding", "x-forwarded-for", "accept", "cookie", "host", "origin", "x-api-key", "authorization",
)  # fmt: skip
VALUES_OF_HEADERS = st.text(
    st.characters(min_codepoint=32, max_codepoint=126), max_size=20
) | st.sampled_from(
    ["", "gzip", "close, x-api-key", "../../x", "%00", "\xff" * 300, "a" * 9000, "multipart/form-data"]
)
CALLERS = st.sampled_from(sorted(KEYS))


@pytest.fixture(scope="module")
def upstream() -> Iterator[YesServer]:
    """Yield the upstream."""
    with YesServer() as server:
        yield server


@pytest.fixture(scope="module")
def client(upstream: YesServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Yield a client of a proxy that two callers have keys of."""
    file = tmp_path_factory.mktemp("keys") / "keys"
    file.write_text("".join(f"{name}:{key}\n" for name, key in KEYS.items()))
    file.chmod(0o600)
    options = ServeOptions(
        upstreams=(Upstream(url=upstream.base_url),),
        memory=":memory:",
        key_file=file,
        pages={"profile": "glyph"},
        max_body_bytes=4 << 20,
    )
    app = create_app(options)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def post(client: TestClient, path: str, body: bytes, *, caller: str, **headers: str) -> httpx2.Response:
    """Send a body with a caller's key."""
    sent = {"content-type": "application/json", "authorization": f"Bearer {KEYS[caller]}", **headers}
    answer: httpx2.Response = client.post(path, content=body, headers=sent)
    return answer


def check_answer(path: str, answer: httpx2.Response) -> None:
    """Hold an answer to be the upstream's, or a refusal as the API that was asked writes it."""
    if answer.status_code == 200:
        return
    assert answer.status_code in REFUSALS, f"{answer.status_code}: {answer.text[:400]}"
    told = answer.json()
    assert is_short_line(told["error"]["message"])
    assert (told.get("type") == "error") is ("/v1/messages" in path)


def check_others(upstream: YesServer, caller: str) -> None:
    """Hold that nothing of the other caller went out, and neither's key."""
    for asked in upstream.take():
        for name, canary in CANARIES.items():
            assert name == caller or canary.encode() not in asked.body
            assert KEYS[name].encode() not in asked.head


def check_goes_on(client: TestClient, upstream: YesServer, caller: str, path: str = FOLDED[0]) -> None:
    """Hold that a good request is answered, with all of its words sent."""
    said = [{"role": "user", "content": f"Where is {CANARIES[caller]}?"}]
    body = json.dumps({"model": "glyph", "max_tokens": 9, "messages": said, "input": said}).encode()
    answer = post(client, path, body, caller=caller)
    assert answer.status_code == 200
    (asked,) = upstream.take()
    assert CANARIES[caller].encode() in asked.body


def hold(client: TestClient, upstream: YesServer, path: str, body: bytes, caller: str) -> None:
    """Send a body, and hold all that is claimed of it."""
    upstream.take()
    answer = post(client, path, body, caller=caller)
    check_answer(path, answer)
    check_others(upstream, caller)
    check_goes_on(client, upstream, caller)


@settings(settings.get_profile("fuzz"))
@given(path=st.sampled_from(FOLDED) | st.sampled_from(PATHS), body=SPOKEN | VALUES, caller=CALLERS)
@example(path=FOLDED[0], body=b"", caller="ada")
@example(path=FOLDED[2], body=b"[" * 200_000, caller="ada")
@example(path=FOLDED[1], body=b'{"input":' * 50_000, caller="ben")
@example(
    path=FOLDED[0], body=b'{"model":"glyph","messages":[{"role":"user","content":"\xff"}]}', caller="ben"
)
@example(
    path=FOLDED[0], body=b'{"model":"glyph","messages":[{"role":"user","content":"\\ud800"}]}', caller="ben"
)
@example(
    path=FOLDED[0],
    body=b'{"model":"\\ud800\\r\\nx: y","messages":[{"role":"user","content":"x"}]}',
    caller="ben",
)
@example(path=FOLDED[2], body=b'{"messages":[],"messages":[{"role":"user","content":"x"}]}', caller="ada")
@example(path=FOLDED[1], body=b"\xef\xbb\xbf{}", caller="ada")
@example(path=FOLDED[1], body='{"input": "x"}'.encode("utf-16"), caller="ada")
def test_any_body_has_an_answer(
    client: TestClient, upstream: YesServer, path: str, body: bytes, caller: str
) -> None:
    """JSON of any kind, nearly JSON, and none, on the paths that are folded and their neighbours."""
    hold(client, upstream, path, body, caller)


@settings(settings.get_profile("fuzz"))
@given(request=changed_requests() | CHANGED_BYTES, caller=CALLERS)
def test_a_real_clients_request_that_is_not_quite_right_has_an_answer(
    client: TestClient, upstream: YesServer, request: tuple[str, bytes], caller: str
) -> None:
    """What five agents and programs were seen to send, with values or bytes changed."""
    hold(client, upstream, *request, caller)


@settings(settings.get_profile("fuzz"))
@given(
    path=st.sampled_from(FOLDED),
    headers=st.dictionaries(st.sampled_from(HEADERS), VALUES_OF_HEADERS, max_size=4),
    caller=CALLERS,
)
def test_any_headers_have_an_answer(
    client: TestClient, upstream: YesServer, path: str, headers: dict[str, str], caller: str
) -> None:
    """Names of conversations, kinds and encodings of bodies, hosts and sites."""
    upstream.take()
    said = [{"role": "user", "content": CANARIES[caller]}]
    body = json.dumps({"model": "glyph", "messages": said, "input": said}).encode()
    spelt: Any = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = post(client, path, body, caller=caller, **spelt)
    check_answer(path, answer)
    check_others(upstream, caller)
    check_goes_on(client, upstream, caller)


@pytest.mark.parametrize("path", FOLDED)
@pytest.mark.parametrize("count", [3000, 20_000])
def test_thousands_of_tiny_blocks_have_an_answer(
    client: TestClient, upstream: YesServer, path: str, count: int
) -> None:
    """In one message, and as messages of their own."""
    block = {"type": "input_text" if path == FOLDED[1] else "text", "text": "x"}
    one = [{"role": "user", "content": [block] * count}]
    many = [{"role": ("user", "assistant")[number % 2], "content": "x"} for number in range(count)]
    for said in (one, many):
        body = json.dumps({"model": "glyph", "messages": said, "input": said}).encode()
        hold(client, upstream, path, body, "ada")


@pytest.mark.parametrize("data", PICTURES, ids=range(len(PICTURES)))
def test_a_picture_that_is_none_ends_nothing(client: TestClient, upstream: YesServer, data: bytes) -> None:
    """It stands in the middle of a long conversation, which is sent as pages with it or without it."""
    url = f"data:image/png;base64,{data.decode()}"
    part = {"type": "image_url", "image_url": {"url": url}}
    said: list[dict[str, Any]] = [
        {"role": turn.role, "content": turn.text}
        for turn in agent_conversation(turns=120)
        if turn.text and turn.role in {"user", "assistant"}
    ]
    said[3:3] = [{"role": "user", "content": [part, {"type": "text", "text": CANARIES["ben"]}]}]
    body = json.dumps({"model": "glyph", "messages": said}).encode()
    hold(client, upstream, FOLDED[0], body, "ben")


@settings(settings.get_profile("fuzz"), max_examples=12)
@given(turns=st.integers(2, 160), session=st.sampled_from(["", "one", "ada/one", "ben/one", "../x"]))
def test_two_callers_who_say_the_same_have_conversations_of_their_own(
    client: TestClient, upstream: YesServer, turns: int, session: str
) -> None:
    """The same words, and the same name of the conversation: neither's pages hold what the other said before."""
    upstream.take()
    shared = [
        {"role": turn.role, "content": turn.text}
        for turn in agent_conversation(turns=turns)
        if turn.text and turn.role in {"user", "assistant"}
    ]
    named = {"x-glyph-session": session} if session else {}
    names = {}
    for caller in sorted(KEYS):
        said = [*shared, {"role": "user", "content": CANARIES[caller]}]
        body = json.dumps({"model": "glyph", "messages": said}).encode()
        answer = post(client, FOLDED[0], body, caller=caller, **named)
        names[caller] = answer.headers["x-glyph-session"]
        check_others(upstream, caller)
        again = json.dumps({"model": "glyph", "messages": [*said, *said]}).encode()
        assert post(client, FOLDED[0], again, caller=caller, **named).status_code == 200
        check_others(upstream, caller)
    assert session or names["ada"] != names["ben"]
