"""`MessageGuard`: redacts messages on their way to a model, and looks for secrets; they themselves stay as they are.

Knows messages and a guard; knows nothing about pages or agents.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar

from langchain_core.messages import BaseMessage

from glyph_memory import (
    ForkSafeLock,
    Redact,
    SecretGuard,
    SecretMode,
    TurnError,
    without_locals,
)
from langchain_glyph_memory.messages import freeze, turn_of
from langchain_glyph_memory.redacting import find_redactions

P = ParamSpec("P")
T = TypeVar("T")

_FIELDS = (
    "content", "name", "tool_calls", "invalid_tool_calls", "tool_call_id", "additional_kwargs", "response_metadata",
)  # fmt: skip
_REMEMBERED = 20_000
"""Of how many messages it is remembered what was found, so that a call costs what is new since the last one."""


class MessageGuard:
    """Guards messages. Safe to share among threads.

    Args:
        secrets: A mode, or a guard.
        redact: Sees every message as a turn first, and gives what takes its place. It has to give the same for the
            same turn, since what it gave is remembered, and pages are drawn of it.

    Raises:
        TurnError: There is no such mode, or `redact` is no function.
    """

    def __init__(self, secrets: SecretMode | SecretGuard, redact: Redact | None = None) -> None:
        if not (redact is None or callable(redact)):
            raise TurnError(f"redact={redact!r} is no function; give one that takes a turn and returns one")
        self._guard, self._redact = SecretGuard.of(secrets), redact
        self._changes: dict[tuple[bytes | None, int], dict[str, Any]] = {}
        self._lock = ForkSafeLock()

    @classmethod
    def of(cls, secrets: SecretMode | SecretGuard, redact: Redact | None = None) -> MessageGuard:
        """Return a guard; the same for the same, so that what it found is remembered from call to call."""
        return _get_guard(secrets, hold_function(redact) if callable(redact) else redact)

    @property
    def secrets(self) -> SecretGuard:
        """The guard behind it."""
        return self._guard

    @property
    def is_on(self) -> bool:
        """Whether it does anything."""
        return self._guard.is_on or self._redact is not None

    @property
    def changes_messages(self) -> bool:
        """Whether something else than what was said may be sent, or nothing."""
        return self._guard.mode in {"mask", "refuse"} or self._redact is not None

    @property
    def needs_key(self) -> bool:
        """Whether it masks, and was given no key to do so."""
        return self._guard.mode == "mask" and self._guard.key is None

    @without_locals
    def guard(self, messages: Sequence[BaseMessage], *, key: bytes | None = None) -> list[BaseMessage]:
        """Return messages as the mode has them: masked ones are copies.

        Args:
            messages: The messages; nothing in them is changed.
            key: The conversation's, for a guard without one.

        Raises:
            TurnError: One holds a secret, and the mode is `refuse`.
        """
        if not self.is_on:
            return [*messages]
        guard = SecretGuard.of(self._guard, key=key)
        return [self._guard_one(message, guard) for message in messages]

    def _guard_one(self, message: BaseMessage, guard: SecretGuard) -> BaseMessage:
        place = (guard.key, _hash_all(message))
        changes = self._changes.get(place)
        if changes is None:
            changes = self._find_changes(message, guard)
            with self._lock:
                if len(self._changes) >= _REMEMBERED:
                    self._changes.clear()
                self._changes[place] = changes
        return message.model_copy(update=changes) if changes else message

    def _find_changes(self, message: BaseMessage, guard: SecretGuard) -> dict[str, Any]:
        redacted = find_redactions(message, self._redact) if self._redact else {}
        if not guard.is_on:
            return redacted
        return redacted | _find_changes(message.model_copy(update=redacted) if redacted else message, guard)


def hold_function(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function as caches can find it: of an object that has no hash its method, the same one each time."""
    called: Any = function
    return function if called.__hash__ is not None else called.__call__


_get_guard = lru_cache(maxsize=16)(MessageGuard)


def _hash_all(message: BaseMessage) -> int:
    """Return a number for all of a message that is looked at: more than what it says, which is what folding goes by."""
    fields = (freeze(getattr(message, name, None)) for name in _FIELDS)
    return hash((message.type, getattr(message, "role", None), message.id, *fields))


def _find_changes(message: BaseMessage, guard: SecretGuard) -> dict[str, Any]:
    """Return the fields of a message that are others once it is masked; warn or refuse, as the mode has it."""
    fields = {name: value for name in _FIELDS if (value := getattr(message, name, None))}
    spelled = json.dumps(fields, ensure_ascii=False, default=repr)
    turn = replace(turn_of(message), origin=spelled)
    guarded, kinds = guard.examine_turn(turn)
    if kinds and guard.mode == "warn":
        guard.warn(kinds, f"a message of type {message.type!r}")
    if guarded is turn:
        return {}
    before, masked = json.loads(spelled), json.loads(guarded.origin or guard.mask_text(spelled))
    # Compared as they are spelled: what holds no secret stays the object that it is.
    changes = {name: value for name, value in masked.items() if value != before[name]}
    if guarded.origin:
        return changes
    # A secret in pieces, such as a key over two blocks: the text takes their place.
    content = masked.get("content", "")
    others = [block for block in content if not _is_text(block)] if isinstance(content, list) else []
    text = {"type": "text", "text": guarded.text}
    return {**changes, "content": [text, *others] if others else guarded.text}


def _is_text(block: object) -> bool:
    return isinstance(block, str) or (isinstance(block, dict) and block.get("type") == "text")
