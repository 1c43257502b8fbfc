"""A reply that takes long is told of while it is waited for."""

from __future__ import annotations

from threading import Event

import pytest

from glyph_memory.cli.slow_replies import SlowReplyNote
from glyph_memory.context import Context
from glyph_memory.errors import ReaderUnavailable
from glyph_memory.readers import Reader, Reading
from glyph_memory.testing import ScriptedReader


class _Slow(Reader):
    """Answers once its asker was told to wait."""

    def __init__(self, told: Event) -> None:
        self._told = told

    def read(self, context: Context) -> Reading:
        """Wait for the note."""
        assert self._told.wait(30)
        return Reading(text="here")


class _Down(Reader):
    def read(self, context: Context) -> Reading:
        """Refuse at once."""
        raise ReaderUnavailable("nobody is there")


def test_a_slow_reply_is_told_of_while_it_is_waited_for() -> None:
    """Once; the reply comes all the same."""
    event, told = Event(), list[str]()

    def tell(line: str) -> None:
        told.append(line)
        event.set()

    reader = SlowReplyNote(_Slow(event), tell, "waiting", after_s=0.01)
    assert reader.read(Context.of("?", pages=[])).text == "here"
    assert told == ["waiting"]


def test_a_reply_that_comes_at_once_is_not_told_of() -> None:
    """Nor is a failure."""
    told = list[str]()
    assert (
        SlowReplyNote(ScriptedReader(["a"]), told.append, "w", after_s=60)
        .read(Context.of("?", pages=[]))
        .text
        == "a"
    )
    with pytest.raises(ReaderUnavailable):
        SlowReplyNote(_Down(), told.append, "w", after_s=60).read(Context.of("?", pages=[]))
    assert told == []
