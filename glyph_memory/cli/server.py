"""Whom commands ask, as it was typed."""

from __future__ import annotations

from dataclasses import dataclass, field

from glyph_memory.readers import OpenAIReader
from glyph_memory.tokens import ModelProfile


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """Whom to ask, and how."""

    url: str
    """Its address, up to `/v1`."""
    model: str | None = None
    """The model's name there."""
    api_key: str | None = field(default=None, repr=False)
    """The secret, if it wants one."""
    max_tokens: int | None = None
    """Longest answer."""

    def reader(self, profile: ModelProfile) -> OpenAIReader:
        """Give a reader that asks it.

        Raises:
            ReaderRefused: The address is none.
        """
        return OpenAIReader(
            self.url,
            model=self.model,
            api_key=self.api_key or None,
            max_tokens=self.max_tokens,
            special_tokens=profile.special_tokens,
        )
