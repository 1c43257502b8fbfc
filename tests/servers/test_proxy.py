"""The proxy before the real vLLM: the vendors' own packages notice nothing, and its prefix cache keeps what we think.

The model's weights are random, so nothing is claimed about words: statuses, counts, kinds of events, and notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import anthropic
import httpx
import openai
import pytest

from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Turn
from lib.servers import WINDOW_TOKENS
from real_server import CPU_BLOCK_TOKENS, load_profile
from tests.serve.running import run_proxy
from tests.servers.probes import PROBES, Probe, chat, describe, image, send
from tests.servers.talkers import TALKERS, ChatTalker, Counted, Talker
from tests.servers.tap import open_tap

WINDOW = WINDOW_TOKENS["glm4v"]
HELLO = (Turn(role="user", text="Hello."),)
WORK = tuple(agent_conversation(turns=240))
"""An agent's work with calls and results, twice as long as the window."""
ENDS = [place for place, turn in enumerate(WORK) if place and turn.role in {"user", "tool"}]
"""Where a model is asked: after a user's words and after a tool's result."""
MENDED = frozenset({"picture that is none", "picture cut short"})
"""What the proxy draws as a line of text, with a note, so that one broken file does not end a conversation."""
FITTED = frozenset(
    {"text too long", "text far too long", "prompt of exactly the window", "pictures too long"}
)
"""What is too long for the server as text, and fits as pages."""
FLOOR = 0.6
"""Of all prompt tokens of a conversation, those that were cached, at least; pages pay anew where one begins."""


@pytest.fixture(scope="module")
def proxy(vllm: str) -> Iterator[str]:
    """Yield the address of a proxy that counts with the model's own tokenizer."""
    with run_proxy(f"{vllm}/v1", pages={"profile": load_profile()}) as address:
        yield address


@pytest.fixture
def through(proxy: str) -> Iterator[httpx.Client]:
    """Return a client of the proxy."""
    with httpx.Client(base_url=proxy, timeout=300.0) as client:
        yield client


def list_requests(every: int = 1) -> list[Sequence[Turn]]:
    """Return the histories that are sent one after the other."""
    return [WORK[: end + 1] for end in ENDS[::every]]


def hold_work(talker: Talker, *, every: int = 1, streams: bool = False) -> list[Counted]:
    """Send history after history, as far as the server takes them; return what was counted."""
    counted = []
    for turns in list_requests(every):
        try:
            counted.append(talker.ask(turns, streams=streams, has_tools=True))
        except (openai.BadRequestError, anthropic.BadRequestError):
            break
    return counted


def find_share(counted: Sequence[Counted]) -> float:
    """Return how much of all prompts was cached."""
    return sum(one.cached_tokens for one in counted) / sum(one.prompt_tokens for one in counted)


@pytest.mark.parametrize(
    "probe", [one for one in PROBES if one.name not in MENDED | FITTED], ids=lambda probe: probe.name
)
def test_an_answer_has_the_shape_that_it_has_without_the_proxy(
    client: httpx.Client, through: httpx.Client, probe: Probe
) -> None:
    """Answers, streams, counts, refusals, and what is not there: status, kind and fields are the server's own."""
    assert describe(send(through, probe)) == describe(send(client, probe))


@pytest.mark.parametrize("probe", [one for one in PROBES if one.name in MENDED], ids=lambda probe: probe.name)
def test_a_broken_picture_is_told_in_a_note_and_the_rest_is_answered(
    through: httpx.Client, probe: Probe
) -> None:
    """The server would refuse the whole request."""
    answer = through.post(probe.path, json=dict(probe.body or {}))
    assert answer.status_code == 200
    assert "cannot be shown" in answer.headers["x-glyph-note"]


@pytest.mark.parametrize("probe", [one for one in PROBES if one.name in FITTED], ids=lambda probe: probe.name)
def test_what_is_too_long_as_text_is_answered_as_pages(through: httpx.Client, probe: Probe) -> None:
    """Even one message that is longer than the window; the server counts what fits."""
    answer = through.post(probe.path, json=dict(probe.body or {}))
    assert answer.status_code == 200
    assert answer.json()["usage"]["prompt_tokens"] < WINDOW


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("kind", TALKERS)
def test_a_package_is_answered_as_without_the_proxy(
    vllm: str, proxy: str, kind: type[Talker], streams: bool
) -> None:
    """A short conversation goes on as it came: the same prompt is counted, the same kinds of events are streamed."""
    direct, passed = (kind(root).ask(HELLO, streams=streams, has_tools=True) for root in (vllm, proxy))
    assert passed.prompt_tokens == direct.prompt_tokens
    assert passed.answer_tokens == direct.answer_tokens
    assert passed.events == direct.events
    assert bool(passed.events) is streams


def test_a_refusal_is_the_servers_own(vllm: str, proxy: str) -> None:
    """Of tools that it was not started for, say: its words, in the package's own exception."""
    told = []
    for root in (vllm, proxy):
        with openai.OpenAI(base_url=f"{root}/v1", api_key="none", max_retries=0) as client:
            tool: Any = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
            with pytest.raises(openai.BadRequestError) as refused:
                client.chat.completions.create(
                    model="glyph", messages=[{"role": "user", "content": "Look."}], tools=[tool]
                )
        told.append((refused.value.status_code, refused.value.body))
    assert told[0] == told[1]


