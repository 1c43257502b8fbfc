"""`ItemWriter`: spells a plan as items of OpenAI's Responses; recent items stay the client's own.

Knows plans, items and blocks; knows nothing about bodies beside their items.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from glyph_memory.context import Binder, Parts, PlannedMessage, PlannedTurn, write_turn_parts
from glyph_memory.serve.dialects.blocks import (
    TEXTS,
    BlockSpelling,
    clean_content,
    clean_values,
    join_contents,
    mark_pictures,
    read_kind,
)
from glyph_memory.serve.dialects.items import is_call, is_message, is_reasoning
from glyph_memory.serve.dialects.units import Item, Unit
from glyph_memory.transcript import Role

Content = str | list[Any]


class ItemWriter:
    """Writes the items of one request.

    Args:
        recent: The units that stay text.
        binder: What the plan was made by.
        spelling: How blocks are spelled.
        marks_pictures: Whether pictures that came with recent turns stand between lines of ours.
    """

    def __init__(
        self, recent: Sequence[Unit], binder: Binder, spelling: BlockSpelling, *, marks_pictures: bool
    ) -> None:
        self._recent, self._binder, self._spelling = recent, binder, spelling
        self._marks_pictures = marks_pictures

    def write_head(self, unit: Unit) -> Item:
        """Return a leading item, cleaned."""
        return self._clean_item(unit.items[0], "system")

    def write_items(self, planned: Sequence[PlannedMessage]) -> Iterator[Item]:
        """Yield the items of a plan."""
        for message in planned:
            if message.role == "user":
                yield self._write_user(message)
                continue
            (one,) = message.turns
            unit = self._recent[one.place]
            if one.turn.role == "assistant":
                yield from self._write_assistant(one, unit)
            elif one.turn.role == "tool":
                yield self._write_result(one, unit.items[0])
            elif one.parts is not None and is_message(unit.items[0]):
                yield {**unit.items[0], "content": self._spelling.spell_content(one.parts)}
            else:
                yield self._clean_item(unit.items[0], one.turn.role)

    def _write_user(self, planned: PlannedMessage) -> Item:
        contents: list[Content] = [self._spelling.spell_content(planned.before)] if planned.before else []
        came = None if planned.own is None else self._recent[planned.own.place].items[0]
        contents += [self._write_told(one, self._recent[one.place].items[0]) for one in planned.turns]
        if came is not None and len(contents) == 1:
            return came if contents[0] is came.get("content") else {**came, "content": contents[0]}
        fields = came if came is not None else {"type": "message", "role": "user"}
        return {**fields, "content": join_contents(contents, self._spelling.text)}

    def _write_told(self, planned: PlannedTurn, item: Item) -> Content:
        """Return what a user's message holds of a turn."""
        if planned.shows in {"pictures", "line"} or planned.parts is not None:
            return self._spelling.spell_content(write_turn_parts(planned, self._binder))
        given = item.get("content" if is_message(item) else "output")
        if not isinstance(given, str | list):  # what only its own protocol takes is told as its turn reads
            return self._spelling.spell_content(write_turn_parts(planned, self._binder))
        content = self._mark(planned, self._clean(given, planned.turn.role))
        if planned.shows == "message":
            return content
        if isinstance(content, str):
            return f"{planned.heading}\n{content}"
        return [self._spelling.text(f"{planned.heading}\n"), *content]

    def _write_result(self, planned: PlannedTurn, item: Item) -> Item:
        """Return a tool's result; the same item where nothing changed."""
        if is_message(item):
            parts = planned.parts
            said = self._clean_item(item, "tool")
            return said if parts is None else {**item, "content": self._spelling.spell_content(parts)}
        update: dict[str, Any] = {}
        given = item.get("output")
        if planned.parts is not None:
            update["output"] = self._spelling.spell_content(planned.parts)
        elif isinstance(given, str | list):
            output = self._mark(planned, self._clean(given, "tool"))
            update |= {} if output is given else {"output": output}
        elif given is not None:
            output = clean_values(given, partial(self._binder.cleaner.format_text, role="tool"))
            update |= {} if output is given else {"output": output}
        name = "call_id" if item.get("call_id") or "id" not in item else "id"
        if planned.call_id is not None and planned.call_id != item.get(name):
            update[name] = planned.call_id
        return {**item, **update} if update else item

    def _write_assistant(self, planned: PlannedTurn, unit: Unit) -> list[Item]:
        """Return an assistant's items; its calls are those that have a result, its reasoning stays where it is."""
        written, number, ids, parts = list[Item](), 0, dict(planned.calls), planned.parts
        for item in unit.items:
            if is_call(item):
                if number in ids:
                    written.append(self._write_call(planned, unit, number, item))
                number += 1
            elif parts is not None and is_message(item):
                written.append(self._replace_text(item, parts))
                parts = ()
            elif parts != () or not is_message(item):
                written.append(self._clean_item(item, "assistant"))
        lines = [line for _, line in planned.unanswered if line]
        told = [self._spelling.spell_content(parts)] if parts else []
        told += ["\n".join(lines)] if lines else []
        if told:
            said = {
                "type": "message",
                "role": "assistant",
                "content": join_contents(told, self._spelling.text),
            }
            written.insert(_find_place(written), said)
        return written

    def _replace_text(self, item: Item, parts: Parts) -> Item:
        """Return an assistant's message that says something else, spelled as it is."""
        said = self._spelling.spell_content(parts)
        given = item.get("content")
        texts = [block for block in given if _is_text(block)] if isinstance(given, list) else []
        if not texts or not isinstance(said, str):
            return {**item, "content": said}
        return {**item, "content": [{**texts[0], TEXTS[texts[0]["type"]]: said}]}

    def _write_call(self, planned: PlannedTurn, unit: Unit, number: int, item: Item) -> Item:
        """Return a call that is clean; the same item where nothing changed."""
        call, cleaner, update = planned.turn.tool_calls[number], self._binder.cleaner, dict[str, Any]()
        came = unit.turn.tool_calls[number]
        kind = item["type"]
        if kind not in {"function_call", "custom_tool_call"}:
            update = {} if (item_ := self._clean_item(item, "assistant")) is item else dict(item_)
        elif (name := cleaner.clean_and_escape(call.name)) != item.get("name"):
            update["name"] = name
        if kind == "function_call":
            arguments = cleaner.clean_arguments(call.arguments)
            update |= {} if arguments == came.arguments else {"arguments": arguments}
        elif kind == "custom_tool_call":  # a text, and no JSON
            said = cleaner.clean_and_escape(call.arguments)
            update |= {} if said == came.arguments else {"input": said}
        if (id_ := dict(planned.calls)[number]) != (item.get("call_id") or item.get("id")):
            update["call_id"] = id_
        return {**item, **update} if update else item

    def _clean_item(self, item: Item, role: Role) -> Item:
        """Return an item with every text cleaned; the same one where nothing changed."""
        clean = partial(self._binder.cleaner.format_text, role=role)
        if not is_message(item):
            cleaned: Item = clean_values(item, clean)
            return cleaned
        content = item.get("content")
        said = self._clean(content, role) if isinstance(content, str | list) else content
        return item if said is content else {**item, "content": said}

    def _clean(self, content: Content, role: Role) -> Content:
        return clean_content(content, self._binder.cleaner, role)

    def _mark(self, planned: PlannedTurn, content: Content) -> Content:
        if not self._marks_pictures or not isinstance(content, list):
            return content
        return mark_pictures(content, planned, self._binder, self._spelling)


def _find_place(items: Sequence[Item]) -> int:
    """Return where an assistant's words go: before its first call, and the reasoning that led to it."""
    place = next((at for at, item in enumerate(items) if is_call(item)), len(items))
    while 0 < place < len(items) and is_reasoning(items[place - 1]):
        place -= 1
    return place


def _is_text(block: object) -> bool:
    return read_kind(block) in TEXTS
