"""Servers' sentences about their limits are understood, whoever repeats them.

`limit_words.json` holds the sentences: which server's each is, and the project or the thread where it is seen.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from glyph_memory.errors import ReaderOverflow
from glyph_memory.folding import FoldPolicy
from glyph_memory.readers import Overflow, overflows_window, refuses_images
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.failures import make_error

WORDS = json.loads((Path(__file__).parent / "limit_words.json").read_text())


@pytest.mark.parametrize("row", WORDS["overflows"], ids=lambda row: row["server"])
def test_a_prompt_that_is_too_long_is_recognised_with_its_numbers(row: dict[str, Any]) -> None:
    """What the server takes, what the prompt was, what was left for the answer: as far as the sentence says."""
    told = Overflow(window_tokens=row["window"], prompt_tokens=row["prompt"], output_tokens=row["output"])
    for said in (
        row["said"],
        f"HTTP 400: {json.dumps({'error': {'message': row['said']}})}",
        repr({"m": row["said"]}),
    ):
        assert overflows_window(said) == told
        assert not refuses_images(said)


@pytest.mark.parametrize("row", WORDS["overflows"], ids=lambda row: row["server"])
def test_the_reader_says_so_too(row: dict[str, Any]) -> None:
    """Whatever the status; the error carries the numbers, also a copy of it."""
    body = json.dumps({"error": {"message": row["said"]}}).encode()
    for status in (400, 413, 422, 500):
        error = make_error(status, {}, body, endpoint=Endpoint(base_url="http://127.0.0.1:8000/v1"))
        assert isinstance(error, ReaderOverflow)
    error = copy.copy(make_error(400, {}, body, endpoint=Endpoint(base_url="http://h/v1")))
    assert isinstance(error, ReaderOverflow)
    assert (error.window_tokens, error.prompt_tokens) == (row["window"], row["prompt"])


@pytest.mark.parametrize("row", WORDS["image refusals"], ids=lambda row: row["server"])
def test_a_refusal_of_images_is_recognised(row: dict[str, str]) -> None:
    """Also where a client prints the body of the answer."""
    for said in (row["said"], f"Error code: 400 - { ({'error': {'message': row['said']}}) }"):
        assert refuses_images(said)
        assert overflows_window(said) is None


@pytest.mark.parametrize("said", WORDS["others"])
def test_other_errors_are_neither(said: str) -> None:
    """A limit on how often is none on how much, and a picture that cannot be read is no refusal of pictures."""
    assert overflows_window(said) is None
    assert not refuses_images(said)


def test_a_hostile_sentence_costs_nothing() -> None:
    """Numbers of thousands of digits are none, and nothing is searched twice over."""
    assert overflows_window(f"maximum context length is {'9' * 5000} tokens") is not None
    assert not refuses_images(f"At most {'9' * 5000} image(s) may be provided")
    assert not refuses_images("does not support " * 20_000)
    assert overflows_window("prompt has " * 20_000) is None


def test_numbers_beside_the_sentence_count() -> None:
    """llama.cpp tells them in fields of their own."""
    body = (
        b'{"error":{"code":400,"message":"the request exceeds the available context size","type":'
        b'"exceed_context_size_error","n_prompt_tokens":15246,"n_ctx":8192}}'
    )
    error = make_error(400, {}, body, endpoint=Endpoint(base_url="http://127.0.0.1:8000/v1"))
    assert isinstance(error, ReaderOverflow)
    assert (error.window_tokens, error.prompt_tokens) == (8192, 15246)


def test_the_next_window_is_what_the_server_said_or_less_than_was_sent() -> None:
    """Known answers: by its number, by ours where it counts more, less a longer answer; else three quarters."""
    policy = FoldPolicy(window_tokens=100_000, output_tokens=1000)
    for overflow, window in (
        (Overflow(window_tokens=16_384), 16_384),
        (Overflow(window_tokens=16_384, prompt_tokens=20_000), 16_384),
        (Overflow(window_tokens=16_384, prompt_tokens=40_000), 8192),
        (Overflow(window_tokens=16_384, output_tokens=5000), 12_384),
        (Overflow(), 15_000),
        (Overflow(window_tokens=200_000), 15_000),
        (Overflow(window_tokens=16), 15_000),
    ):
        assert overflow.next_window(policy, sent_tokens=20_000) == window
    assert Overflow().next_window(policy, sent_tokens=100) == 1024
