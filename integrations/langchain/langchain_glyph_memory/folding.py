"""`fold_messages`: a history as it is sent, for whoever has no agent: a function, or a step of a chain.

Knows messages; keeps nothing beside them: the same history gives the same pages. `fold_conversation` gives a bookmark.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from functools import lru_cache, partial
from typing import Unpack, overload

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from glyph_memory import (
    Bookmark,
    FoldedHistory,
    Folding,
    PageOptionFields,
    PageOptions,
    PolicyError,
    Redact,
    SecretGuard,
    SecretMode,
    warn,
    warn_of_losses,
    without_locals,
    without_locals_async,
)
from langchain_glyph_memory.guarding import MessageGuard, hold_function
from langchain_glyph_memory.image_blocks import ImageBlocks, check_image_blocks
from langchain_glyph_memory.inputs import Messages, read_messages
from langchain_glyph_memory.messages import gist_of, key_of, name_of, turn_of
from langchain_glyph_memory.spelling import WrittenRequest, write_request
from langchain_glyph_memory.tracing import hide_pages

Pin = Callable[[BaseMessage], bool] | Collection[str] | None
"""Which messages are repeated as text once they are sealed: a function of a message, or names of tools."""


def make_folding(options: PageOptions, *, pin: Pin = None) -> Folding[BaseMessage]:
    """Return a `Folding` of LangChain's messages."""
    return Folding(options=options, turn_of=turn_of, key_of=key_of, name_of=name_of, gist_of=gist_of, pin=pin)


_get_folding = lru_cache(maxsize=16)(make_folding)
"""The same options share one, so that a call costs what is new since the last one."""


@overload
def fold_messages(
    messages: None = None,
    *,
    merge: bool = ...,
    can_recall: bool = ...,
    secrets: SecretMode | SecretGuard = ...,
    redact: Redact | None = ...,
    pin: Pin = ...,
    image_blocks: ImageBlocks = ...,
    options: PageOptions | None = ...,
    **fields: Unpack[PageOptionFields],
) -> Runnable[Messages, list[BaseMessage]]: ...
@overload
def fold_messages(
    messages: Messages,
    *,
    merge: bool = ...,
    can_recall: bool = ...,
    secrets: SecretMode | SecretGuard = ...,
    redact: Redact | None = ...,
    pin: Pin = ...,
    image_blocks: ImageBlocks = ...,
    options: PageOptions | None = ...,
    **fields: Unpack[PageOptionFields],
) -> list[BaseMessage]: ...
@without_locals
def fold_messages(
    messages: Messages | None = None,
    *,
    merge: bool = True,
    can_recall: bool = False,
    secrets: SecretMode | SecretGuard = "off",
    redact: Redact | None = None,
    pin: Pin = None,
    image_blocks: ImageBlocks = "standard",
    options: PageOptions | None = None,
    **fields: Unpack[PageOptionFields],
) -> list[BaseMessage] | Runnable[Messages, list[BaseMessage]]:
    """Return a history as it is sent: old messages as pages, recent ones as they are. Like `trim_messages`.

    Nothing is kept between calls but what saves time: give it the whole history each time. As the history grows, its
    pages stay what they were, so a server's prefix cache holds.

    Args:
        messages: All of it, oldest first, as messages or whatever LangChain takes for them. Without it you get a
            `Runnable` that folds what it is given: `fold_messages(profile="glyph") | model`.
        merge: Whether the pages become one message with the user's message that follows them.
        can_recall: Whether the model has the tools `recall` and `zoom`, so that it may be told of them where something
            is not shown; see `recall_tools`.
        secrets: What is done about secrets in what is sent: see `GlyphMemoryMiddleware`. Nothing is kept between calls:
            without a key of its own, a guard makes other handles in another process, and all pages anew.
        redact: Sees every message as a turn first, and gives what takes its place: see `GlyphMemoryMiddleware`. The
            same function each time, or nothing is remembered from call to call.
        pin: Which messages are repeated as text once they are sealed: see `GlyphMemoryMiddleware`. The same function
            each time, too.
        image_blocks: How pictures are spelled: `standard`, as LangChain's own blocks; `image_url`, as OpenAI's, for a
            client that hands blocks on as they are, such as `ChatHuggingFace`.
        options: For which model, how pages look, when messages become pages; or its fields as keywords. See
            `glyph_memory.PageOptions`.
        **fields: The fields of `PageOptions`.

    Raises:
        ProfileError: No such model is known.
        PolicyError: The policy cannot work.
        TypeError: What is given is no history.

    Example:
        >>> [message.type for message in fold_messages([("system", "Be brief."), ("user", "Hello.")])]
        ['system', 'human']
    """
    folder = get_folder(
        PageOptions.merge(options, fields),
        guard=MessageGuard.of(secrets, redact),
        pin=pin,
        merge=merge,
        can_recall=can_recall,
        image_blocks=image_blocks,
    )
    return _FoldingStep(folder) if messages is None else folder.run(messages)


