"""`GlyphMemory`: a memory for LlamaIndex that keeps every message and shows old ones as pages.

Translates between a chat store and what folds; knows nothing about how pages are made.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.memory import BaseMemory
from llama_index.core.memory.types import DEFAULT_CHAT_STORE_KEY
from llama_index.core.storage.chat_store import BaseChatStore, SimpleChatStore
from llama_index.memory.glyph.chat_store import ChatStore, GlyphChatStore, Lock
from llama_index.memory.glyph.events import send_fold_event
from llama_index.memory.glyph.fields import parse_profile
from llama_index.memory.glyph.messages import copy_message
from llama_index.memory.glyph.options import PageOptions, narrow_policy
from llama_index.memory.glyph.request import fold_history, restore_history, to_messages
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import (
    Bookmark,
    FoldedHistory,
    FoldPolicy,
    GlyphMemoryWarning,
    ModelProfile,
    PageStyle,
    Passage,
    ZoomResult,
)
from glyph_memory import GlyphMemory as Conversation

if TYPE_CHECKING:
    from llama_index.core.llms.llm import LLM

_NOT_CHAT = (
    "{name} has is_chat_model=False: it would be sent text alone, and pages be dropped; give is_chat_model=True "
    "(or take GlyphOpenAILike)"
)
_UNTOLD = (
    "{name} says context_window={window}, which is OpenAILike's default: pages get as little room; give "
    "context_window= what the server takes (or take GlyphOpenAILike)"
)
_UNTOLD_WINDOW = 3900


def _parse_bookmark(value: object) -> Bookmark | None:
    if value is None or isinstance(value, Bookmark):
        return value
    try:
        return Bookmark.from_json(value if isinstance(value, Mapping) else {})
    except TypeError:
        said = "a memory's bookmark cannot be read; nothing is lost, and its history is folded anew"
        warnings.warn(said, GlyphMemoryWarning, stacklevel=2)
        return None


class GlyphMemory(PageOptions, BaseMemory):
    """A memory that keeps every message and shows old ones as pages; for agents, workflows and chat engines.

    `get` gives leading system messages, pages of what is old in a user's message, and recent messages as they came, all
    of them copies. It fits the model's window, and begins the same from call to call, so that a server's prefix cache
    keeps hitting. `get_all` gives every message ever put. Safe to share among threads.

    The history is kept in any chat store, in memory unless one is given; `from_store` keeps it in an SQL database. All
    of it survives `to_dict` and `from_dict`, and so a workflow's context that goes through JSON.

    Example:
        >>> memory = GlyphMemory.from_defaults(profile="glyph")
        >>> memory.put(ChatMessage(role="user", content="The code for the gate is 4711-B."))
        >>> memory.get()[-1].content, memory.recall("gate code")[0].text
        ('The code for the gate is 4711-B.', 'The code for the gate is 4711-B.')
    """

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

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name for serializers."""
        return "GlyphMemory"

    @classmethod
    def from_defaults(  # type: ignore[override]  # as LlamaIndex's own memories: it names what the base takes blindly
        cls,
        chat_history: Sequence[ChatMessage] | None = None,
        llm: LLM | None = None,
        token_limit: int | None = None,
        *,
        profile: ModelProfile | str | None = None,
        policy: FoldPolicy | None = None,
        style: PageStyle | None = None,
        captions: Literal["text", "page"] | None = None,
        pages: str | Path | None = None,
        merge: bool = True,
        chat_store: BaseChatStore | None = None,
        chat_store_key: str = DEFAULT_CHAT_STORE_KEY,
        memory: Conversation | None = None,
    ) -> Self:
        """Return a new memory.

        Args:
            chat_history: Messages to begin with; they take the place of those that the store has.
            llm: Who will read: its context window narrows the model's; a `GlyphOpenAILike` gives its own options.
            token_limit: Narrows the window, too.
            profile: The model that will read, by name or as an object; Glyph unless the LLM tells another.
            policy: When messages become pages; the model's own unless given.
            style: How pages look; the released Glyph model's unless given.
            captions: Where pages' numbers and turns are told: in "text" before each unless it is on the "page" itself.
            pages: A folder for page files, which may be deleted at any time; in memory unless given.
            merge: Whether pages and the user's message that follows become one message.
            chat_store: Where messages are kept; in memory unless given.
            chat_store_key: Whose messages these are.
            memory: A conversation of the core that is open, instead of a chat store; its own options count.

        Raises:
            ProfileError: No such model is known.
            PolicyError: The window is too small, or the policy cannot work.
            FontError: The style's font is missing.
        """
        if memory is not None:
            profile, policy, style = memory.profile, memory.policy, memory.style
            chat_store, chat_store_key = GlyphChatStore.of(memory), memory.session
        options = _merge_options(llm, profile, policy, style, captions)
        made = cls(
            profile=options.profile,
            policy=options.policy,
            style=options.style,
            captions=options.captions,
            pages=options.pages if pages is None else str(pages),
            merge=merge,
            chat_store=chat_store or SimpleChatStore(),
            chat_store_key=chat_store_key,
            token_limit=_narrow_limit(token_limit, llm),
        )
        made.folding(made.token_limit)  # what cannot work is told now
        if chat_history:
            made.set(list(chat_history))
        return made

    @classmethod
    def from_store(
        cls,
        url: str | Path,
        session: str = "default",
        *,
        llm: LLM | None = None,
        token_limit: int | None = None,
        profile: ModelProfile | str | None = None,
        policy: FoldPolicy | None = None,
        style: PageStyle | None = None,
        captions: Literal["text", "page"] | None = None,
    ) -> Self:
        """Return a memory that keeps messages and seals in an SQL database, and pages in files beside it.

        Args:
            url: Path of an SQLite database, made where there is none; or any SQLAlchemy URL.
            session: Whose conversation it is.
            llm: As for `from_defaults`, and so are the others.
            token_limit: Narrows the window.
            profile: The model that will read.
            policy: When messages become pages.
            style: How pages look.
            captions: Where pages' numbers and turns are told.

        Raises:
            StoreError: The database cannot be opened.
        """
        options = _merge_options(llm, profile, policy, style, captions)
        limit = _narrow_limit(token_limit, llm)
        if limit is not None:
            options.policy = narrow_policy(options.profile, options.policy, limit)
        store = GlyphChatStore(url=str(url), **dict(options))
        store.conversation(session)
        return cls(chat_store=store, chat_store_key=session, **dict(options))

    # What is sent.

    def get(self, input: str | None = None, **kwargs: Any) -> list[ChatMessage]:  # noqa: ANN401 - as the base has it
        """Return the messages to send, each a copy.

        Args:
            input: Not needed: it is the user's message, which is the newest already or follows what is given here.
            **kwargs: `initial_token_count`, what the prompt holds besides; others are taken and not looked at. Over the
                core's store neither is that: the policy's `tools_tokens` keep room there.
        """
        if isinstance(self.chat_store, GlyphChatStore):
            return self._write_context(self.chat_store)
        mark = self.bookmark  # before the messages, so that it is never ahead of them
        messages = [*self.chat_store.get_messages(self.chat_store_key)]
        request, notice = self._fold_messages(messages, mark, kwargs)
        return _warn_notice(request, notice)

    async def aget(self, input: str | None = None, **kwargs: Any) -> list[ChatMessage]:  # noqa: ANN401 - as the base
        """Return what `get` returns; pages are drawn in a thread."""
        if isinstance(self.chat_store, GlyphChatStore):
            return await asyncio.to_thread(self._write_context, self.chat_store)
        mark = self.bookmark
        messages = [*await self.chat_store.aget_messages(self.chat_store_key)]
        request, notice = await asyncio.to_thread(self._fold_messages, messages, mark, kwargs)
        return _warn_notice(request, notice)

    def _write_context(self, store: GlyphChatStore) -> list[ChatMessage]:
        """Return the request as the core's memory writes it; that memory keeps the seals itself."""
        conversation = store.conversation(self.chat_store_key)
        context, fold = conversation.context(), conversation.fold()
        last = fold.seals[-1].anchors[-1] if fold.seals else 0
        send_fold_event(fold)
        return to_messages(context, conversation.profile, last_anchor=last)

    def _fold_messages(
        self, messages: list[ChatMessage], mark: Bookmark | None, more: Mapping[str, Any]
    ) -> tuple[list[ChatMessage], str]:
        reserved = int(more.get("initial_token_count") or 0)
        request = fold_history(self.folding(self.token_limit), messages, mark, reserved_tokens=reserved)
        folded = request.folded
        with self._lock:
            if self.bookmark is mark:  # else another call was faster, and saw as much or more
                self.bookmark = folded.bookmark
        send_fold_event(folded.fold)
        return request.messages(merge=self.merge), folded.notice

    @property
    def tokenizer_fn(self) -> Callable[[str], Sequence[int]]:
        """Return a tokenizer for `SimpleChatEngine`, which uses only the length of its result."""
        count = self.folding(self.token_limit).binder.count
        return lambda text: range(count(text))

    # What was said.

    def get_all(self) -> list[ChatMessage]:
        """Return every message as it was put."""
        return [*self.chat_store.get_messages(self.chat_store_key)]

    async def aget_all(self) -> list[ChatMessage]:
        """Return what `get_all` returns."""
        return [*await self.chat_store.aget_messages(self.chat_store_key)]

    def put(self, message: ChatMessage) -> None:
        """Store a copy of a message, so that later changes to the message have no effect."""
        self.put_messages([message])

    async def aput(self, message: ChatMessage) -> None:
        """Do what `put` does."""
        await self.aput_messages([message])

    def put_messages(self, messages: Sequence[ChatMessage]) -> None:
        """Store messages one right after the other, even if other threads store messages at the same time."""
        kept = [copy_message(message) for message in messages]
        with self._lock:
            if isinstance(self.chat_store, GlyphChatStore):
                self.chat_store.add_messages(self.chat_store_key, kept)
                return
            for message in kept:
                self.chat_store.add_message(self.chat_store_key, message)

    async def aput_messages(self, messages: Sequence[ChatMessage]) -> None:
        """Store messages as `put_messages` does; a store with asynchronous methods of its own is awaited."""
        if type(self.chat_store).async_add_message is BaseChatStore.async_add_message:
            await asyncio.to_thread(self.put_messages, messages)
            return
        kept = [copy_message(message) for message in messages]
        async with self._lock.task_lock:
            for message in kept:
                await self.chat_store.async_add_message(self.chat_store_key, message)

    def set(self, messages: Sequence[ChatMessage]) -> None:
        """Replace the history by these messages; pages of unchanged messages stay.

        What `get` gave may be set: the messages behind its pages are kept, as they were.
        """
        self.chat_store.set_messages(self.chat_store_key, _restore_copies(messages))

    async def aset(self, messages: Sequence[ChatMessage]) -> None:
        """Do what `set` does."""
        await self.chat_store.aset_messages(self.chat_store_key, _restore_copies(messages))

    def reset(self) -> None:
        """Delete all messages and the bookmark."""
        self.chat_store.delete_messages(self.chat_store_key)
        self.bookmark = None

    async def areset(self) -> None:
        """Do what `reset` does."""
        await self.chat_store.adelete_messages(self.chat_store_key)
        self.bookmark = None

    def recall(self, query: str, k: int = 5) -> tuple[Passage, ...]:
        """Search every message, visible or not; return exact passages, best first."""
        return self._history().recall(query, k)

    async def arecall(self, query: str, k: int = 5) -> tuple[Passage, ...]:
        """Do what `recall` does."""
        return await asyncio.to_thread(self.recall, query, k)

    def zoom(self, what: int | str) -> ZoomResult:
        """Return the exact text of a turn, by its anchor such as "§42", or of a visible page, "page 3".

        Raises:
            StoreError: There is none.
        """
        return self._history().zoom(what)

    async def azoom(self, what: int | str) -> ZoomResult:
        """Do what `zoom` does."""
        return await asyncio.to_thread(self.zoom, what)

    def _history(self) -> Conversation | FoldedHistory[ChatMessage]:
        if isinstance(self.chat_store, GlyphChatStore):
            return self.chat_store.conversation(self.chat_store_key)
        mark = self.bookmark
        return fold_history(self.folding(self.token_limit), self.get_all(), mark).folded


