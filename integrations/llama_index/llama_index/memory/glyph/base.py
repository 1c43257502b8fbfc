"""`GlyphMemory`: a memory for LlamaIndex that keeps every message and shows old ones as pages.

Translates between a chat store and what folds; knows nothing about how pages are made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.memory.types import DEFAULT_CHAT_STORE_KEY
from llama_index.core.storage.chat_store import BaseChatStore, SimpleChatStore
from llama_index.memory.glyph.address import to_absolute
from llama_index.memory.glyph.chat_store import GlyphChatStore
from llama_index.memory.glyph.core_messages import write_session
from llama_index.memory.glyph.history import StoredHistory
from llama_index.memory.glyph.options import (
    check_limit,
    find_options,
    get_folding,
    narrow_limit,
    narrow_window,
    to_fields,
)
from llama_index.memory.glyph.request import WrittenRequest, fold_history, send_fold_event
from llama_index.memory.glyph.told import tell_stored
from llama_index.memory.glyph.warming import PagesWarmer

from glyph_memory import (
    Bookmark,
    Context,
    PageOptionFields,
    PageOptions,
    SecretMode,
    Warmer,
    warn,
    warn_of_losses,
    without_locals,
    without_locals_async,
)
from glyph_memory import GlyphMemory as Conversation

if TYPE_CHECKING:
    from llama_index.core.llms.llm import LLM


class GlyphMemory(StoredHistory):
    """A memory that keeps every message and shows old ones as pages; for agents, workflows and chat engines.

    `get` gives leading system messages, pages of what is old in a user's message, and recent messages as they came, all
    of them copies. It fits the model's window, and begins the same from call to call, so that a server's prefix cache
    keeps hitting. `get_all` gives every message ever put. Safe to share among threads.

    The history is kept in any chat store, in memory unless one is given; `from_store` keeps it in an SQL database. All
    of it survives `to_dict` and `from_dict`, and so a workflow's context that goes through JSON. Of another store of a
    database or server, JSON has a reference, by which this process finds it. `close`, or the end of a `with` block,
    closes what `from_store` opened.

    Example:
        >>> memory = GlyphMemory.from_defaults(profile="glyph")
        >>> memory.put(ChatMessage(role="user", content="The code for the gate is 4711-B."))
        >>> memory.get()[-1].content, memory.recall("gate code")[0].text
        ('The code for the gate is 4711-B.', 'The code for the gate is 4711-B.')
    """

    _warming: PagesWarmer = PrivateAttr(default_factory=PagesWarmer)
    _reserved_tokens: int = PrivateAttr(default=0)

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name for serializers."""
        return "GlyphMemory"

    @classmethod
    @without_locals
    def from_defaults(  # type: ignore[override]  # as LlamaIndex's own memories: it names what the base takes blindly
        cls,
        chat_history: Sequence[ChatMessage] | None = None,
        llm: LLM | None = None,
        token_limit: int | None = None,
        *,
        options: PageOptions | None = None,
        merge: bool = True,
        secrets: SecretMode = "off",
        chat_store: BaseChatStore | None = None,
        chat_store_key: str = DEFAULT_CHAT_STORE_KEY,
        memory: Conversation | None = None,
        warmer: Warmer | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> Self:
        """Return a new memory.

        Args:
            chat_history: Messages to begin with; they take the place of those that the store has.
            llm: Who will read: its name says for which model pages are, unless a profile is given, and its context
                window narrows the model's; a `GlyphOpenAILike` gives its own options.
            token_limit: Narrows the window, too; 1,024 tokens or more.
            options: For which model, how pages look, when messages become pages; or its fields as keywords. See
                `glyph_memory.PageOptions`. The LLM's own unless given.
            merge: Whether pages and the user's message that follows become one message.
            secrets: What is done about secrets before a message is kept: `off`, `warn`, `mask`, which keeps and sends
                handles, such as `[secret aws-key 3f9a1c2b]`, or `refuse`. Not with a `memory`, which has its own.
            chat_store: Where messages are kept; in memory unless given.
            chat_store_key: Whose messages these are.
            memory: A conversation of the core that is open, instead of a chat store; its own options count.
            warmer: Has pages read after each `put` that seals some, so that the next question starts at once. Its
                reader asks the LLM's server; where an agent has tools, with `extra_body={"tools": …}`, since servers
                put them before the pages. Where an engine or agent has a system prompt, which stands before the pages,
                too: `Warmer(reader, system_prompt=…)`. Not with a `memory`, which has its own.
            **fields: The fields of `PageOptions`.

        Raises:
            ProfileError: No such model is known.
            PolicyError: The window or the limit is too small, or the policy cannot work.
            FontError: The style's font is missing.
            TypeError: `chat_store` is a store of LlamaIndex's `Memory`, or none.
        """
        options = find_options(llm, options if memory is None else memory.options, fields)
        check_limit(options, token_limit)
        if memory is not None:
            options, chat_store, chat_store_key = memory.options, GlyphChatStore.of(memory), memory.session
        made = cls(
            **to_fields(options),
            merge=merge,
            secrets="off" if memory is not None else secrets,
            chat_store=chat_store or SimpleChatStore(),
            chat_store_key=chat_store_key,
            token_limit=narrow_limit(token_limit, llm),
        )
        made._warming, made._is_store_given = PagesWarmer(warmer), chat_store is not None
        made.folding(made.token_limit)  # what cannot work is told now
        if chat_history:
            made.set(list(chat_history))
        return made

    @classmethod
    @without_locals
    def from_store(
        cls,
        url: str | Path,
        session: str = "default",
        *,
        llm: LLM | None = None,
        token_limit: int | None = None,
        options: PageOptions | None = None,
        secrets: SecretMode = "off",
        warmer: Warmer | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> Self:
        """Return a memory that keeps messages and seals in an SQL database, and pages in files beside it.

        Args:
            url: Path of an SQLite database, made where there is none; or any SQLAlchemy URL. `~` is one's home. The
                memory's JSON and its copies have the whole path.
            session: Whose conversation it is.
            llm: As for `from_defaults`.
            token_limit: Narrows the window; 1,024 tokens or more.
            options: As for `from_defaults`.
            secrets: As for `from_defaults`.
            warmer: As for `from_defaults`; requests have no uuids, so its reader sends none: `image_uuids="never"`.
            **fields: The fields of `PageOptions`.

        Raises:
            StoreError: The database cannot be opened.
            PolicyError: The window or the limit is too small, or the policy cannot work.
        """
        options = find_options(llm, options, fields)
        check_limit(options, token_limit)
        limit = narrow_limit(token_limit, llm)
        if limit is not None:
            options = narrow_window(options, limit)
        told = to_fields(options)
        store = GlyphChatStore(url=to_absolute(url), secrets=secrets, **told)
        store.warm_by(warmer)
        try:
            store.conversation(session)
        except BaseException:
            store.close()
            raise
        return cls(chat_store=store, chat_store_key=session, secrets=secrets, **told)

    # What is sent.

    @without_locals
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
        return _warn(*self._fold_messages(messages, mark, kwargs))

    @without_locals_async
    async def aget(self, input: str | None = None, **kwargs: Any) -> list[ChatMessage]:  # noqa: ANN401 - as the base
        """Return what `get` returns; pages are drawn in a thread."""
        if isinstance(self.chat_store, GlyphChatStore):
            return await asyncio.to_thread(self._write_context, self.chat_store)
        mark = self.bookmark
        messages = [*await self.chat_store.aget_messages(self.chat_store_key)]
        return _warn(*await asyncio.to_thread(self._fold_messages, messages, mark, kwargs))

    def _write_context(self, store: GlyphChatStore) -> list[ChatMessage]:
        """Return the request as the core's memory writes it; that memory keeps the seals itself."""
        key, binder = self.chat_store_key, get_folding(store.page_options).binder
        plan = store.conversation(key).plan_request()
        warn_of_losses(plan.losses)
        messages = write_session(
            plan,
            binder,
            read_turns=lambda: store.conversation(key).turns(),
            tell=lambda fold, repeated, texts: tell_stored(
                store.conversation(key).turns(), fold, binder, repeated, texts
            ),
        )
        if plan.fold is not None:
            send_fold_event(plan.fold)
        return messages

    def _fold_messages(
        self, messages: list[ChatMessage], mark: Bookmark | None, more: Mapping[str, Any]
    ) -> tuple[WrittenRequest, str]:
        self._reserved_tokens = reserved = int(more.get("initial_token_count") or 0)
        request = fold_history(self.folding(self.token_limit), messages, mark, reserved_tokens=reserved)
        folded = request.folded
        with self._lock:
            if self.bookmark is mark:  # else another call was faster, and saw as much or more
                self._move_bookmark(folded.bookmark)
        send_fold_event(folded.fold)
        return request.write(merge=self.merge), folded.notice

    def _submit_pages(self) -> None:
        self._warming.submit(self._write_prefix, key=self.chat_store_key)

    def _write_prefix(self) -> Context | None:
        """Return what requests begin with now; None where the last one did."""
        mark = self.bookmark
        request = fold_history(
            self.folding(self.token_limit), self.get_all(), mark, reserved_tokens=self._reserved_tokens
        )
        if not self._warming.is_new(request.folded.fold.visible_seals):
            return None
        return request.stable_prefix()

    @property
    def tokenizer_fn(self) -> Callable[[str], Sequence[int]]:
        """Return a tokenizer for `SimpleChatEngine`, which uses only the length of its result."""
        count = self.folding(self.token_limit).binder.count
        return lambda text: range(count(text))


def _warn(request: WrittenRequest, notice: str) -> list[ChatMessage]:
    """Return the messages of a request, after warnings of what its user should learn."""
    if notice:
        warn(notice)
    warn_of_losses(request.losses)
    return request.messages
