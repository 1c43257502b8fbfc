"""`GlyphMemoryBlock`: shows what LlamaIndex's own `Memory` has moved out of its queue, as pages.

Keeps nothing itself: it reads the archived messages of the same store, so that a reset, a restart or another process
changes nothing. Knows `Memory` and its store.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import ConfigDict, Field
from llama_index.core.memory import BaseMemoryBlock, Memory
from llama_index.core.storage.chat_store.base_db import AsyncDBChatStore, MessageStatus
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore
from llama_index.memory.glyph.options import PageFields, get_folding, merge_options, split_options, to_fields
from llama_index.memory.glyph.request import fold_history, send_fold_event

from glyph_memory import Folding, FoldPolicy, PageOptions, warn_of_losses

_SEAL_TOKENS, _KEEP_TOKENS = 1024, 256
_QUEUE_TOKENS = 30_000
"""The default of `Memory`."""


class GlyphMemoryBlock(PageFields, BaseMemoryBlock[list[ChatMessage]]):
    """The messages that `Memory` has archived: old ones as pages in a user's message, the newest as text.

    It has to read the store that the `Memory` writes to; `GlyphMemoryBlock.memory` wires both. Archived system messages
    stay text and come first. It gives whole messages, so the memory's template, which drops pictures, is not used.
    What is archived was seen before: it becomes pages whoever said it, and where one message is more than there is room
    for, parts of it are shown with a line that says so. Nothing of that is new: only of attachments that are no longer
    sent there is a warning.

    Example:
        >>> memory = GlyphMemoryBlock.memory(profile="glyph", token_limit=12_000)
        >>> memory.put(ChatMessage(role="user", content="The code for the gate is 4711-B."))
        >>> memory.get()[-1].content
        'The code for the gate is 4711-B.'
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str = Field(default="glyph_pages", description="The block's name among others.")
    priority: int = Field(
        default=0, description="0: `Memory` never cuts it, which would cost more than it saves."
    )
    chat_store: AsyncDBChatStore | None = Field(
        default=None, exclude=True, repr=False, description="The memory's own store."
    )
    queue_tokens: int = Field(
        default=_QUEUE_TOKENS, description="What the memory keeps as text; its `token_limit`."
    )

    @classmethod
    def memory(
        cls,
        *,
        session_id: str | None = None,
        chat_history: list[ChatMessage] | None = None,
        token_limit: int = _QUEUE_TOKENS,
        chat_store: AsyncDBChatStore | None = None,
        options: PageOptions | None = None,
        **keywords: Any,  # noqa: ANN401 - those of `Memory.from_defaults`, too
    ) -> Memory:
        """Return a `Memory` that has a block of pages.

        Args:
            session_id: Whose conversation it is; a new one unless given.
            chat_history: Messages to begin with.
            token_limit: What the memory keeps as text, and what other blocks take; pages have room of their own, the
                rest of the model's window.
            chat_store: Where messages are kept; in memory unless given.
            options: For which model, how pages look, when archived messages become pages: as soon as there is enough of
                them unless a policy is given. See `glyph_memory.PageOptions`.
            **keywords: The fields of `PageOptions`, and what `Memory.from_defaults` takes.
        """
        store = chat_store or SQLAlchemyChatStore(table_name="llama_index_memory")
        own, others = split_options(keywords)
        fields = to_fields(merge_options(options, own))
        block = cls(chat_store=store, queue_tokens=token_limit, **fields)
        blocks = [block, *others.pop("memory_blocks", ())]
        # One figure for every picture is all that `Memory` takes: that of a whole page errs on the safe side.
        others.setdefault("image_token_size_estimate", block.page_tokens)
        memory = _PagesMemory.from_defaults(
            session_id=session_id, token_limit=token_limit, memory_blocks=blocks, **others
        )
        memory.sql_store = store  # before 0.14.25 `from_defaults` takes no store of one's own
        if chat_history:
            memory.set(chat_history)
        return memory

    @property
    def page_tokens(self) -> int:
        """What a whole page costs."""
        binder = self.folding().binder
        return binder.profile.image_tokens(binder.style.page_px)

    def folding(self, limit_tokens: int | None = None) -> Folding[ChatMessage]:
        """Return the block's `Folding`, which makes pages as soon as there is enough text for one.

        Raises:
            PolicyError: The queue leaves no room for pages in the model's window.
        """
        policy = self.page_options.fold_policy
        if self.policy is None:
            policy = _make_eager(policy)
        # The queue's messages are the recent ones: all that is archived may be pages.
        policy = policy.with_window(max(1, policy.window_tokens - self.queue_tokens))
        policy = replace(policy, unseen="pages")
        return get_folding(PageOptions.merge(self.page_options, {"policy": policy}))

    async def _aget(
        self,
        messages: list[ChatMessage] | None = None,
        session_id: str | None = None,
        **block_kwargs: Any,  # noqa: ANN401 - as the base has it
    ) -> list[ChatMessage]:
        """Return the archived messages of a session, old ones as pages."""
        if self.chat_store is None or session_id is None:
            raise ValueError(
                f"block {self.name!r} has no chat_store to read; give the memory's own, or take GlyphMemoryBlock.memory"
            )
        archived = await self.chat_store.get_messages(session_id, status=MessageStatus.ARCHIVED)
        if not archived:
            return []
        return await asyncio.to_thread(self._fold_archived, archived)

    def _fold_archived(self, archived: list[ChatMessage]) -> list[ChatMessage]:
        request = fold_history(self.folding(), archived)
        send_fold_event(request.folded.fold)
        written = request.write(merge=self.merge)
        warn_of_losses([loss for loss in written.losses if loss.once])  # attachments that are no longer sent
        return written.messages

    async def _aput(self, messages: list[ChatMessage]) -> None:
        """Do nothing: the memory has archived the messages already."""


class _PagesMemory(Memory):
    """A `Memory` that keeps room for other blocks as if there were no pages.

    LlamaIndex's own counts them against its limit, though it never cuts them, and drops the other blocks instead.
    """

    async def _truncate_memory_blocks(
        self, content_per_memory_block: dict[str, Any], memory_blocks_tokens: int, chat_history_tokens: int
    ) -> dict[str, Any]:
        pages = [
            self._estimate_token_count(content_per_memory_block[block.name])
            for block in self.memory_blocks
            if isinstance(block, GlyphMemoryBlock) and block.name in content_per_memory_block
        ]
        return await super()._truncate_memory_blocks(
            content_per_memory_block, memory_blocks_tokens - sum(pages), chat_history_tokens
        )


def _make_eager(policy: FoldPolicy) -> FoldPolicy:
    seal = min(_SEAL_TOKENS, policy.seal_tokens)
    keep = min(_KEEP_TOKENS, policy.keep_recent_tokens)
    return replace(policy, seal_tokens=seal, keep_recent_tokens=keep, trigger_tokens=seal + keep)
