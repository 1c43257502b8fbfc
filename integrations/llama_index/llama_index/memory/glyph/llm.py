"""`GlyphOpenAILike`: an OpenAI-compatible LLM that sends old messages as pages, those of a run that still goes on, too.

LlamaIndex's agents keep what they do within a run to themselves until it ends, so no memory can fold it; whoever sends
it can. Knows requests; keeps no history.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    ImageBlock,
)
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.llms.openai_like import OpenAILike
from llama_index.memory.glyph.history import replace_pages, restore_history
from llama_index.memory.glyph.messages import PageImageBlock, replace_blocks, turn_of
from llama_index.memory.glyph.options import (
    OPTION_NAMES,
    PageFields,
    merge_options,
    narrow_window,
    split_options,
    to_fields,
)
from llama_index.memory.glyph.origin import PagesMessage, list_texts
from llama_index.memory.glyph.request import (
    WrittenRequest,
    extend_request,
    find_pages_end,
    fold_history,
    send_fold_event,
)

from glyph_memory import Bookmark, GlyphMemoryWarning, PageOptions, refuses_images, warn_of_losses

_REFUSED = (
    "{model!r} takes no images: the conversation is sent in words from now on, all of it; serve a vision-language "
    "model, or take OpenAILike"
)
_MESSAGE_TOKENS = 32
"""What a message takes beside its text, at the most."""


class GlyphOpenAILike(PageFields, OpenAILike):  # type: ignore[misc]  # it publishes no types
    """An OpenAI-compatible server of a vision-language model that gets old messages as pages.

    Whatever comes to it, the history of any memory and all that an agent did since, is folded on its way to the server.
    What a `GlyphMemory` has folded is not folded twice, but goes on from there. Where a server refuses images, the
    messages themselves are sent, and a `GlyphMemoryWarning` says so.

    Args:
        model: The name it is served under.
        options: For which model, found by `model` unless given; how pages look, and when messages become pages. See
            `glyph_memory.PageOptions`; where they are given, their profile counts, whatever name the model is served
            under. The policy is narrowed to `context_window`, and leaves room for `max_tokens`.
        **keywords: The fields of `PageOptions`, `merge`, and those of `OpenAILike`. It is a chat model that calls
            tools, and its window is the profile's, unless they say otherwise.

    Raises:
        ProfileError: Nothing is known about the model.
        PolicyError: The window is too small, or the policy cannot work.
        TypeError: There is no such keyword.
        FontError: The style's font is missing.

    Example:
        >>> llm = GlyphOpenAILike(model="zai-org/Glyph", api_base="http://127.0.0.1:8000/v1", api_key="none")
        >>> llm.metadata.is_chat_model, llm.metadata.context_window
        (True, 131072)
    """

    _text_only: bool = PrivateAttr(default=False)

    def __init__(
        self,
        model: str = "glyph",
        *,
        options: PageOptions | None = None,
        **keywords: Any,  # noqa: ANN401 - those of the bases
    ) -> None:
        own, others = split_options(keywords)
        if unknown := [name for name in others if name not in _list_keywords(type(self))]:
            raise TypeError(
                f"unexpected keyword {unknown[0]!r}; page options are {', '.join(sorted(OPTION_NAMES))}, and others "
                "those of OpenAILike"
            )
        if options is None and own.get("profile") is None:
            own["profile"] = model
        options = merge_options(options, own)
        given = {
            "context_window": options.profile.window_tokens, "is_chat_model": True, "is_function_calling_model": True
        } | others  # fmt: skip
        options = narrow_window(options, given["context_window"])
        policy = options.fold_policy
        if (output := given.get("max_tokens") or 0) > policy.output_tokens:
            options = PageOptions.merge(options, {"policy": replace(policy, output_tokens=output)})
        super().__init__(model=model, **to_fields(options), **given)  # type: ignore[call-arg]  # for the same reason
        self.folding()  # what cannot work is told now

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name for serializers."""
        return "GlyphOpenAILike"

    # What is sent.

    def _fold_messages(self, messages: Sequence[ChatMessage], more: Mapping[str, Any]) -> WrittenRequest:
        """Return the messages as they are sent: old ones as pages."""
        if self._text_only:
            return WrittenRequest(messages=replace_pages(messages))
        folding, known = self.folding(), restore_history(messages)
        if not any(map(_is_history, messages)) and self._has_room(messages):
            return WrittenRequest(messages=[*messages])  # a query engine's prompt: what is asked now
        end = find_pages_end(known.history)  # pages of which nothing more is known stay as they are
        besides = sum(map(self._count_message, [*known.before, *known.history[:end]]))
        tools = more.get("tools") or ()
        if tools:
            besides += folding.binder.count(json.dumps(tools, default=repr))
        # Where it fits what is kept free anyway, no more is than in a memory: its seals stay what they are.
        besides = max(0, besides - folding.binder.policy.tools_tokens, known.origin.reserved_tokens)
        if end:
            spent = max(block.last_anchor for block in _list_page_blocks(known.history[:end]))
            folded = folding.fold(
                known.history[end:], Bookmark(highest_sealed_anchor=spent), reserved_tokens=besides
            )
            send_fold_event(folded.fold)
            return extend_request(
                known.history[:end], folded, merge=self.merge, can_recall=_holds_recall_tools(tools)
            )
        before = known.origin.folded
        mark = before.bookmark if before is not None and before.folding is folding else None
        request = fold_history(folding, known.history, mark, reserved_tokens=besides)
        send_fold_event(request.folded.fold)
        written = request.write(merge=self.merge, can_recall=_holds_recall_tools(tools))
        return replace(written, messages=[*known.before, *written.messages])

    def _has_room(self, messages: Sequence[ChatMessage]) -> bool:
        """Return whether messages fit into the window as they are."""
        limit = self.folding().binder.policy.prompt_tokens - sum(map(self._count_images, messages))
        # No text has more tokens than bytes, so that most need not be counted.
        texts = [text for message in messages for text in list_texts(message.blocks)]
        size = sum(len(text.encode(errors="replace")) for text in texts) + _MESSAGE_TOKENS * len(messages)
        return size <= limit or sum(map(self._count_text, messages)) <= limit

    def _warn(self, written: WrittenRequest, messages: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
        """Return what is sent, after a warning of each loss that a memory has not told yet."""
        told = {
            (loss.kind, loss.anchor)
            for message in messages
            if isinstance(message, PagesMessage)
            for loss in message.origin.losses
        }
        warn_of_losses(
            [loss for loss in written.losses if (loss.kind, loss.anchor) not in told], stacklevel=4
        )
        return written.messages

    def _count_message(self, message: ChatMessage) -> int:
        return self._count_text(message) + self._count_images(message)

    def _count_text(self, message: ChatMessage) -> int:
        return self.folding().binder.count_message_tokens(turn_of(message))

    def _count_images(self, message: ChatMessage) -> int:
        images = [block for block in message.blocks if isinstance(block, ImageBlock)]
        others = [block for block in images if not isinstance(block, PageImageBlock)]
        pages = sum(block.tokens for block in images if isinstance(block, PageImageBlock))
        if not others:
            return pages
        return pages + self.folding().binder.count_picture_tokens(turn_of(replace_blocks(message, others)))

    def _handle_refusal(self, error: Exception, sent: Sequence[ChatMessage]) -> bool:
        """Return whether a server refused our pages; if so, only text is sent from now on."""
        if not _list_page_blocks(sent) or not refuses_images(str(error)):
            return False
        self._text_only = True
        warnings.warn(_REFUSED.format(model=self.model), GlyphMemoryWarning, stacklevel=3)
        return True

    # How it is sent: below what LlamaIndex tells its handlers, so that they see messages and not their pages.

    def _chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:  # noqa: ANN401 - as the base
        sent = self._warn(self._fold_messages(messages, kwargs), messages)
        try:
            answer: ChatResponse = super()._chat(sent, **kwargs)
        except Exception as error:
            if not self._handle_refusal(error, sent):
                raise
            answer = super()._chat(replace_pages(messages), **kwargs)
        return answer

    async def _achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:  # noqa: ANN401 - as the base
        sent = self._warn(await asyncio.to_thread(self._fold_messages, messages, kwargs), messages)
        try:
            answer: ChatResponse = await super()._achat(sent, **kwargs)
        except Exception as error:
            if not self._handle_refusal(error, sent):
                raise
            answer = await super()._achat(replace_pages(messages), **kwargs)
        return answer

    def _stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:  # noqa: ANN401 - as the base
        sent, ask = self._warn(self._fold_messages(messages, kwargs), messages), super()._stream_chat
        stream = ask(sent, **kwargs)

        def answer() -> ChatResponseGen:
            try:
                yield from stream
            except Exception as error:
                if not self._handle_refusal(error, sent):
                    raise
            else:
                return
            yield from ask(replace_pages(messages), **kwargs)

        return answer()

    async def _astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:  # noqa: ANN401 - as the base
        written = await asyncio.to_thread(self._fold_messages, messages, kwargs)
        sent, ask = self._warn(written, messages), super()._astream_chat
        stream = await ask(sent, **kwargs)

        async def answer() -> ChatResponseAsyncGen:
            try:
                async for said in stream:
                    yield said
            except Exception as error:
                if not self._handle_refusal(error, sent):
                    raise
            else:
                return
            async for said in await ask(replace_pages(messages), **kwargs):
                yield said

        return answer()


@lru_cache
def _list_keywords(kind: type[GlyphOpenAILike]) -> frozenset[str]:
    """Return what the constructors of an LLM's bases take, aliases included."""
    constructors = [vars(base)["__init__"] for base in kind.__mro__ if "__init__" in vars(base)]
    names = {name for constructor in constructors for name in inspect.signature(constructor).parameters}
    aliases = {held.alias for held in kind.model_fields.values() if held.alias}
    return frozenset(names | aliases | kind.model_fields.keys())


def _is_history(message: ChatMessage) -> bool:
    return isinstance(message, PagesMessage) or turn_of(message).role in {"assistant", "tool"}


def _holds_recall_tools(tools: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a request's tools hold `recall` and `zoom`, so that the model may be told of them."""
    return {"recall", "zoom"} <= {(tool.get("function") or tool).get("name") for tool in tools}


def _list_page_blocks(messages: Sequence[ChatMessage]) -> list[PageImageBlock]:
    return [block for message in messages for block in message.blocks if isinstance(block, PageImageBlock)]
