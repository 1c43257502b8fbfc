"""Splice answers of chat completions: chunks with deltas, or one object. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from glyph_memory.serve.recall.calls import RecallCall, name_calls
from glyph_memory.serve.recall.events import StreamEvent
from glyph_memory.serve.recall.splicing import Body, Splicer
from glyph_memory.serve.recall.values import (
    list_objects,
    read_number,
    read_object,
    read_text,
    spell_arguments,
)


class ChatSplicer(Splicer):
    """Splices chat completions."""

    def __init__(self) -> None:
        super().__init__()
        self._id: object = None
        self._begin()

    def _begin(self) -> None:
        self.calls, self._text = [], ""
        self._own: dict[int, dict[str, str]] = {}
        self._mode = "through"
        self._at = -1

    def feed(self, event: StreamEvent) -> list[bytes]:
        """Return what goes on to the client."""
        if event.fields is None:
            return [] if self._mode == "held" else [event.raw]
        choice = _find_choice(event.fields)
        delta = read_object(choice.get("delta"))
        if self._mode != "held":
            self._text += read_text(delta.get("content"))
        parts = list_objects(delta.get("tool_calls"))
        ours = [part for part in parts if self._take(part)]
        if self._mode == "through" and parts:
            self._mode = "held" if ours else "client's"
        self.calls = [RecallCall(**call) for call in self._own.values()] if self._mode == "held" else []
        if self._mode == "held":
            return []
        if ours:
            delta["tool_calls"] = [part for part in parts if all(part is not own for own in ours)]
            return [self._pass(event, is_changed=True)] if delta["tool_calls"] else []
        return self._pass_chunk(event, delta, choice)

    def _pass_chunk(self, event: StreamEvent, delta: dict[str, Any], choice: dict[str, Any]) -> list[bytes]:
        if self.rounds and delta.get("role") and not delta.get("content") and not choice.get("finish_reason"):
            return []  # the answer began before
        return [self._pass(event, is_changed=False)]

    def _pass(self, event: StreamEvent, *, is_changed: bool) -> bytes:
        fields = event.fields or {}
        if self._id is None:
            self._id = fields.get("id")
        if self.rounds and fields.get("id") != self._id:
            return event.rewrite({**fields, "id": self._id})
        return event.rewrite(fields) if is_changed else event.raw

    def _take(self, part: dict[str, Any]) -> bool:
        """Take a part of a call if it is one of ours; return whether it is."""
        function = read_object(part.get("function"))
        name = read_text(function.get("name"))
        index = read_number(part.get("index"))
        # Some servers leave the number out: a name begins the next call, and what has none goes on with the last.
        self._at = index if index is not None else self._at + bool(name)
        if self.takes(name):
            self._own[self._at] = {"id": read_text(part.get("id")), "name": name, "arguments": ""}
        if self._at not in self._own:
            return False
        self._own[self._at]["arguments"] += spell_arguments(function.get("arguments"))
        return True

    def read_whole(self, answer: Body) -> None:
        """Read an answer that came as one."""
        message = read_object(_find_choice(answer).get("message"))
        self._text = read_text(message.get("content"))
        calls = list_objects(message.get("tool_calls"))
        functions = [(call, read_object(call.get("function"))) for call in calls]
        self.calls = [
            RecallCall(
                id=read_text(call.get("id")),
                name=function["name"],
                arguments=spell_arguments(function.get("arguments")),
            )
            for call, function in functions
            if self.takes(function.get("name"))
        ]

    def make_next(self, body: Body, results: Sequence[str]) -> dict[str, Any]:
        """Return what is asked next."""
        calls = [
            {
                "id": id_,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.given)},
            }
            for id_, call in zip(name_calls(self.calls, rounds=self.rounds), self.calls, strict=True)
        ]
        said: list[dict[str, Any]] = [{"role": "assistant", "content": self._text, "tool_calls": calls}]
        said += [
            {"role": "tool", "tool_call_id": call["id"], "content": result}
            for call, result in zip(calls, results, strict=True)
        ]
        self.rounds += 1
        self._begin()
        return {**body, "messages": [*body["messages"], *said]}


def _find_choice(answer: Body) -> dict[str, Any]:
    """Return the first choice; an empty object where there is none, as beside the last figures."""
    return next(iter(list_objects(answer.get("choices"))), {})
