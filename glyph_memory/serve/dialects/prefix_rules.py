"""What clients change at every request and no model needs, put where it breaks no prefix. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from glyph_memory.serve.dialects.units import Item


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedRules:
    """A body after the rules."""

    body: Mapping[str, Any] = field(repr=False)
    """The very object that came where nothing was taken out."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What goes to the upstream as headers instead."""
    last: tuple[Item, ...] = ()
    """Trailing system messages, which are sent last."""


def apply_rules(body: Mapping[str, Any], *, dialect: str, rules: frozenset[str]) -> AppliedRules:
    """Return a body without what changes at every request."""
    return AppliedRules(body=body)
