"""`GlyphOpenAILike`: an OpenAI-compatible LLM that sends old messages as pages, those of a run that still goes on, too.

LlamaIndex's agents keep what they do within a run to themselves until it ends, so no memory can fold it; whoever sends
it can. Knows requests; keeps no history.
"""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
)
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.llms.openai_like import OpenAILike
from llama_index.memory.glyph.events import tell
from llama_index.memory.glyph.fields import profile_of
from llama_index.memory.glyph.messages import PageImageBlock, turn_of
from llama_index.memory.glyph.options import PageOptions, narrowed, policy_of
from llama_index.memory.glyph.request import (
    PagesMessage,
    fold_of,
    pages_end,
    request_after,
    unfolded,
    without_pages,
)

from glyph_memory import Bookmark, FoldPolicy, GlyphMemoryWarning, ModelProfile, refuses_images

_REFUSED = (
    "{model!r} takes no images: the conversation is sent in words from now on, all of it; serve a vision-language "
    "model, or take OpenAILike"
)


class GlyphOpenAILike(PageOptions, OpenAILike):  # type: ignore[misc]  # it publishes no types
    """An OpenAI-compatible server of a vision-language model, which is sent old messages as pages.

    Whatever comes to it, the history of any memory and all that an agent did since, is folded on its way to the server.
    What a `GlyphMemory` has folded is not folded twice, but goes on from there. Where a server refuses images, the
    messages themselves are sent, and a `GlyphMemoryWarning` says so.

    Args:
        model: The name it is served under.
        profile: What the model charges and takes; found by `model` unless given.
        policy: When messages become pages; the profile's own unless given. It is narrowed to `context_window`, and
            leaves room for `max_tokens`.
        **options: Those of `PageOptions` and `OpenAILike`. It is a chat model that calls tools, and its window is the
            profile's, unless they say otherwise.

    Raises:
        ProfileError: Nothing is known about the model.
        PolicyError: The window is too small, or the policy cannot work.
        FontError: The style's font is missing.

    Example:
        >>> llm = GlyphOpenAILike(model="zai-org/Glyph", api_base="http://127.0.0.1:8000/v1", api_key="none")
        >>> llm.metadata.is_chat_model, llm.metadata.context_window
        (True, 131072)
    """

    _in_words: bool = PrivateAttr(default=False)

    def __init__(
        self,
        model: str = "glyph",
        *,
        profile: ModelProfile | str | None = None,
        policy: FoldPolicy | None = None,
        **options: Any,  # noqa: ANN401 - those of the bases
    ) -> None:
        known = profile_of(profile or model)
        given = {
            "context_window": known.window_tokens, "is_chat_model": True, "is_function_calling_model": True
        } | options  # fmt: skip
        narrow = narrowed(known, policy_of(policy), given["context_window"])
        if (output := given.get("max_tokens") or 0) > narrow.output_tokens:
            narrow = replace(narrow, output_tokens=output)
        super().__init__(model=model, profile=known, policy=narrow, **given)  # type: ignore[call-arg]  # for the same reason
        self.folding()  # what cannot work is told now

    @classmethod
    def class_name(cls) -> str:
        """Name the class for serializers."""
        return "GlyphOpenAILike"

    # What is sent.

    def _sent(self, messages: Sequence[ChatMessage], more: Mapping[str, Any]) -> Sequence[ChatMessage]:
        """Give the messages as they are sent."""
        if self._in_words:
            return without_pages(messages)
        if not any(_is_history(message) for message in messages):
            return messages  # a query engine's prompt: what is asked now, however long
        folding, known = self.folding(), unfolded(messages)
        end = pages_end(known.history)  # pages of which nothing more is known stay as they are
        besides = sum(map(self._tokens, [*known.before, *known.history[:end]]))
        if tools := more.get("tools"):
            besides += folding.binder.count(json.dumps(tools, default=repr))
        # Where it fits what is kept free anyway, no more is than in a memory: its seals stay what they are.
        besides = max(0, besides - folding.binder.policy.tools_tokens, known.origin.reserved_tokens)
        if end:
            spent = max(block.last_anchor for block in _pages(known.history[:end]))
            folded = folding.fold(known.history[end:], Bookmark(spent=spent), reserved_tokens=besides)
            tell(folded.fold)
            return request_after(known.history[:end], folded, merge=self.merge)
        before = known.origin.folded
        mark = before.bookmark if before is not None and before.folding is folding else None
        request = fold_of(folding, known.history, mark, reserved_tokens=besides)
        tell(request.folded.fold)
        return [*known.before, *request.messages(merge=self.merge)]

    def _tokens(self, message: ChatMessage) -> int:
        pages = sum(block.tokens for block in _pages([message]))
        return pages + self.folding().binder.count_message_tokens(turn_of(message))

    def _refused(self, error: Exception, sent: Sequence[ChatMessage]) -> bool:
        """Say whether a server refused our pages; then words are sent from now on."""
        if not _pages(sent) or not refuses_images(str(error)):
            return False
        self._in_words = True
        warnings.warn(_REFUSED.format(model=self.model), GlyphMemoryWarning, stacklevel=3)
        return True

    # How it is sent: below what LlamaIndex tells its handlers, so that they see messages and not their pages.

    def _chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:  # noqa: ANN401 - as the base
        sent = self._sent(messages, kwargs)
        try:
            answer: ChatResponse = super()._chat(sent, **kwargs)
        except Exception as error:
            if not self._refused(error, sent):
                raise
            answer = super()._chat(without_pages(messages), **kwargs)
        return answer

    async def _achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:  # noqa: ANN401 - as the base
        sent = await asyncio.to_thread(self._sent, messages, kwargs)
        try:
            answer: ChatResponse = await super()._achat(sent, **kwargs)
        except Exception as error:
            if not self._refused(error, sent):
                raise
            answer = await super()._achat(without_pages(messages), **kwargs)
        return answer

    def _stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:  # noqa: ANN401 - as the base
        sent, ask = self._sent(messages, kwargs), super()._stream_chat
        stream = ask(sent, **kwargs)

        def answer() -> ChatResponseGen:
            try:
                yield from stream
            except Exception as error:
                if not self._refused(error, sent):
                    raise
            else:
                return
            yield from ask(without_pages(messages), **kwargs)

        return answer()

    async def _astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:  # noqa: ANN401 - as the base
        sent, ask = await asyncio.to_thread(self._sent, messages, kwargs), super()._astream_chat
        stream = await ask(sent, **kwargs)

        async def answer() -> ChatResponseAsyncGen:
            try:
                async for said in stream:
                    yield said
            except Exception as error:
                if not self._refused(error, sent):
                    raise
            else:
                return
            async for said in await ask(without_pages(messages), **kwargs):
                yield said

        return answer()


def _is_history(message: ChatMessage) -> bool:
    return isinstance(message, PagesMessage) or turn_of(message).role in {"assistant", "tool"}


def _pages(messages: Sequence[ChatMessage]) -> list[PageImageBlock]:
    return [block for message in messages for block in message.blocks if isinstance(block, PageImageBlock)]
