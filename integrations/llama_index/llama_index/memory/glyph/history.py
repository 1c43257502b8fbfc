"""`StoredHistory`: the half of a memory that keeps messages and a bookmark, and finds again what was said.

And what a request with pages stands for, so that it can be folded again.

Knows chat stores; knows nothing about what is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from llama_index.core.base.llms.types import ChatMessage, TextBlock
from llama_index.core.bridge.pydantic import Field, PrivateAttr, ValidationError
from llama_index.core.memory import BaseMemory
from llama_index.core.memory.types import DEFAULT_CHAT_STORE_KEY
from llama_index.core.storage.chat_store import BaseChatStore, SimpleChatStore
from llama_index.memory.glyph.chat_store import GlyphChatStore
from llama_index.memory.glyph.closing import Closable
from llama_index.memory.glyph.guarding import SecretFields
from llama_index.memory.glyph.messages import PageImageBlock, copy_message, drop_captions
from llama_index.memory.glyph.options import PageFields
from llama_index.memory.glyph.origin import Origin, PagesMessage, holds_pages, restore_message, restore_stored
from llama_index.memory.glyph.request import find_pages_end, fold_history
from llama_index.memory.glyph.sessions import Lock
from llama_index.memory.glyph.spelling import separate_texts
from llama_index.memory.glyph.store_field import ChatStore, dump_chat_store, has_more_than_fields
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import (
    Bookmark,
    FoldedHistory,
    GlyphMemoryError,
    Passage,
    ZoomResult,
    warn,
    without_locals,
    without_locals_async,
)
from glyph_memory import GlyphMemory as Conversation


def _parse_bookmark(value: object) -> Bookmark | None:
    if value is None or isinstance(value, Bookmark):
        return value
    try:
        return Bookmark.from_json(value if isinstance(value, Mapping) else {})
    except TypeError:
        said = "a memory's bookmark cannot be read; nothing is lost, and its history is folded anew"
        warn(said)
        return None


class StoredHistory(PageFields, SecretFields, Closable, BaseMemory):
    """Every message, kept in a chat store; searched and reread word for word."""

    chat_store: ChatStore = Field(default_factory=SimpleChatStore, description="Where messages are kept.")
    chat_store_key: str = Field(default=DEFAULT_CHAT_STORE_KEY, description="Whose messages these are.")
    token_limit: int | None = Field(
        default=None, description="Narrows the window, prompt and answer together; never widens it."
    )
    bookmark: Annotated[
        Bookmark | None,
        PlainValidator(_parse_bookmark),
        PlainSerializer(lambda mark: mark and mark.to_json()),
        WithJsonSchema({"type": "object"}),
    ] = Field(default=None, description="Where folding stands; the memory keeps it.", repr=False)
    _lock: Lock = PrivateAttr(default_factory=Lock)
    _is_store_given: bool = PrivateAttr(default=False)

    @without_locals
    def get_all(self) -> list[ChatMessage]:
        """Return every message as it was put."""
        return [*self.chat_store.get_messages(self.chat_store_key)]

    @without_locals_async
    async def aget_all(self) -> list[ChatMessage]:
        """Return what `get_all` returns."""
        return [*await self.chat_store.aget_messages(self.chat_store_key)]

    @without_locals
    def put(self, message: ChatMessage) -> None:
        """Store a copy of a message, so that later changes to the message have no effect."""
        self.put_messages([message])

    @without_locals_async
    async def aput(self, message: ChatMessage) -> None:
        """Do what `put` does."""
        await self.aput_messages([message])

    @without_locals
    def put_messages(self, messages: Sequence[ChatMessage]) -> None:
        """Store messages one right after the other, even if other threads store messages at the same time."""
        with self._lock:
            kept = self._guard([copy_message(message) for message in messages])
            if isinstance(self.chat_store, GlyphChatStore):
                self.chat_store.add_messages(self.chat_store_key, kept)
                return
            for message in kept:
                self.chat_store.add_message(self.chat_store_key, message)
        self._submit_pages()

    @without_locals_async
    async def aput_messages(self, messages: Sequence[ChatMessage]) -> None:
        """Store messages as `put_messages` does, in the order of the calls.

        A store with asynchronous methods of its own is awaited.
        """
        if type(self.chat_store).async_add_message is BaseChatStore.async_add_message:
            async with self._lock.task_lock:
                await asyncio.to_thread(self.put_messages, messages)
            return
        kept = self._guard([copy_message(message) for message in messages])
        async with self._lock.task_lock:
            for message in kept:
                await self.chat_store.async_add_message(self.chat_store_key, message)
        self._submit_pages()

    def _submit_pages(self) -> None:
        """Have pages read before they are asked about, where somebody does that."""

    @without_locals
    def set(self, messages: Sequence[ChatMessage]) -> None:
        """Replace the history by these messages; pages of unchanged messages stay.

        What `get` gave may be set: the messages behind its pages are kept, as they were.
        """
        self.chat_store.set_messages(self.chat_store_key, self._guard(_restore_copies(messages)))
        self._submit_pages()

    @without_locals_async
    async def aset(self, messages: Sequence[ChatMessage]) -> None:
        """Do what `set` does."""
        async with self._lock.task_lock:
            await self.chat_store.aset_messages(self.chat_store_key, self._guard(_restore_copies(messages)))
        self._submit_pages()

    def reset(self) -> None:
        """Delete all messages and the bookmark."""
        self.chat_store.delete_messages(self.chat_store_key)
        self._move_bookmark(None)

    async def areset(self) -> None:
        """Do what `reset` does."""
        async with self._lock.task_lock:
            await self.chat_store.adelete_messages(self.chat_store_key)
            self._move_bookmark(None)

    def _move_bookmark(self, mark: Bookmark | None) -> None:
        """Keep another bookmark; of a folder of pages goes what is no longer shown."""
        before, self.bookmark = self.bookmark, mark
        if before is not None and self.pages is not None:
            gone = before.digests - (mark.digests if mark else frozenset())
            if gone:
                self.folding(self.token_limit).pages.drop(gone)

    def _guard(self, messages: Sequence[ChatMessage]) -> list[ChatMessage]:
        """Return messages as they are to be kept; a database of the core's has a guard and a key of its own."""
        own = isinstance(self.chat_store, GlyphChatStore) and self.chat_store.secrets == self.secrets
        return [*messages] if own else self.guard_messages(messages)

    @without_locals
    def recall(self, query: str, k: int = 5) -> tuple[Passage, ...]:
        """Search every message, visible or not; return exact passages, best first."""
        return self._history().recall(query, k)

    @without_locals_async
    async def arecall(self, query: str, k: int = 5) -> tuple[Passage, ...]:
        """Do what `recall` does."""
        return await asyncio.to_thread(self.recall, query, k)

    @without_locals
    def zoom(self, what: int | str) -> ZoomResult:
        """Return the exact text of a turn, by its anchor such as "§42", or of a visible page, "page 3".

        Raises:
            StoreError: There is none.
        """
        return self._history().zoom(what)

    @without_locals_async
    async def azoom(self, what: int | str) -> ZoomResult:
        """Do what `zoom` does."""
        return await asyncio.to_thread(self.zoom, what)

    # Its end, and its copies.

    def close(self) -> None:
        """Close the database of `from_store`; it is opened again when needed. A store that was given is its owner's."""
        if isinstance(self.chat_store, GlyphChatStore) and not self._is_store_given:
            self.chat_store.close()

    @classmethod
    def from_dict(cls, data: dict[str, Any], **kwargs: Any) -> Self:  # noqa: ANN401 - as the base has it
        """Return the memory that `to_dict` told.

        Raises:
            ProfileError: The model's profile cannot be read back.
        """
        try:
            return super().from_dict(data, **kwargs)
        except ValidationError as error:
            causes = (told.get("ctx", {}).get("error") for told in error.errors())
            raise next((cause for cause in causes if isinstance(cause, GlyphMemoryError)), error) from None

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        memo = {} if memo is None else memo
        if has_more_than_fields(self.chat_store):  # a client, say: copies share it
            memo[id(self.chat_store)] = self.chat_store
        made = super().__deepcopy__(memo)
        made._is_store_given = False  # other memories have theirs
        return made

    def __getstate__(self) -> dict[Any, Any]:
        # LlamaIndex leaves out what cannot be pickled, and the memory would come back empty: it is told by reference.
        told = self.model_copy()
        if has_more_than_fields(self.chat_store):
            told.__dict__["chat_store"] = dump_chat_store(self.chat_store)
        return super(StoredHistory, told).__getstate__()

    def _history(self) -> Conversation | FoldedHistory[ChatMessage]:
        if isinstance(self.chat_store, GlyphChatStore):
            return self.chat_store.conversation(self.chat_store_key)
        mark = self.bookmark
        return fold_history(self.folding(self.token_limit), self.get_all(), mark).folded