class HistoryFolder:
    """Folds histories by one folding, guarded."""

    def __init__(
        self,
        folding: Folding[BaseMessage],
        guard: MessageGuard,
        write: Callable[[FoldedHistory[BaseMessage]], WrittenRequest],
    ) -> None:
        self._folding, self._guard, self._write = folding, guard, write
        self.secrets = guard.secrets

    @without_locals
    def run(self, history: Messages) -> list[BaseMessage]:
        """Return a history as it is sent."""
        return warn_and_list(*self.fold(history))

    @without_locals_async
    async def arun(self, history: Messages) -> list[BaseMessage]:
        """Return a history as it is sent; pages are drawn in a thread."""
        return warn_and_list(*await asyncio.to_thread(self.fold, history))

    @without_locals
    def fold(
        self, history: Messages, mark: Bookmark | None = None
    ) -> tuple[FoldedHistory[BaseMessage], WrittenRequest]:
        """Return a history, folded, and as it is sent; nobody was warned yet."""
        folded = self._folding.fold(self._guard.guard(read_messages(history)), mark)
        return folded, self._write(folded)


def get_folder(
    options: PageOptions,
    *,
    guard: MessageGuard,
    pin: Pin,
    merge: bool,
    can_recall: bool,
    image_blocks: ImageBlocks,
) -> HistoryFolder:
    """Return what folds histories in one way; what saves time is shared by all that do it with the same options."""
    check_image_blocks(image_blocks)
    write = partial(write_request, merge=merge, can_recall=can_recall, image_blocks=image_blocks)
    return HistoryFolder(_get_folding(options, pin=_hold_pin(pin)), guard, write)


def _hold_pin(pin: Pin) -> Callable[[BaseMessage], bool] | frozenset[str] | str | None:
    """Return what a folding can be found by."""
    if pin is None or isinstance(pin, str):
        return pin
    if callable(pin):
        return hold_function(pin)
    try:
        return frozenset(pin)
    except TypeError:
        raise PolicyError(
            f"pin={pin!r} is neither a function of a message nor names of tools; give one of them"
        ) from None


class _FoldingStep(Runnable[Messages, list[BaseMessage]]):
    """Folds as a step of a chain; what tracers record of the step has descriptions in place of pages."""

    def __init__(self, folder: HistoryFolder) -> None:
        self._folder, self.secrets = folder, folder.secrets
        self.name = "fold_messages"

    @without_locals
    def invoke(
        self,
        input: Messages,  # what LangChain calls it
        config: RunnableConfig | None = None,
        **_: object,
    ) -> list[BaseMessage]:
        sent = list[BaseMessage]()
        self._trace(sent).invoke(input, config)
        return sent

    @without_locals_async
    async def ainvoke(
        self,
        input: Messages,  # as above
        config: RunnableConfig | None = None,
        **_: object,
    ) -> list[BaseMessage]:
        sent = list[BaseMessage]()
        await self._trace(sent).ainvoke(input, config)
        return sent

    def _trace(self, sent: list[BaseMessage]) -> Runnable[Messages, list[BaseMessage]]:
        """Return a step that puts what is sent into a list, and gives the tracers the rest."""

        def run(history: Messages) -> list[BaseMessage]:
            sent.extend(self._folder.run(history))
            return hide_pages(sent[:])

        async def arun(history: Messages) -> list[BaseMessage]:
            sent.extend(await self._folder.arun(history))
            return hide_pages(sent[:])

        return RunnableLambda(run, arun, name=self.name)


def warn_and_list(folded: FoldedHistory[BaseMessage], request: WrittenRequest) -> list[BaseMessage]:
    """Return the messages of a request, after warnings of what its user should learn."""
    if folded.notice:
        warn(folded.notice)
    warn_of_losses(request.losses)
    return request.messages
