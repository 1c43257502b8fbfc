"""`GlyphMemoryMiddleware`: an agent's old messages become pages on the way to its model.

The agent's state keeps every message as it was; beside them stands a bookmark, small and plain JSON. Nothing of a
conversation is kept here, so one instance serves any number of agents, threads and conversations.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
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
    Folding,
    ModelProfile,
    PageOptionFields,
    PageOptions,
    SecretGuard,
    SecretMode,
    Warmer,
    warn,
    warn_of_losses,
    without_locals,
    without_locals_async,
)
from langchain_glyph_memory.counting import TokenCounter, Tool, count_message_tokens, count_tools_tokens
from langchain_glyph_memory.preparer import PreparedRequest, RequestPreparer
from langchain_glyph_memory.spelling import write_request
from langchain_glyph_memory.tools import recall_tools
from langchain_glyph_memory.warming import RequestWarmer


class GlyphState(AgentState[Any]):
    """An agent's state with a place for the bookmark."""

    _glyph_bookmark: NotRequired[Annotated[dict[str, Any] | None, PrivateStateAttr]]
    _glyph_windows: NotRequired[Annotated[dict[str, int] | None, PrivateStateAttr]]
    _glyph_secrets: NotRequired[Annotated[str | None, PrivateStateAttr]]


# Any state: lists of middleware are checked as of one kind of state, and would refuse a state of our own beside others.
class GlyphMemoryMiddleware(AgentMiddleware[Any, Any, Any]):
    """Long memory for an agent: old messages go to the model as pages, recent ones as they are.

    Put it before middleware that clears or shortens what is sent (`ContextEditingMiddleware`), else that is what the
    pages show; and after middleware that chooses the model (`ModelFallbackMiddleware`). A `SummarizationMiddleware`
    beside it is not needed; where one stays, give it `token_counter`.

    Which model reads is known by its name, and its window by its `profile["max_input_tokens"]`, unless `profile` and
    `window_tokens` are given. A prompt that the server calls too long is folded smaller and sent once more; what the
    server takes is kept in the agent's state.

    Args:
        profile: The model that reads, by name or as an object; another way to give the options' own.
        options: For which model, how pages look, when messages become pages; or its fields as keywords. See
            `glyph_memory.PageOptions`.
        merge: Whether the pages become one message with the user's message that follows them, as chat templates
            want whose roles alternate; else they are a message of their own.
        secrets: What is done about secrets in what is sent, on pages and in recent text alike: `off`; `warn`; `mask`,
            which sends handles, such as `[secret aws-key 3f9a1c2b]`, while the state and your own tools have what was
            said; `refuse`. Or a `SecretGuard`; without a key of its own, a conversation has one in its state.
        tools: Whether the agent is given `recall` and `zoom`, which find again what was said, word for word.
        name: What the middleware is called; an agent takes no two of the same name.
        warmer: Has the pages of the next request read after each answer that seals some. Its reader asks the agent's
            server; where the agent has tools, with `extra_body={"tools": …}`, since servers put them before the pages.
        **fields: The fields of `PageOptions`.

    Raises:
        ProfileError: No such model is known.
        PolicyError: The policy cannot work.
        TurnError: There is no such mode of `secrets`.
        ReaderRefused: `warmer` is no `Warmer`.

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
        secrets: SecretMode | SecretGuard = "off",
        tools: bool = False,
        name: str | None = None,
        warmer: Warmer | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> None:
        super().__init__()
        owns_profile = profile is not None or options is not None or fields.get("profile") is not None
        merged = PageOptions.merge(options, fields, profile=profile)
        self._preparer = RequestPreparer(merged, owns_profile=owns_profile, merge=merge, guard=secrets)
        self.folding: Folding[BaseMessage] = self._preparer.foldings.own
        """What folds for a model of which nothing more is known; it keeps nothing of a conversation but what saves
        time."""
        self._warmer = RequestWarmer(warmer, self._preparer.secrets)
        self.merge = merge
        self._name = name or type(self).__name__
        own = recall_tools(
            folding=self.folding, choose=self.choose_folding, guard=self._preparer.guard_messages
        )
        self.tools = own if tools else []

    @property
    def name(self) -> str:
        """The middleware's name."""
        return self._name

    @property
    def secrets(self) -> SecretGuard:
        """What guards it from secrets; a conversation has a key of its own where this has none."""
        return self._preparer.secrets

    @property
    def token_counter(self) -> TokenCounter:
        """A counter of the tokens that are sent for a history, for middleware that looks at its length."""
        return self._count

    @without_locals
    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelCallResult[Any]:
        """Send the conversation with its old messages as pages."""
        prepared = self._preparer.prepare(request)
        while True:
            _warn(prepared.notices)
            warn_of_losses(prepared.losses)
            try:
                return self._finish(handler(prepared.request), request, prepared)
            except Exception as error:
                again = self._preparer.prepare_again(request, prepared, error)
                if again is None:
                    raise
            prepared = again

    @without_locals_async
    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelCallResult[Any]:
        """Send the conversation with its old messages as pages; they are drawn in a thread."""
        prepared = await asyncio.to_thread(self._preparer.prepare, request)
        while True:
            _warn(prepared.notices)
            warn_of_losses(prepared.losses)
            try:
                return self._finish(await handler(prepared.request), request, prepared)
            except Exception as error:
                again = await asyncio.to_thread(self._preparer.prepare_again, request, prepared, error)
                if again is None:
                    raise
            prepared = again

    def choose_folding(self, state: Mapping[str, Any]) -> Folding[BaseMessage]:
        """Return the folding that an agent's messages were sent by last: its pages and anchors are the model's."""
        return self._preparer.choose_folding(state)

    def _finish(
        self, response: ModelCallResult[Any], request: ModelRequest[Any], sent: PreparedRequest
    ) -> ModelCallResult[Any]:
        update, notices = self._preparer.keep_learned(request, sent)
        _warn(notices)
        self._warmer.submit(sent, response)
        return _add_update(response, update)

    def _count(
        self, messages: Iterable[MessageLikeRepresentation], *, tools: Sequence[Tool] | None = None
    ) -> int:
        binder = self.folding.binder
        sent = write_request(self.folding.fold(convert_to_messages([*messages])), merge=self.merge)
        return sum(count_message_tokens(message, binder) for message in sent.messages) + count_tools_tokens(
            tools or (), binder
        )


def _add_update(response: ModelCallResult[Any], update: dict[str, Any]) -> ModelCallResult[Any]:
    """Return a response that also changes the agent's state."""
    if not update:
        return response
    if isinstance(response, ExtendedModelResponse):
        wanted = response.command.update if response.command else None
        update |= wanted if isinstance(wanted, dict) else {}
        response = response.model_response
    elif isinstance(response, AIMessage):
        response = ModelResponse(result=[response])
    return ExtendedModelResponse(model_response=response, command=Command(update=update))


def _warn(notices: Iterable[str]) -> None:
    for notice in notices:
        warn(notice)
