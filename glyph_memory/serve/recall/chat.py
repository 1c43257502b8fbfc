"""Splice answers of chat completions: chunks with deltas, or one object. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glyph_memory.serve.recall.calls import RecallCall
from glyph_memory.serve.recall.events import StreamEvent
from glyph_memory.serve.recall.splicing import Body, Splicer


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
        self._is_role_told = False

    def feed(self, event: StreamEvent) -> list[bytes]:
        """Return what goes on to the client."""
        if event.fields is None:
            return [] if self._mode == "held" else [event.raw]
        choice: dict[str, Any] = next(iter(event.fields.get("choices") or ()), {})
        delta = choice.get("delta") or {}
        if isinstance(content := delta.get("content"), str) and self._mode != "held":
            self._text += content
        parts = [part for part in delta.get("tool_calls") or () if isinstance(part, dict)]
        ours = [part for part in parts if self._take(part)]
        if self._mode == "through" and parts:
            self._mode = "held" if ours else "client's"
        self.calls = [RecallCall(**call) for call in self._own.values()] if self._mode == "held" else []
        if self._mode == "held":
            return []
        if ours:
            delta["tool_calls"] = [part for part in parts if part not in ours]
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
        index, function = part.get("index", 0), part.get("function") or {}
        if self.takes(function.get("name")):
            self._own[index] = {"id": str(part.get("id") or ""), "name": function["name"], "arguments": ""}
        if index not in self._own:
            return False
        self._own[index]["arguments"] += str(function.get("arguments") or "")
        return True

    def read_whole(self, answer: Body) -> None:
        """Read an answer that came as one."""
        choice: Any = next(iter(answer.get("choices") or ()), {})
        message = (choice.get("message") if isinstance(choice, dict) else None) or {}
        content = message.get("content")
        self._text = content if isinstance(content, str) else ""
        calls = [call for call in message.get("tool_calls") or () if isinstance(call, dict)]
        functions = [(call, call.get("function") or {}) for call in calls]
        self.calls = [
            RecallCall(
                id=str(call.get("id") or ""),
                name=function["name"],
                arguments=str(function.get("arguments") or ""),
            )
            for call, function in functions
            if self.takes(function.get("name"))
        ]

    def make_next(self, body: Body, results: Sequence[str]) -> dict[str, Any]:
        """Return what is asked next."""
        calls = [
            {
                "id": call.id or f"recall-{number}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments or "{}"},
            }
            for number, call in enumerate(self.calls)
        ]
        said: list[dict[str, Any]] = [{"role": "assistant", "content": self._text, "tool_calls": calls}]
        said += [
            {"role": "tool", "tool_call_id": call["id"], "content": result}
            for call, result in zip(calls, results, strict=True)
        ]
        self.rounds += 1
        self._begin()
        return {**body, "messages": [*body["messages"], *said]}
