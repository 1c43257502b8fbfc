"""The two tools as each dialect describes tools, and when they may be offered. Knows bodies; calls nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glyph_memory.context.recall_wording import QUERY, RECALL_TOOL, START, WHAT, ZOOM_TOOL
from glyph_memory.serve.dialects.units import ClientRequest

RECALL, ZOOM = "recall", "zoom"
NAMES = frozenset({RECALL, ZOOM})

_TOOLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        RECALL,
        RECALL_TOOL,
        {
            "type": "object",
            "properties": {"query": {"type": "string", "description": QUERY}},
            "required": ["query"],
        },
    ),
    (
        ZOOM,
        ZOOM_TOOL,
        {
            "type": "object",
            "properties": {
                "what": {"type": "string", "description": WHAT},
                "start": {"type": "integer", "description": START},
            },
            "required": ["what"],
        },
    ),
)


def may_offer(request: ClientRequest) -> bool:
    """Return whether a model may be given the tools: a client's own of the same names win, and so does its choice.

    Several answers to one request are left alone: each could call other tools.
    """
    body = request.body
    choice = body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, Mapping) else choice
    return not (request.tool_names & NAMES) and kind in (None, "auto") and body.get("n") in (None, 1)


def add_tools(body: Mapping[str, Any], *, dialect: str) -> dict[str, Any]:
    """Return a body whose tools are the client's and these two, which come last."""
    own = body.get("tools")
    return {**body, "tools": [*(own if isinstance(own, list) else []), *_spell_tools(dialect)]}


def drop_tools(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body without these two, for a model that calls them again and again."""
    kept = body["tools"][: -len(_TOOLS)]
    return (
        {**body, "tools": kept} if kept else {name: value for name, value in body.items() if name != "tools"}
    )


def _spell_tools(dialect: str) -> list[dict[str, Any]]:
    if dialect == "messages":
        return [{"name": name, "description": told, "input_schema": schema} for name, told, schema in _TOOLS]
    functions = [{"name": name, "description": told, "parameters": schema} for name, told, schema in _TOOLS]
    if dialect == "responses":
        return [{"type": "function", **function} for function in functions]
    return [{"type": "function", "function": function} for function in functions]
