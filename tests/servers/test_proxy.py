"""The proxy before the real vLLM: the vendors' own packages notice nothing.

The model's weights are random, so nothing is claimed about words: statuses, counts, kinds of events, and notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from glyph_memory.transcript import Turn
from lib.servers import WINDOW_TOKENS
from real_server import load_profile
from tests.serve.running import run_proxy
from tests.servers.probes import PROBES, Probe, chat, describe, image, send
from tests.servers.talkers import TALKERS, ChatTalker, Talker
from tests.servers.work import make_long_work

WINDOW = WINDOW_TOKENS["glm4v"]
HELLO = (Turn(role="user", text="Hello."),)
MENDED = frozenset({"picture that is none", "picture cut short"})
"""What the proxy draws as a line of text, with a note, so that one broken file does not end a conversation."""
FITTED = frozenset(
    {"text too long", "text far too long", "prompt of exactly the window", "pictures too long"}
)
"""What is too long for the server as text, and fits as pages."""


@pytest.fixture(scope="module")
def proxy(vllm: str) -> Iterator[str]:
    """Yield the address of a proxy that counts with the model's own tokenizer."""
    with run_proxy(f"{vllm}/v1", pages={"profile": load_profile()}) as address:
        yield address


@pytest.fixture
def through(proxy: str) -> Iterator[httpx2.Client]:
    """Return a client of the proxy."""
    with httpx2.Client(base_url=proxy, timeout=300.0) as client:
        yield client


@pytest.mark.parametrize(
    "probe", [one for one in PROBES if one.name not in MENDED | FITTED], ids=lambda probe: probe.name
)
def test_an_answer_has_the_shape_that_it_has_without_the_proxy(
    client: httpx2.Client, through: httpx2.Client, probe: Probe
) -> None:
    """Answers, streams, counts, refusals, and what is not there: status, kind and fields are the server's own."""
    assert describe(send(through, probe)) == describe(send(client, probe))


@pytest.mark.parametrize("probe", [one for one in PROBES if one.name in MENDED], ids=lambda probe: probe.name)
def test_a_broken_picture_is_told_in_a_note_and_the_rest_is_answered(
    through: httpx2.Client, probe: Probe
) -> None:
    """The server would refuse the whole request."""
    answer = through.post(probe.path, json=dict(probe.body or {}))
    assert answer.status_code == 200
    assert "cannot be shown" in answer.headers["x-glyph-note"]


@pytest.mark.parametrize("probe", [one for one in PROBES if one.name in FITTED], ids=lambda probe: probe.name)
def test_what_is_too_long_as_text_is_answered_as_pages(through: httpx2.Client, probe: Probe) -> None:
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


def test_a_prompt_that_was_counted_too_small_is_made_smaller_until_it_fits(vllm: str) -> None:
    """Without the model's tokenizer each letter is counted as a fourth of what it is; the window is learnt."""
    work = make_long_work("counted too small")
    with run_proxy(f"{vllm}/v1") as address:
        first = ChatTalker(address).ask(work)
        again = ChatTalker(address).ask(work)
    assert first.prompt_tokens < WINDOW
    assert again.prompt_tokens == first.prompt_tokens
    assert again.cached_tokens > 0.9 * first.prompt_tokens


def test_an_answer_that_is_wanted_too_long_is_refused_by_the_server(through: httpx2.Client) -> None:
    """No page would help: its own words, and the next request is answered."""
    answer = through.post("/v1/chat/completions", json=chat("When?", max_tokens=WINDOW + 1))
    assert answer.status_code == 400
    assert "max_tokens" in answer.text
    assert through.post("/v1/chat/completions", json=chat("When?")).status_code == 200


def test_a_clients_own_picture_is_counted_with_and_without_the_proxy_alike(
    client: httpx2.Client, through: httpx2.Client
) -> None:
    """It goes on as it came."""
    body = chat(image(91), "When?")
    counted = [
        one.post("/v1/chat/completions", json=body).json()["usage"]["prompt_tokens"]
        for one in (client, through)
    ]
    assert counted[0] == counted[1]
