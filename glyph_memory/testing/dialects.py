"""The dialects that the fake server speaks, by path: how each is read as a chat, and how an answer is spelled.

Knows their names; knows nothing about HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from glyph_memory.testing import completions, messages, replies, responses
from glyph_memory.testing.requests import CHAT_PATH, Refusal
from glyph_memory.testing.script import FakeReply

MESSAGES_PATH = "/v1/messages"
"""Where Anthropic's Messages are asked for; their count one level further down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spelling:
    """A way to ask and to answer."""

    read: Callable[[Mapping[str, Any]], dict[str, Any]]
    """Return the chat request that a body stands for."""
    complete: Callable[[FakeReply], dict[str, object]]
    """Return an answer as one JSON object."""
    stream: Callable[[FakeReply], Iterator[str]]
    """Return an answer as a stream of events."""


SPELLINGS: Mapping[str, Spelling] = {
    CHAT_PATH: Spelling(read=dict, complete=replies.complete, stream=replies.stream),
    "/v1/completions": Spelling(
        read=completions.read_completion,
        complete=completions.spell_completion,
        stream=completions.stream_completion,
    ),
    "/v1/responses": Spelling(
        read=responses.read_responses,
        complete=responses.spell_responses,
        stream=responses.stream_responses,
    ),
    MESSAGES_PATH: Spelling(
        read=messages.read_messages, complete=messages.spell_messages, stream=messages.stream_messages
    ),
}
"""Every dialect."""


def spell_refusal(path: str, refusal: Refusal) -> dict[str, object]:
    """Return a refusal's body in the words of the dialect."""
    if not path.startswith(MESSAGES_PATH):
        return dict(refusal.body)
    error = refusal.body["error"]
    return {"type": "error", "error": {"type": error["type"], "message": error["message"]}}
