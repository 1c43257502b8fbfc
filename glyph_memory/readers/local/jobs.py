"""What is asked of the engine, and what comes back: a job with a mailbox. Knows nothing about models."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import torch

from glyph_memory.readers.local.sampling import Sampler, Sampling


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token was written."""

    token: int
    """Its id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """Nothing more is written."""

    reason: str
    """Why: `"stop"`, or `"length"`."""


Event = Token | Finished | BaseException
"""What a job tells its asker: tokens, then an end or an error."""


class AnyPrompt(Protocol):
    """What is the same of all prompts."""

    @property
    def ids(self) -> torch.Tensor:
        """Its tokens, shape [n]."""

    @property
    def image_tokens(self) -> int:
        """How many of them stand for pictures."""

    @property
    def stable_tokens(self) -> int:
        """How many of the first stay from one question to the next."""

    @property
    def stable_image_tokens(self) -> int:
        """How many of those stand for pictures."""


P = TypeVar("P", bound=AnyPrompt)


@dataclass(eq=False, kw_only=True)
class Job(Generic[P]):
    """One prompt to be answered."""

    prompt: P
    """What was asked."""
    sampling: Sampling
    """How the answer is drawn."""
    send: Callable[[Event], object] = field(repr=False)
    """Called by the engine's thread with each event; it must not block."""
    is_warming: bool = False
    """Whether only the prompt's unchanging part is to be read, and nothing written."""
    is_cancelled: bool = False
    """Set by the asker; the engine drops the job before its next step."""
    cached_tokens: int = 0
    """How many of the prompt's tokens were known."""
    started_s: float = field(default_factory=time.perf_counter)
    """When it was asked, by `time.perf_counter`."""
    sampler: Sampler = field(init=False)
    """Draws its tokens."""

    def __post_init__(self) -> None:
        self.sampler = Sampler(self.sampling)

    def cancel(self) -> None:
        """Ask the engine to drop it."""
        self.is_cancelled = True

    def deliver(self, event: Event) -> None:
        """Send an event; whoever cannot take it, such as a closed event loop, wants no more."""
        try:
            self.send(event)
        except Exception:
            self.is_cancelled = True
