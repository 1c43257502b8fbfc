"""`GlyphChatStore`: the core's SQL store as a chat store of LlamaIndex.

Knows stores and messages; knows nothing about memories.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from itertools import takewhile
from typing import Any, Self

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import Field, PrivateAttr, field_validator, model_serializer
from llama_index.core.storage.chat_store import BaseChatStore
from llama_index.memory.glyph.address import is_in_memory, to_absolute
from llama_index.memory.glyph.closing import Closable
from llama_index.memory.glyph.guarding import SecretFields
from llama_index.memory.glyph.options import PageFields, to_fields
from llama_index.memory.glyph.sessions import GIVEN_OPEN, Sessions
from llama_index.memory.glyph.stored_messages import from_json, message_of, to_json, to_stored_turn
from llama_index.memory.glyph.warming import PagesWarmer

from glyph_memory import GlyphMemory as Conversation
from glyph_memory import (
    SecretGuard,
    Store,
    Turn,
    Warmer,
    without_locals,
)

_IN_MEMORY = ":memory:"
_GIVEN = "(given open)"


class GlyphChatStore(PageFields, SecretFields, Closable, BaseChatStore):
    """Chat histories in an SQL database, durable when a call returns; each key is a session of the core's store.

    Messages come back as they were. `GlyphMemory` over such a store keeps its seals there, too, and page files beside
    an SQLite database. Any number of processes may share it. All keys share one connection pool, and as many as
    `cached_conversations` says stay open; `close`, or the end of a `with` block, closes them.

    A deep copy shares the database and opens its own connections; one of a store in memory has messages of its own.

    Example:
        >>> store = GlyphChatStore(url=":memory:")
        >>> store.add_message("alice", ChatMessage(role="user", content="The code for the gate is 4711-B."))
        >>> store.conversation("alice").recall("gate code")[0].text
        'The code for the gate is 4711-B.'
    """

    url: str = Field(
        default=_IN_MEMORY,
        description="Path of an SQLite database, or any SQLAlchemy URL.",
        validate_default=True,
    )
    store: dict[str, list[dict[str, Any]]] | None = Field(
        default=None,
        description="Messages to begin with, as JSON; how a store in memory is carried.",
        repr=False,
    )
    _sessions: Sessions = PrivateAttr(default_factory=Sessions)
    _warming: PagesWarmer = PrivateAttr(default_factory=PagesWarmer)

    @field_validator("url")
    @classmethod
    def _keep_absolute(cls, url: str) -> str:
        # A process may change its folder, and JSON be read in another one.
        return url if url == _GIVEN else to_absolute(url)

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name for serializers."""
        return "GlyphChatStore"

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        """Return a store over an open memory of the core; whoever opened that memory closes it."""
        made = cls(url=_GIVEN, secrets=conversation.secrets.mode, **to_fields(conversation.options))
        made._sessions = Sessions(conversation)
        return made

    @property
    def is_given(self) -> bool:
        """Whether it stands over a memory that was given open."""
        return self._sessions.given is not None

    def warm_by(self, warmer: Warmer | None) -> None:
        """Have pages read in the background after each call that seals some, of sessions that are opened from now on.

        Raises:
            ReaderRefused: `warmer` is no `Warmer`.
        """
        self._warming = PagesWarmer(warmer)

    def conversation(self, key: str) -> Conversation:
        """Return the memory of a session; it is opened on first use.

        Raises:
            StoreError: The database cannot be opened.
        """
        return self._sessions.get(
            key, lambda store: self._open_session(store, key), url=self.url, most=self.cached_conversations
        )

    def _open_session(self, store: Store, key: str) -> Conversation:
        secrets = SecretGuard(mode=self.secrets, key=self.secret_key.encode() if self.secret_key else None)
        opened = Conversation.open(
            store, session=key, options=self.page_options, secrets=secrets, warmer=self._warming.warmer
        )
        begun = (self.store or {}).pop(key, [])
        opened.extend([to_stored_turn(from_json(spelled)) for spelled in begun])
        return opened

    def close(self) -> None:
        """Close the database; it is opened again when needed. What is kept in memory alone ends with it.

        A memory that was given open is closed by whoever opened it.
        """
        self._sessions.close()

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        made = self.model_copy()
        made._sessions = deepcopy(self._sessions)
        if self._is_in_memory:
            made.store = self._list_messages()
        if memo is not None:
            memo[id(self)] = made
        return made

    def __getstate__(self) -> dict[str, Any]:
        if self.is_given:
            raise TypeError(GIVEN_OPEN)
        return super(GlyphChatStore, deepcopy(self)).__getstate__()

    @property
    def _is_in_memory(self) -> bool:
        return is_in_memory(self.url)

    def _list_messages(self) -> dict[str, list[dict[str, Any]]]:
        """Return all messages by key, as JSON."""
        return {key: [*map(to_json, self.get_messages(key))] for key in self.get_keys()}

    # As a chat store; the async twins of the base do the same in a thread.

    @without_locals
    def get_messages(self, key: str) -> list[ChatMessage]:
        """Return all messages of a key, each as it was added."""
        return [message_of(turn) for turn in self.conversation(key).turns()]

    @without_locals
    def set_messages(self, key: str, messages: Sequence[ChatMessage]) -> None:
        """Replace a key's messages; those that are the same from the first on stay as they are."""
        turns, conversation = [to_stored_turn(message) for message in messages], self.conversation(key)
        if conversation.secrets.mode in {
            "mask",
            "refuse",
        }:  # compared with what is there; refused before that leaves
            turns = [conversation.secrets.guard_turn(turn) for turn in turns]
        with self._sessions.lock:
            there = [*conversation.turns()]
            same = len([*takewhile(lambda pair: _is_same_turn(*pair), zip(there, turns, strict=False))])
            if same < len(there):
                conversation.truncate(after=there[same - 1].anchor or 0 if same else 0)
            conversation.extend(turns[same:])

    @without_locals
    def add_message(self, key: str, message: ChatMessage) -> None:
        """Add a message."""
        self.conversation(key).extend([to_stored_turn(message)])

    @without_locals
    def add_messages(self, key: str, messages: Sequence[ChatMessage]) -> None:
        """Add messages; all of them or none, if they fit into one transaction."""
        self.conversation(key).extend([to_stored_turn(message) for message in messages])

    def delete_messages(self, key: str) -> list[ChatMessage] | None:
        """Delete a key's messages and return them; None where there were none."""
        return self._delete_turns(key, slice(None))

    def delete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete a message by its place and return it; None where there is none."""
        return next(iter(self._delete_turns(key, slice(idx, idx + 1)) or ()), None) if idx >= 0 else None

    def delete_last_message(self, key: str) -> ChatMessage | None:
        """Delete the last message and return it; None where there is none."""
        return next(iter(self._delete_turns(key, slice(-1, None)) or ()), None)

    def _delete_turns(self, key: str, which: slice) -> list[ChatMessage] | None:
        conversation = self.conversation(key)
        with self._sessions.lock:
            turns = [*conversation.turns()][which]
            if which == slice(None):
                conversation.clear()
            elif turns:
                conversation.delete(*(turn.anchor or 0 for turn in turns))
        return [message_of(turn) for turn in turns] or None

    def get_keys(self) -> list[str]:
        """Return the keys that have messages."""
        any_key = "default" if self._sessions.given is None else self._sessions.given.session
        names = dict.fromkeys(found.name for found in self.conversation(any_key).sessions() if found.turns)
        return [*{**names, **(self.store or {})}]

    @model_serializer(mode="plain")
    def custom_model_dump(self) -> dict[str, Any]:  # type: ignore[override]  # the base wraps, this does not
        """Return the store as plain JSON: its database's address, or all messages of a store in memory."""
        if self.is_given:
            raise TypeError(GIVEN_OPEN)
        options = PageFields.model_validate(dict(self)).model_dump()
        options |= {"secrets": self.secrets, "secret_key": self.secret_key} if self.secrets != "off" else {}
        told: dict[str, Any] = {"class_name": self.class_name(), "url": self.url, **options}
        if self._is_in_memory:
            told["store"] = self._list_messages()
        return told


def _is_same_turn(there: Turn, turn: Turn) -> bool:
    return (there.role, there.text, there.origin) == (turn.role, turn.text, turn.origin)
