"""What was said in a client's request, in its own spelling and as turns: `Unit`, `ClientRequest`, and the `Dialect`.

Knows nothing about one dialect in particular.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from glyph_memory.context import Binder, JoinUsers, RequestPlan
from glyph_memory.readers import Usage
from glyph_memory.transcript import Turn

_LONGEST_NAME = 500
"""Of a model, in characters."""

Item = Mapping[str, Any]
"""A message, an item or a block, as the client spelled it."""

CACHE_MARK = "cache_control"
"""What Anthropic's clients put on blocks, at other places in each request; no part of what is said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """One thing said: a turn, and how the client spelled it."""

    turn: Turn
    """What was said; without an anchor."""
    items: tuple[Item, ...] = field(repr=False)
    """The client's own: a message, an item and those that belong to it, or blocks of a message."""
    name: str
    """A digest of what is said, the same in every process and dialect; reasoning and cache marks are no part of it."""
    message: int = 0
    """Which of the client's messages it is part of, from 0: those of one message become one again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientRequest:
    """A client's request, as far as it matters here."""

    body: Mapping[str, Any] = field(repr=False)
    """The whole body, as it came."""
    head: tuple[Unit, ...] = ()
    """Leading system messages, Anthropic's `system`, Responses' `instructions`."""
    units: tuple[Unit, ...] = ()
    """What was said after them, oldest first."""
    last: tuple[Item, ...] = ()
    """System messages at the very end, in the client's spelling: they may stand elsewhere in the next request, so they
    are no part of what was said, and are sent last."""
    tools: tuple[Item, ...] = ()
    """Descriptions of tools, as they came."""
    tool_names: frozenset[str] = frozenset()
    """What those are called."""
    output_tokens: int | None = None
    """The longest answer that is asked for."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What was taken out of the prompt and is sent as headers."""

    @property
    def model(self) -> str | None:
        """The model that is asked for."""
        return read_model(self.body)

    @property
    def is_stream(self) -> bool:
        """Whether the answer is to come in pieces."""
        return self.body.get("stream") is True


def read_model(body: Mapping[str, Any]) -> str | None:
    """Return the name of the model that a body asks for, as it is found, shown and kept; None where it has none.

    It is whatever a client wrote: of a very long one the beginning counts, and half a character is none.
    """
    found = body.get("model")
    return found[:_LONGEST_NAME].encode(errors="replace").decode() if isinstance(found, str) else None


class Dialect(Protocol):
    """A spelling of requests and answers. Pure: the same body gives the same request in every process."""

    name: str
    """What it is called in logs: "chat", "responses", "messages"."""
    path: str
    """Where it is asked for, after `/v1`."""
    items_key: str
    """Where a body has what was said: "messages" or "input"."""
    hoist_pictures: bool
    """Whether pictures of anyone but a user are shown by a user."""
    join_users: JoinUsers
    """Which users' messages in a row become one."""

    def read(self, body: Mapping[str, Any]) -> ClientRequest | None:
        """Return what a body says; None where it is not to be folded, as where the server keeps the history.

        Args:
            body: The body as JSON, after `apply_rules`.

        Raises:
            TurnError: It holds messages that cannot be read: it goes to the upstream as it came, which says why.
        """
        ...

    def write(
        self, request: ClientRequest, plan: RequestPlan, recent: Sequence[Unit], *, binder: Binder
    ) -> dict[str, Any]:
        """Return the body that is sent: the client's, with other messages.

        Args:
            request: What `read` returned.
            plan: What is to be sent.
            recent: The units that stay text; `PlannedTurn.place` counts in them.
            binder: What the plan was made by.
        """
        ...

    def read_usage(self, answer: Mapping[str, Any]) -> Usage | None:
        """Return what an answer, or one event of a streamed one, tells of tokens; None where it tells nothing.

        `Usage.prompt_tokens` counts cached ones in every dialect.
        """
        ...


def name_turn(turn: Turn) -> str:
    """Return a digest of what a turn says, the same in every process and dialect.

    Example:
        >>> name_turn(Turn(role="user", text="Hello.")) == name_turn(Turn(role="user", text="Hello.", id="7"))
        True
    """
    parts: list[str | bytes] = [turn.role, turn.text, turn.name or "", turn.tool_call_id or ""]
    for call in turn.tool_calls:
        parts += ["call", call.name, call.arguments, call.id]
    for image in turn.images:
        parts += ["image", image]
    for attached in turn.attachments:
        parts += ["attachment", drop_cache_marks(attached.block)]
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


def drop_cache_marks(block: str) -> str:
    """Return a block's JSON without the cache mark on it."""
    if CACHE_MARK not in block:
        return block
    held = json.loads(block)
    if isinstance(held, dict):
        held.pop(CACHE_MARK, None)
    return json.dumps(held, ensure_ascii=False)
