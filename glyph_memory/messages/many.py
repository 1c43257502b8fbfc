"""Read messages: find out how each is spelled, and say which one cannot be kept.

Knows the spellings, lists of messages, and bodies of requests and answers that hold some.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath

from glyph_memory.errors import TurnError
from glyph_memory.messages.anthropic import split_results
from glyph_memory.messages.check import check_turn
from glyph_memory.messages.langchain import is_langchain, translate_langchain
from glyph_memory.messages.openai import read_openai
from glyph_memory.messages.responses import is_call, is_item, is_reasoning, translate_item
from glyph_memory.messages.sharegpt import is_sharegpt, translate_sharegpt
from glyph_memory.messages.values import Fields, SupportsModelDump, show, to_fields, to_list
from glyph_memory.transcript import Transcript, Turn

AnyMessage = Turn | Mapping[str, object] | SupportsModelDump
"""A turn, or somebody else's message: a dictionary as OpenAI, Anthropic, LangChain or ShareGPT have it, or a pydantic
model that dumps one, such as the message of an OpenAI client's answer."""
AnyMessages = Iterable[AnyMessage] | AnyMessage | str
"""Many messages: any iterable of them, the body of a request such as `{"messages": […]}`, or JSON or JSON lines as a
string."""

_LISTS = ("messages", "conversations", "conversation", "input")
"""Where bodies of requests, and records of data sets, keep messages."""
_SYSTEM = ("system", "instructions")
"""Where they keep the system's, beside the messages."""
_EXPECTED = '{"role": "user", "content": "Hello."}'


def read_message(message: AnyMessage) -> Turn:
    """Return somebody else's message as a turn.

    Args:
        message: A dictionary or a pydantic model as OpenAI, Anthropic, LangChain or ShareGPT spell a message; or a
            turn, whose fields are checked.

    Raises:
        TurnError: It cannot be kept, or makes several turns; the message says which field it is and what to do.

    Example:
        >>> read_message({"role": "human", "content": [{"type": "text", "text": "Hello."}]}).text
        'Hello.'
    """
    turns = [*_read_any(message)]
    if len(turns) != 1:
        made = f"makes {len(turns)} turns" if turns else "says nothing that is kept"
        raise TurnError(f"this message {made}: {show(message)}; read_messages reads such ones")
    return turns[0]


def read_messages(messages: AnyMessages) -> Transcript:
    """Return somebody else's messages as turns.

    Text, pictures, calls and results are kept, and what cannot be drawn, such as a PDF, as an attachment; reasoning is
    left out. A message that holds results of tools beside other things becomes several turns.

    Args:
        messages: A list; the body of a request, `{"messages": […]}` or `{"conversations": […]}`; or JSON or JSON lines
            as a string. Turns may stand among them.

    Raises:
        TurnError: One cannot be kept; the message says which, which field it is, and what to do.

    Example:
        >>> talk = read_messages('{"messages": [{"role": "user", "content": "Hello."}]}')
        >>> [turn.text for turn in talk]
        ['Hello.']
    """
    return Transcript(tuple(iter_messages(messages)))


def iter_messages(messages: AnyMessages) -> Iterator[Turn]:
    """Yield turns one by one as their messages are read; see `read_messages`."""
    yield from _iterate(_parse(messages) if isinstance(messages, str) else messages)


def _iterate(messages: object) -> Iterator[Turn]:
    if isinstance(messages, Turn) or to_fields(messages) is not None:
        yield from _read_any(messages)
        return
    if isinstance(messages, str | bytes | PurePath) or not isinstance(messages, Iterable):
        raise TurnError(
            f"messages are a list such as [{_EXPECTED}], and not {show(messages)}; a memory's import_ reads a file"
        )
    last: Turn | None = None  # to which calls may belong that come as items of their own
    for number, message in enumerate(messages, 1):
        fields = None if isinstance(message, Turn) else to_fields(message)
        try:
            found = [*_read_any(message if fields is None else fields)]
        except TurnError as error:
            raise TurnError(f"message {number}{_name_speaker(fields)}: {error}") from error
        if fields is not None and is_reasoning(fields):
            continue
        if last is not None and fields is not None and is_call(fields) and len(found) == 1:
            last = replace(last, tool_calls=(*last.tool_calls, *found[0].tool_calls))
            continue
        if last is not None:
            yield last
            last = None
        if fields is not None and len(found) == 1 and found[0].role == "assistant" and "type" in fields:
            last = found[0]
        else:
            yield from found
    if last is not None:
        yield last


def _read_any(message: object) -> Iterator[Turn]:
    """Yield the turns of a turn, a message, or what holds several."""
    if isinstance(message, Turn):
        yield check_turn(message)
        return
    if isinstance(message, list):  # a line of JSON may be a whole conversation
        yield from _iterate(message)
        return
    fields = to_fields(message)
    if fields is None:
        raise TurnError(f"a message is a dictionary such as {_EXPECTED}, and not {show(message)}")
    if "role" not in fields and (held := _find_list(fields)) is not None:
        yield from _iterate(held)
        return
    if is_item(fields):
        if is_reasoning(fields):
            return
        fields = translate_item(fields)
    elif is_langchain(fields):
        fields = translate_langchain(fields)
    elif is_sharegpt(fields):
        fields = translate_sharegpt(fields)
    elif "role" not in fields:
        held_keys = ", ".join(map(repr, fields)) or "nothing"
        raise TurnError(f"there is no role (it holds {held_keys}); name who spoke: {_EXPECTED}")
    yield from map(read_openai, split_results(fields))


def _find_list(fields: Fields) -> list[object] | None:
    """Return the messages that a body holds, the system's first; None where it is no body."""
    if (choices := to_list(fields.get("choices"))) is not None:  # an answer
        if len(choices) != 1 or not (choice := to_fields(choices[0])) or "message" not in choice:
            raise TurnError(f"an answer with {len(choices)} choices is no message; give one choice's message")
        return [choice["message"]]
    held = next((held for key in _LISTS if (held := to_list(fields.get(key))) is not None), None)
    if held is None:
        return None
    system = [fields[key] for key in _SYSTEM if fields.get(key)]
    return [*({"role": "system", "content": content} for content in system), *held]


def _parse(text: str) -> list[object] | Fields:
    """Return what JSON or JSON lines hold.

    Raises:
        TurnError: It is neither.
    """
    for parse in (json.loads, _parse_lines):
        try:
            held = parse(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(held, list | Mapping) and text.strip():
            return held
    raise TurnError(
        f"{show(text)} is neither JSON nor JSON lines with messages; add(role, text) adds a text that somebody said"
    )


def _parse_lines(text: str) -> list[object]:
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def _name_speaker(fields: Fields | None) -> str:
    speaker = (
        next((fields[key] for key in ("role", "from", "type") if key in fields), None) if fields else None
    )
    return f" ({speaker})" if isinstance(speaker, str) and len(speaker) < 20 and speaker.isprintable() else ""
