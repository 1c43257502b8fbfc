"""`FakeVLMServer` answers as the real vLLM did: the same table of requests, the answers' shapes side by side.

What the real one answered is recorded by `make servers RECORD=1`, and held against it by `make servers`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from glyph_memory.testing import FakeAnswer, FakeVLMServer
from glyph_memory.tokens import ModelProfile
from lib.servers import MAX_IMAGES
from tests.servers.probes import MODEL, PROBES, WINDOW_TOKENS, Probe, describe, send

RECORDED = json.loads((Path(__file__).parent / "recorded" / "vllm.json").read_text(encoding="utf-8"))
CPU_BLOCK_TOKENS = 128
SAME_CHAT = [probe for probe in PROBES if not probe.differs]


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    """Return what the fake server answers, in the table's order: the caches fill as the real one's did."""
    with (
        FakeVLMServer(
            answer=lambda request: FakeAnswer(text="ab", finish_reason="length"),
            model=MODEL,
            window_tokens=WINDOW_TOKENS,
            max_images=MAX_IMAGES,
            image_tokens=ModelProfile.from_name("glyph").image_tokens,
            text_tokens=len,
            block_tokens=CPU_BLOCK_TOKENS,
        ) as server,
        httpx2.Client(base_url=server.base_url.removesuffix("/v1"), timeout=60.0) as client,
    ):
        return {probe.name: send(client, probe) for probe in PROBES}


@pytest.mark.parametrize("probe", SAME_CHAT, ids=lambda probe: probe.name)
def test_the_fake_server_answers_in_the_shape_of_the_real_one(
    answers: dict[str, dict[str, Any]], probe: Probe
) -> None:
    """Status, fields, their kinds, and the words of errors; not the numbers and what the model says."""
    assert describe(answers[probe.name]) == describe(RECORDED[probe.name])


@pytest.mark.parametrize("probe", SAME_CHAT, ids=lambda probe: probe.name)
def test_it_caches_what_the_real_one_caches(answers: dict[str, dict[str, Any]], probe: Probe) -> None:
    """Cached, newly cached and image tokens are equal, to the token: blocks, uuids, salts."""
    assert read_details(answers[probe.name]) == read_details(RECORDED[probe.name])


def test_what_is_not_compared_says_why() -> None:
    """And every request of the table was recorded."""
    assert [probe.name for probe in PROBES] == list(RECORDED)
    assert len(SAME_CHAT) > 30


def test_a_prompt_of_exactly_the_window_leaves_no_room_for_an_answer() -> None:
    """In vLLM's words; a token less, and one token is written."""
    with FakeVLMServer(window_tokens=100, text_tokens=len) as server:
        for length, status in ((98, 400), (97, 200)):
            body = {"messages": [{"role": "user", "content": "w" * length}]}
            answer = httpx2.post(f"{server.base_url}/chat/completions", json=body)
            assert (answer.status_code, "got 0" in answer.text) == (status, status == 400)


def read_details(answer: dict[str, Any]) -> object:
    """Return an answer's details of the prompt's tokens, of a stream's last event."""
    last = answer.get("json") or (answer.get("events") or [{}, ""])[-2]
    return (last.get("usage") or {}).get("prompt_tokens_details")
