"""`GlyphMemoryMiddleware`: an agent's old messages become pages on the way to its model.

The agent's state keeps every message as it was; beside them stands a bookmark, small and plain JSON. Nothing of a
conversation is kept here, so one instance serves any number of agents, threads and conversations.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, Unpack

from langchain.agents.middleware.types import (
    AgentMiddleware,
    AgentState,
    ExtendedModelResponse,
    ModelCallResult,
    ModelRequest,
    ModelResponse,
    PrivateStateAttr,
    TracePolicy,
    omit_payload,
)
from langchain_core.messages import AIMessage, BaseMessage, MessageLikeRepresentation, convert_to_messages
from langgraph.types import Command

from glyph_memory import (
    Bookmark,
    Folding,
    GlyphMemoryWarning,
    ModelProfile,
    PageOptionFields,
    PageOptions,
    refuses_images,
)
from langchain_glyph_memory.counting import TokenCounter, Tool, count_message_tokens, count_tools_tokens
from langchain_glyph_memory.folding import make_folding
from langchain_glyph_memory.spelling import write_request
from langchain_glyph_memory.state import BOOKMARK, read_bookmark
from langchain_glyph_memory.tools import holds_recall_tools, recall_tools

_TEXT_MODEL = (
    "the model's profile says that it takes no images, so old messages go as text, unfolded. "
    'Use a vision-language model, or say that it is one: profile={"image_inputs": True}'
)
_TEXT_SERVER = (
    "the server takes no images, so old messages were sent as text, unfolded: {error}. Serve a vision-language "
    'model, or give the model profile={{"image_inputs": False}}, and it is not tried again each time'
)


class GlyphState(AgentState[Any]):
    """An agent's state with a place for the bookmark."""

    _glyph_bookmark: NotRequired[Annotated[dict[str, Any] | None, PrivateStateAttr]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _PreparedRequest:
    """A request as it is sent."""

    request: ModelRequest[Any]
    holds_images: bool = False
    """Whether pages are in it."""
    bookmark: dict[str, Any] | None = None
    """What the state is to keep from now on, where that has changed."""
    notices: tuple[str, ...] = ()
    """What the user should learn."""


# Any state: lists of middleware are checked as of one kind of state, and would refuse a state of our own beside others.
class GlyphMemoryMiddleware(AgentMiddleware[Any, Any, Any]):
    """Long memory for an agent: old messages go to the model as pages, recent ones as they are.

    Put it before middleware that clears or shortens what is sent (`ContextEditingMiddleware`), else that is what the
    pages show; and after middleware that chooses the model (`ModelFallbackMiddleware`). A `SummarizationMiddleware`
    beside it is not needed; where one stays, give it `token_counter`.

    Args:
        profile: The model that reads, by name or as an object; another way to give the options' own.
        options: For which model, how pages look, when messages become pages; or its fields as keywords. See
            `glyph_memory.PageOptions`.
        merge: Whether the pages become one message with the user's message that follows them, as chat templates
            want whose roles alternate; else they are a message of their own.
        tools: Whether the agent is given `recall` and `zoom`, which find again what was said, word for word.
        name: What the middleware is called; an agent takes no two of the same name.
        **fields: The fields of `PageOptions`.

    Raises:
        ProfileError: No such model is known.
        PolicyError: The policy cannot work.

    Example:
        >>> middleware = GlyphMemoryMiddleware("glyph")  # create_agent(model, middleware=[middleware])
        >>> middleware.name
        'GlyphMemoryMiddleware'
    """

    state_schema = GlyphState
    trace_policy = TracePolicy(process_inputs=omit_payload)
    """Spans of tracers leave the messages out: they are in the model's own span as well."""

    def __init__(
        self,
        profile: ModelProfile | str | None = None,
        /,
        *,
        options: PageOptions | None = None,
        merge: bool = True,
        tools: bool = False,
        name: str | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> None:
        super().__init__()
        self.folding: Folding[BaseMessage] = make_folding(PageOptions.merge(options, fields, profile=profile))
        """What folds; it keeps nothing of a conversation but what saves time."""
        self.merge = merge
        self._name = name or type(self).__name__
        self.tools = [*recall_tools(folding=self.folding)] if tools else []

    @property
    def name(self) -> str:
        """The middleware's name."""
        return self._name

    @property
    def token_counter(self) -> TokenCounter:
        """A counter of the tokens that are sent for a history, for middleware that looks at its length."""
        return self._count

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelCallResult[Any]:
        """Send the conversation with its old messages as pages."""
        prepared = self._prepare(request)
        _warn(prepared.notices)
        try:
            return _add_bookmark(handler(prepared.request), prepared.bookmark)
        except Exception as error:
            if not (prepared.holds_images and refuses_images(str(error))):
                raise
            _warn([_TEXT_SERVER.format(error=_to_one_line(error))])
        return handler(request)

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelCallResult[Any]:
        """Send the conversation with its old messages as pages; they are drawn in a thread."""
        prepared = await asyncio.to_thread(self._prepare, request)
        _warn(prepared.notices)
        try:
            return _add_bookmark(await handler(prepared.request), prepared.bookmark)
        except Exception as error:
            if not (prepared.holds_images and refuses_images(str(error))):
                raise
            _warn([_TEXT_SERVER.format(error=_to_one_line(error))])
        return await handler(request)

    def _prepare(self, request: ModelRequest[Any]) -> _PreparedRequest:
        """Fold a request's messages; neither the request nor a message in it is changed."""
        takes = getattr(request.model, "profile", None) or {}
        if takes.get("image_inputs") is False:
            return _PreparedRequest(request=request, notices=(_TEXT_MODEL,))
        kept, notice = read_bookmark(request.state)
        folded = self.folding.fold(request.messages, kept, reserved_tokens=self._count_reserved(request))
        sent = write_request(folded, merge=self.merge, can_recall=holds_recall_tools(request.tools))
        unchanged = folded.bookmark == (kept or Bookmark()) and not notice
        return _PreparedRequest(
            request=request.override(messages=sent.messages),  # type: ignore[arg-type]  # AnyMessage names its members
            holds_images=sent.holds_pages,
            bookmark=None if unchanged else folded.bookmark.to_json(),
            notices=(*filter(None, (notice, folded.notice)), *(loss.message for loss in sent.losses)),
        )

    def _count_reserved(self, request: ModelRequest[Any]) -> int:
        """Return the tokens of everything but messages, as far as they exceed what the policy keeps free."""
        binder = self.folding.binder
        system = count_message_tokens(request.system_message, binder) if request.system_message else 0
        return system + max(0, count_tools_tokens(request.tools, binder) - binder.policy.tools_tokens)

    def _count(
        self, messages: Iterable[MessageLikeRepresentation], *, tools: Sequence[Tool] | None = None
    ) -> int:
        binder = self.folding.binder
        sent = write_request(self.folding.fold(convert_to_messages([*messages])), merge=self.merge)
        return sum(count_message_tokens(message, binder) for message in sent.messages) + count_tools_tokens(
            tools or (), binder
        )


def _add_bookmark(response: ModelCallResult[Any], bookmark: dict[str, Any] | None) -> ModelCallResult[Any]:
    """Return a response that also stores a bookmark in the agent's state."""
    if bookmark is None:
        return response
    update: dict[str, Any] = {BOOKMARK: bookmark}
    if isinstance(response, ExtendedModelResponse):
        wanted = response.command.update if response.command else None
        update |= wanted if isinstance(wanted, dict) else {}
        response = response.model_response
    elif isinstance(response, AIMessage):
        response = ModelResponse(result=[response])
    return ExtendedModelResponse(model_response=response, command=Command(update=update))


def _warn(notices: Iterable[str]) -> None:
    for notice in notices:
        warnings.warn(notice, GlyphMemoryWarning, stacklevel=3)


def _to_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
