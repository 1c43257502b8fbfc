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
from langchain_core.messages import AIMessage, BaseMessage, MessageLikeRepresentation
from langgraph.types import Command

from glyph_memory import (
    Folding,
    ModelProfile,
    PageOptionFields,
    PageOptions,
    Redact,
    SecretGuard,
    SecretMode,
    Warmer,
    warn,
    warn_of_losses,
    without_locals,
    without_locals_async,
)
from langchain_glyph_memory.call_reports import add_report, adispatch_report, dispatch_report
from langchain_glyph_memory.counting import TokenCounter, Tool, count_message_tokens, count_tools_tokens
from langchain_glyph_memory.folding import Pin
from langchain_glyph_memory.guarding import MessageGuard
from langchain_glyph_memory.image_blocks import ImageBlocks, check_image_blocks
from langchain_glyph_memory.inputs import read_messages
from langchain_glyph_memory.preparer import PreparedRequest, RequestPreparer
from langchain_glyph_memory.spelling import write_request
from langchain_glyph_memory.tools import recall_tools
from langchain_glyph_memory.warming import RequestWarmer


class GlyphState(AgentState[Any]):
    """An agent's state with a place for the bookmark."""

    _glyph_bookmark: NotRequired[Annotated[dict[str, Any] | None, PrivateStateAttr]]
    _glyph_windows: NotRequired[Annotated[dict[str, int] | None, PrivateStateAttr]]
    _glyph_secrets: NotRequired[Annotated[str | None, PrivateStateAttr]]


class MiddlewareFields(PageOptionFields, total=False):
    """What a `GlyphMemoryMiddleware` takes as keywords, but for its name."""

    options: PageOptions | None
    merge: bool
    secrets: SecretMode | SecretGuard
    redact: Redact | None
    pin: Pin
    tools: bool
    warmer: Warmer | None
    image_blocks: ImageBlocks | None
    report: bool


