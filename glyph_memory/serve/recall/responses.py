"""Splice answers of OpenAI's Responses: events of output items, or one response. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from glyph_memory.readers.openai.json_values import read_mapping
from glyph_memory.serve.recall.calls import RecallCall, name_calls
from glyph_memory.serve.recall.events import StreamEvent
from glyph_memory.serve.recall.splicing import Body, Splicer
from glyph_memory.serve.recall.values import (
    list_objects,
    read_number,
    read_text,
    spell_arguments,
)

_BEGINNINGS = frozenset({"response.created", "response.in_progress", "response.queued"})


class ResponsesSplicer(Splicer):
    """Splices responses. Events are numbered anew where an answer goes on, and the last one lists all that went by."""

    def __init__(self) -> None:
        super().__init__()
        self._id: object = None
        self._number = 0
        self._items: list[Any] = []
        self._begin()

    def _begin(self) -> None:
        self.calls = []
        self._offset, self._done = len(self._items), list[Any]()
        self._own: dict[int, RecallCall] = {}
        self._calls_client = self._is_held = False

    def feed(self, event: StreamEvent) -> list[bytes]:
        """Return what goes on to the client."""
        fields = event.fields
        if fields is None:
            return [] if self._is_held else [event.raw]
        kind, index = str(fields.get("type")), read_number(fields.get("output_index"))
        if index is not None:
            self._see(kind, read_mapping(fields.get("item")), index)
        self.calls = [*self._own.values()] if self._is_held else []
        if self._is_held or index in self._own or (self.rounds and kind in _BEGINNINGS):
            return []
        return [self._pass(event, fields, index)]

    def _see(self, kind: str, item: dict[str, Any], index: int) -> None:
        if item.get("type") == "function_call":
            if self.takes(item.get("name")):
                self._own[index] = _read_call(item)
                self._is_held = self._is_held or not self._calls_client
                return
            self._calls_client = self._calls_client or not self._is_held
        if item and kind == "response.output_item.done" and not self._is_held:
            self._done.append(item)

    def _pass(self, event: StreamEvent, fields: dict[str, Any], index: int | None) -> bytes:
        response = fields.get("response")
        if isinstance(response, dict) and self._id is None:
            self._id = response.get("id")
        dropped = sum(own < index for own in self._own) if index is not None else len(self._own)
        if not self.rounds and not dropped:
            self._number = read_number(fields.get("sequence_number")) or 0
            return event.raw
        self._number += 1
        changed = {**fields, "sequence_number": self._number}
        if index is not None:
            changed["output_index"] = self._offset + index - dropped
        if isinstance(response, dict):
            output = [
                item for item in list_objects(response.get("output")) if not self.takes(item.get("name"))
            ]
            changed["response"] = {**response, "id": self._id, "output": [*self._items, *output]}
        return event.rewrite(changed)

    def read_whole(self, answer: Body) -> None:
        """Read an answer that came as one."""
        items = list_objects(answer.get("output"))
        calls = [item for item in items if item.get("type") == "function_call"]
        self._done = [item for item in items if item.get("type") not in ("function_call", "custom_tool_call")]
        self.calls = [_read_call(item) for item in calls if self.takes(item.get("name"))]

    def make_next(self, body: Body, results: Sequence[str]) -> dict[str, Any]:
        """Return what is asked next."""
        given = body.get("input")
        items = [{"role": "user", "content": given}] if isinstance(given, str) else [*(given or ())]
        items += self._done
        ids = name_calls(self.calls, rounds=self.rounds)
        for id_, call, result in zip(ids, self.calls, results, strict=True):
            made = {"type": "function_call", "call_id": id_, "name": call.name}
            items.append({**made, "arguments": json.dumps(call.given)})
            items.append({"type": "function_call_output", "call_id": id_, "output": result})
        self._items += self._done
        self.rounds += 1
        self._begin()
        return {**body, "input": items}


def _read_call(item: dict[str, Any]) -> RecallCall:
    return RecallCall(
        id=read_text(item.get("call_id")),
        name=item["name"],
        arguments=spell_arguments(item.get("arguments")),
    )
