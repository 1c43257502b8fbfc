"""LangChain's messages as turns, and turns as LangChain's messages.

Knows both, and how either is written; knows nothing about pages or agents. No message is ever changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    message_to_dict,
    messages_from_dict,
)

from glyph_memory import Message, ToolCall, Turn, warn
from langchain_glyph_memory.attached import load_block
from langchain_glyph_memory.blocks import (
    AttachedPiece,
    PicturePiece,
    join_text,
    part_block,
    picture_block,
    read_pieces,
)
from langchain_glyph_memory.citations import add_citations

Role = Literal["system", "user", "assistant", "tool"]

ROLES: Mapping[str, Role] = {
    "human": "user",
    "user": "user",
    "ai": "assistant",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "function": "tool",
}
"""What speakers are called here, by what they are called there; anybody else is a user with a name."""
_BYTES = "glyph_memory/bytes"


def turn_of(message: BaseMessage) -> Turn:
    """Return a message as a turn.

    Text blocks are put together, with what they cite behind them, pictures at hand become the turn's, other files its
    attachments, as the blocks that they are; reasoning is left out, and whatever is none of it stands in the text as a
    line of JSON. `artifact`, `additional_kwargs` and metadata stay on the message alone.

    Raises:
        TypeError: It is no message that says something, such as a `RemoveMessage`.
    """
    role, name = find_speaker(message)
    calls = list_tool_calls(message)
    found = list(read_pieces(message.content, calls=frozenset(call.id for call in calls if call.id)))
    return Turn(
        role=role,
        text=add_citations(join_text(found, between="" if role == "assistant" else "\n"), message.content),
        name=name,
        tool_calls=calls,
        tool_call_id=message.tool_call_id if isinstance(message, ToolMessage) else None,
        images=tuple(piece.data for piece in found if isinstance(piece, PicturePiece)),
        attachments=tuple(piece.attachment for piece in found if isinstance(piece, AttachedPiece)),
        id=message.id,
    )


def key_of(message: BaseMessage) -> Hashable:
    """Return a key that is cheap to compare and differs where two messages differ in content, whatever their ids."""
    content = message.content
    said = content if isinstance(content, str) else freeze(content)
    if isinstance(message, AIMessage):
        return (message.type, said, message.name, *_calls_key(message))
    if isinstance(message, ToolMessage):
        return (message.type, said, message.name, message.tool_call_id)
    role = message.role if isinstance(message, ChatMessage) else message.type
    return (role, said, message.name)


def name_of(message: BaseMessage) -> str:
    """Return a message's id, or what stands for its content where it has none."""
    return message.id or gist_of(message)


def gist_of(message: BaseMessage) -> str:
    """Return a digest of a message's content, the same in every process: some frameworks mint ids on each call."""
    said = repr((message.type, message.content, getattr(message, "tool_calls", None)))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def list_tool_calls(message: BaseMessage) -> tuple[ToolCall, ...]:
    """Return a message's tool calls: first the valid ones, then the invalid ones as the model wrote them."""
    if not isinstance(message, AIMessage):
        return ()
    calls = [
        ToolCall(name=call["name"], arguments=_json(call["args"]), id=call["id"] or "")
        for call in message.tool_calls
    ]
    calls += [
        ToolCall(name=call["name"] or "", arguments=call["args"] or "", id=call["id"] or "")
        for call in message.invalid_tool_calls
    ]
    if not calls and (legacy := message.additional_kwargs.get("function_call")):
        calls = [ToolCall(name=str(legacy.get("name")), arguments=str(legacy.get("arguments") or ""))]
    return tuple(calls)


def to_message(said: Message | Turn) -> BaseMessage:
    """Return a context's message or a turn as LangChain's message; text alone is a string."""
    content: str | list[str | dict[Any, Any]]
    if isinstance(said, Turn):
        text = [{"type": "text", "text": said.text}] if said.text else []
        beside = [*map(picture_block, said.images), *(load_block(one.block) for one in said.attachments)]
        content = [*text, *beside] if beside else said.text
        fields: dict[str, Any] = {"name": said.name, "id": said.id}
    elif said.is_text:
        content, fields = said.text, {}
    else:
        content, fields = [*map(part_block, said.parts)], {}
    if said.role == "tool":
        return ToolMessage(content, tool_call_id=said.tool_call_id or "", **fields)
    if said.role == "assistant":
        return AIMessage(content, **fields, **_lc_calls(said.tool_calls))
    kind: Callable[..., BaseMessage] = SystemMessage if said.role == "system" else HumanMessage
    return kind(content, **fields)


