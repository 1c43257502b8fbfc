"""Who speaks, by all the names that the spellings have for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import get_args

from glyph_memory.errors import TurnError
from glyph_memory.messages.values import show
from glyph_memory.transcript import Role

ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
}
"""Roles by the names that chat APIs and frameworks give them."""


def read_role(given: object) -> Role:
    """Return the role that a name stands for.

    Raises:
        TurnError: It stands for none.
    """
    name = given.value if isinstance(given, Enum) else given
    if isinstance(name, str) and (role := ROLES.get(name) or ROLES.get(name.lower())):
        return role
    raise TurnError(
        f"role {show(given)} is none of {', '.join(get_args(Role))}; name who spoke by one of them"
    )
