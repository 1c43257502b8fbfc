"""Each keyword that takes a number, a name or a path, given what it cannot take: our error says so."""

from __future__ import annotations

import io
import traceback
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from glyph_memory import (
    DocumentError,
    FoldPolicy,
    GlyphMemory,
    GlyphMemoryError,
    OpenAIReader,
    PageStyle,
    PolicyError,
    StoreError,
    check_store,
    find_served_model,
    make_private_folder,
    quote_identifiers,
    read_document,
    repair_store,
    typeset,
)
from glyph_memory.memory.jsonl import bound_lines

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


@pytest.mark.parametrize("dial", [field.name for field in fields(FoldPolicy)])
def test_a_policy_refuses_each_odd_dial(dial: str) -> None:
    """A policy of a number that is none would fail in the middle of a conversation."""
    given: dict[str, Any] = {"window_tokens": 8192}
    for value in ODD:
        assert_ours(lambda v: FoldPolicy(**{**given, dial: v}), value)
    for value in (float("nan"), "x", True):
        with pytest.raises(PolicyError, match=dial):
            FoldPolicy(**{**given, dial: value})


@pytest.mark.parametrize("setting", [field.name for field in fields(PageStyle)])
def test_a_style_refuses_each_odd_setting(setting: str) -> None:
    """A style that is taken can be drawn."""
    for value in ODD:
        assert_ours(lambda v: typeset("hello", style=PageStyle(**{setting: v})), value)


@pytest.mark.parametrize(
    "keyword",
    ["session", "secrets", "wait_s", "read_only", "take_over", "profile", "style", "policy", "window_tokens",
     "captions", "cached_conversations", "canaries", "prices", "decay"],
)  # fmt: skip
def test_opening_a_memory_refuses_each_odd_keyword(keyword: str) -> None:
    """Nothing of the database's or the locks' own comes out."""
    for value in ODD:
        assert_ours(lambda v: GlyphMemory.open(":memory:", **{keyword: v}), value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 10**400, "x", None])
def test_a_time_to_wait_that_is_none_is_refused(value: Any, tmp_path: Path) -> None:
    """Wherever a database is opened."""
    with pytest.raises(StoreError, match="wait_s"):
        GlyphMemory.open(":memory:", wait_s=value)
    (tmp_path / "a.db").touch()
    GlyphMemory.open(tmp_path / "a.db").close()
    with pytest.raises(StoreError, match="wait_s"):
        check_store(tmp_path / "a.db", wait_s=value)


def test_what_is_no_path_of_a_database_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name too long, half a character, an object: each is said in words of ours."""
    monkeypatch.chdir(tmp_path)
    for value in (*ODD, ("a", 1), "a/" * 3000, tmp_path):
        for take in (check_store, repair_store):
            assert assert_ours(take, value)
        if value not in ("x", b"x"):
            assert_ours(GlyphMemory.open, value)


def test_the_calls_of_a_memory_refuse_odd_numbers() -> None:
    """Anchors, limits and places."""
    with GlyphMemory.open(":memory:", profile="glyph") as memory:
        memory.add("user", "hello ORD-1234-7F3A")
        calls: dict[str, Take] = {
            "pin": memory.pin,
            "delete": memory.delete,
            "truncate": lambda v: memory.truncate(after=v) if v not in (-1, True) else None,
            "turns": lambda v: list(memory.turns(after=v)),
            "k": lambda v: memory.recall("hello", k=v),
            "limit": lambda v: memory.identifiers("ORD", limit=v),
            "dpi": lambda v: memory.zoom("§1", dpi=v),
        }
        for take in calls.values():
            for value in ODD:
                if isinstance(value, int | float):
                    assert_ours(take, value)


def test_a_share_that_is_none_is_refused() -> None:
    """Of identifiers beside a page."""
    for value in ODD:
        assert_ours(lambda v: quote_identifiers("ORD-1234-7F3A", profile="glyph", share=v), value)
    with pytest.raises(PolicyError, match="share"):
        quote_identifiers("ORD-1234-7F3A", profile="glyph", share=float("nan"))


def test_a_file_in_a_folders_place_is_told(tmp_path: Path) -> None:
    """`make_private_folder` raises an `OSError`, as it says, and says what stands there."""
    (tmp_path / "a").touch()
    with pytest.raises(OSError, match="is a file, no folder"):
        make_private_folder(tmp_path / "a")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="devices are files on POSIX alone")
def test_a_device_is_no_document() -> None:
    """`/dev/zero` has no end; `/dev/null` ends at once."""
    with GlyphMemory.open(":memory:", profile="glyph") as memory:
        for take in (memory.import_, read_document):
            with pytest.raises(DocumentError, match="is a device"):
                take("/dev/zero")
        memory.import_("/dev/null")


def test_a_line_without_an_end_is_not_held() -> None:
    """No more than the longest line is read of it, wherever it ends; lines of just that length are read."""
    endless = io.StringIO('{"a":1}\n' + "x" * 100)
    with pytest.raises(DocumentError, match=r"line 2 of 'pipe' has more than 8 characters"):
        list(bound_lines(endless, source="pipe", longest=8))
    assert endless.tell() <= 9 + 9
    assert list(bound_lines(io.StringIO("1234567\n12\n1234567\n"), source="a", longest=8)) == [
        "1234567\n",
        "12\n",
        "1234567\n",
    ]
