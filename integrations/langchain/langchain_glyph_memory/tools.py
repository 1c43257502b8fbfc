"""`recall_tools`: two tools with which an agent finds again what was said, word for word.

Knows memories, agents' states and how results are told to a model; knows nothing about pages or requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, Unpack

from langchain.tools import ToolRuntime
from langchain_core.messages import BaseMessage
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict, Field

from glyph_memory import (
    Binder,
    Folding,
    GlyphMemory,
    PageOptionFields,
    PageOptions,
    Passage,
    RecallWriter,
    ZoomResult,
)
from langchain_glyph_memory.folding import make_folding
from langchain_glyph_memory.state import read_bookmark

RECALL, ZOOM = "recall", "zoom"

_RECALL = (
    "Search everything that was ever said in this conversation, including what stands on pages and what is no longer "
    "shown. Gives exact passages, word for word, each under a line such as [§42 user, page 3]. Use it before quoting a "
    "number, a name, a path or an identifier from a page."
)
_ZOOM = (
    "Read one turn of this conversation, or all turns of one page, exactly as they were said. Ask for an anchor as it "
    "stands on the pages, '§42', or for 'page 3'."
)
_OURS: Mapping[str, str] = {RECALL: _RECALL, ZOOM: _ZOOM}
T = TypeVar("T")

_NO_MESSAGES = "this agent's state has no messages, so there is nothing to look for"


class RecallInput(BaseModel):
    """The arguments of `recall`."""

    query: str = Field(description="Words to look for. Nothing in it is syntax; rare words find more.")
    k: int = Field(default=5, description="How many passages at the most, up to 20.")


class ZoomInput(BaseModel):
    """The arguments of `zoom`."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    what: str = Field(description="An anchor such as '§42', or a page such as 'page 3'.")
    start: int = Field(default=0, ge=0, description="Where to go on in a long text, in characters.")


def recall_tools(
    memory: GlyphMemory | None = None,
    *,
    folding: Folding[BaseMessage] | None = None,
    choose: Callable[[Mapping[str, Any]], Folding[BaseMessage]] | None = None,
    guard: Callable[[Sequence[BaseMessage], Mapping[str, Any]], Sequence[BaseMessage]] | None = None,
    options: PageOptions | None = None,
    **fields: Unpack[PageOptionFields],
) -> list[BaseTool]:
    """Return the tools `recall` and `zoom`, with which a model searches and rereads the conversation.

    Results are text, exact but for the model's special tokens and a `§42` at the beginning of a line, which are broken;
    each line of what was said is indented, so that nothing in it can pass for another turn. What an earlier recall
    gave is not found again.

    Args:
        memory: Whose turns are searched. Without one, the tools search the messages of the agent that calls them, and
            no other's: they need nothing but its state. `GlyphMemoryMiddleware(tools=True)` gives an agent those.
        folding: What numbers and folds the agent's messages, so that anchors and pages are those that its model sees:
            the middleware's `folding`. Made of the options unless given; not used where a memory is.
        choose: Gives it for an agent's state, where it depends on the model: the middleware's `choose_folding`.
        guard: Gives an agent's messages as its model is sent them, for the messages and the agent's state: where
            secrets are masked on the way.
        options: Those of the agent's pages, or its fields as keywords, where no `folding` is at hand. See
            `glyph_memory.PageOptions`.
        **fields: The fields of `PageOptions`.

    Example:
        >>> with GlyphMemory.open(":memory:") as memory:
        ...     turn = memory.add("user", "The code for the gate is 4711-B.")
        ...     recall, zoom = recall_tools(memory)
        ...     print(recall.invoke({"query": "gate code"}))
        [§1 user]
          The code for the gate is 4711-B.
    """
    options = PageOptions.merge(options, fields)
    if memory is not None:
        binder = Binder(options=memory.options)
        return _make_memory_tools(RecallWriter(binder.cleaner.clean_and_escape), memory)
    own = folding or make_folding(options)
    return _make_state_tools(
        RecallWriter(own.binder.cleaner.clean_and_escape), choose or (lambda _state: own), guard
    )


Choose = Callable[[Mapping[str, Any]], Folding[BaseMessage]]
Guard = Callable[[Sequence[BaseMessage], Mapping[str, Any]], Sequence[BaseMessage]]


