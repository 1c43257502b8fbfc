"""Read single values out of JSON that anyone may have written: a value that cannot be used is `None`, never an error.

Knows types and sizes; knows nothing about what a server says with them.
"""

from __future__ import annotations

import json
from typing import Any

_LONGEST_NAME = 4096
"""Characters of a model's name; some are paths."""
_LARGEST_COUNT = 10**12
"""Above this a number counts no tokens, and what is computed from it may overflow."""
_DEEPEST_TEXT = 8
"""Lists of parts inside parts; servers need two."""


def parse_json(text: str | bytes) -> object:
    """Return what a JSON text says; `None` where it is no JSON, is nested too deep, or has endless digits."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def parse_object(text: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object in a text; `None` where there is none."""
    value = parse_json(text)
    return value if isinstance(value, dict) else None


def read_mapping(value: object) -> dict[str, Any]:
    """Return a value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def read_string(value: object) -> str | None:
    """Return a value if it is a string that is not empty."""
    return value if isinstance(value, str) and value else None


def read_name(value: object) -> str | None:
    """Return a value if it can be a model's name or path: printable, and not endless."""
    name = read_string(value)
    return name if name is not None and len(name) <= _LONGEST_NAME and name.isprintable() else None


def read_flag(value: object) -> bool | None:
    """Return a value if it is true or false."""
    return value if isinstance(value, bool) else None


def read_count(value: object) -> int | None:
    """Return a value if it can be a number of tokens or images."""
    return value if type(value) is int and 0 <= value <= _LARGEST_COUNT else None


def is_content(value: object) -> bool:
    """Return whether a value can be content: a string, nothing, or a list of parts."""
    if isinstance(value, list):
        return all(isinstance(part, dict) for part in value)
    return value is None or isinstance(value, str)


def read_text(content: object, *, deepest: int = _DEEPEST_TEXT) -> str:
    """Return content as text; it is a string, `None` beside tool calls, or a list of parts."""
    if isinstance(content, list) and deepest:
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(read_text(part, deepest=deepest - 1) for part in parts)
    return content if isinstance(content, str) else ""
