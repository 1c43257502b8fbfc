"""A style as plain values for JSON, and back. Knows fields; knows nothing about what they look like."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from glyph_memory.errors import show_value

if TYPE_CHECKING:
    from glyph_memory.style.page_style import PageStyle


def style_to_json(style: PageStyle) -> dict[str, object]:
    """Return the fields of a style that are not the default, as plain values for JSON."""
    default = type(style)()
    return {
        one.name: getattr(style, one.name)
        for one in fields(style)
        if getattr(style, one.name) != getattr(default, one.name)
    }


def read_style_fields(value: object) -> dict[str, Any]:
    """Return the fields of what `style_to_json` returned, as JSON has it.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, dict):
        raise TypeError(f"{show_value(value)} is no style")
    return {name: to_tuple(one) if isinstance(one, list) else one for name, one in value.items()}


def to_tuple(values: object) -> tuple[object, ...]:
    """Return a list of JSON as a tuple, and the lists in it.

    Raises:
        TypeError: It is no list.
    """
    if not isinstance(values, list | tuple):
        raise TypeError(f"{show_value(values)} is no list")
    return tuple(to_tuple(one) if isinstance(one, list) else one for one in values)