def holds_recall_tools(tools: Iterable[object]) -> bool:
    """Return whether a model's tools hold both of ours, so that it may be told of them."""
    given = [*tools]
    return not find_taken_names(given) and {RECALL, ZOOM} <= {_read_tool(tool)[0] for tool in given}


def find_taken_names(tools: Iterable[object]) -> tuple[str, ...]:
    """Return the names of ours that somebody else's tools have."""
    others = {name for name, is_ours in map(_read_tool, tools) if not is_ours}
    return tuple(name for name in _OURS if name in others)


def drop_taken(tools: Iterable[T]) -> list[T]:
    """Return tools without those of ours whose names somebody else's have: servers take each name once."""
    given = [*tools]
    taken = find_taken_names(given)
    return [tool for tool in given if _read_tool(tool)[0] not in taken or not _read_tool(tool)[1]]


def _read_tool(tool: object) -> tuple[object, bool]:
    """Return a tool's name, and whether it is one of ours, which is known by its description."""
    if isinstance(tool, Mapping):
        function = tool.get("function")
        spelled = function if isinstance(function, Mapping) else tool
        name, told = spelled.get("name"), spelled.get("description")
    else:
        name = getattr(tool, "name", None) or getattr(tool, "__name__", None)
        told = getattr(tool, "description", None)
    return name, isinstance(name, str) and _OURS.get(name) == told


def _make_memory_tools(writer: RecallWriter, memory: GlyphMemory) -> list[BaseTool]:
    def recall(query: str, k: int = 5) -> str:
        return writer.recall(memory, query, k)

    async def arecall(query: str, k: int = 5) -> str:
        return await asyncio.to_thread(recall, query, k)

    def zoom(what: str, start: int = 0) -> str:
        return writer.zoom(memory, what, start)

    async def azoom(what: str, start: int = 0) -> str:
        return await asyncio.to_thread(zoom, what, start)

    return _make_tools(recall, arecall, zoom, azoom)


def _make_state_tools(writer: RecallWriter, choose: Choose, guard: Guard | None) -> list[BaseTool]:
    def recall(query: str, runtime: ToolRuntime[Any, Any], k: int = 5) -> str:
        return writer.recall(_History(choose, guard, runtime.state), query, k)

    async def arecall(query: str, runtime: ToolRuntime[Any, Any], k: int = 5) -> str:
        return await asyncio.to_thread(recall, query, runtime, k)

    def zoom(what: str, runtime: ToolRuntime[Any, Any], start: int = 0) -> str:
        return writer.zoom(_History(choose, guard, runtime.state), what, start)

    async def azoom(what: str, runtime: ToolRuntime[Any, Any], start: int = 0) -> str:
        return await asyncio.to_thread(zoom, what, runtime, start)

    return _make_tools(recall, arecall, zoom, azoom)


def _make_tools(
    recall: Callable[..., str],
    arecall: Callable[..., Awaitable[str]],
    zoom: Callable[..., str],
    azoom: Callable[..., Awaitable[str]],
) -> list[BaseTool]:
    return [
        StructuredTool.from_function(
            recall, coroutine=arecall, name=RECALL, description=_RECALL, args_schema=RecallInput
        ),
        StructuredTool.from_function(
            zoom, coroutine=azoom, name=ZOOM, description=_ZOOM, args_schema=ZoomInput
        ),
    ]


class _History:
    """An agent's messages, folded as its model sees them."""

    def __init__(
        self,
        choose: Choose,
        guard: Guard | None,
        state: Any,  # noqa: ANN401  # a dict or an object
    ) -> None:
        messages = state.get("messages") if isinstance(state, dict) else getattr(state, "messages", None)
        if messages is None:
            raise ValueError(_NO_MESSAGES)
        fields = state if isinstance(state, dict) else vars(state)
        bookmark, _ = read_bookmark(fields)
        messages = guard(messages, fields) if guard else messages
        self._folded = choose(fields).fold(messages, bookmark)

    def recall(self, query: str, k: int = 5) -> Sequence[Passage]:
        return self._folded.recall(query, k)

    def zoom(self, what: int | str) -> ZoomResult:
        return self._folded.zoom(what)
