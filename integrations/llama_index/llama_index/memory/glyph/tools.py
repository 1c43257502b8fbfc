"""`recall_tools`: two tools with which an agent finds again what was said, word for word.

They look where the agent's memory is now: a workflow's context has a copy of the one that it was given. Knows memories,
contexts and how results are told to a model; knows nothing about pages or requests.
"""

# LlamaIndex compares annotations with its class `Context`: they must not be strings here.

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, Unpack

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import BaseModel, ConfigDict, Field, ValidationError
from llama_index.core.llms.llm import LLM
from llama_index.core.memory import BaseMemory, Memory
from llama_index.core.tools import FunctionTool
from llama_index.core.workflow import Context
from llama_index.memory.glyph.block import GlyphMemoryBlock
from llama_index.memory.glyph.chat_store import GlyphChatStore
from llama_index.memory.glyph.history import StoredHistory
from llama_index.memory.glyph.messages import turn_of
from llama_index.memory.glyph.options import find_options, get_folding
from llama_index.memory.glyph.request import fold_history

from glyph_memory import (
    Bookmark,
    Folding,
    PageOptionFields,
    PageOptions,
    Passage,
    RecallWriter,
    SearchableHistory,
    StoreError,
    Turn,
    ZoomResult,
)

_MEMORY, _RUN = "memory", "scratchpad"
"""Where LlamaIndex's agents keep their memory, and what they did since."""
_NO_MEMORY = "there is no memory to look into: run an agent with memory=, or give recall_tools(memory)"


_KINDS = {
    "query": "words to look for",
    "k": "a number",
    "what": "'§42' or 'page 7'",
    "start": "a number, 0 or more",
}


class RecallInput(BaseModel):
    """The arguments of `recall`."""

    query: str = Field(description=RecallWriter.QUERY)
    k: int = Field(default=5, description="How many passages at the most, up to 20.")


