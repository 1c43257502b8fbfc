"""`MessageWriter`: spells a plan as Anthropic's messages; what came in one message becomes one message again.

Knows plans and blocks; knows nothing about bodies beside their messages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from glyph_memory.context import Binder, PlannedMessage, PlannedTurn, write_turn_parts
from glyph_memory.serve.dialects.blocks import (
    BlockSpelling,
    clean_block,
    clean_content,
    join_contents,
    mark_pictures,
    read_kind,
)
from glyph_memory.serve.dialects.units import ClientRequest, Item, Unit
from glyph_memory.transcript import Role

Content = str | list[Any]
_RESULT = "tool_result"
_CALL = "tool_use"
_REASONING = frozenset({"thinking", "redacted_thinking"})


def is_result(block: object) -> bool:
    """Return whether a block is a tool's result."""
    return isinstance(block, Mapping) and block.get("type") == _RESULT


def is_call(block: object) -> bool:
    """Return whether a block is a call of a client's tool."""
    return isinstance(block, Mapping) and block.get("type") == _CALL and "name" in block


@dataclass(frozen=True, kw_only=True, slots=True)
class _Draft:
    """A message that is being written."""

    role: str
    content: Content
    message: int | None = None
    """Which of the client's user messages it is made of, and may be joined with more of; None where it is ours."""
    came: Item | None = None
    """The client's message, whose other fields it keeps."""
    is_changed: bool = True
    """Whether anything in it is not as it came."""

    def join(self, other: _Draft, spelling: BlockSpelling) -> _Draft:
        """Return one message of two."""
        blocks = [*_to_blocks(self.content, spelling), *_to_blocks(other.content, spelling)]
        changed = self.is_changed or other.is_changed
        return replace(self, content=blocks, came=self.came or other.came, is_changed=changed)

    def finish(self) -> Item:
        """Return the message: the client's own where all of it is there, and nothing else."""
        if self.came is None:
            return {"role": self.role, "content": self.content}
        given = self.came.get("content")
        is_whole = isinstance(given, str) or (isinstance(given, list) and len(given) == len(self.content))
        return self.came if is_whole and not self.is_changed else {**self.came, "content": self.content}


