"""Splice answers of Anthropic's Messages: events of content blocks, or one message. Pure."""

from __future__ import annotations

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

_TEXTS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


class MessagesSplicer(Splicer):
    """Splices messages."""

    def __init__(self) -> None:
        super().__init__()
        self._offset = 0
        self._begin()

    def _begin(self) -> None:
        self.calls = []
        self._blocks: list[dict[str, Any]] = []
        self._own: dict[int, dict[str, str]] = {}
        self._calls_client = self._is_held = False

    def feed(self, event: StreamEvent) -> list[bytes]:
        """Return what goes on to the client."""
        fields = event.fields
        if fields is None:
            return [] if self._is_held else [event.raw]
        kind, index = fields.get("type"), read_number(fields.get("index"))
        if kind == "message_start" and self.rounds:
            return []
        if kind == "content_block_start":
            self._start(read_mapping(fields.get("content_block")), index or 0)
        elif kind == "content_block_delta":
            self._add(read_mapping(fields.get("delta")), index)
        self.calls = [RecallCall(**call) for call in self._own.values()] if self._is_held else []
        if self._is_held or index in self._own:
            return []
        if index is not None:
            if kind == "content_block_start":
                self._passed += 1
            shown = self._offset + index - sum(own < index for own in self._own)
            return [event.raw] if shown == index else [event.rewrite({**fields, "index": shown})]
        return [event.raw]

    _passed = 0
    """Blocks that went on, of all answers."""

    def _start(self, block: dict[str, Any], index: int) -> None:
        if block.get("type") == "tool_use":
            if self.takes(block.get("name")):
                self._own[index] = {"id": read_text(block.get("id")), "name": block["name"], "arguments": ""}
                self._is_held = self._is_held or not self._calls_client
            elif not self._is_held:
                self._calls_client = True
        if not self._is_held:
            self._blocks.append(dict(block))

    def _add(self, delta: dict[str, Any], index: int | None) -> None:
        if index is not None and index in self._own:
            self._own[index]["arguments"] += read_text(delta.get("partial_json"))
        elif not self._is_held and self._blocks and (name := _TEXTS.get(str(delta.get("type")))):
            self._blocks[-1][name] = f"{self._blocks[-1].get(name) or ''}{delta.get(name) or ''}"

    def read_whole(self, answer: Body) -> None:
        """Read an answer that came as one."""
        blocks = list_objects(answer.get("content"))
        self._blocks = [block for block in blocks if block.get("type") != "tool_use"]
        self.calls = [
            RecallCall(
                id=read_text(block.get("id")),
                name=block["name"],
                arguments=spell_arguments(block.get("input")),
            )
            for block in blocks
            if block.get("type") == "tool_use" and self.takes(block.get("name"))
        ]

    def make_next(self, body: Body, results: Sequence[str]) -> dict[str, Any]:
        """Return what is asked next."""
        ids = name_calls(self.calls, rounds=self.rounds)
        asked = [
            {"type": "tool_use", "id": id_, "name": call.name, "input": call.given}
            for id_, call in zip(ids, self.calls, strict=True)
        ]
        told = [
            {"type": "tool_result", "tool_use_id": id_, "content": result}
            for id_, result in zip(ids, results, strict=True)
        ]
        filled = [block for block in self._blocks if block.get("text") or block.get("type") != "text"]
        self.rounds += 1
        self._offset = self._passed
        self._begin()
        said = [{"role": "assistant", "content": [*filled, *asked]}, {"role": "user", "content": told}]
        return {**body, "messages": [*body["messages"], *said]}
