"""Style, policy and calibration as fields of LlamaIndex components: given by name, value or JSON, told as JSON.

Knows single options; knows nothing about components.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, cast

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import FoldPolicy, PageStyle, PolicyError, ReadingLimits


def parse_style(value: object) -> PageStyle | str | None:
    """Return a style, given itself, the name of a preset, its parameters as JSON, or None.

    Raises:
        StyleError: There is no such style, or it cannot be drawn.
    """
    match value:
        case None:
            return None
        case Mapping():
            # Any: a style checks the kind of every parameter itself.
            parameters: dict[str, Any] = {name: _to_tuples(parameter) for name, parameter in value.items()}
            return PageStyle(**parameters)
    PageStyle.of(cast("str", value))
    return cast("str", value)


def parse_policy(value: object) -> FoldPolicy | None:
    """Return a policy, given itself, None, or its parameters as JSON.

    Raises:
        PolicyError: It is no policy, or one that cannot work.
    """
    match value:
        case None | FoldPolicy():
            return value
        case Mapping():
            dials: dict[str, Any] = dict(value)  # a policy checks its dials itself
            return FoldPolicy(**dials)
    raise PolicyError(f"{value!r} is no policy; give a FoldPolicy, or None for the model's own")


def parse_calibration(value: object) -> ReadingLimits | None:
    """Return what a model was found to read, given itself, a calibration or its file's path, its JSON, or None.

    Raises:
        GlyphMemoryError: The file cannot be read.
        StyleError: It is no calibration, or of another version.
    """
    match value:
        case None:
            return None
        case Mapping():
            return ReadingLimits.from_json(value)
    return ReadingLimits.of(cast("ReadingLimits", value))


def _dump_calibration(value: ReadingLimits | None) -> dict[str, Any] | None:
    return None if value is None else value.to_json()


def _to_tuples(value: object) -> object:
    return tuple(_to_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def _dump_value(value: FoldPolicy | PageStyle | str | None) -> dict[str, Any] | str | None:
    return value if value is None or isinstance(value, str) else asdict(value)


Style = Annotated[
    PageStyle | str | None,
    PlainValidator(parse_style),
    PlainSerializer(_dump_value),
    WithJsonSchema({"type": "object"}),
]
"""A field that holds a style, a preset's name, or nothing."""

DrawnStyle = Annotated[
    PageStyle, PlainValidator(parse_style), PlainSerializer(asdict), WithJsonSchema({"type": "object"})
]
"""A field that holds the very style that pages are drawn in."""

Policy = Annotated[
    FoldPolicy | None,
    PlainValidator(parse_policy),
    PlainSerializer(_dump_value),
    WithJsonSchema({"type": "object"}),
]
"""A field that holds a policy, or nothing."""


Calibration = Annotated[
    ReadingLimits | None,
    PlainValidator(parse_calibration),
    PlainSerializer(_dump_calibration),
    WithJsonSchema({"type": "object"}),
]
"""A field that holds what a model was found to read, or nothing."""
