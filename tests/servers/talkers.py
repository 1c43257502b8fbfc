"""One agent's work in three spellings, asked through the vendors' own packages; what the server counted comes back.

Knows turns, the `openai` and the `anthropic` package; knows nothing about the proxy.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import anthropic
import openai

from glyph_memory.transcript import Turn

_TIMEOUT_S = 300.0
_SCHEMA: dict[str, Any] = {"type": "object", "properties": {"order": {"type": "string"}}}
_NAME, _WHAT = "look_up", "Look up an order."


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What a server counted of one request."""

    prompt_tokens: int
    """Of the prompt, cached ones included."""
    cached_tokens: int
    """Those that its prefix cache had."""
    answer_tokens: int
    """Of the answer."""
    text: str
    """The answer."""
    events: tuple[str, ...] = ()
    """The kinds of a stream's events, equal neighbours told once."""


class Talker(ABC):
    """Asks in one spelling.

    Args:
        root: The server's or the proxy's address, `/v1` left out.
        model: The model's name.
        max_tokens: The longest answer.
    """

    def __init__(self, root: str, *, model: str = "glyph", max_tokens: int = 2) -> None:
        self.root, self.model, self.max_tokens = root, model, max_tokens

    @abstractmethod
    def ask(self, turns: Sequence[Turn], *, streams: bool = False, has_tools: bool = False) -> Counted:
        """Send a history; return what was counted of it."""


class ChatTalker(Talker):
    """Chat completions, by `openai`."""

    def ask(self, turns: Sequence[Turn], *, streams: bool = False, has_tools: bool = False) -> Counted:
        """Send a history; return what was counted of it."""
        tool = {"type": "function", "function": {"name": _NAME, "description": _WHAT, "parameters": _SCHEMA}}
        asked: dict[str, Any] = {"model": self.model, "messages": [_spell_chat(turn) for turn in turns]}
        asked |= {"max_tokens": self.max_tokens, "temperature": 0}
        asked |= {"tools": [tool], "tool_choice": "none"} if has_tools else {}
        with openai.OpenAI(
            base_url=f"{self.root}/v1", api_key="none", max_retries=0, timeout=_TIMEOUT_S
        ) as client:
            if streams:
                chunks = [
                    *client.chat.completions.create(
                        **asked, stream=True, stream_options={"include_usage": True}
                    )
                ]
                usage, kinds = chunks[-1].usage, [chunk.object for chunk in chunks]
                text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
            else:
                answer = client.chat.completions.create(**asked)
                usage, text, kinds = answer.usage, answer.choices[0].message.content or "", []
        details = usage.prompt_tokens_details
        return Counted(
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=(details.cached_tokens or 0) if details else 0,
            answer_tokens=usage.completion_tokens,
            text=text,
            events=_join_equal(kinds),
        )


class ResponsesTalker(Talker):
    """Responses, by `openai`."""

    def ask(self, turns: Sequence[Turn], *, streams: bool = False, has_tools: bool = False) -> Counted:
        """Send a history; return what was counted of it."""
        tool = {"type": "function", "name": _NAME, "description": _WHAT, "parameters": _SCHEMA}
        asked: dict[str, Any] = {"model": self.model, "input": _spell_items(turns), "temperature": 0}
        asked |= {"max_output_tokens": self.max_tokens, "store": False}
        asked |= {"tools": [tool], "tool_choice": "none"} if has_tools else {}
        with openai.OpenAI(
            base_url=f"{self.root}/v1", api_key="none", max_retries=0, timeout=_TIMEOUT_S
        ) as client:
            if streams:
                events = [*client.responses.create(**asked, stream=True)]
                answer, kinds = events[-1].response, [event.type for event in events]
            else:
                answer, kinds = client.responses.create(**asked), []
        usage = answer.usage
        return Counted(
            prompt_tokens=usage.input_tokens,
            cached_tokens=usage.input_tokens_details.cached_tokens,
            answer_tokens=usage.output_tokens,
            text=answer.output_text,
            events=_join_equal(kinds),
        )


class MessagesTalker(Talker):
    """Messages, by `anthropic`."""

    def ask(self, turns: Sequence[Turn], *, streams: bool = False, has_tools: bool = False) -> Counted:
        """Send a history; return what was counted of it."""
        tool = {"name": _NAME, "description": _WHAT, "input_schema": _SCHEMA}
        system = "\n".join(turn.text for turn in turns if turn.role == "system")
        said = [_spell_message(turn) for turn in turns if turn.role != "system"]
        asked: dict[str, Any] = {"model": self.model, "messages": said, "max_tokens": self.max_tokens}
        asked |= {"system": system} if system else {}
        asked["extra_body"] = {"temperature": 0}  # the package has it no more, servers have
        asked |= {"tools": [tool], "tool_choice": {"type": "none"}} if has_tools else {}
        kinds: list[str] = []
        with anthropic.Anthropic(
            base_url=self.root, api_key="none", max_retries=0, timeout=_TIMEOUT_S
        ) as client:
            if streams:
                with client.messages.stream(**asked) as stream:
                    kinds = [event.type for event in stream]
                    answer = stream.get_final_message()
            else:
                answer = client.messages.create(**asked)
        usage = answer.usage
        cached = usage.cache_read_input_tokens or 0
        return Counted(
            prompt_tokens=usage.input_tokens + cached,
            cached_tokens=cached,
            answer_tokens=usage.output_tokens,
            text="".join(block.text for block in answer.content if block.type == "text"),
            events=_join_equal(kinds),
        )


TALKERS: tuple[type[Talker], ...] = (ChatTalker, ResponsesTalker, MessagesTalker)


def _spell_chat(turn: Turn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": turn.role, "content": turn.text}
    if turn.tool_calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in turn.tool_calls
        ]
    if turn.tool_call_id is not None:
        message["tool_call_id"] = turn.tool_call_id
    return message


def _spell_items(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for turn in turns:
        if turn.role == "tool":
            items.append(
                {"type": "function_call_output", "call_id": turn.tool_call_id, "output": turn.text or "-"}
            )
            continue
        if turn.text:
            items.append({"role": turn.role, "content": turn.text})
        for call in turn.tool_calls or ():
            names = {"call_id": call.id, "name": call.name}
            items.append({"type": "function_call", **names, "arguments": call.arguments})
    return items


def _spell_message(turn: Turn) -> dict[str, Any]:
    if turn.role == "tool":
        result = {"type": "tool_result", "tool_use_id": turn.tool_call_id, "content": turn.text}
        return {"role": "user", "content": [result]}
    blocks: list[dict[str, Any]] = [{"type": "text", "text": turn.text}] if turn.text else []
    for call in turn.tool_calls or ():
        names = {"id": call.id, "name": call.name}
        blocks.append({"type": "tool_use", **names, "input": json.loads(call.arguments or "{}")})
    return {"role": turn.role, "content": blocks}


def _join_equal(kinds: Sequence[str]) -> tuple[str, ...]:
    return tuple(kind for place, kind in enumerate(kinds) if not place or kinds[place - 1] != kind)
