"""Values of an upstream's JSON: what is of another kind than it should be counts as nothing. Pure."""

from __future__ import annotations

import json
from typing import Any


def list_objects(value: object) -> list[dict[str, Any]]:
    """Return those of a list that are objects; none where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def read_text(value: object) -> str:
    """Return a text; an empty one where it is none."""
    return value if isinstance(value, str) else ""


def read_number(value: object) -> int | None:
    """Return a whole number; None where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def spell_arguments(value: object) -> str:
    """Return a call's arguments as a text; some servers write an object in its place.

    Example:
        >>> spell_arguments({"query": "gate"}), spell_arguments(None)
        ('{"query": "gate"}', '')
    """
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)