def test_a_long_conversation_fits_and_most_of_it_is_cached(
    vllm: str, proxy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the same requests as plain text, which the server takes to the end of its window and no further."""
    plain = hold_work(ChatTalker(vllm), every=2)
    folded = hold_work(ChatTalker(proxy), every=2)
    with capsys.disabled():
        for name, counted in (
            ("plain text", plain),
            ("proxy", folded),
            ("proxy, so far", folded[: len(plain)]),
        ):
            prompt, largest = (f(one.prompt_tokens for one in counted) for f in (sum, max))
            print(  # noqa: T201 - what make servers is run for
                f"\n{name}: {len(counted)} requests, {prompt:,} prompt tokens, largest {largest:,}, "
                f"cached {find_share(counted):.3f}, computed {prompt * (1 - find_share(counted)):,.0f}",
                end="",
            )
    assert len(plain) < len(folded) == len(list_requests(2))
    assert max(one.prompt_tokens for one in folded) < WINDOW
    assert find_share(folded) >= FLOOR


@pytest.mark.parametrize("kind", TALKERS)
def test_each_dialect_is_folded_and_cached_alike(vllm: str, proxy: str, kind: type[Talker]) -> None:
    """Streamed, through the vendor's package, twice as long as the window, and no request is refused."""
    with run_proxy(f"{vllm}/v1", pages={"profile": load_profile()}) as other:
        counted = hold_work(kind(other), every=6, streams=True)
    assert len(counted) == len(list_requests(6))
    assert max(one.prompt_tokens for one in counted) < WINDOW
    assert all(one.events and one.answer_tokens for one in counted)
    again = hold_work(kind(proxy), every=6)
    assert [one.prompt_tokens for one in again] == [one.prompt_tokens for one in counted]


def test_the_prefix_never_breaks_within_a_generation(vllm: str) -> None:
    """The server has each whole block of what a request shares with the one before; and they share what they can.

    Every message of the former request comes again, except where a page was added: then all of its pages do.
    """
    with (
        open_tap(vllm) as (tap, root),
        run_proxy(f"{root}/v1", pages={"profile": load_profile()}) as address,
    ):
        counted = hold_work(ChatTalker(address), every=2)
        bodies = [body for body in tap.bodies if body.get("max_tokens") == 2]
    assert len(bodies) == len(counted)
    kept = 0
    for (former, later), told in zip(pairwise(bodies), counted[1:], strict=True):
        shared = find_shared(former["messages"], later["messages"])
        kept += is_continued(former["messages"], later["messages"])
        stable = count_tokens(vllm, shared)
        assert told.cached_tokens >= (stable - 1) // CPU_BLOCK_TOKENS * CPU_BLOCK_TOKENS
    assert kept >= 0.8 * (len(bodies) - 1)


def find_shared(
    former: Sequence[Mapping[str, Any]], later: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the messages with which both begin, the last one as far as its parts are the same."""
    shared: list[Mapping[str, Any]] = []
    for one, other in zip(former, later, strict=False):
        if one == other:
            shared.append(one)
            continue
        if isinstance(one["content"], list) and isinstance(other["content"], list):
            parts = list_equal(one["content"], other["content"])
            shared += [{"role": one["role"], "content": parts}] if parts else []
        break
    return shared


def list_equal(former: Sequence[Any], later: Sequence[Any]) -> list[Any]:
    """Return what both begin with."""
    return [one for place, one in enumerate(former) if list(former[: place + 1]) == list(later[: place + 1])]


def is_continued(former: Sequence[Mapping[str, Any]], later: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether all that was sent comes again, or at least all pages but the last."""
    if list(later[: len(former)]) == list(former):
        return True
    pages = [count_pages(messages) for messages in (former, find_shared(former, later))]
    return pages[0] == 0 or pages[1] >= pages[0] - 1


def count_pages(messages: Sequence[Mapping[str, Any]]) -> int:
    """Return how many pictures messages hold."""
    return sum(
        part["type"] == "image_url"
        for message in messages
        if isinstance(message["content"], list)
        for part in message["content"]
    )


def count_tokens(root: str, messages: Sequence[Mapping[str, Any]]) -> int:
    """Return how many tokens the server makes of messages, the beginning of an answer left out."""
    if not messages:
        return 0
    body = {"model": "glyph", "messages": messages, "add_generation_prompt": False}
    count: int = httpx.post(f"{root}/tokenize", json=body, timeout=300.0).json()["count"]
    return count


def test_a_prompt_that_was_counted_too_small_is_made_smaller_until_it_fits(vllm: str) -> None:
    """Without the model's tokenizer each letter is counted as a fourth of what it is; the window is learnt."""
    with run_proxy(f"{vllm}/v1") as address:
        first = ChatTalker(address).ask(WORK)
        again = ChatTalker(address).ask(WORK)
    assert first.prompt_tokens < WINDOW
    assert again.prompt_tokens == first.prompt_tokens
    assert again.cached_tokens > 0.9 * first.prompt_tokens


def test_an_answer_that_is_wanted_too_long_is_refused_by_the_server(through: httpx.Client) -> None:
    """No page would help: its own words, and the next request is answered."""
    answer = through.post("/v1/chat/completions", json=chat("When?", max_tokens=WINDOW + 1))
    assert answer.status_code == 400
    assert "max_tokens" in answer.text
    assert through.post("/v1/chat/completions", json=chat("When?")).status_code == 200


def test_a_clients_own_picture_is_counted_with_and_without_the_proxy_alike(
    client: httpx.Client, through: httpx.Client
) -> None:
    """It goes on as it came."""
    body = chat(image(91), "When?")
    counted = [
        one.post("/v1/chat/completions", json=body).json()["usage"]["prompt_tokens"]
        for one in (client, through)
    ]
    assert counted[0] == counted[1]
