"""`redact_message`: a message as a function of turns wants it sent; the message itself stays as it is.

Knows messages and such a function; knows nothing about pages or agents.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from glyph_memory import Redact, Turn, TurnError
from langchain_glyph_memory.messages import to_message, turn_of

_ECHOES = frozenset({"tool_calls", "function_call", "reasoning_content"})
"""Where providers repeat, beside a message's content, what stands in it."""


def find_redactions(message: BaseMessage, redact: Redact) -> dict[str, Any]:
    """Return the fields of a message that are others once it is redacted; none where nothing in it changes.

    What the function gives is spelled anew: text, then pictures, then files. Reasoning and a provider's own blocks,
    which may hold the same words, are left out of such a message.

    Raises:
        TurnError: The function gives no turn, or one of another role.
    """
    turn = turn_of(message)
    told = redact(turn)
    if not isinstance(told, Turn):
        raise TurnError(f"redact returned {type(told).__name__}; return the turn, changed or not")
    if told == turn:
        return {}
    if told.role != turn.role:
        raise TurnError(f"redact made a turn of {turn.role!r} one of {told.role!r}; leave the role as it is")
    spelled = to_message(replace(told, id=message.id))
    changes: dict[str, Any] = {
        "content": spelled.content,
        "name": told.name if message.name else message.name,
    }
    if isinstance(message, AIMessage) and isinstance(spelled, AIMessage):
        changes |= {"tool_calls": spelled.tool_calls, "invalid_tool_calls": spelled.invalid_tool_calls}
    if _ECHOES & message.additional_kwargs.keys():
        changes["additional_kwargs"] = {
            name: value for name, value in message.additional_kwargs.items() if name not in _ECHOES
        }
    return changes
