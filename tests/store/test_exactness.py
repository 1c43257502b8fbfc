"""What comes out is what went in, to the last code point, byte and microsecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest

from glyph_memory.errors import StoreError
from glyph_memory.store import SessionStore, Store
from glyph_memory.transcript import Role, ToolCall, Turn

HOSTILE = [
    "",
    " \t\r\n\v\f\x1c\x85\u2028",
    "NUL \0 inside \0",
    "lone \ud800, \udfff; parted \ud83d\ude00, whole 😀",
    "e\u0301 é ﬁ Å K ſ İ ß ς",
    "\u202e\u200b\ufeff\ufffe\uffff\U0010ffff",
    "'; DROP TABLE glyph_turns; -- \" % _ \\ :name ? $1 {x} %s %(x)s",
    "".join(map(chr, range(0x250))),
    '{"id": null, "text": "\\ud800"}',
]
TIMES = [
    datetime(2025, 1, 2, 3, 4, 5, 678901),
    datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=-11, minutes=-30, seconds=-7))),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=14))),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_every_text_of_a_turn_comes_back_exactly(session_store: SessionStore, text: str) -> None:
    """Lone surrogates and NULs, which no text column holds, among them."""
    turn = Turn(
        role="assistant",
        text=text,
        name=text,
        id=text,
        tool_call_id=text,
        tool_calls=(ToolCall(name=text, arguments=text, id=text), ToolCall(name="b", arguments="")),
        time=TIMES[1],
    )
    (stored,) = session_store.append([turn])
    (read,) = session_store.turns()
    assert read == stored
    assert (read.text, read.name, read.id, read.tool_call_id) == (text,) * 4
    assert read.tool_calls == turn.tool_calls
    assert session_store.append([turn]) == (stored,)


@pytest.mark.parametrize("time", TIMES)
def test_a_time_comes_back_with_its_offset_and_its_microseconds(
    session_store: SessionStore, time: datetime
) -> None:
    """A naive one stays naive."""
    session_store.append([Turn(role="user", time=time)])
    (read,) = session_store.turns()
    assert read.time == time
    assert read.time is not None
    assert read.time.utcoffset() == time.utcoffset()


@pytest.mark.parametrize("role", get_args(Role))
def test_every_role_comes_back(session_store: SessionStore, role: Role) -> None:
    """And an absent name is not an empty one."""
    session_store.append([Turn(role=role), Turn(role=role, name="", tool_call_id="")])
    bare, empty = session_store.turns()
    assert (bare.role, bare.name, bare.tool_call_id) == (role, None, None)
    assert (empty.name, empty.tool_call_id) == ("", "")


def test_images_come_back_in_order(session_store: SessionStore) -> None:
    """Equal ones and empty ones as well."""
    images = (bytes(range(256)) * 100, b"", b"\0", b"\0", bytes(1_000_000))
    session_store.append(
        [Turn(role="user", images=images), Turn(role="user"), Turn(role="user", images=images[:1])]
    )
    assert [turn.images for turn in session_store.turns()] == [images, (), images[:1]]


def test_a_turn_of_20_megabytes_comes_back_and_is_found(session_store: SessionStore) -> None:
    """Log files do get pasted."""
    text = "one more line of a log\n" * 900_000 + "needle-in-haystack"
    assert len(text) > 20_000_000
    session_store.append([Turn(role="tool", text=text)])
    assert session_store.turn(1) == session_store.search("needle-in-haystack", k=1)[0].turn
    assert next(session_store.turns()).text == text


def test_one_word_of_a_megabyte_is_found(session_store: SessionStore) -> None:
    """Base64 and the like; indexes take no such words."""
    word = "QUJD" * 250_000
    session_store.append([Turn(role="tool", text=word), Turn(role="tool", text=word[:-1])])
    assert [hit.turn.anchor for hit in session_store.search(word, k=5)] == [1]


NAMES = [
    "a",
    "A",
    "a ",
    " a",
    "á",
    "a\u0301",
    "%",
    "_",
    "'",
    '"',
    "\\",
    "😀" * 1000,
    "ß",
    "ss",
    "a\n",
    "../a",
]


def test_names_of_sessions_are_compared_exactly(store: Store) -> None:
    """Case, normal form, spaces: another spelling is another session."""
    for name in NAMES:
        store.session(name).append([Turn(role="user", text=name)])
    assert [session.name for session in store.sessions()] == sorted(NAMES)
    for name in NAMES:
        assert [turn.text for turn in store.session(name).turns()] == [name]


@pytest.mark.parametrize(
    ("name", "said"), [("", "is empty"), ("a\0b", "'a\\\\x00b'"), ("\ud800", "'\\\\ud800'")]
)
def test_a_name_that_no_database_holds_is_refused(store: Store, name: str, said: str) -> None:
    """At once, not at the first write."""
    with pytest.raises(StoreError, match=said):
        store.session(name)
