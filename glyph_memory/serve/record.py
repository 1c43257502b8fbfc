"""`RequestRecord`: what became of one request, for the access log, the metrics and whoever watches. Holds no text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRecord:
    """What became of one request."""

    time_s: float
    """When it came, in seconds since 1970."""
    path: str
    """What was asked for."""
    status: int
    """What was answered; 499 where the client was gone before."""
    caller: str = ""
    """The name of the key it came with."""
    session: str = ""
    """The conversation; empty where nothing was folded."""
    dialect: str = ""
    """The spelling, where something was folded."""
    model: str = ""
    """The model that was asked for."""
    turns: int = 0
    """Turns of the conversation."""
    text_turns: int = 0
    """Those that were sent as text."""
    pages: int = 0
    """Pages in the request."""
    generation: int = 0
    """The generation of its pages."""
    plain_tokens: int = 0
    """What the conversation comes to as text, as we count."""
    sent_tokens: int = 0
    """What was sent, as we count."""
    prompt_tokens: int | None = None
    """What the server counted, cached ones included; None where it did not say."""
    cached_tokens: int | None = None
    """Those that its prefix cache had; None where it did not say."""
    answer_tokens: int | None = None
    """What it wrote."""
    own_s: float = 0.0
    """What we took before the upstream was asked."""
    first_byte_s: float | None = None
    """From asking the upstream to its first byte."""
    total_s: float = 0.0
    """All in all."""
    recalls: int = 0
    """How often the model recalled something."""
    notes: tuple[str, ...] = ()
    """What the user should learn: losses, pages drawn anew, a model that takes no images."""
