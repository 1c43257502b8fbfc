"""Tool calls, in the words of every spelling."""

from __future__ import annotations

from collections.abc import Mapping

from glyph_memory.errors import TurnError
from glyph_memory.messages.values import Fields, dump_json, show, to_fields, to_list
from glyph_memory.transcript import ToolCall

_EXPECTED = 'ToolCall(name="read_log", arguments="{}", id="call-1")'
_INSIDE = ("function", "custom")
"""Where OpenAI puts a call's name and arguments."""
_ARGUMENTS = ("arguments", "args", "input", "parameters")
"""What its arguments are called: by OpenAI and us, LangChain, Anthropic, Llama."""


def read_calls(given: object) -> tuple[ToolCall, ...]:
    """Return the calls of a message's `tool_calls`; none where it is null.

    Raises:
        TurnError: It is no list of calls.
    """
    if given is None:
        return ()
    calls = to_list(given)
    if calls is None:
        if isinstance(given, str | bytes) or to_fields(given) is not None or isinstance(given, ToolCall):
            raise TurnError(f"tool_calls is {show(given)}; give a list of calls: [{_EXPECTED}]")
        try:
            calls = tuple(given)  # type: ignore[arg-type]  # any iterable; what is none is refused below
        except TypeError:
            raise TurnError(f"tool_calls is {show(given)}; give a list of calls: [{_EXPECTED}]") from None
    return tuple(map(read_call, calls))


def read_call(given: object) -> ToolCall:
    """Return a call.

    Raises:
        TurnError: It has no name, or a field of another type.
    """
    if isinstance(given, ToolCall):
        return _make_call(given.name, given.arguments, given.id)
    fields = to_fields(given)
    if fields is None:
        raise TurnError(f"tool_calls holds {show(given)}; a call is {_EXPECTED}")
    inside = next((inside for key in _INSIDE if isinstance(inside := fields.get(key), Mapping)), fields)
    arguments = next((inside[key] for key in _ARGUMENTS if key in inside), None)
    return _make_call(inside.get("name"), arguments, _find_id(fields))


def read_arguments(given: object) -> str:
    """Return a call's arguments as the model wrote them, or a dictionary as JSON; none are `{}`.

    Raises:
        TurnError: They are neither.
    """
    if isinstance(given, str):
        return given
    if given is None:
        return "{}"
    if isinstance(given, Mapping | list | tuple):
        return dump_json(given, "a tool call's arguments")
    raise TurnError(f"a tool call's arguments are {show(given)}; give JSON as a string, or a dictionary")


def _make_call(name: object, arguments: object, id_: object) -> ToolCall:
    if not isinstance(name, str):
        raise TurnError(f"a tool call's name is {show(name)}; give the tool's name as a string")
    if id_ is not None and not isinstance(id_, str):
        raise TurnError(f"a tool call's id is {show(id_)}; give a string, or leave it out")
    return ToolCall(name=name, arguments=read_arguments(arguments), id=id_ or "")


def _find_id(fields: Fields) -> object:
    """Return a call's id: the Responses API gives items one of their own, and calls another."""
    return fields.get("call_id") or fields.get("id")
