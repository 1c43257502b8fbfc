"""`GlyphMemoryBlock`: shows what LlamaIndex's own `Memory` has moved out of its queue, as pages.

Keeps nothing itself: it reads the archived messages of the same store, so that a reset, a restart or another process
changes nothing. Knows `Memory` and its store.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ImageBlock, TextBlock
from llama_index.core.bridge.pydantic import ConfigDict, Field, PrivateAttr
from llama_index.core.memory import BaseMemoryBlock, Memory
from llama_index.core.storage.chat_store.base_db import AsyncDBChatStore, MessageStatus
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore
from llama_index.core.utils import get_tokenizer
from llama_index.memory.glyph.messages import PageImageBlock
from llama_index.memory.glyph.options import PageFields, get_folding, merge_options, split_options, to_fields
from llama_index.memory.glyph.request import fold_history, send_fold_event

from glyph_memory import Folding, FoldPolicy, PageOptions, PolicyError, warn, warn_of_losses

_SEAL_TOKENS, _KEEP_TOKENS = 1024, 256
_QUEUE_TOKENS = 30_000
"""The default of `Memory`."""
_STEP, _LEAST_SHARE = 0.75, 0.002
"""Where pages are cut, their room shrinks in such steps, so that it seldom changes: a change redraws."""
_TAKE_OURS = "take GlyphMemoryBlock.memory, where pages have room of their own, or raise token_limit"


class _ArchivedPages(list[ChatMessage]):
    """What the block gives, with what it is made from, so that it can be made again for less room."""

    archived: list[ChatMessage]


class GlyphMemoryBlock(PageFields, BaseMemoryBlock[list[ChatMessage]]):
    """The messages that `Memory` has archived: old ones as pages in a user's message, the newest as text.

    It has to read the store that the `Memory` writes to; `GlyphMemoryBlock.memory` wires both. Archived system messages
    stay text and come first. It gives whole messages, so the memory's template, which drops pictures, is not used.
    What is archived was seen before: it becomes pages whoever said it, and where one message is more than there is room
    for, parts of it are shown with a line that says so. Nothing of that is new: only of attachments that are no longer
    sent there is a warning.

    A `Memory` that was not made by `GlyphMemoryBlock.memory` counts pages against its `token_limit`. With the default
    `priority` they take what its queue and its other blocks leave, and a warning says that there was more.

    Example:
        >>> memory = GlyphMemoryBlock.memory(profile="glyph", token_limit=12_000)
        >>> memory.put(ChatMessage(role="user", content="The code for the gate is 4711-B."))
        >>> memory.get()[-1].content
        'The code for the gate is 4711-B.'
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str = Field(default="glyph_pages", description="The block's name among others.")
    priority: int = Field(
        default=-1,
        description="Below others': pages are cut before anything else. 0: never, and other blocks are cut instead.",
    )
    chat_store: AsyncDBChatStore | None = Field(
        default=None, exclude=True, repr=False, description="The memory's own store."
    )
    queue_tokens: int = Field(
        default=_QUEUE_TOKENS, description="What the memory keeps as text; its `token_limit`."
    )
    picture_tokens: int = Field(
        default=256,
        ge=0,
        description="What the memory counts for a picture; its `image_token_size_estimate`.",
    )

    _has_own_room: bool = PrivateAttr(default=False)
    _warned: set[str] = PrivateAttr(default_factory=set)

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
        block = cls(chat_store=store, queue_tokens=token_limit, priority=0, **fields)
        block._has_own_room = True
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
        return self._make_folding(self._make_policy())

    def _make_folding(self, policy: FoldPolicy) -> Folding[ChatMessage]:
        return get_folding(PageOptions.merge(self.page_options, {"policy": policy}))

    def _make_policy(self) -> FoldPolicy:
        policy = self.page_options.fold_policy
        if self.policy is None:
            policy = _make_eager(policy)
        # The queue's messages are the recent ones: all that is archived may be pages.
        try:
            policy = policy.with_window(max(1, policy.window_tokens - self.queue_tokens))
        except PolicyError:
            raise PolicyError(
                f"token_limit={self.queue_tokens:,} of {policy.window_tokens:,} leaves no room for pages; give less, "
                "such as half the window"
            ) from None
        return replace(policy, unseen="pages")

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
        shown = await asyncio.to_thread(self._fold_archived, archived, self.folding())
        if self.priority >= 0 and not self._has_own_room:
            tokens = self._count(shown)
            if tokens + self._count(messages or []) > self.queue_tokens:
                self._warn_once(
                    "others",
                    f"LlamaIndex's Memory counts {tokens:,} tokens of pages against its token_limit, and drops other "
                    f"blocks for them without a word; {_TAKE_OURS}, or set priority=-1, with which pages are cut",
                )
        return shown

    def _fold_archived(self, archived: list[ChatMessage], folding: Folding[ChatMessage]) -> list[ChatMessage]:
        request = fold_history(folding, archived)
        send_fold_event(request.folded.fold)
        written = request.write(merge=self.merge)
        warn_of_losses([loss for loss in written.losses if loss.once])  # attachments that are no longer sent
        shown = _ArchivedPages(written.messages)
        shown.archived = archived
        return shown

    async def atruncate(
        self, content: list[ChatMessage], tokens_to_truncate: int
    ) -> list[ChatMessage] | None:
        """Return what fits of the block's messages, the newest; a warning says once that there was more.

        Args:
            content: What `aget` returned.
            tokens_to_truncate: How much less of it there is to be, as `Memory` counts.
        """
        tokens = self._count(content)
        if tokens_to_truncate > tokens:
            self._warn_once(
                "queue",
                f"LlamaIndex's Memory has {tokens_to_truncate - tokens:,} tokens too many without any page, and cuts "
                "its other blocks; raise token_limit, or lower chat_history_token_ratio",
            )
        if not content:
            return None
        self._warn_once(
            "pages",
            f"{tokens_to_truncate:,} of {tokens:,} tokens of pages have no room, as LlamaIndex's Memory counts them "
            f"against its token_limit; the oldest are left out: {_TAKE_OURS}",
        )
        room = tokens - tokens_to_truncate
        if room <= 0 or not isinstance(content, _ArchivedPages):
            return None
        return await asyncio.to_thread(self._fold_into, content, room)

    def _fold_into(self, content: _ArchivedPages, room: int) -> list[ChatMessage] | None:
        """Return as much as `Memory` takes for the given tokens; None where that is nothing."""
        policy = self._make_policy()
        budget = policy.seal_budget_tokens(head_tokens=0)
        used = sum(
            block.tokens
            for message in content
            for block in message.blocks
            if isinstance(block, PageImageBlock)
        )
        share = _STEP
        while share > _LEAST_SHARE:
            if share * budget < used:
                try:
                    less = replace(policy, window_tokens=policy.window_tokens - int((1 - share) * budget))
                except PolicyError:
                    return None
                shown = self._fold_archived(content.archived, self._make_folding(less))
                if self._count(shown) <= room:
                    return shown
            share *= _STEP
        return None

    def _count(self, messages: list[ChatMessage]) -> int:
        """Return the tokens of messages as `Memory` counts them."""
        blocks = [block for message in messages for block in message.blocks]
        texts = [block.text for block in blocks if isinstance(block, TextBlock)]
        texts += [str(message.additional_kwargs) for message in messages if message.additional_kwargs]
        tokenize = get_tokenizer()
        pictures = sum(isinstance(block, ImageBlock) for block in blocks)
        return sum(len(tokenize(text)) for text in texts) + pictures * self.picture_tokens

    def _warn_once(self, about: str, message: str) -> None:
        if about not in self._warned:
            self._warned.add(about)
            warn(message)

    async def _aput(self, messages: list[ChatMessage]) -> None:
        """Do nothing: the memory has archived the messages already."""


