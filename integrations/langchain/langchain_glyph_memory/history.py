"""`GlyphChatMessageHistory`: a chat history that is kept whole in a database, and given as it is to be sent.

Knows messages and a memory; knows nothing about models.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self, Unpack
from uuid import uuid4

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage

from glyph_memory import (
    Binder,
    GlyphMemory,
    PageOptionFields,
    PageOptions,
    Redact,
    SecretGuard,
    SecretMode,
    StoreBusy,
    StoreError,
    Turn,
    Warmer,
    warn_of_losses,
    without_locals,
    without_locals_async,
)
from langchain_glyph_memory.image_blocks import ImageBlocks, check_image_blocks
from langchain_glyph_memory.messages import message_of, to_stored_turn
from langchain_glyph_memory.spelling import write_plan

_MARK = "glyph_memory"
_NO_DATABASE = (
    "a history needs a database: GlyphChatMessageHistory('alice', 'chat.db'), a GlyphMemory in place of the name, "
    "or ':memory:' for one that ends with the process"
)


class GlyphChatMessageHistory(BaseChatMessageHistory):
    """A conversation's messages, kept whole; `messages` are what to send: old ones as pages, recent ones as text.

    For `RunnableWithMessageHistory`, or a loop of your own: `history.add_messages([question])`,
    `answer = model.invoke(history.messages)`, `history.add_messages([answer])`. What is added is durable when
    `add_messages` returns; any number of threads and processes may use the same session.

    What `messages` gave is not stored again when it comes back to `add_messages`. A message whose id is there already
    is the same one, and is kept once; if it says something else, both are kept.

    Give `RunnableWithMessageHistory` a `history_messages_key`: without one it works out what is new by counting, and
    where two calls answer in one session at once, it may take a new message for an old one, whatever the history.

    Args:
        session_id: Whose conversation it is; no other is seen. Or a memory that is open already.
        url: Path of an SQLite database, made where there is none, or any SQLAlchemy URL. Not with a memory.
        options: For which model, how pages look, when messages become pages; or its fields as keywords. See
            `glyph_memory.PageOptions`. Not with a memory, which has its own.
        redact: Sees every message as a turn before it is stored, and gives what takes its place; of a message that it
            changes, nothing else is kept.
        secrets: What is done about secrets in messages before they are stored: see `GlyphMemory.open`. Not with a
            memory, which has its own.
        warmer: Has pages read after each call that adds messages and seals some: see `GlyphMemory.open`. Messages have
            no uuids, so its reader sends none: `OpenAIReader(…, image_uuids="never")`. Where a chain puts a system
            message before `messages`, tell it: `Warmer(reader, system_prompt=…)`. Not with a memory.
        image_blocks: How pictures are spelled in `messages`: `standard`, as LangChain's own blocks; `image_url`, as
            OpenAI's, for a client that hands blocks on as they are, such as `ChatHuggingFace`.
        **fields: The fields of `PageOptions`.

    Raises:
        StoreError: The database cannot be opened; or there is none.
        ProfileError: No such model is known.
        PolicyError: The policy cannot work.

    Example:
        >>> with GlyphChatMessageHistory("alice", ":memory:") as history:
        ...     history.add_user_message("The code for the gate is 4711-B.")
        ...     [message.text for message in history.messages]
        ['The code for the gate is 4711-B.']
    """

    def __init__(
        self,
        session_id: str | GlyphMemory,
        url: str | Path | None = None,
        *,
        options: PageOptions | None = None,
        redact: Redact | None = None,
        secrets: SecretMode | SecretGuard = "off",
        warmer: Warmer | None = None,
        image_blocks: ImageBlocks = "standard",
        **fields: Unpack[PageOptionFields],
    ) -> None:
        check_image_blocks(image_blocks)
        options = PageOptions.merge(options, fields)
        self._owns_memory = isinstance(session_id, str)
        if isinstance(session_id, str):
            if url is None:
                raise StoreError(_NO_DATABASE)
            session_id = GlyphMemory.open(
                url,
                session=session_id,
                options=options,
                redact=redact,
                secrets=secrets,
                warmer=warmer,
            )
        self.memory = session_id
        """The memory behind it: `recall`, `zoom`, `report`, `pin`, …"""
        self._image_blocks: ImageBlocks = image_blocks
        self._binder = Binder(options=self.memory.options)
        # Nobody can make up a message of ours: whoever asks for one to be taken for it would have it lost.
        self._mark = hashlib.sha256(f"{self.memory.cache_salt} {self.session_id}".encode()).hexdigest()[:32]

    @property
    def session_id(self) -> str:
        """The name of the session."""
        return self.memory.session

    @property
    def secrets(self) -> SecretGuard:
        """What guards it from secrets: the memory's guard."""
        return self.memory.secrets

    @property
    @without_locals
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]  # an attribute there, to be had or computed
        """The messages to send: system messages, pages in a user's message, recent messages as they were added.

        Recent ones have all their blocks, ids and metadata; a mark is added, by which `add_messages` knows them again.
        Pictures and files of a tool stand in a user's message after the results: servers take them from users only.
        Pages are drawn on access.

        Raises:
            StoreError: The database cannot be read.
            FontError: A page cannot be drawn.
        """
        plan = self.memory.plan_request(join_users="beside")
        warn_of_losses(plan.losses)
        written = write_plan(
            plan,
            head=[*map(message_of, plan.head)],
            message_at=lambda planned: message_of(planned.turn),
            binder=self._binder,
            image_blocks=self._image_blocks,
        )
        return [
            one.model_copy(update={"additional_kwargs": {**one.additional_kwargs, _MARK: self._mark}})
            for one in written
        ]

    @property
    def all_messages(self) -> list[BaseMessage]:
        """Every message that was ever added, exactly as it was; oldest first.

        Raises:
            StoreError: The database cannot be read.
        """
        return [message_of(turn) for turn in self.memory.turns()]

    @without_locals
    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Store messages; they are durable when this returns.

        Raises:
            StoreError: Some could not be stored.
            TurnError: One holds a secret, where secrets are refused; nothing is stored.
            TypeError: One of them says nothing, such as a `RemoveMessage`.
        """
        self._store([to_stored_turn(message) for message in messages if not self._is_ours(message)])

    def clear(self) -> None:
        """Delete all messages of the session for good, with their pages.

        Raises:
            StoreError: The database cannot be written.
        """
        self.memory.clear()

    def close(self) -> None:
        """Close the database, unless the memory was given open."""
        if self._owns_memory:
            self.memory.close()

    @without_locals_async
    async def aget_messages(self) -> list[BaseMessage]:
        """Return `messages`; pages are drawn in a thread."""
        return await asyncio.to_thread(lambda: self.messages)

    async def aget_all_messages(self) -> list[BaseMessage]:
        """Return `all_messages`."""
        return await asyncio.to_thread(lambda: self.all_messages)

    @without_locals_async
    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Do what `add_messages` does."""
        await asyncio.to_thread(self.add_messages, messages)

    async def aclear(self) -> None:
        """Do what `clear` does."""
        await asyncio.to_thread(self.clear)

    async def aclose(self) -> None:
        """Do what `close` does."""
        await asyncio.to_thread(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    def _is_ours(self, message: BaseMessage) -> bool:
        return message.additional_kwargs.get(_MARK) == self._mark

    def _store(self, turns: Iterable[Turn]) -> None:
        # With ids of their own, so that trying again stores nothing twice.
        named = [turn if turn.id else replace(turn, id=uuid4().hex) for turn in turns]
        try:
            self.memory.extend(named)
        except StoreBusy:
            raise
        except StoreError:
            for turn in named:
                self._store_one(turn)

    def _store_one(self, turn: Turn) -> None:
        """Store a turn; where its id belongs to another turn, store it under a new id."""
        try:
            self.memory.add(turn)
        except StoreBusy:
            raise
        except StoreError:
            said = repr((turn.role, turn.text, turn.tool_calls, turn.tool_call_id, turn.origin))
            digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            self.memory.add(replace(turn, id=f"{turn.id}#{digest}"))
