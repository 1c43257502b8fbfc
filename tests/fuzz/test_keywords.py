"""Each keyword that takes a number, a name or a path, given what it cannot take: our error says so."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from glyph_memory import GlyphMemoryError, OpenAIReader, find_served_model

NOTHING_THERE = "http://127.0.0.1:9/v1"
ODD: tuple[object, ...] = (
    float("nan"), float("inf"), -1, 10**400, 1e308, True, b"x", "", "\0", "\ud800", "x" * 5000, [], {}, None, object()
)  # fmt: skip

Take = Callable[[Any], object]


def assert_ours(take: Take, value: object) -> str:
    """Call with a value; return what our error says, or nothing where it is taken."""
    try:
        result = take(value)
    except GlyphMemoryError as error:
        said = str(error)
        assert said.isprintable() and 0 < len(said) <= 1000
        return said
    if close := getattr(result, "close", None):
        close()
    return ""


READER = (
    "model", "max_tokens", "temperature", "seed", "extra_body", "special_tokens", "image_uuids", "max_images",
    "max_request_bytes", "timeout_s", "connect_timeout_s", "total_timeout_s", "max_reply_bytes", "retries",
    "backoff_s", "headers", "api_key",
)  # fmt: skip


@pytest.mark.parametrize("keyword", READER)
def test_a_reader_refuses_each_odd_keyword_by_name(keyword: str) -> None:
    """Each is checked when the reader is made, and the message names it; none fails later, or as somebody else's."""
    for value in ODD:
        said = assert_ours(lambda v: OpenAIReader(NOTHING_THERE, **{keyword: v}), value)
        assert not said or keyword in said


@pytest.mark.parametrize("keyword", ["retries", "timeout_s", "connect_timeout_s", "backoff_s", "max_tokens"])
@pytest.mark.parametrize("value", [float("nan"), -1, 10**400, "x", True])
def test_a_number_that_is_none_is_refused(keyword: str, value: object) -> None:
    """Known answers: no reader is made with any of these."""
    assert keyword in assert_ours(lambda v: OpenAIReader(NOTHING_THERE, **{keyword: v}), value)


@pytest.mark.parametrize(
    "fields",
    [
        {"a": float("nan")},
        {"a": "\ud800"},
        {"a": object()},
        {"a": {"b": b"x"}},
        {1: "x"},
        {"a": 10**5000},
        5,
        ["a"],
    ],
)
def test_fields_that_are_no_json_are_refused_without_their_values(fields: Any) -> None:
    """What is sent beside the question may be a secret: neither the message nor a frame of ours repeats it."""
    given = {**fields, "key": "sk-SECRET"} if isinstance(fields, dict) else fields
    with pytest.raises(GlyphMemoryError, match="extra_body") as caught:
        OpenAIReader(NOTHING_THERE, extra_body=given)
    assert "SECRET" not in str(caught.value)
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    ours = [frame for frame in frames if "glyph_memory" in frame.f_globals["__name__"]]
    assert ours
    assert not any("SECRET" in repr(held) for frame in ours for held in frame.f_locals.values())


def test_a_reader_that_was_refused_can_be_shown() -> None:
    """A debugger prints what is half made."""
    assert repr(OpenAIReader.__new__(OpenAIReader)) == "OpenAIReader(…)"


def test_looking_for_a_model_takes_the_same_care() -> None:
    """The probe has fewer options and the same checks."""
    for value in ODD:
        assert_ours(lambda v: find_served_model(NOTHING_THERE, timeout_s=v), value)
        assert_ours(lambda v: find_served_model(NOTHING_THERE, model=v), value)
        assert assert_ours(find_served_model, value)
