"""LangChain's messages as JSON: those of `messages_to_dict`, of `dumpd`, and plain ones with a type."""

from __future__ import annotations

from collections.abc import Mapping

from glyph_memory.errors import TurnError
from glyph_memory.messages.roles import ROLES
from glyph_memory.messages.values import Fields, show, to_list

_KINDS = frozenset({"human", "ai", "system", "tool", "function", "chat", "remove"})


def is_langchain(message: Fields) -> bool:
    """Return whether a message is one of LangChain's."""
    if "lc" in message and isinstance(message.get("kwargs"), Mapping):
        return True
    if "type" not in message:
        return False
    kind = _shorten_kind(message["type"])
    return kind == "chat" or ("role" not in message and kind in _KINDS)


def translate_langchain(message: Fields) -> Fields:
    """Return a message with a role and a content.

    Raises:
        TurnError: It is one that says nothing, such as a `RemoveMessage`.
    """
    inside = next(
        (held for key in ("kwargs", "data") if isinstance(held := message.get(key), Mapping)), message
    )
    path = to_list(message.get("id"))  # of a class: ["langchain", "schema", "messages", "HumanMessage"]
    kind = _shorten_kind(inside.get("type") or (path[-1] if path else message.get("type")))
    if kind == "remove" or kind not in _KINDS:
        raise TurnError(f"a LangChain message of the type {kind!r} says nothing; leave it out")
    made = {key: value for key, value in inside.items() if key != "type"}
    given = inside.get("role")
    if kind == "chat" and not isinstance(given, str):
        raise TurnError(f"role {show(given)} is no name; give who spoke as a string")
    role = given if kind == "chat" and isinstance(given, str) else kind
    if role.lower() not in ROLES:  # somebody with a name of their own
        made.setdefault("name", role)
        role = "user"
    calls = [*(to_list(inside.get("tool_calls")) or ()), *(to_list(inside.get("invalid_tool_calls")) or ())]
    more = inside.get("additional_kwargs")
    if not calls and isinstance(more, Mapping):  # as the provider gave them, in older versions alone
        calls = [*(to_list(more.get("tool_calls")) or ())]
        made["function_call"] = more.get("function_call")
    return {**made, "role": role, "tool_calls": calls}


def _shorten_kind(kind: object) -> str:
    return kind.lower().removesuffix("chunk").removesuffix("message") if isinstance(kind, str) else ""