# Any state: lists of middleware are checked as of one kind of state, and would refuse a state of our own beside others.
class GlyphMemoryMiddleware(AgentMiddleware[Any, Any, Any]):
    """Long memory for an agent: old messages go to the model as pages, recent ones as they are.

    Put it before middleware that clears or shortens what is sent (`ContextEditingMiddleware`), else that is what the
    pages show; and after middleware that chooses the model (`ModelFallbackMiddleware`). A `SummarizationMiddleware`
    beside it is not needed; where one stays, give it `token_counter`.

    Which model reads is known by its name, and its window by its `profile["max_input_tokens"]`, unless `profile` and
    `window_tokens` are given. A prompt that the server calls too long is folded smaller and sent once more; what the
    server takes is kept in the agent's state. Pictures and files of a tool's result go in a user's message after the
    results, as servers take them from users only, unless the model's profile says `image_tool_message=True`.

    Args:
        profile: The model that reads, by name or as an object; another way to give the options' own.
        options: For which model, how pages look, when messages become pages; or its fields as keywords. See
            `glyph_memory.PageOptions`.
        merge: Whether the pages become one message with the user's message that follows them, as chat templates
            want whose roles alternate; else they are a message of their own.
        secrets: What is done about secrets in what is sent, on pages and in recent text alike: `off`; `warn`; `mask`,
            which sends handles, such as `[secret aws-key 3f9a1c2b]`, while the state and your own tools have what was
            said; `refuse`. Or a `SecretGuard`; without a key of its own, a conversation has one in its state.
        redact: Sees every message as a turn before it is sent, and gives what takes its place, on pages, in recent text
            and in the arguments of tool calls alike, as for `glyph_memory.GlyphMemory`; see `redact_texts`. The state
            and your own tools have what was said.
        pin: Which messages are repeated as text once they are sealed: a function of a message, or the names of tools,
            of which the newest call and result are, such as `"write_todos"`. There is room for as many as the policy's
            `pinned_tokens` take; others stand on their pages.
        tools: Whether the agent is given `recall` and `zoom`, which find again what was said, word for word. A tool of
            your own that has one of these names takes its place, with a warning.
        name: What the middleware is called; an agent takes no two of the same name.
        warmer: Has the pages of the next request read after each answer that seals some. Its reader asks the agent's
            server; where the agent has tools, with `extra_body={"tools": …}`, since servers put them before the pages.
        image_blocks: How pictures are spelled: `standard`, as LangChain's own blocks, which clients translate; or
            `image_url`, as OpenAI's, for a client that hands blocks on as they are. Found by the client's class unless
            given: `image_url` for `ChatHuggingFace`.
        report: Whether each call is reported, as a `glyph_memory.CallReport` in JSON: pages, tokens, what left, losses.
            Callbacks get a custom event called `glyph_memory`, and the answer has it in
            `response_metadata["glyph_memory"]`; no word of the conversation is in it.
        **fields: The fields of `PageOptions`.

    Raises:
        ProfileError: No such model is known.
        PolicyError: The policy cannot work, or `pin` is neither a function nor names.
        TurnError: There is no such mode of `secrets`, or `redact` is no function.
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
        redact: Redact | None = None,
        pin: Pin = None,
        tools: bool = False,
        name: str | None = None,
        warmer: Warmer | None = None,
        image_blocks: ImageBlocks | None = None,
        report: bool = True,
        **fields: Unpack[PageOptionFields],
    ) -> None:
        super().__init__()
        owns_profile = profile is not None or options is not None or fields.get("profile") is not None
        merged = PageOptions.merge(options, fields, profile=profile)
        check_image_blocks(image_blocks)
        guard = MessageGuard(secrets, redact)
        self._preparer = RequestPreparer(
            merged,
            owns_profile=owns_profile,
            merge=merge,
            guard=guard,
            pin=pin,
            gives_tools=tools,
            image_blocks=image_blocks,
        )
        self.folding: Folding[BaseMessage] = self._preparer.foldings.own
        """What folds for a model of which nothing more is known; it keeps nothing of a conversation but what saves
        time."""
        self._warmer = RequestWarmer(warmer, guard)
        self.merge = merge
        self._reports = report
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

    def purge(self, thread_id: str | int | None = None, *, older_than_days: float | None = None) -> int:
        """Delete page files of the folder or bucket `pages`, and return how many there were.

        Those that a thread no longer shows, since messages were changed, removed or left, go by themselves with the
        thread's next call, and what nobody used for 30 days does. So this is for after `delete_thread`, which no
        middleware hears of. What is shown still is drawn again.

        Args:
            thread_id: Only those of a thread; of all threads unless given.
            older_than_days: Only those that were not used for so long.

        Raises:
            StoreError: A file cannot be deleted.
        """
        thread = None if thread_id is None else str(thread_id)  # LangGraph takes numbers, too
        return self._preparer.foldings.purge(thread, older_than_days=older_than_days)

    async def apurge(
        self, thread_id: str | int | None = None, *, older_than_days: float | None = None
    ) -> int:
        """Do what `purge` does."""
        return await asyncio.to_thread(self.purge, thread_id, older_than_days=older_than_days)

    @without_locals
    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelCallResult[Any]:
        """Send the conversation with its old messages as pages."""
        prepared = self._preparer.prepare(request)
        while True:
            _warn(prepared.notices)
            try:
                response = handler(prepared.request)
                break
            except Exception as error:
                again = self._preparer.prepare_again(request, prepared, error)
                if again is None:
                    raise
            prepared = again
        dispatch_report(prepared.report if self._reports else None)
        return self._finish(response, request, prepared)

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
            try:
                response = await handler(prepared.request)
                break
            except Exception as error:
                again = await asyncio.to_thread(self._preparer.prepare_again, request, prepared, error)
                if again is None:
                    raise
            prepared = again
        await adispatch_report(prepared.report if self._reports else None)
        return self._finish(response, request, prepared)

    def choose_folding(self, state: Mapping[str, Any]) -> Folding[BaseMessage]:
        """Return the folding that an agent's messages were sent by last: its pages and anchors are the model's."""
        return self._preparer.choose_folding(state)

    def _finish(
        self, response: ModelCallResult[Any], request: ModelRequest[Any], sent: PreparedRequest
    ) -> ModelCallResult[Any]:
        update, notices = self._preparer.keep_learned(request, sent)
        _warn((*sent.changes, *notices))
        warn_of_losses(sent.losses)
        self._warmer.submit(sent, response)
        if self._reports:
            response = add_report(response, sent.report)
        return _add_update(response, update)

    def _count(
        self, messages: Iterable[MessageLikeRepresentation], *, tools: Sequence[Tool] | None = None
    ) -> int:
        binder = self.folding.binder
        sent = write_request(self.folding.fold(read_messages(messages)), merge=self.merge)
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
