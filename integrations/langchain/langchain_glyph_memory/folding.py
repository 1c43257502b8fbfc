"""`fold_messages`: a history as it is sent, for whoever has no agent: a function, or a step of a chain.

Knows messages; keeps nothing beside them: the same history gives the same pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Unpack, overload

from langchain_core.messages import BaseMessage, MessageLikeRepresentation, convert_to_messages
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import Runnable, RunnableLambda

from glyph_memory import (
    Folding,
    PageOptionFields,
    PageOptions,
    SecretGuard,
    SecretMode,
    warn,
    warn_of_losses,
    without_locals,
    without_locals_async,
)
from langchain_glyph_memory.guarding import MessageGuard
from langchain_glyph_memory.messages import key_of, name_of, turn_of
from langchain_glyph_memory.spelling import WrittenRequest, write_request

Messages = Iterable[MessageLikeRepresentation] | PromptValue
"""A history, in whatever form LangChain takes one."""


def make_folding(options: PageOptions) -> Folding[BaseMessage]:
    """Return a `Folding` of LangChain's messages."""
    return Folding(options=options, turn_of=turn_of, key_of=key_of, name_of=name_of)


_get_folding = lru_cache(maxsize=16)(make_folding)
_get_guard = lru_cache(maxsize=16)(MessageGuard)
"""The same options, and the same guards, share one, so that a call costs what is new since the last one."""


@overload
def fold_messages(
    messages: None = None,
    *,
    merge: bool = ...,
    can_recall: bool = ...,
    secrets: SecretMode | SecretGuard = ...,
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
        options: For which model, how pages look, when messages become pages; or its fields as keywords. See
            `glyph_memory.PageOptions`.
        **fields: The fields of `PageOptions`.

    Raises:
        ProfileError: No such model is known.
        PolicyError: The policy cannot work.

    Example:
        >>> [message.type for message in fold_messages([("system", "Be brief."), ("user", "Hello.")])]
        ['system', 'human']
    """
    folder = _HistoryFolder(
        _get_folding(PageOptions.merge(options, fields)),
        _get_guard(secrets),
        merge=merge,
        can_recall=can_recall,
    )
    return (
        RunnableLambda(folder.run, folder.arun, name="fold_messages")
        if messages is None
        else folder.run(messages)
    )


class _HistoryFolder:
    """Folds histories by one folding, guarded."""

    def __init__(
        self, folding: Folding[BaseMessage], guard: MessageGuard, *, merge: bool, can_recall: bool
    ) -> None:
        self._folding, self._guard, self._merge, self._can_recall = folding, guard, merge, can_recall
        self.secrets = guard.secrets

    @without_locals
    def run(self, history: Messages) -> list[BaseMessage]:
        return _warn(*self._fold(history))

    @without_locals_async
    async def arun(self, history: Messages) -> list[BaseMessage]:
        return _warn(*await asyncio.to_thread(self._fold, history))

    def _fold(self, history: Messages) -> tuple[WrittenRequest, str]:
        said: Sequence[BaseMessage] = convert_to_messages(
            history if isinstance(history, PromptValue) else [*history]
        )
        found = self._folding.fold(self._guard.guard(said))
        return write_request(found, merge=self._merge, can_recall=self._can_recall), found.notice


def _warn(request: WrittenRequest, notice: str) -> list[BaseMessage]:
    """Return the messages of a request, after warnings of what its user should learn."""
    if notice:
        warn(notice)
    warn_of_losses(request.losses)
    return request.messages
