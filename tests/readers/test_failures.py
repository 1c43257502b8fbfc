"""Servers' own words for what went wrong become the right error.

`find_message.json` holds bodies as vLLM, SGLang, llama.cpp, `transformers serve` and OpenAI send them,
verbatim.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glyph_memory.errors import BadReading, ReaderError, ReaderUnavailable
from glyph_memory.readers import ServerBusy, refuses_images
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.failures import is_cache_miss, make_error

ENDPOINT = Endpoint.parse("http://127.0.0.1:8000/v1", api_key="sk-secret")
WORDS = json.loads((Path(__file__).parent / "server_words.json").read_text())


def failed(status: int, body: str, headers: dict[str, str] | None = None) -> ReaderError:
    """Return what an answer means."""
    return make_error(status, headers or {}, body.encode(), endpoint=ENDPOINT)


@pytest.mark.parametrize("said", WORDS, ids=[said["case"] for said in WORDS])
def test_a_servers_words_become_the_right_error(said: dict[str, str]) -> None:
    """Overflows and refusals are told apart by what is said; the message has it, and what to do next."""
    error = failed(int(said["status"]), said["body"])
    assert type(error).__name__ == said["becomes"]
    assert said["message has"] in str(error)
    assert not error.retryable


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_overload_and_crashes_may_be_tried_again(status: int) -> None:
    """They pass; the class says so."""
    error = failed(status, "<html><body>oops</body></html>")
    assert isinstance(error, ReaderUnavailable)
    assert error.retryable


def test_a_server_may_say_when_to_come_back() -> None:
    """`Retry-After` is understood as seconds and as a date."""
    date = {"date": "Sat, 21 Nov 2026 21:54:48 GMT", "retry-after": "Sat, 21 Nov 2026 21:55:00 GMT"}
    errors = [
        failed(429, "", headers) for headers in ({"retry-after": "7"}, date, {"retry-after": "soon"}, {})
    ]
    assert [error.retry_after_s for error in errors if isinstance(error, ServerBusy)] == [
        7.0,
        12.0,
        None,
        None,
    ]


def test_an_unheard_of_status_is_no_reading() -> None:
    """Neither an answer nor an error that the protocol knows."""
    assert isinstance(failed(204, ""), BadReading)


def test_messages_are_one_short_line_without_secrets_or_pictures() -> None:
    """The key is cut out, base64 is cut out, megabytes are cut off."""
    error = str(failed(400, f"key sk-secret\nfor data:image/png;base64,{'QUJD' * 9000}\n{'long ' * 9000}"))
    assert "\n" not in error
    assert "sk-secret" not in error
    assert "QUJDQUJD" not in error
    assert len(error) < 600


def test_a_password_in_the_address_is_not_shown() -> None:
    """`http://name:password@host` is quoted without its middle."""
    endpoint = Endpoint.parse("http://me:hunter2@127.0.0.1:8000/v1")
    assert endpoint.safe_url == "'http://127.0.0.1:8000/v1'"


def test_only_vllms_own_words_are_a_cache_miss() -> None:
    """Any other 400 is not answered by sending all images again."""
    missed = b'{"error": {"message": "Cache miss for image at index 3 but data is not provided."}}'
    assert is_cache_miss(400, missed)
    assert not is_cache_miss(500, missed)
    assert not is_cache_miss(400, b'{"error": {"message": "Failed to load image"}}')


@pytest.mark.parametrize(
    ("said", "does"),
    [
        ("Error code: 400 - {'error': {'message': 'qwen3 is not a multimodal model'}}", True),
        ("image input is not supported - hint: you may need to provide the mmproj", True),
        ("At most 0 image(s) may be provided in one prompt.", True),
        ("At most 8 image(s) may be provided in one prompt.", False),
        ("This model's maximum context length is 4096 tokens.", False),
        ("", False),
    ],
)
def test_a_refusal_of_all_images_is_told_from_other_errors(said: str, does: bool) -> None:
    """Whoever repeats the server's words."""
    assert refuses_images(said) is does
