"""`SecretFields`: what is done about secrets in messages before they are kept, as fields of LlamaIndex components.

Knows messages and the core's guard; knows nothing about stores.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Sequence
from typing import Literal

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import BaseModel, Field
from llama_index.memory.glyph.stored_messages import message_of, to_stored_turn

from glyph_memory import (
    SecretGuard,
    without_locals,
)


class SecretFields(BaseModel):
    """The fields `secrets` and `secret_key`."""

    secrets: Literal["off", "warn", "mask", "refuse"] = Field(
        default="off",
        description="What is done about secrets before a message is kept; see `glyph_memory.GlyphMemory.open`.",
    )
    secret_key: str | None = Field(
        default=None,
        description="What handles of secrets are made with, unless a database has a key; made with the first handle.",
        repr=False,
    )

    @without_locals
    def guard_messages(self, messages: Sequence[ChatMessage]) -> list[ChatMessage]:
        """Return messages as they are to be kept; those that are masked are others.

        Raises:
            TurnError: One holds a secret, and secrets are refused.
        """
        if self.secrets == "off":
            return [*messages]
        if self.secret_key is None and self.secrets == "mask":
            self.secret_key = random.token_hex(32)
        guard = SecretGuard(mode=self.secrets, key=(self.secret_key or "").encode() or None)
        return [_guard_message(message, guard) for message in messages]


def _guard_message(message: ChatMessage, guard: SecretGuard) -> ChatMessage:
    turn = to_stored_turn(message)
    guarded = guard.guard_turn(turn)
    return message if guarded is turn else message_of(guarded)
