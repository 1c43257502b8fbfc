"""`fold_conversation`: a history as it is sent, with a bookmark that the caller keeps, in whatever keeps JSON.

For a `StateGraph` of one's own, and for servers that keep nothing. Knows messages and bookmarks; knows nothing about
where they are kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Unpack

from langchain_core.messages import BaseMessage

from glyph_memory import (
    Bookmark,
    CallReport,
    FoldedHistory,
    GlyphMemoryError,
    PageOptionFields,
    PageOptions,
    Redact,
    SecretGuard,
    SecretMode,
    warn,
    without_locals,
    without_locals_async,
)
from langchain_glyph_memory.folding import HistoryFolder, Pin, get_folder, warn_and_list
from langchain_glyph_memory.guarding import MessageGuard
from langchain_glyph_memory.image_blocks import ImageBlocks
from langchain_glyph_memory.inputs import Messages
from langchain_glyph_memory.spelling import WrittenRequest
from langchain_glyph_memory.state import parse_bookmark

_NO_BOOKMARK = (
    "the bookmark is none of this version ({error}); it is ignored, and folding starts anew. Was it kept by another "
    "version, or changed on its way?"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FoldedConversation:
    """A history as it is sent, and what to keep until the next call."""

    messages: list[BaseMessage] = field(repr=False)
    """What to send: old messages as pages, recent ones as they are."""
    bookmark: dict[str, Any] | None
    """What to keep beside the history, plain JSON without a byte of a page; None while nothing is sealed."""
    report: CallReport
    """What is sent, in numbers."""


@without_locals
def fold_conversation(
    messages: Messages,
    bookmark: Mapping[str, Any] | None = None,
    *,
    merge: bool = True,
    can_recall: bool = False,
    secrets: SecretMode | SecretGuard = "off",
    redact: Redact | None = None,
    pin: Pin = None,
    image_blocks: ImageBlocks = "standard",
    options: PageOptions | None = None,
    **fields: Unpack[PageOptionFields],
) -> FoldedConversation:
    """Return a history as it is sent, and a bookmark for the next call. Like `fold_messages`, for long conversations.

    With the bookmark, pages stay what they are in every process, whatever it remembers, also once the oldest left; and
    what changed in the history behind your back is told. Keep it where you keep the messages: a column, a key of a
    graph's state, a field of the client's. One that cannot be read is ignored, with a warning.

    Args:
        messages: All of it, oldest first, as messages or whatever LangChain takes for them.
        bookmark: What the last call gave for this conversation; None for a new one. It names pages and quotes
            identifiers: whoever can change it can put text into the prompt, so sign what a client keeps.
        merge: As for `fold_messages`.
        can_recall: As for `fold_messages`.
        secrets: As for `fold_messages`.
        redact: As for `fold_messages`.
        pin: As for `fold_messages`.
        image_blocks: As for `fold_messages`.
        options: As for `fold_messages`.
        **fields: The fields of `PageOptions`.

    Raises:
        ProfileError: No such model is known.
        PolicyError: The policy cannot work.
        TypeError: What is given is no history.

    Example:
        >>> folded = fold_conversation([("user", "Hello.")], profile="glyph")
        >>> folded.messages[0].text, folded.bookmark, folded.report.pages
        ('Hello.', None, 0)
    """
    folder = get_folder(
        PageOptions.merge(options, fields),
        guard=MessageGuard.of(secrets, redact),
        pin=pin,
        merge=merge,
        can_recall=can_recall,
        image_blocks=image_blocks,
    )
    return _fold(folder, messages, bookmark).warn_and_get()


@without_locals_async
async def afold_conversation(
    messages: Messages,
    bookmark: Mapping[str, Any] | None = None,
    *,
    merge: bool = True,
    can_recall: bool = False,
    secrets: SecretMode | SecretGuard = "off",
    redact: Redact | None = None,
    pin: Pin = None,
    image_blocks: ImageBlocks = "standard",
    options: PageOptions | None = None,
    **fields: Unpack[PageOptionFields],
) -> FoldedConversation:
    """Do what `fold_conversation` does; pages are drawn in a thread.

    Args: as for `fold_conversation`.
    """
    folder = get_folder(
        PageOptions.merge(options, fields),
        guard=MessageGuard.of(secrets, redact),
        pin=pin,
        merge=merge,
        can_recall=can_recall,
        image_blocks=image_blocks,
    )
    return (await asyncio.to_thread(_fold, folder, messages, bookmark)).warn_and_get()


def _fold(folder: HistoryFolder, messages: Messages, kept: Mapping[str, Any] | None) -> _Found:
    mark, error = parse_bookmark(kept, _NO_BOOKMARK)
    try:
        return _Found(*folder.fold(messages, mark), error)
    except GlyphMemoryError:
        raise
    except Exception as damage:
        if mark is None:
            raise
        # A bookmark is read without a look at every field: damage shows where one is used.
        return _Found(*folder.fold(messages), _NO_BOOKMARK.format(error=" ".join(str(damage).split())))


class _Found:
    """A folded history whose every part was made, so that nothing can fail from then on."""

    def __init__(self, folded: FoldedHistory[BaseMessage], request: WrittenRequest, error: str) -> None:
        self._folded, self._request, self._error = folded, request, error
        mark = folded.bookmark
        self._bookmark = None if mark == Bookmark() else mark.to_json()
        self._report = folded.report(request.plan)

    def warn_and_get(self) -> FoldedConversation:
        """Return it, after warnings of what its user should learn."""
        if self._error:
            warn(self._error)
        return FoldedConversation(
            messages=warn_and_list(self._folded, self._request), bookmark=self._bookmark, report=self._report
        )