class ZoomInput(BaseModel):
    """The arguments of `zoom`."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    what: str = Field(description=RecallWriter.WHAT)
    start: int = Field(default=0, ge=0, description=RecallWriter.START)


_Input = TypeVar("_Input", RecallInput, ZoomInput)


def recall_tools(
    memory: BaseMemory | None = None,
    *,
    llm: LLM | None = None,
    options: PageOptions | None = None,
    **fields: Unpack[PageOptionFields],
) -> list[FunctionTool]:
    """Return the tools `recall` and `zoom`, with which a model searches and rereads the conversation.

    In an agent they search the memory of its run, and what it did within the run: the copy that a `Context` has, the
    one that came back from JSON, or the one that the agent made itself. `GlyphOpenAILike` tells the model of them where
    something is not shown. Results are text, exact but for special tokens and a `§42` at the beginning of a line, which
    are broken; what an earlier recall gave is not found again.

    Args:
        memory: Where to look outside an agent's run.
        llm: A `GlyphOpenAILike` whose pages are to be found by their numbers, where the memory is one of LlamaIndex's.
        options: Of its pages, where there is no such LLM; or its fields as keywords. See `glyph_memory.PageOptions`.
        **fields: The fields of `PageOptions`.

    Example:
        >>> from llama_index.memory.glyph import GlyphMemory
        >>> memory = GlyphMemory.from_defaults(profile="glyph")
        >>> memory.put(ChatMessage(role="user", content="The code for the gate is 4711-B."))
        >>> recall, zoom = recall_tools(memory)
        >>> print(recall(query="gate code"))
        [§1 user]
          The code for the gate is 4711-B.
    """
    found = find_options(llm, options, fields)

    # What a model gives is checked here: LlamaIndex checks nothing, and its errors name Python's functions.

    async def recall(
        query: object = None, k: object = None, ctx: Context | None = None, **others: object
    ) -> str:
        asked = _read_input(RecallInput, {"query": query, "k": k})
        talk = await _open_talk(ctx, memory, found)
        return await asyncio.to_thread(talk.writer.recall, talk, asked.query, asked.k)

    async def zoom(
        what: object = None, start: object = None, ctx: Context | None = None, **others: object
    ) -> str:
        asked = _read_input(ZoomInput, {"what": what, "start": start})
        talk = await _open_talk(ctx, memory, found)
        return await asyncio.to_thread(talk.writer.zoom, talk, asked.what, asked.start)

    for function in (recall, zoom):
        function.__annotations__["ctx"] = Context  # LlamaIndex knows no optional one
    return [
        FunctionTool.from_defaults(
            async_fn=recall,
            name="recall",
            description=RecallWriter.RECALL_TOOL,
            fn_schema=RecallInput,
            partial_params={"ctx": None},
        ),
        FunctionTool.from_defaults(
            async_fn=zoom,
            name="zoom",
            description=RecallWriter.ZOOM_TOOL,
            fn_schema=ZoomInput,
            partial_params={"ctx": None},
        ),
    ]


def _read_input(kind: type[_Input], given: Mapping[str, object]) -> _Input:
    """Return a tool's arguments; null is none, and unknown ones are not looked at.

    Raises:
        ValueError: One is missing or of another kind. The model is told so in one line.
    """
    try:
        return kind.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        (first, *_) = error.errors()
        name = first["loc"][0]
        takes = ", ".join(f"{key}: {_KINDS[key]}" for key in kind.model_fields)
        raise ValueError(f"the argument {name!r} is missing or of the wrong kind; give {{{takes}}}") from None


@dataclass(frozen=True, kw_only=True)
class _Talk:
    """All that was said in a conversation, for the tools."""

    histories: Sequence[SearchableHistory]
    """Where it is kept, oldest first."""
    names: Mapping[str, str]
    """The tools by the ids of their calls: LlamaIndex writes no name beside a result."""
    writer: RecallWriter

    def recall(self, query: str, k: int = 5) -> Sequence[Passage]:
        """Return the passages that fit a query, best first."""
        found = [passage for history in self.histories for passage in history.recall(query, k)]
        return [replace(passage, turn=self._name(passage.turn)) for passage in found]

    def zoom(self, what: int | str) -> ZoomResult:
        """Return the turns of an anchor or a page.

        Raises:
            StoreError: There is none.
        """
        *others, last = self.histories
        for history in others:
            try:
                return self._name_all(history.zoom(what))
            except StoreError:
                continue
        return self._name_all(last.zoom(what))

    def _name_all(self, found: ZoomResult) -> ZoomResult:
        return replace(found, turns=tuple(map(self._name, found.turns)))

    def _name(self, turn: Turn) -> Turn:
        known = self.names.get(turn.tool_call_id or "")
        return replace(turn, name=known) if turn.role == "tool" and known and not turn.name else turn


async def _open_talk(ctx: Context | None, given: BaseMemory | None, options: PageOptions) -> _Talk:
    """Return what was said: in the context's memory and, until that has it, in the agent's run."""
    held = None if ctx is None else await ctx.store.get(_MEMORY, default=None)
    since = [] if ctx is None else await ctx.store.get(_RUN, default=[])
    memory = held if isinstance(held, BaseMemory) else given
    if memory is None:
        raise ValueError(_NO_MEMORY)
    folding = _find_folding(memory, options)
    if isinstance(memory, StoredHistory) and isinstance(memory.chat_store, GlyphChatStore):
        return await asyncio.to_thread(
            _open_session, memory.chat_store, memory.chat_store_key, since, folding
        )
    messages = [*await memory.aget_all(), *since]
    mark = memory.bookmark if isinstance(memory, StoredHistory) else None
    folded = (await asyncio.to_thread(fold_history, folding, messages, mark)).folded
    return _make_talk([folded], map(turn_of, messages), folding)


def _open_session(
    store: GlyphChatStore, key: str, since: Sequence[ChatMessage], folding: Folding[ChatMessage]
) -> _Talk:
    conversation = store.conversation(key)
    turns = [*conversation.turns()]
    histories: list[SearchableHistory] = [conversation]
    if since:  # numbered on from what is kept
        last = Bookmark(highest_sealed_anchor=turns[-1].anchor or 0 if turns else 0)
        histories.append(folding.fold([*since], last))
    return _make_talk(histories, [*turns, *map(turn_of, since)], folding)


def _make_talk(
    histories: Sequence[SearchableHistory], turns: Iterable[Turn], folding: Folding[ChatMessage]
) -> _Talk:
    names = {call.id: call.name for turn in turns for call in turn.tool_calls if call.id}
    writer = RecallWriter(folding.binder.cleaner.clean_and_escape)
    return _Talk(histories=histories, names=names, writer=writer)


def _find_folding(memory: BaseMemory, options: PageOptions) -> Folding[ChatMessage]:
    """Return what numbers a memory's messages as its pages do."""
    if isinstance(memory, StoredHistory):
        return memory.folding(memory.token_limit)
    blocks = memory.memory_blocks if isinstance(memory, Memory) else []
    ours = [block for block in blocks if isinstance(block, GlyphMemoryBlock)]
    return ours[0].folding() if ours else get_folding(options)
