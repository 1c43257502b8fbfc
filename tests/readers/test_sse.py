"""Server-sent events are decoded from bytes, wherever they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.readers.openai.stream import EventDecoder

STREAM = (
    ': ping\n\ndata: {"é": "日本\u2028🙂"}\n\nevent: x\r\nid: 7\r\ndata:a\r\ndata: b\r\n\r\ndata: [DONE]\n\n'
)
EVENTS = ['{"é": "日本\u2028🙂"}', "a\nb", "[DONE]"]


def decoded(*chunks: bytes) -> list[str]:
    """Decode chunks to the end."""
    decoder = EventDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()


def test_comments_names_and_line_ends_of_all_kinds_are_understood() -> None:
    """CRLF, several data lines, comments; U+2028 inside JSON ends no line."""
    assert decoded(STREAM.encode()) == EVENTS


def test_a_lone_carriage_return_ends_a_line_too() -> None:
    """The standard knows three line ends."""
    assert decoded(b"data: a\r\rdata: b\r\r") == ["a", "b"]


@given(st.lists(st.integers(0, len(STREAM.encode())), max_size=10))
def test_every_cut_gives_the_same_events(cuts: list[int]) -> None:
    """Characters of several bytes and CRLF pairs may be cut in two."""
    data, at = STREAM.encode(), sorted(cuts)
    chunks = [data[start:stop] for start, stop in zip([0, *at], [*at, len(data)], strict=True)]
    assert decoded(*chunks) == EVENTS


@pytest.mark.parametrize("end", ["", "\n", "\r"])
def test_an_event_that_no_blank_line_ends_is_given_at_the_end(end: str) -> None:
    """Some servers stop right after their last event."""
    assert decoded(b"data: a\n\ndata: b" + end.encode()) == ["a", "b"]
