"""`Prices`: what a server charges, as a field of LlamaIndex components, given as a value or as JSON.

Knows how prices are spelled; chooses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import PolicyError, ServerPrices


def parse_prices(value: object) -> ServerPrices | None:
    """Return prices, given themselves, None, or as JSON.

    Raises:
        PolicyError: They are none.
    """
    if value is None or isinstance(value, ServerPrices):
        return value
    if isinstance(value, Mapping):
        return ServerPrices.from_json(value)
    raise PolicyError(f"prices={value!r} are no ServerPrices; give calibration.prices(), or None")


def _dump_value(value: ServerPrices | None) -> dict[str, object] | None:
    return None if value is None else value.to_json()


Prices = Annotated[
    ServerPrices | None,
    PlainValidator(parse_prices),
    PlainSerializer(_dump_value),
    WithJsonSchema({"type": "object"}),
]
"""A field that holds a server's prices, or nothing."""
