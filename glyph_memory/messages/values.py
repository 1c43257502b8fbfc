"""Plain values: a mapping from whatever holds a message, and how values are named in errors. Knows no message."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from glyph_memory.errors import TurnError, show_value

Fields = Mapping[str, object]
"""A message, or a part of one, as a dictionary."""


_LONGEST_ID = 64
"""Bits of an id that is a number."""


class SupportsModelDump(Protocol):
    """A pydantic model, such as the message of an OpenAI client's answer."""

    def model_dump(self) -> dict[str, object]:
        """Return its fields as a dictionary."""
        ...


def to_fields(held: object) -> Fields | None:
    """Return a dictionary, or a pydantic model's; None for anything else."""
    if isinstance(held, dict):  # nearly always, and much cheaper to tell than the others
        return held
    if isinstance(held, Mapping):
        return held
    dump = getattr(held, "model_dump", None)
    if dump is None or isinstance(held, type):
        return None
    fields = dump()
    return fields if isinstance(fields, Mapping) else None


def to_list(held: object) -> Sequence[object] | None:
    """Return a list or a tuple; None for anything else, a text and bytes included."""
    return held if isinstance(held, list | tuple) else None


def is_among(held: object, names: frozenset[str]) -> bool:
    """Return whether a value is one of some names; False for one that cannot be looked up in a set, such as a list."""
    return isinstance(held, str) and held in names


def name_number(id_: object) -> object:
    """Return an id that is a number as its digits, and any other as it is; Python spells no number that is too long."""
    return str(id_) if type(id_) is int and id_.bit_length() <= _LONGEST_ID else id_


def show(value: object) -> str:
    """Return a value for an error: its `repr`, cut, and its type where that is not plain."""
    shown = show_value(value)
    return shown if value is None or isinstance(value, str) else f"{shown} ({type(value).__name__})"


def dump_json(value: object, what: str) -> str:
    """Return a value as JSON.

    Raises:
        TurnError: It holds what JSON cannot.
    """
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise TurnError(f"{what} is {show(value)}, which is no JSON ({error}); give plain values") from error