class _PagesMemory(Memory):
    """A `Memory` that keeps room for other blocks as if there were no pages.

    LlamaIndex's own counts them against its limit. Of blocks that are cut it says nothing; here a warning names each
    once.
    """

    _cut_before: set[str] = PrivateAttr(default_factory=set)

    async def _truncate_memory_blocks(
        self, content_per_memory_block: dict[str, Any], memory_blocks_tokens: int, chat_history_tokens: int
    ) -> dict[str, Any]:
        pages = [
            self._estimate_token_count(content_per_memory_block[block.name])
            for block in self.memory_blocks
            if isinstance(block, GlyphMemoryBlock) and block.name in content_per_memory_block
        ]
        kept = await super()._truncate_memory_blocks(
            content_per_memory_block, memory_blocks_tokens - sum(pages), chat_history_tokens
        )
        cut = [name for name, content in content_per_memory_block.items() if kept.get(name) != content]
        if told := set(cut) - self._cut_before:
            self._cut_before |= told
            warn(
                f"memory blocks {sorted(told)} are cut, as they take {memory_blocks_tokens - sum(pages):,} tokens and "
                f"the queue {chat_history_tokens:,}, more than token_limit={self.token_limit}; raise it, or lower "
                "chat_history_token_ratio"
            )
        return kept


def _make_eager(policy: FoldPolicy) -> FoldPolicy:
    seal = min(_SEAL_TOKENS, policy.seal_tokens)
    keep = min(_KEEP_TOKENS, policy.keep_recent_tokens)
    return replace(policy, seal_tokens=seal, keep_recent_tokens=keep, trigger_tokens=seal + keep)