class MessageWriter:
    """Writes the messages of one request.

    Args:
        request: What the client asks.
        recent: The units that stay text.
        binder: What the plan was made by.
        spelling: How blocks are spelled.
        marks_pictures: Whether pictures that came with recent turns stand between lines of ours.
    """

    def __init__(
        self,
        request: ClientRequest,
        recent: Sequence[Unit],
        binder: Binder,
        spelling: BlockSpelling,
        *,
        marks_pictures: bool,
    ) -> None:
        self._given: Sequence[Item] = request.body["messages"]
        self._recent, self._binder, self._spelling = recent, binder, spelling
        self._marks_pictures = marks_pictures

    def write_system(self, system: Any) -> Any:  # noqa: ANN401  a text or blocks, as the client has it
        """Return a body's `system`, cleaned; the same one where nothing changed."""
        return self._clean(system, "system") if isinstance(system, str | list) else system

    def write_messages(self, planned: Sequence[PlannedMessage], *, leading: Sequence[Unit]) -> list[Item]:
        """Return the messages of a plan.

        Args:
            planned: What is to be sent.
            leading: The system messages before it.
        """
        drafts: list[_Draft] = []
        for one in planned:
            draft = self._write(one)
            if drafts and draft.message is not None and draft.message == drafts[-1].message:
                draft = drafts.pop().join(draft, self._spelling)
            drafts.append(draft)
        head = [self._clean_message(self._given[unit.message], "system") for unit in leading]
        return [*head, *(draft.finish() for draft in drafts)]

    def _write(self, planned: PlannedMessage) -> _Draft:
        if planned.role == "user":
            return self._write_user(planned)
        (one,) = planned.turns
        unit = self._recent[one.place]
        came = self._given[unit.message]
        if one.turn.role == "tool" and _is_piece(unit):
            block = self._write_result(one, unit.items[0])
            return _Draft(
                role="user",
                content=[block],
                message=unit.message,
                came=came,
                is_changed=block is not unit.items[0],
            )
        if one.turn.role == "assistant":
            written = self._write_assistant(one, unit, came)
        elif one.parts is not None:
            written = {**came, "content": self._spelling.spell_content(one.parts)}
        else:
            written = self._clean_message(came, one.turn.role)
        return _Draft(role=str(came["role"]), content=written["content"], came=written, is_changed=False)

    def _write_user(self, planned: PlannedMessage) -> _Draft:
        contents: list[Content] = [self._spelling.spell_content(planned.before)] if planned.before else []
        is_changed, own = bool(planned.before) or len(planned.turns) != 1, planned.own
        for one in planned.turns:
            unit = self._recent[one.place]
            given = self._find_content(unit)
            content = self._write_told(one, given)
            is_changed = is_changed or content is not given or one.shows != "message"
            contents.append(content)
        last = self._recent[planned.turns[-1].place] if planned.turns else None
        came = None if own is None else self._given[self._recent[own.place].message]
        is_joinable = last is not None and self._given[last.message].get("role") != "assistant"
        return _Draft(
            role="user",
            content=join_contents(contents, self._spelling.text) if is_changed else contents[0],
            message=last.message if last is not None and is_joinable else None,
            came=came,
            is_changed=is_changed,
        )

    def _find_content(self, unit: Unit) -> Content:
        """Return what a unit's message holds of it."""
        if not _is_piece(unit):
            content = self._given[unit.message].get("content")
        elif is_result(unit.items[0]):
            content = unit.items[0].get("content")
        else:
            return [*unit.items]
        return content if isinstance(content, str | list) else ""

    def _write_told(self, planned: PlannedTurn, content: Content) -> Content:
        """Return what a user's message holds of a turn."""
        if planned.shows in {"pictures", "line"} or planned.parts is not None:
            return self._spelling.spell_content(write_turn_parts(planned, self._binder))
        content = self._mark(planned, self._clean(content, planned.turn.role))
        if planned.shows == "message":
            return content
        if isinstance(content, str):
            return f"{planned.heading}\n{content}"
        return [self._spelling.text(f"{planned.heading}\n"), *content]

    def _write_result(self, planned: PlannedTurn, block: Item) -> Item:
        """Return a tool's result; the same block where nothing changed."""
        update: dict[str, Any] = {}
        given = block.get("content")
        if planned.parts is not None:
            update["content"] = self._spelling.spell_content(planned.parts)
        elif isinstance(given, str | list):
            content = self._mark(planned, self._clean(given, "tool"))
            update |= {} if content is given else {"content": content}
        if planned.call_id is not None and planned.call_id != block.get("tool_use_id"):
            update["tool_use_id"] = planned.call_id
        return {**block, **update} if update else block

    def _write_assistant(self, planned: PlannedTurn, unit: Unit, came: Item) -> Item:
        """Return an assistant's message; its calls are those that have a result, its thinking stays where it is."""
        lines = [line for _, line in planned.unanswered if line]
        given, parts = came["content"], planned.parts
        if isinstance(given, str):
            said = self._clean(given, "assistant") if parts is None else self._spelling.spell_content(parts)
            said = join_contents([said, "\n".join(lines)], self._spelling.text) if lines else said
            return came if said is given else {**came, "content": said}
        blocks, number, ids = list[Any](), 0, dict(planned.calls)
        shown = self._spelling.spell(parts) if parts is not None else []
        for block in given:
            if is_call(block):
                if number in ids:
                    blocks += shown
                    shown = []
                    blocks.append(self._write_call(planned, unit, number, block))
                number += 1
            elif parts is None or read_kind(block) in _REASONING:
                blocks.append(clean_block(block, partial(self._binder.cleaner.format_text, role="assistant")))
            else:
                blocks += shown
                shown = []
        blocks += shown
        if lines:
            place = next((at for at, block in enumerate(blocks) if is_call(block)), len(blocks))
            blocks.insert(place, self._spelling.text("\n".join(lines)))
        is_same = len(blocks) == len(given) and all(map(_is_same, blocks, given))
        return came if is_same else {**came, "content": blocks}

    def _write_call(self, planned: PlannedTurn, unit: Unit, number: int, block: Item) -> Item:
        """Return a call with clean arguments, which are an object; the same block where nothing changed."""
        call, cleaner, update = planned.turn.tool_calls[number], self._binder.cleaner, dict[str, Any]()
        name, arguments = cleaner.clean_and_escape(call.name), cleaner.clean_arguments(call.arguments)
        if name != block["name"]:
            update["name"] = name
        if arguments != unit.turn.tool_calls[number].arguments or not isinstance(block.get("input"), Mapping):
            update["input"] = json.loads(arguments)
        if (id_ := dict(planned.calls)[number]) != block.get("id"):
            update["id"] = id_
        return {**block, **update} if update else block

    def _clean_message(self, message: Item, role: Role) -> Item:
        content = message.get("content")
        cleaned = self._clean(content, role) if isinstance(content, str | list) else content
        return message if cleaned is content else {**message, "content": cleaned}

    def _clean(self, content: Content, role: Role) -> Content:
        return clean_content(content, self._binder.cleaner, role)

    def _mark(self, planned: PlannedTurn, content: Content) -> Content:
        if not self._marks_pictures or not isinstance(content, list):
            return content
        return mark_pictures(content, planned, self._binder, self._spelling)


def _is_piece(unit: Unit) -> bool:
    """Return whether a unit is blocks of a message, and not a whole one."""
    item = unit.items[0]
    return "role" not in item or item.get("type", "message") != "message"


def _to_blocks(content: Content, spelling: BlockSpelling) -> list[Any]:
    if isinstance(content, str):
        return [spelling.text(content)] if content else []
    return content


def _is_same(one: object, other: object) -> bool:
    return one is other