def to_stored_turn(message: BaseMessage) -> Turn:
    """Return a message's turn with the whole message as JSON beside it, for `message_of`.

    What JSON cannot hold, such as objects in an `artifact`, is kept as how it describes itself, with a warning.
    """
    odd: list[object] = []

    def dump_value(value: object) -> object:
        if isinstance(value, bytes):
            return {_BYTES: value.hex()}
        odd.append(value)
        return repr(value)

    origin = json.dumps(message_to_dict(message), default=dump_value)
    if odd:
        kinds = ", ".join(sorted({type(value).__name__ for value in odd}))
        warn(
            f"message {message.id!r} holds what JSON cannot keep ({kinds}); it is kept as text. "
            "Put plain values into artifact and additional_kwargs"
        )
    return replace(turn_of(message), origin=origin)


def message_of(turn: Turn) -> BaseMessage:
    """Return the message that a turn was made of, exactly; for other turns, one with the same content."""
    if not turn.origin:
        return to_message(turn)
    try:
        (message,) = messages_from_dict([json.loads(turn.origin, object_hook=_load_bytes)])
    except (ValueError, TypeError, KeyError):  # another framework's origin, or a class of somebody's own
        return to_message(turn)
    return message


def find_speaker(message: BaseMessage) -> tuple[Role, str | None]:
    """Return a message's role, and the name of who spoke where it has one.

    Raises:
        TypeError: It is no message that says something, such as a `RemoveMessage`.
    """
    kind = message.type.removesuffix("MessageChunk").lower()
    if isinstance(message, ChatMessage):
        kind = message.role.lower()
        return ROLES.get(kind, "user"), message.name or (None if kind in ROLES else message.role)
    if kind in ROLES:
        return ROLES[kind], message.name
    for known, role in _KINDS.items():  # a class of somebody's own, with a type of its own
        if isinstance(message, known):
            return role, message.name
    raise TypeError(
        f"a message of type {message.type!r} says nothing that could be shown. Apply RemoveMessages first: "
        "langgraph.graph.message.add_messages does"
    )


_KINDS: Mapping[type[BaseMessage], Role] = {
    HumanMessage: "user",
    AIMessage: "assistant",
    SystemMessage: "system",
    ToolMessage: "tool",
    FunctionMessage: "tool",
}


def _calls_key(message: AIMessage) -> Iterator[Hashable]:
    for call in message.tool_calls:
        yield call["id"]
        yield call["name"]
        yield freeze(call["args"])
    for raw in message.invalid_tool_calls:
        yield (raw["id"], raw["name"], raw["args"])
    if message.additional_kwargs and "function_call" in message.additional_kwargs:
        yield freeze(message.additional_kwargs["function_call"])


def freeze(value: object) -> Hashable:
    """Return plain values as tuples, without copying a character."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return ("dict", *value, *map(freeze, value.values()))
    if isinstance(value, list | tuple):
        return (type(value).__name__, *map(freeze, value))
    return (repr(value),)  # not the text "1" for the number


def _lc_calls(calls: tuple[ToolCall, ...]) -> dict[str, Any]:
    """Return tool calls as LangChain's fields: valid calls with arguments as objects, all others as invalid calls."""
    good, bad = list[dict[str, Any]](), list[dict[str, Any]]()
    for call in calls:
        try:
            arguments = json.loads(call.arguments or "{}")
        except ValueError:
            arguments = None
        if isinstance(arguments, dict):
            good.append({"type": "tool_call", "name": call.name, "args": arguments, "id": call.id or None})
        else:
            raw = {
                "name": call.name,
                "args": call.arguments,
                "id": call.id or None,
                "error": "no JSON object",
            }
            bad.append({"type": "invalid_tool_call", **raw})
    return {"tool_calls": good, "invalid_tool_calls": bad}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=repr)


def _load_bytes(fields: dict[str, Any]) -> Any:  # noqa: ANN401  # whatever stood there
    return bytes.fromhex(fields[_BYTES]) if fields.keys() == {_BYTES} else fields
