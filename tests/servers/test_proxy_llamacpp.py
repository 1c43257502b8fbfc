"""The proxy before the real llama.cpp, whose model takes no images: text goes on as it came, and the client is told.

Its cache of one prompt keeps working: the proxy changes nothing that a prompt begins with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from lib.servers import WINDOW_TOKENS
from tests.serve.running import run_proxy
from tests.servers.probes import image
from tests.servers.talkers import TALKERS, Counted, Talker
from tests.servers.work import hold_work, list_requests, make_short_work, print_shares

MODEL = "smollm2"
WINDOW = WINDOW_TOKENS["smollm2"]
CHAT = "/v1/chat/completions"
FORGOTTEN = 8
"""Tokens of a former prompt that are computed again, at the most: words are cut another way where text goes on."""


@pytest.fixture(scope="module")
def proxy(llamacpp: str) -> Iterator[str]:
    """Yield the address of a proxy."""
    with run_proxy(f"{llamacpp}/v1") as address:
        yield address


def post(root: str, *content: Any, **fields: object) -> httpx2.Response:
    """Ask by a chat of one message."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": [*content]}], "max_tokens": 2}
    answer: httpx2.Response = httpx2.post(
        f"{root}{CHAT}", json=body | {"temperature": 0} | fields, timeout=300.0
    )
    return answer


@pytest.mark.parametrize("kind", TALKERS)
def test_work_is_answered_and_cached_as_without_the_proxy(
    llamacpp: str, proxy: str, capsys: pytest.CaptureFixture[str], kind: type[Talker]
) -> None:
    """64 turns with tools, streamed: the same prompts are counted, and all of each former prompt is cached."""
    direct, through = (
        hold_work(kind(root, model=MODEL), list_requests(make_short_work(name)))
        for name, root in (("One", llamacpp), ("Two", proxy))
    )
    name = f"{kind.__name__}, llama.cpp"
    print_shares(capsys, **{f"{name}, direct": direct, f"{name}, proxy": through})
    assert [one.prompt_tokens for one in through] == [one.prompt_tokens for one in direct]
    assert len(through) == len(list_requests(make_short_work("Two")))
    for counted in (direct, through):
        assert all(one.events for one in counted)
        check_is_cached(counted)


def check_is_cached(counted: Sequence[Counted]) -> None:
    """Hold that each prompt but the first found the one before it in the cache."""
    for former, later in pairwise(counted):
        assert later.cached_tokens >= former.prompt_tokens - FORGOTTEN


def test_the_client_is_told_that_no_page_is_drawn(llamacpp: str, proxy: str) -> None:
    """In a header of each answer, which is the server's own to the letter but for its number and its times."""
    direct, through = (post(root, {"type": "text", "text": "Where is K-1?"}) for root in (llamacpp, proxy))
    assert "takes no images, so its old turns stay text" in through.headers["x-glyph-note"]
    own = ("id", "created", "timings", "usage")
    assert drop(through.json(), *own) == drop(direct.json(), *own)


def drop(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return an answer without some fields."""
    return {name: value for name, value in answer.items() if name not in names}


@pytest.mark.parametrize("caches", [True, False])
def test_a_field_of_the_servers_own_goes_through_and_so_does_what_it_counts(proxy: str, caches: bool) -> None:
    """`cache_prompt`, and the timings that llama.cpp answers: how much of the prompt was there, and how much not."""
    text = {"type": "text", "text": "The quick brown fox jumps over the lazy dog. " * 9}
    timings = [post(proxy, text, cache_prompt=caches).json()["timings"] for _ in range(2)]
    whole = timings[1]["cache_n"] + timings[1]["prompt_n"]
    assert timings[1]["cache_n"] == (whole - 1 if caches else 0)


def test_what_the_server_refuses_is_refused_in_its_own_words(llamacpp: str, proxy: str) -> None:
    """A picture, and a prompt that is longer than its window: no page would help, as it takes none."""
    asked = (image(), {"type": "text", "text": "word " * (WINDOW + 500)})
    for part, status in zip(asked, (500, 400), strict=True):
        direct, through = (post(root, part) for root in (llamacpp, proxy))
        assert (through.status_code, through.json()) == (direct.status_code, direct.json())
        assert direct.status_code == status
    assert post(proxy, {"type": "text", "text": "Where is K-1?"}).status_code == 200


def test_whatever_else_the_server_has_is_there(llamacpp: str, proxy: str) -> None:
    """Its health, its properties, its tokens."""
    for path in ("/health", "/props", "/nothing"):
        direct, through = (httpx2.get(f"{root}{path}", timeout=300.0) for root in (llamacpp, proxy))
        assert (through.status_code, through.content) == (direct.status_code, direct.content)
    body = {"content": "Where is K-1?"}
    direct, through = (
        httpx2.post(f"{root}/tokenize", json=body, timeout=300.0) for root in (llamacpp, proxy)
    )
    assert through.json() == direct.json()
