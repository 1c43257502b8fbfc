"""`GlyphChatStore`: the core's SQL store as a chat store of LlamaIndex; and any chat store as a field that JSON keeps.

Knows stores and messages; knows nothing about memories.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Annotated, Any, Self
from weakref import WeakKeyDictionary

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import Field, PrivateAttr, model_serializer
from llama_index.core.storage.chat_store import BaseChatStore, SimpleChatStore
from llama_index.memory.glyph.guarding import SecretFields
from llama_index.memory.glyph.options import PageFields, to_fields
from llama_index.memory.glyph.stored_messages import from_json, message_of, to_json, to_stored_turn
from llama_index.memory.glyph.warming import PagesWarmer
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import (
    ForkSafeLock,
    SecretGuard,
    Turn,
    Warmer,
    without_locals,
)
from glyph_memory import GlyphMemory as Conversation

_IN_MEMORY = ":memory:"
_GIVEN = "(given open)"


class Lock:
    """A lock for threads, and one for each event loop. It can be pickled and copied; a copy has new, open locks."""

    def __init__(self) -> None:
        self._held = ForkSafeLock()
        self._of_loops = WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]()

    def __enter__(self) -> None:
        self._held.acquire()

    def __exit__(self, *exception: object) -> None:
        self._held.release()

    @property
    def task_lock(self) -> asyncio.Lock:
        """The lock of the running event loop."""
        return self._of_loops.setdefault(asyncio.get_running_loop(), asyncio.Lock())

    def __deepcopy__(self, memo: object) -> Self:
        return type(self)()

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()


class GlyphChatStore(PageFields, SecretFields, BaseChatStore):
    """Chat histories in an SQL database, durable when a call returns; each key is a session of the core's store.

    Messages come back as they were. `GlyphMemory` over such a store keeps its seals there, too, and page files beside
    an SQLite database. Any number of processes may share it.

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
    _sessions: dict[str, Conversation] = PrivateAttr(default_factory=dict)
    _warming: PagesWarmer = PrivateAttr(default_factory=PagesWarmer)
    _lock: Lock = PrivateAttr(default_factory=Lock)

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name for serializers."""
        return "GlyphChatStore"

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        """Return a store over an open memory of the core; whoever opened that memory closes it."""
        made = cls(url=_GIVEN, secrets=conversation.secrets.mode, **to_fields(conversation.options))
        made._sessions[conversation.session] = conversation
        return made

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
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = self._open_session(key)
            return self._sessions[key]

    def _open_session(self, key: str) -> Conversation:
        if self.url == _GIVEN:
            (given,) = {session.session for session in self._sessions.values()}
            raise KeyError(f"this store is the session {given!r} alone, not {key!r}; give a url for others")
        secrets = SecretGuard(mode=self.secrets, key=self.secret_key.encode() if self.secret_key else None)
        opened = Conversation.open(
            self.url, session=key, options=self.page_options, secrets=secrets, warmer=self._warming.warmer
        )
        begun = (self.store or {}).pop(key, [])
        opened.extend([to_stored_turn(from_json(spelled)) for spelled in begun])
        return opened

    def close(self) -> None:
        """Close the memories that this store has opened; they are opened again when needed."""
        with self._lock:
            for conversation in self._sessions.values() if self.url != _GIVEN else ():
                conversation.close()
            self._sessions = self._sessions if self.url == _GIVEN else {}

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
        with self._lock:
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
        with self._lock:
            turns = [*conversation.turns()][which]
            if which == slice(None):
                conversation.clear()
            elif turns:
                conversation.delete(*(turn.anchor or 0 for turn in turns))
        return [message_of(turn) for turn in turns] or None

    def get_keys(self) -> list[str]:
        """Return the keys that have messages."""
        with self._lock:
            asked = [*self._sessions.values()] or [self._peek()]
        names = dict.fromkeys(
            found.name for conversation in asked for found in conversation.sessions() if found.turns
        )
        return [*names] if self.url != _IN_MEMORY else [*{**names, **(self.store or {})}]

    def _peek(self) -> Conversation:
        return self.conversation("default")

    @model_serializer(mode="plain")
    def custom_model_dump(self) -> dict[str, Any]:  # type: ignore[override]  # the base wraps, this does not
        """Return the store as plain JSON: its database's address, or all messages of a store in memory."""
        if self.url == _GIVEN:
            raise TypeError(
                "a conversation that was given open cannot be told as JSON; open it with GlyphMemory.from_store(url)"
            )
        options = PageFields.model_validate(dict(self)).model_dump()
        options |= {"secrets": self.secrets, "secret_key": self.secret_key} if self.secrets != "off" else {}
        told: dict[str, Any] = {"class_name": self.class_name(), "url": self.url, **options}
        if self.url == _IN_MEMORY:
            told["store"] = {key: [*map(to_json, self.get_messages(key))] for key in self.get_keys()}
        return told


def _is_same_turn(there: Turn, turn: Turn) -> bool:
    return (there.role, there.text, there.origin) == (turn.role, turn.text, turn.origin)


# Any chat store as a field.


def parse_chat_store(value: object) -> BaseChatStore:
    """Return a chat store, given itself or what `dump_chat_store` made of it.

    Raises:
        TypeError: It is none, or its class is not loaded.
    """
    match value:
        case BaseChatStore():
            return value
        case {"class_name": str(name), **fields}:
            kinds = _list_subclasses(BaseChatStore)  # type: ignore[type-abstract]  # its concrete ones are looked for
            kind = next((kind for kind in kinds if kind.class_name() == name), None)
            if kind is None:
                raise TypeError(
                    f"no chat store {name!r} is loaded; import its class first, or give chat_store="
                )
            if issubclass(kind, SimpleChatStore) and isinstance(held := fields.get("store"), Mapping):
                made = kind()
                made.store = {key: [*map(from_json, messages)] for key, messages in held.items()}
                return made
            return kind.from_dict({str(field): held for field, held in fields.items()})
    raise TypeError(f"{value!r} is no chat store; give a BaseChatStore such as SimpleChatStore()")


def dump_chat_store(store: BaseChatStore) -> dict[str, Any]:
    """Return a chat store as plain JSON values, with its messages where it holds them itself.

    LlamaIndex's own way for `SimpleChatStore` fails with pydantic 2.14, and a workflow's context then drops the memory.
    """
    if isinstance(store, SimpleChatStore):
        held = {key: [*map(to_json, messages)] for key, messages in store.store.items()}
        return {"class_name": store.class_name(), "store": held}
    return {**store.model_dump(mode="json"), "class_name": store.class_name()}


def _list_subclasses(kind: type[BaseChatStore]) -> Iterator[type[BaseChatStore]]:
    for below in kind.__subclasses__():
        yield below
        yield from _list_subclasses(below)


ChatStore = Annotated[
    BaseChatStore,
    PlainValidator(parse_chat_store),
    PlainSerializer(dump_chat_store),
    WithJsonSchema({"type": "object"}),
]
"""A field that holds a chat store."""
