"""`AskedRequest` and `FoldedRequest`: what a client asks, and what is sent instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from glyph_memory.context import PageOptions
from glyph_memory.memory.history import FoldedHistory
from glyph_memory.serve.dialects.units import ClientRequest, Dialect, Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedRequest:
    """What a client asks, read."""

    request: ClientRequest
    """What it says."""
    dialect: Dialect
    """Its spelling."""
    options: PageOptions | None
    """The model's profile and window, and how pages look; None where it gets text."""
    caller: str = ""
    """The name of the key that it came with."""
    session: str = ""
    """What the client calls the conversation; empty where it does not."""
    can_recall: bool = False
    """Whether the model has `recall` and `zoom`."""
    keeps: bool = True
    """Whether it is said, and so stored; what is only counted is not."""
    keeps_pages: bool = True
    """Whether its pages become those of the conversation: not where the model's window is a guess."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoldedRequest:
    """A request as it is sent."""

    session: str
    """The conversation, without the caller's name."""
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    """What is sent; None where it is what came, to the byte."""
    folded: FoldedHistory[Unit] | None = field(default=None, repr=False)
    """What it was made of; None where all of it is text."""
    turns: int = 0
    """Turns of the conversation."""
    text_turns: int = 0
    """Those that are sent as text."""
    pages: int = 0
    """Pages in it."""
    plain_tokens: int = 0
    """What the conversation comes to as text, tools included."""
    sent_tokens: int = 0
    """What is sent, as we count."""
    notes: tuple[str, ...] = ()
    """What the user should learn."""
    keep: Callable[[], None] | None = field(default=None, repr=False, compare=False)
    """Stores what is new of the conversation, from any thread; durable on return. None where nothing is to be."""

    @property
    def generation(self) -> int:
        """The generation of its pages."""
        return self.folded.fold.generation if self.folded else 0
