"""Anthropic's messages: what a body of `/v1/messages` says, and how a folded one is spelled.

A user's message holds results of tools beside what the user says: each is a unit of its own, and what of them is still
text becomes one message again. Knows nothing about HTTP or stores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from glyph_memory.context import Binder, ImagePart, JoinUsers, RequestPlan
from glyph_memory.errors import TurnError
from glyph_memory.messages.roles import read_role
from glyph_memory.readers import Usage
from glyph_memory.readers.openai.json_values import read_count
from glyph_memory.serve.dialects.blocks import Block, BlockSpelling, clean_last
from glyph_memory.serve.dialects.image_data import spell_base64
from glyph_memory.serve.dialects.message_drafts import MessageWriter, is_result
from glyph_memory.serve.dialects.reading import (
    list_items,
    make_unit,
    name_tools,
    read_length,
    read_turn,
)
from glyph_memory.serve.dialects.unit_cache import UnitCache
from glyph_memory.serve.dialects.units import ClientRequest, Item, Unit

_FILES = frozenset({"document", "container_upload"})
_CALLS = frozenset({"tool_use"})
_CACHED = ("cache_read_input_tokens", "cache_creation_input_tokens")


def _spell_text(text: str) -> Block:
    return {"type": "text", "text": text}


def _spell_image(image: ImagePart) -> Block:
    source = {"type": "base64", "media_type": image.media_type, "data": spell_base64(image)}
    return {"type": "image", "source": source}


SPELLING = BlockSpelling(text=_spell_text, image=_spell_image)


class MessagesDialect:
    """The dialect of Anthropic's clients, Claude Code among them; vLLM and llama.cpp speak it."""

    name = "messages"
    path = "/messages"
    items_key = "messages"
    hoist_pictures = False
    """Pictures of tools stay in their results, where this dialect has them."""
    join_users: JoinUsers = "beside"

    def __init__(self) -> None:
        self._system = UnitCache[Item](_read_system)
        self._units = UnitCache[Item](_read_message)

    def read(self, body: Mapping[str, Any]) -> ClientRequest | None:
        """Return what a body says."""
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise TurnError("the body has no messages")
        system = [unit for block in _list_system(body.get("system")) for unit in self._system.read(block)]
        units = self._units.read_all(messages)
        leading = [*takewhile(lambda unit: unit.turn.role == "system", units)]
        tools = list_items(body.get("tools"))
        return ClientRequest(
            body=body,
            head=(*system, *leading),
            units=tuple(units[len(leading) :]),
            tools=tuple(tools),
            tool_names=name_tools(tools),
            output_tokens=read_length(body.get("max_tokens")),
        )

    def write(
        self, request: ClientRequest, plan: RequestPlan, recent: Sequence[Unit], *, binder: Binder
    ) -> dict[str, Any]:
        """Return the body that is sent."""
        writer = MessageWriter(request, recent, binder, SPELLING, marks_pictures=plan.marks_pictures)
        system = writer.write_system(request.body.get("system"))
        messages = writer.write_messages(plan.messages, leading=request.head[_count_blocks(request) :])
        beside = {} if "system" not in request.body else {"system": system}
        return {**request.body, **beside, "messages": [*messages, *clean_last(request.last, binder.cleaner)]}

    def read_usage(self, answer: Mapping[str, Any]) -> Usage | None:
        """Return what an answer, its `message_start` or its `message_delta` tells of tokens.

        Anthropic's `input_tokens` are those that no cache had.
        """
        held = answer.get("message") if answer.get("type") == "message_start" else answer
        usage = held.get("usage") if isinstance(held, Mapping) else None
        if not isinstance(usage, Mapping):
            return None
        fresh, cached = (
            read_count(usage.get("input_tokens")),
            [read_count(usage.get(name)) for name in _CACHED],
        )
        return Usage(
            prompt_tokens=None if fresh is None else fresh + sum(count or 0 for count in cached),
            completion_tokens=read_count(usage.get("output_tokens")),
            cached_tokens=cached[0],
        )


def _count_blocks(request: ClientRequest) -> int:
    return len(_list_system(request.body.get("system")))


def _list_system(system: object) -> list[Item]:
    """Return the blocks of a body's `system`; a string is one."""
    if not system:
        return []
    if isinstance(system, str):
        return [_spell_text(system)]
    if not isinstance(system, list) or not all(isinstance(block, Mapping) for block in system):
        raise TurnError("system is neither a text nor blocks")
    return system


def _read_system(block: Item) -> tuple[Unit, ...]:
    return (make_unit(read_turn("system", [block], files=_FILES), [block]),)


def _check_message(message: object) -> None:
    if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
        raise TurnError("a message is no object with a role")


def _read_message(message: Item) -> tuple[Unit, ...]:
    """Return the units of a message: one for each result of a tool in it, then one for the rest."""
    _check_message(message)
    role, content = read_role(message["role"]), message.get("content")
    results = [block for block in content if is_result(block)] if isinstance(content, list) else []
    if role != "user" or not results:
        calls = _CALLS if role == "assistant" else frozenset[str]()
        return (make_unit(read_turn(role, content, files=_FILES, calls=calls), [message]),)
    units = [_read_result(block) for block in results]
    rest = [block for block in content if not is_result(block)] if isinstance(content, list) else []
    if rest:
        _check_blocks(rest)
        units.append(make_unit(read_turn("user", rest, files=_FILES), rest))
    return tuple(units)


def _read_result(block: Item) -> Unit:
    """Return the unit of a tool's result, which may be empty."""
    content = block.get("content")
    said = content if content is not None else ""
    turn = read_turn("tool", said, files=_FILES, tool_call_id=block.get("tool_use_id"))
    return make_unit(turn, [block])


def _check_blocks(blocks: Sequence[object]) -> None:
    if not all(isinstance(block, Mapping) for block in blocks):
        raise TurnError("a message with results of tools holds what is no block")
