"""`Splicer`: lets an answer through but for calls of our two tools, and makes one answer of several.

Pure: it is fed what came, and says what goes on and what to ask next. A subclass a dialect.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from glyph_memory.serve.recall.calls import RecallCall
from glyph_memory.serve.recall.events import StreamEvent
from glyph_memory.serve.recall.tools import NAMES

Body = Mapping[str, Any]


class Splicer(ABC):
    """Splices the answers to one request.

    A streamed answer is let through until it calls one of our tools first: from there nothing is, the calls are
    answered, and the next answer goes on where this one stopped. Where it calls a tool of the client's first, that goes
    on as it comes, and a later call of ours is left out.
    """

    def __init__(self) -> None:
        self.calls: list[RecallCall] = []
        """Calls of ours in this answer, once it is over."""
        self.rounds = 0
        """How many answers were followed by another."""
        self.is_last = False
        """Whether this answer goes through whatever it calls: the model has recalled often enough."""

    @abstractmethod
    def feed(self, event: StreamEvent) -> list[bytes]:
        """Return what goes on to the client."""

    @abstractmethod
    def read_whole(self, answer: Body) -> None:
        """Read an answer that came as one; `calls` are those of ours in it."""

    @abstractmethod
    def make_next(self, body: Body, results: Sequence[str]) -> dict[str, Any]:
        """Return what is asked next: the body that was answered, the calls, and their results; then begin anew."""

    def takes(self, name: object) -> bool:
        """Return whether a tool is one of our two, and its call is answered here."""
        return not self.is_last and isinstance(name, str) and name in NAMES