def _merge_options(
    llm: object,
    profile: ModelProfile | str | None,
    policy: FoldPolicy | None,
    style: PageStyle | None,
    captions: Literal["text", "page"] | None,
) -> PageOptions:
    """Return the options that were given; the others come from the LLM, if it has them."""
    told = llm if isinstance(llm, PageOptions) else PageOptions()
    return PageOptions(
        profile=parse_profile(profile) if profile else told.profile,
        policy=policy or told.policy,
        style=style or told.style,
        captions=captions or told.captions,
        pages=told.pages,
    )


def _restore_copies(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    return [copy_message(message) for message in restore_history(messages).messages]


def _warn_notice(request: list[ChatMessage], notice: str) -> list[ChatMessage]:
    if notice:
        warnings.warn(notice, GlyphMemoryWarning, stacklevel=3)
    return request


def _narrow_limit(limit: int | None, llm: LLM | None) -> int | None:
    """Return the smaller of a limit and an LLM's window; warn about an LLM that cannot be sent pages."""
    if llm is None:
        return limit
    window, name = llm.metadata.context_window, llm.class_name()
    if not llm.metadata.is_chat_model:
        warnings.warn(_NOT_CHAT.format(name=name), GlyphMemoryWarning, stacklevel=3)
    if window == _UNTOLD_WINDOW:
        warnings.warn(_UNTOLD.format(name=name, window=window), GlyphMemoryWarning, stacklevel=3)
    return min(limit, window) if limit else window
