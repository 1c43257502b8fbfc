"""`GlyphOpenAILike`: an OpenAI-compatible LLM that sends old messages as pages, those of a run that still goes on, too.

LlamaIndex's agents keep what they do within a run to themselves until it ends, so no memory can fold it; whoever sends
it can. Knows requests; keeps no history.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
)
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.llms.openai_like import OpenAILike
from llama_index.memory.glyph.asking import (
    count_messages,
    has_room,
    holds_recall_tools,
    is_history,
    list_page_blocks,
    warn_of_dropped_pages,
    warn_of_new_losses,
)
from llama_index.memory.glyph.history import replace_pages, restore_history
from llama_index.memory.glyph.options import (
    OPTION_NAMES,
    PageFields,
    merge_options,
    narrow_window,
    split_options,
    to_fields,
)
from llama_index.memory.glyph.request import (
    WrittenRequest,
    extend_request,
    find_pages_end,
    fold_history,
    send_fold_event,
)

from glyph_memory import (
    Bookmark,
    Folding,
    PageOptions,
    PolicyError,
    overflows_window,
    refuses_images,
    warn,
)

_LEARNED = (
    "{model!r} called a prompt too long, so conversations are folded to {window:,} tokens from now on; context_window= "
    "says so at once. It said: {error}"
)
_TRIES = 3
"""How often a prompt is made smaller for one call."""
_REFUSED = (
    "{model!r} takes no images: the conversation is sent in words from now on, all of it; serve a vision-language "
    "model, or take OpenAILike"
)


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
    _learned_tokens: int | None = PrivateAttr(default=None)

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
            "context_window": options.window_tokens or options.profile.window_tokens,
            "is_chat_model": True, "is_function_calling_model": True,
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

    def folding(self, limit_tokens: int | None = None) -> Folding[ChatMessage]:
        """Return the `Folding` for these options, in the window that the server was found to have."""
        limits = [limit for limit in (limit_tokens, self._learned_tokens) if limit is not None]
        return super().folding(min(limits, default=None))

    def _fold_messages(self, messages: Sequence[ChatMessage], more: Mapping[str, Any]) -> WrittenRequest:
        """Return the messages as they are sent: old ones as pages."""
        if self._text_only:
            return WrittenRequest(messages=replace_pages(messages))
        warn_of_dropped_pages(messages)
        folding, known = self.folding(), restore_history(messages)
        if not any(map(is_history, messages)) and has_room(messages, folding.binder):
            return WrittenRequest(messages=[*messages])  # a query engine's prompt: what is asked now
        end = find_pages_end(known.history)  # pages of which nothing more is known stay as they are
        besides = count_messages([*known.before, *known.history[:end]], folding.binder)
        tools = more.get("tools") or ()
        if tools:
            besides += folding.binder.count(json.dumps(tools, default=repr))
        # Where it fits what is kept free anyway, no more is than in a memory: its seals stay what they are.
        besides = max(0, besides - folding.binder.policy.tools_tokens, known.origin.reserved_tokens)
        if end:
            spent = max(block.last_anchor for block in list_page_blocks(known.history[:end]))
            folded = folding.fold(
                known.history[end:], Bookmark(highest_sealed_anchor=spent), reserved_tokens=besides
            )
            send_fold_event(folded.fold)
            return extend_request(
                known.history[:end], folded, merge=self.merge, can_recall=holds_recall_tools(tools)
            )
        before = known.origin.folded
        mark = before.bookmark if before is not None and before.folding is folding else None
        request = fold_history(folding, known.history, mark, reserved_tokens=besides)
        send_fold_event(request.folded.fold)
        written = request.write(merge=self.merge, can_recall=holds_recall_tools(tools))
        return replace(written, messages=[*known.before, *written.messages])

    def _count_messages(self, messages: Sequence[ChatMessage]) -> int:
        return count_messages(messages, self.folding().binder)

    def _handle_refusal(self, error: Exception, sent: Sequence[ChatMessage]) -> bool:
        """Return whether a server refused our pages; if so, only text is sent from now on."""
        if not list_page_blocks(sent) or not refuses_images(str(error)):
            return False
        self._text_only = True
        warn(_REFUSED.format(model=self.model))
        return True

    def _fold_again(
        self,
        error: Exception,
        sent: Sequence[ChatMessage],
        messages: Sequence[ChatMessage],
        more: Mapping[str, Any],
    ) -> WrittenRequest | None:
        """Return what to send after an error; `None` where nothing of ours can help."""
        if self._handle_refusal(error, sent):
            return WrittenRequest(messages=replace_pages(messages))
        overflow = overflows_window(str(error))
        if overflow is None or self._text_only:
            return None
        known, before = self._learned_tokens, self._count_messages(sent)
        window = overflow.next_window(self.folding().binder.policy, sent_tokens=before)
        for _ in range(_TRIES):
            self._learned_tokens = window
            try:
                again = self._fold_messages(messages, more)
            except PolicyError:
                break
            if self._count_messages(again.messages) < before:
                said = " ".join(str(error).split())[:300]
                notice = _LEARNED.format(model=self.model, window=window, error=said)
                warn(notice)
                return again
            window = max(1024, 3 * window // 4)
        self._learned_tokens = known
        return None

    # How it is sent: below what LlamaIndex tells its handlers, so that they see messages and not their pages.

    def _chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:  # noqa: ANN401 - as the base
        sent = warn_of_new_losses(self._fold_messages(messages, kwargs), messages)
        for tries in range(_TRIES + 1):
            try:
                answer: ChatResponse = super()._chat(sent, **kwargs)
            except Exception as error:
                again = self._fold_again(error, sent, messages, kwargs) if tries < _TRIES else None
                if again is None:
                    raise
                sent = warn_of_new_losses(again, messages)
            else:
                break
        return answer

    async def _achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:  # noqa: ANN401 - as the base
        sent = warn_of_new_losses(await asyncio.to_thread(self._fold_messages, messages, kwargs), messages)
        for tries in range(_TRIES + 1):
            try:
                answer: ChatResponse = await super()._achat(sent, **kwargs)
            except Exception as error:
                helps, fold = tries < _TRIES, self._fold_again
                again = await asyncio.to_thread(fold, error, sent, messages, kwargs) if helps else None
                if again is None:
                    raise
                sent = warn_of_new_losses(again, messages)
            else:
                break
        return answer

    def _stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:  # noqa: ANN401 - as the base
        first, ask = warn_of_new_losses(self._fold_messages(messages, kwargs), messages), super()._stream_chat
        stream = ask(first, **kwargs)

        def answer() -> ChatResponseGen:
            sent, said, begun = first, stream, False
            for tries in range(_TRIES + 1):
                try:
                    for piece in said:
                        begun = True
                        yield piece
                except Exception as error:
                    helps = tries < _TRIES and not begun
                    again = self._fold_again(error, sent, messages, kwargs) if helps else None
                    if again is None:
                        raise
                    sent = warn_of_new_losses(again, messages)
                    said = ask(sent, **kwargs)
                else:
                    return

        return answer()

    async def _astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:  # noqa: ANN401 - as the base
        written = await asyncio.to_thread(self._fold_messages, messages, kwargs)
        first, ask = warn_of_new_losses(written, messages), super()._astream_chat
        stream = await ask(first, **kwargs)

        async def answer() -> ChatResponseAsyncGen:
            sent, said, begun = first, stream, False
            for tries in range(_TRIES + 1):
                try:
                    async for piece in said:
                        begun = True
                        yield piece
                except Exception as error:
                    helps, fold = tries < _TRIES and not begun, self._fold_again
                    again = await asyncio.to_thread(fold, error, sent, messages, kwargs) if helps else None
                    if again is None:
                        raise
                    sent = warn_of_new_losses(again, messages)
                    said = await ask(sent, **kwargs)
                else:
                    return

        return answer()


@lru_cache
def _list_keywords(kind: type[GlyphOpenAILike]) -> frozenset[str]:
    """Return what the constructors of an LLM's bases take, aliases included."""
    constructors = [vars(base)["__init__"] for base in kind.__mro__ if "__init__" in vars(base)]
    names = {name for constructor in constructors for name in inspect.signature(constructor).parameters}
    aliases = {held.alias for held in kind.model_fields.values() if held.alias}
    return frozenset(names | aliases | kind.model_fields.keys())
