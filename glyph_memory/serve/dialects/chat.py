"""OpenAI's chat completions: what a body of `/v1/chat/completions` says, and how a folded one is spelled.

Recent messages stay the client's own objects, with every field on them, unless something in them must not be sent as it
is. Knows nothing about HTTP or stores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from glyph_memory.context import (
    Binder,
    ImagePart,
    JoinUsers,
    PlannedMessage,
    PlannedTurn,
    RequestPlan,
    TextCleaner,
    write_turn_parts,
)
from glyph_memory.errors import TurnError
from glyph_memory.messages import read_message
from glyph_memory.readers import Usage
from glyph_memory.readers.openai.reply import read_usage
from glyph_memory.serve.dialects.blocks import (
    Block,
    BlockSpelling,
    clean_content,
    clean_last,
    holds_more_than_text,
    join_contents,
    mark_pictures,
)
from glyph_memory.serve.dialects.image_data import spell_data_url
from glyph_memory.serve.dialects.unit_cache import UnitCache
from glyph_memory.serve.dialects.units import ClientRequest, Item, Unit, name_turn
from glyph_memory.transcript import Role

_LENGTHS = ("max_completion_tokens", "max_tokens")


def _spell_text(text: str) -> Block:
    return {"type": "text", "text": text}


def _spell_image(image: ImagePart) -> Block:
    return {"type": "image_url", "image_url": {"url": spell_data_url(image)}}


SPELLING = BlockSpelling(text=_spell_text, image=_spell_image)


class ChatDialect:
    """The dialect that nearly every client and every server speaks."""

    name = "chat"
    path = "/chat/completions"
    items_key = "messages"
    hoist_pictures = True
    """Pictures of tools are shown by a user: most servers take them from nobody else."""
    join_users: JoinUsers = "beside"

    def __init__(self) -> None:
        self._units = UnitCache(_read_item)

    def read(self, body: Mapping[str, Any]) -> ClientRequest | None:
        """Return what a body says."""
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise TurnError("the body has no messages")
        units = self._units.read_all(messages, are_messages=False)
        head = tuple(takewhile(lambda unit: unit.turn.role == "system", units))
        tools = [tool for tool in _to_list(body.get("tools")) if isinstance(tool, Mapping)]
        functions = [tool["function"] for tool in tools if isinstance(tool.get("function"), Mapping)]
        given = (body.get(name) for name in _LENGTHS)
        return ClientRequest(
            body=body,
            head=head,
            units=tuple(units[len(head) :]),
            tools=tuple(tools),
            tool_names=frozenset(str(function.get("name")) for function in functions),
            output_tokens=next((one for one in given if isinstance(one, int) and one > 0), None),
        )

    def write(
        self, request: ClientRequest, plan: RequestPlan, recent: Sequence[Unit], *, binder: Binder
    ) -> dict[str, Any]:
        """Return the body that is sent."""
        cleaner = binder.cleaner
        head = [_clean_item(unit.items[0], cleaner, role="system") for unit in request.head]
        marks = binder if plan.marks_pictures else None
        told = [_write_message(planned, recent, binder, marks) for planned in plan.messages]
        return {**request.body, "messages": [*head, *told, *clean_last(request.last, cleaner)]}

    def read_usage(self, answer: Mapping[str, Any]) -> Usage | None:
        """Return what an answer or a chunk tells of tokens."""
        usage = answer.get("usage")
        return read_usage(usage) if isinstance(usage, Mapping) else None


def _read_item(item: Item) -> tuple[Unit, ...]:
    _check_item(item)
    try:
        turn = read_message(item)
    except TurnError:
        # An answer that was nothing but reasoning, or was broken off: nothing was said, and it is there all the same.
        if item.get("role") != "assistant" or item.get("content") not in (None, []):
            raise
        turn = read_message({**item, "content": ""})
    return (Unit(turn=turn, items=(item,), name=name_turn(turn)),)


def _check_item(message: object) -> None:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise TurnError("a message is no object with a role")


def _to_list(given: object) -> list[Any]:
    return given if isinstance(given, list) else []


def _write_message(
    planned: PlannedMessage, recent: Sequence[Unit], binder: Binder, marks: Binder | None
) -> Item:
    if planned.role != "user":
        (one,) = planned.turns
        return _write_own(one, recent[one.place].items[0], binder)
    items = [_write_user(one, recent[one.place].items[0], binder, marks) for one in planned.turns]
    if not items:
        return {"role": "user", "content": SPELLING.spell_content(planned.before)}
    keep = items[planned.turns.index(planned.own)] if planned.own else items[0]
    if len(items) == 1 and not planned.before:
        return keep
    said: list[str | list[Any]] = [SPELLING.spell_content(planned.before)] if planned.before else []
    said += [item.get("content") or "" for item in items]
    return {**keep, "content": join_contents(said, _spell_text)}


def _write_user(planned: PlannedTurn, item: Item, binder: Binder, marks: Binder | None) -> Item:
    """Return a user's message of a turn: the client's own, or what a user is made to tell."""
    if planned.shows != "message" or planned.parts is not None:
        content = SPELLING.spell_content(write_turn_parts(planned, binder))
        return (
            {**item, "content": content}
            if planned.shows == "message"
            else {"role": "user", "content": content}
        )
    item = _clean_item(item, binder.cleaner, role="user")
    if marks is None or not isinstance(item.get("content"), list):
        return item
    content = mark_pictures(item["content"], planned, marks, SPELLING)
    return item if content is item["content"] else {**item, "content": content}


def _write_own(planned: PlannedTurn, item: Item, binder: Binder) -> Item:
    """Return the message of an assistant, a tool or the system."""
    cleaner, turn = binder.cleaner, planned.turn
    lines = "\n".join(line for _, line in planned.unanswered if line)
    if planned.parts is not None:
        item = {**item, "content": SPELLING.spell_content(write_turn_parts(planned, binder))}
    else:
        item = _clean_item(item, cleaner, role=turn.role)
        if turn.role == "tool" and (turn.images or turn.attachments):  # a user shows them
            item = {
                **item,
                "content": [block for block in item["content"] if not holds_more_than_text(block)],
            }
        if lines:
            content = [item.get("content") or "", lines]
            item = {**item, "content": join_contents(content, _spell_text)}
    if turn.role == "tool" and planned.call_id is not None and item.get("tool_call_id") != planned.call_id:
        item = {**item, "role": "tool", "tool_call_id": planned.call_id}
    return _write_calls(planned, item, cleaner) if turn.tool_calls else item


def _write_calls(planned: PlannedTurn, item: Item, cleaner: TextCleaner) -> Item:
    """Return a message with only those calls that can be sent, cleaned; the same one where nothing changed."""
    spelled = [call for call in _to_list(item.get("tool_calls")) if isinstance(call, Mapping)]
    sent = []
    for place, id_ in planned.calls:
        call = planned.turn.tool_calls[place]
        came = spelled[place] if place < len(spelled) else {}
        function = came.get("function")
        name, arguments = cleaner.clean_and_escape(call.name), cleaner.clean_arguments(call.arguments)
        is_same = isinstance(function, Mapping) and (came.get("id"), function.get("name")) == (id_, name)
        if is_same and isinstance(function, Mapping) and function.get("arguments") == arguments:
            sent.append(came)
            continue
        changed = {"name": name, "arguments": arguments}
        changed = {**function, **changed} if isinstance(function, Mapping) else changed
        sent.append({**came, "id": id_, "type": "function", "function": changed})
    if len(sent) == len(spelled) and all(one is other for one, other in zip(sent, spelled, strict=True)):
        return item
    dropped = {"function_call", *(() if sent else ("tool_calls",))}
    kept = {name: value for name, value in item.items() if name not in dropped}
    if sent:
        return {**kept, "tool_calls": sent}
    return {**kept, "content": kept.get("content") or ""}


def _clean_item(item: Item, cleaner: TextCleaner, *, role: Role) -> Item:
    """Return a message with every text cleaned; the same one where nothing changed."""
    content, name = item.get("content"), item.get("name")
    update: dict[str, Any] = {}
    if isinstance(content, str | list) and (said := clean_content(content, cleaner, role)) is not content:
        update["content"] = said
    if isinstance(name, str) and (called := cleaner.clean_and_escape(name)) != name:
        update["name"] = called
    return {**item, **update} if update else item
