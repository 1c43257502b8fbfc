"""Whom commands ask, as it was typed: a server, or, where none was, the nano reader."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from glyph_memory.errors import ReaderError, ReaderRefused
from glyph_memory.readers import OpenAIReader, Reader, ServedModel, find_served_model
from glyph_memory.tokens import ModelProfile

ANSWER_TIMEOUT_S = 300.0
"""How long a server may be silent, unless told otherwise; a whole answer where it is not streamed."""
KEY_VARIABLE = "GLYPH_MEMORY_API_KEY"
NO_SERVER = (
    "No server is given: the nano reader looks things up in the pages' pixels and quotes them. It does not reason; "
    "--server names a model that does."
)


def describe_served(before: ModelProfile, after: ModelProfile) -> str:
    """Return one line on what was taken from the server; empty where it changes nothing.

    Args:
        before: The model and its window, as they would have been.
        after: As they are.
    """
    if (before.name, before.window_tokens) == (after.name, after.window_tokens):
        return ""
    return (
        f"The server serves {after.name} with a window of {after.window_tokens:,} tokens; "
        "--profile and --window name others."
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """The server to ask, as it was asked for; without an address, the nano reader."""

    url: str | None
    """Its address, up to `/v1`; None for the nano reader."""
    model: str | None = None
    """The model's name there."""
    api_key: str | None = field(default=None, repr=False)
    """The secret, if it wants one."""
    max_tokens: int | None = None
    """Longest answer."""
    timeout_s: float = ANSWER_TIMEOUT_S
    """How long the server may be silent."""

    @property
    def is_nano(self) -> bool:
        """Whether the nano reader answers, because no server is given."""
        return self.url is None

    def reader(
        self, profile: ModelProfile, *, progress: Callable[[int, int], None] | None = None
    ) -> AbstractContextManager[Reader]:
        """Return a reader that asks the server, or the nano reader where none is given.

        Args:
            profile: The model's.
            progress: Told how many pages the nano reader has read, and of how many.

        Raises:
            ReaderRefused: The address is none; or there is no server, and something is typed for one.
        """
        if self.url is not None:
            return OpenAIReader(
                self.url,
                model=self.model,
                api_key=self.api_key or None,
                max_tokens=self.max_tokens,
                timeout_s=self.timeout_s,
                special_tokens=profile.special_tokens,
            )
        self._check()
        # Loaded here: whoever asks a server waits for nothing of it.
        from glyph_memory.nano import NanoReader  # noqa: PLC0415

        return nullcontext(NanoReader(progress=progress))

    def find_served(self) -> ServedModel | None:
        """Return what the server serves; `None` without a server, or where it cannot be asked now.

        Whoever asks it a question next learns why it does not answer.
        """
        if self.url is None:
            return None
        try:
            return find_served_model(self.url, model=self.model, api_key=self.api_key or None)
        except ReaderError:
            return None

    def _check(self) -> None:
        # A key that the environment holds is for whenever there is a server.
        typed = {
            "--model": self.model,
            "--api-key": None if self.api_key == os.environ.get(KEY_VARIABLE) else self.api_key,
            "--max-tokens": self.max_tokens,
        }
        for option, value in typed.items():
            if value:
                raise ReaderRefused(
                    f"{option} is for a server, and none is given; name one with --server, or leave {option} out"
                )
