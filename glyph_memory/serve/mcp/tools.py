"""The tools: what each is called, what it takes and returns, and what it does with a memory.

Knows memories and results; knows nothing about how they travel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from mcp_types import CallToolResult, ContentBlock, TextContent, Tool, ToolAnnotations
from pydantic import BaseModel

from glyph_memory.context import TextCleaner
from glyph_memory.memory import GlyphMemory, RecallWriter
from glyph_memory.serve.mcp import wording
from glyph_memory.serve.mcp.arguments import (
    Arguments,
    DocumentArguments,
    IdentifierArguments,
    RecallArguments,
    RememberArguments,
    ZoomArguments,
    add_session,
)
from glyph_memory.serve.mcp.documents import Folders, draw_document
from glyph_memory.serve.mcp.results import (
    Found,
    FoundIdentifier,
    FoundIdentifiers,
    FoundPassage,
    Read,
    ReadTurn,
    Remembered,
)

_ANCHORS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryTool:
    """One tool."""

    name: str
    """What it is called."""
    title: str
    """The same for people."""
    description: str
    """What a model reads of it."""
    arguments: type[Arguments]
    """What it takes."""
    returns: type[BaseModel] | None
    """What it returns beside its content; None where there is nothing beside."""
    call: Callable[[GlyphMemory, Arguments], CallToolResult]
    """Does it."""
    writes: bool = False
    """Whether it changes the memory."""

    def describe(self) -> Tool:
        """Return the tool as clients are shown it."""
        return Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.arguments.model_json_schema(),
            output_schema=None if self.returns is None else self.returns.model_json_schema(),
            annotations=ToolAnnotations(
                title=self.title,
                read_only_hint=not self.writes,
                destructive_hint=False,
                idempotent_hint=not self.writes,
                open_world_hint=False,
            ),
        )


def make_tools(
    folders: Folders, *, session: str | None = None, read_only: bool = False
) -> dict[str, MemoryTool]:
    """Return the tools by name.

    Args:
        folders: Below which documents may be read.
        session: The session that is meant where none is named, if one may be named.
        read_only: Whether nothing may be stored.
    """

    def read(memory: GlyphMemory, given: Arguments) -> CallToolResult:
        asked = cast("DocumentArguments", given)
        return CallToolResult(content=draw_document(asked, folders=folders, profile=memory.profile))

    def take(arguments: type[Arguments]) -> type[Arguments]:
        return arguments if session is None else add_session(arguments, session)

    tools = [
        MemoryTool(
            name="remember", title="Remember a turn", description=wording.REMEMBER, call=_remember,
            arguments=take(RememberArguments), returns=Remembered, writes=True,
        ),
        MemoryTool(
            name="recall", title="Search the memory", description=wording.RECALL, call=_recall,
            arguments=take(RecallArguments), returns=Found,
        ),
        MemoryTool(
            name="zoom", title="Read a turn or a page", description=wording.ZOOM, call=_zoom,
            arguments=take(ZoomArguments), returns=Read,
        ),
        MemoryTool(
            name="identifiers", title="Look up identifiers", description=wording.IDENTIFIERS, call=_identify,
            arguments=take(IdentifierArguments), returns=FoundIdentifiers,
        ),
        # Clients that read what is beside the content may leave out the content, and so the images: nothing is there.
        MemoryTool(
            name="read_document", title="Read a document as pages", description=wording.READ_DOCUMENT, call=read,
            arguments=DocumentArguments, returns=None,
        ),
    ]  # fmt: skip
    return {tool.name: tool for tool in tools if not (read_only and tool.writes)}


def make_error(sentence: str) -> CallToolResult:
    """Return a tool's error: one line, which the model may mend its call by."""
    return CallToolResult(content=[_make_text(" ".join(sentence.split()))], is_error=True)


def _remember(memory: GlyphMemory, given: Arguments) -> CallToolResult:
    asked = cast("RememberArguments", given)
    turn = memory.add(asked.role, asked.text, name=asked.name, id=asked.id, pinned=asked.pinned)
    stored = Remembered(anchor=turn.anchor or 0)
    return _make_result(wording.describe_remembered(stored.anchor), stored)


def _recall(memory: GlyphMemory, given: Arguments) -> CallToolResult:
    asked, writer = cast("RecallArguments", given), _make_writer(memory)
    passages = writer.find(memory, asked.query, asked.k)
    found = Found(
        passages=[
            FoundPassage(
                anchor=one.anchor,
                role=one.turn.role,
                name=writer.clean(one.turn.name) if one.turn.name else None,
                time=one.turn.time.isoformat() if one.turn.time else None,
                place=one.place,
                page=one.page,
                start=one.start,
                length=len(one.turn.full_text),
                text=writer.clean(one.text),
            )
            for one in passages
        ]
    )
    return _make_result(writer.write_passages(passages, asked.query), found)


def _zoom(memory: GlyphMemory, given: Arguments) -> CallToolResult:
    asked, writer = cast("ZoomArguments", given), _make_writer(memory)
    excerpt = writer.cut(memory, asked.what, asked.start)
    turns = [
        ReadTurn(
            anchor=turn.anchor or 0,
            role=turn.role,
            name=writer.clean(turn.name) if turn.name else None,
            start=start,
            text=writer.clean(piece),
        )
        for turn, start, piece in excerpt.pieces
    ]
    rest = excerpt.stop if excerpt.stop < excerpt.total else None
    return _make_result(
        writer.write_excerpt(excerpt, asked.what), Read(turns=turns, length=excerpt.total, next_start=rest)
    )


def _identify(memory: GlyphMemory, given: Arguments) -> CallToolResult:
    asked, clean = cast("IdentifierArguments", given), _make_writer(memory).clean
    found = FoundIdentifiers(
        identifiers=[
            FoundIdentifier(
                text=clean(one.text), kind=one.kind, count=one.count, anchors=[*one.anchors[-_ANCHORS:]]
            )
            for one in memory.identifiers(asked.like, limit=asked.limit)
        ]
    )
    if not found.identifiers:
        return _make_result(wording.describe_no_identifiers(clean(asked.like)), found)
    lines = (
        f"{one.text}  ({one.kind}, {', '.join(f'§{anchor}' for anchor in one.anchors)})"
        for one in found.identifiers
    )
    return _make_result("\n".join(lines), found)


def _make_writer(memory: GlyphMemory) -> RecallWriter:
    return RecallWriter(TextCleaner(memory.profile.special_tokens).clean_and_escape)


def _make_result(text: str, beside: BaseModel) -> CallToolResult:
    content: Sequence[ContentBlock] = [_make_text(text)]
    return CallToolResult(content=[*content], structured_content=beside.model_dump(mode="json"))


def _make_text(text: str) -> TextContent:
    return TextContent(text=text)
