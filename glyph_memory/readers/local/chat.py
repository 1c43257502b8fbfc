"""Spell a context through a model's chat template, and find where each part of it came to stand.

Knows templates and what they refuse; knows nothing about tokens or pixels.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from glyph_memory.context import Context, Message, Text
from glyph_memory.context.messages import Part
from glyph_memory.context.wording import head_orphan, tell_unanswered
from glyph_memory.errors import ReaderRefused

Render = Callable[[list[dict[str, Any]]], str]
"""What a chat template does: takes messages as transformers spells them, and returns the prompt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spelled:
    """A context as the model's template spells it."""

    text: str
    """The prompt, with one placeholder for each image."""
    stable_chars: int
    """Where what never changes ends: after the last sealed part."""


def spell_chat(context: Context, *, render: Render, placeholder: str | None, name: str) -> Spelled:
    """Return the prompt of a context, in the first spelling that the template shows whole.

    Templates differ: some take no lists, some take nothing else, some leave out tools. So text alone is given as a
    string, then as a list, and at last calls and results are told as text.

    Args:
        context: What is asked; every picture in it is an `ImagePart`.
        render: The model's template.
        placeholder: What stands for an image in the prompt; `None` where that is not known.
        name: The model's, for errors.

    Raises:
        ReaderRefused: There are no messages, the template refuses them, or it leaves out text in every spelling.
    """
    if not context.messages:
        raise ReaderRefused("the context has no messages, so there is nothing to answer. Give one at least")
    refused: Exception | None = None
    for has_tools, is_listed in ((True, False), (True, True), (False, False), (False, True)):
        messages = context.messages if has_tools else _tell_tools(context.messages)
        try:
            text = render([_spell_message(message, is_listed=is_listed) for message in messages])
        except MemoryError:
            raise
        except Exception as error:  # templates are programs of anybody
            refused = refused or error
            continue
        places = _find_parts(text, messages, placeholder)
        if places is not None:
            return Spelled(text=text, stable_chars=_find_stable_end(messages, places))
    if refused is not None:
        raise ReaderRefused(
            f"the chat template of {name!r} refuses these messages: {str(refused).rstrip('.')}. Give another "
            "chat_template.jinja, or messages that it takes"
        ) from refused
    raise ReaderRefused(
        f"the chat template of {name!r} leaves out text of the messages. Give a chat_template.jinja that shows all"
    )


def _spell_message(message: Message, *, is_listed: bool) -> dict[str, Any]:
    """Return a message as transformers' templates read it; the arguments of a call as an object."""
    spelled: dict[str, Any] = {"role": message.role, "content": message.text}
    if is_listed or not message.is_text:
        spelled["content"] = [
            {"type": "text", "text": part.text} if isinstance(part, Text) else {"type": "image"}
            for part in message.parts
        ]
    if message.tool_calls:
        spelled["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _read_arguments(call.arguments)},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        spelled["tool_call_id"] = message.tool_call_id
    return spelled


def _read_arguments(arguments: str) -> dict[str, Any]:
    """Return a call's arguments as the object that templates walk through; what is none stands in one."""
    try:
        read = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        read = arguments
    return read if isinstance(read, dict) else {"arguments": read}


def _tell_tools(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return messages without tools: calls are lines of who made them, results are what a user says next."""
    told: list[Message] = []
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    for message in messages:
        role, parts = message.role, message.parts
        if role == "tool":
            head = head_orphan(names.get(message.tool_call_id or "", ""), is_called=True)
            role, parts = "user", (Text(head), *parts)
        lines = [tell_unanswered(call.name, call.arguments, is_answered=True) for call in message.tool_calls]
        parts = (*parts, *map(Text, lines))
        if role == "user" and told and told[-1].role == "user":
            role, parts = "user", (*told.pop().parts, *parts)
        told.append(Message(role=role, parts=_end_lines(parts)))
    return tuple(told)


def _end_lines(parts: Sequence[Part]) -> Sequence[Part]:
    """Return parts, each text on a line of its own; those without words are left out, unless there are no others."""
    filled = [part for part in parts if not isinstance(part, Text) or part.text] or [*parts]
    ended = (
        replace(part, text=f"{part.text}\n") if isinstance(part, Text) and part.text[-1:] != "\n" else part
        for part in filled[:-1]
    )
    return [*ended, *filled[-1:]]


def _find_parts(text: str, messages: Sequence[Message], placeholder: str | None) -> list[int] | None:
    """Return where each part ends in the prompt; `None` where text is missing in it, or a call.

    A part that stands before the one in front of it, as where a template puts images first, ends where that one does.
    """
    ends, at = list[int](), 0
    for message in messages:
        for part in message.parts:
            wanted = part.text.strip() if isinstance(part, Text) else placeholder
            found = text.find(wanted, at) if wanted else at
            if found >= 0:
                at = found + len(wanted or "")
            elif isinstance(part, Text) and part.text.strip() not in text:
                return None
            ends.append(at)
        for call in message.tool_calls:
            if call.name not in text[at:]:
                return None
    return ends


def _find_stable_end(messages: Sequence[Message], ends: Sequence[int]) -> int:
    """Return where the last part ends before somebody's own words; instructions are no such words."""
    parts = list(_list_parts(messages))
    stable = 0
    for (role, part), end in zip(parts, ends, strict=True):
        if role != "system" and isinstance(part, Text) and part.kind in {"said", "repeated"}:
            break
        stable = end
    return stable


def _list_parts(messages: Sequence[Message]) -> Iterator[tuple[str, Part]]:
    for message in messages:
        for part in message.parts:
            yield message.role, part
