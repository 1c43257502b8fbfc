"""`RecallLoop`: asks until the model has recalled enough, and hands on one answer. Waits through what it is given.

Knows splicers and calls; opens no connection itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from glyph_memory.memory.history import FoldedHistory
from glyph_memory.serve.dialects.units import Unit
from glyph_memory.serve.recall.calls import answer_call
from glyph_memory.serve.recall.chat import ChatSplicer
from glyph_memory.serve.recall.events import EventCutter, StreamEvent
from glyph_memory.serve.recall.messages import MessagesSplicer
from glyph_memory.serve.recall.responses import ResponsesSplicer
from glyph_memory.serve.recall.splicing import Body, Splicer
from glyph_memory.serve.recall.tools import drop_tools

_ROUNDS = 5
"""How often a model may recall before it has to answer."""
_MAKERS: dict[str, Callable[[], Splicer]] = {
    "chat": ChatSplicer,
    "messages": MessagesSplicer,
    "responses": ResponsesSplicer,
}


class RecallLoop:
    """The answers to one request.

    Args:
        body: What is asked, the two tools included.
        dialect: Its spelling.
        folded: The conversation in which is looked.
    """

    def __init__(self, body: Body, *, dialect: str, folded: FoldedHistory[Unit]) -> None:
        self.body: Body = body
        """What is asked now."""
        self._folded, self._splicer = folded, _MAKERS[dialect]()
        self._cutter = EventCutter()

    @property
    def rounds(self) -> int:
        """How often the model has recalled something."""
        return self._splicer.rounds

    def see(self, chunk: bytes) -> bytes:
        """Return what goes on to the client of the next bytes of a streamed answer."""
        return self._feed(self._cutter.cut(chunk))

    def finish(self) -> bytes:
        """Return what goes on to the client at the end of a streamed answer."""
        return self._feed(self._cutter.finish())

    def read_whole(self, data: bytes) -> None:
        """Read an answer that came as one."""
        try:
            answer: Any = json.loads(data)
        except (ValueError, RecursionError):
            answer = None
        self._splicer.read_whole(answer if isinstance(answer, dict) else {})

    def go_on(self) -> bool:
        """Answer the calls of an answer that is over, if there are any; return whether `body` is to be asked next.

        It reads the whole conversation, so it runs in a thread.
        """
        calls = self._splicer.calls
        if not calls:
            return False
        body = self._splicer.make_next(self.body, [answer_call(call, self._folded) for call in calls])
        self._splicer.is_last = self.rounds >= _ROUNDS
        self.body = drop_tools(body) if self._splicer.is_last else body
        return True

    def _feed(self, events: list[StreamEvent]) -> bytes:
        return b"".join(part for event in events for part in self._splicer.feed(event))