def _restore_copies(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    return [copy_message(message) for message in restore_history([*restore_stored(messages)]).messages]


_UNSEEN = "(A page of this conversation that cannot be shown here.)"


# What a request stands for.


@dataclass(frozen=True, kw_only=True)
class RestoredHistory:
    """The history behind a request: what the memory folded, and the messages added since."""

    before: list[ChatMessage]
    """What stands before the pages; it stays as it is."""
    origin: Origin
    """How the memory folded what follows, as far as that is known."""
    history: list[ChatMessage]
    """What the pages stand for, and all that came after."""

    @property
    def messages(self) -> list[ChatMessage]:
        """All of it, without pages."""
        before = (one for message in self.before for one in restore_message(message))
        return [*before, *self.history]


def restore_history(messages: Sequence[ChatMessage]) -> RestoredHistory:
    """Return the history behind a request, as far as the origin of its messages is known.

    Messages that changed since, as agents write their state into the newest, are taken as they are now.
    """
    not_as_it_came = [
        (at, message) for at, message in enumerate(messages) if isinstance(message, PagesMessage)
    ]
    if any(holds_pages(message) and not message.origin.is_known for _, message in not_as_it_came):
        end = find_pages_end(messages)
        history = [*messages[:end], *restore_stored(messages[end:])]
        return RestoredHistory(before=[], origin=Origin(), history=history)
    with_pages = [(at, message) for at, message in not_as_it_came if message.origin.folded is not None]
    place, origin = (with_pages[-1][0], with_pages[-1][1].origin) if with_pages else (0, Origin())
    folded = origin.folded
    sealed = folded.messages[: len(folded.messages) - len(folded.recent)] if folded else ()
    since = restore_stored(messages[place:])
    own = (drop_captions(one) for message in since for one in restore_message(message))
    return RestoredHistory(before=[*messages[:place]], origin=origin, history=[*sealed, *own])


def replace_pages(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Return the history as text: the messages behind the pages, or a short note where they are not known."""
    history = restore_history([*restore_stored(messages)]).messages
    return [_replace_page_blocks(message) for message in history]


def _replace_page_blocks(message: ChatMessage) -> ChatMessage:
    if not holds_pages(message):
        return message
    blocks = [
        TextBlock(text=_UNSEEN) if isinstance(block, PageImageBlock) else block for block in message.blocks
    ]
    return ChatMessage(
        role=message.role, blocks=separate_texts(blocks), additional_kwargs=message.additional_kwargs
    )
