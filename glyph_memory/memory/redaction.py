"""`Redact`: a function that sees every turn first; and one that is made of a function of text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from glyph_memory.transcript import Attachment, ToolCall, Turn

Redact = Callable[[Turn], Turn]
"""Sees a turn, and gives what takes its place."""


def redact_texts(hide: Callable[[str], str]) -> Redact:
    """Return a function for `redact=` that hides something wherever a turn has text.

    That is in what was said, in names, in the arguments of tool calls, value by value where they are JSON, and in what
    came as attachments. Pictures are left as they are.

    Args:
        hide: Gives a text without what is to be hidden; the same text wherever there is none of it.

    Example:
        >>> redact = redact_texts(lambda text: text.replace("4711-B", "[code]"))
        >>> redact(Turn(role="user", text="The code for the gate is 4711-B.")).text
        'The code for the gate is [code].'
    """

    def redact(turn: Turn) -> Turn:
        changed = replace(
            turn,
            text=hide(turn.text),
            name=turn.name and hide(turn.name),
            tool_calls=tuple(_hide_call(call, hide) for call in turn.tool_calls),
            attachments=tuple(_hide_attachment(one, hide) for one in turn.attachments),
        )
        return turn if changed == turn else changed

    return redact


def _hide_call(call: ToolCall, hide: Callable[[str], str]) -> ToolCall:
    return replace(call, arguments=_hide_json(call.arguments, hide))


def _hide_attachment(attachment: Attachment, hide: Callable[[str], str]) -> Attachment:
    return replace(attachment, block=_hide_json(attachment.block, hide), name=hide(attachment.name))


def _hide_json(spelled: str, hide: Callable[[str], str]) -> str:
    """Return JSON with every string in it changed, keys too; what is no JSON is taken as one text."""
    try:
        held = json.loads(spelled)
    except (ValueError, RecursionError):
        return hide(spelled)
    hidden = _hide_value(held, hide)
    return (
        spelled if hidden == held else json.dumps(hidden, ensure_ascii=False)
    )  # as it was where nothing is hidden


def _hide_value(held: Any, hide: Callable[[str], str]) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(held, str):
        return hide(held)
    if isinstance(held, list):
        return [_hide_value(one, hide) for one in held]
    if isinstance(held, dict):
        return {hide(name): _hide_value(value, hide) for name, value in held.items()}
    if isinstance(held, int | float) and not isinstance(
        held, bool
    ):  # a card's number may come without quotes
        told = hide(str(held))
        return held if told == str(held) else told
    return held
