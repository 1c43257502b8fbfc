"""Styles and profiles as fields of LlamaIndex components: given by name or value, told as JSON, and read back.

Knows how they are spelled; knows nothing about what components do with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import ModelProfile, PageStyle, ProfileError, StyleError


def parse_style(value: object) -> PageStyle:
    """Return a style, given itself, the name of a preset, or its parameters as JSON.

    Raises:
        StyleError: There is no such style, or it cannot be drawn.
    """
    match value:
        case PageStyle():
            return value
        case str():
            return PageStyle.from_name(value)
        case Mapping():
            # Any: a style checks the kind of every parameter itself.
            parameters: dict[str, Any] = {name: _to_tuples(parameter) for name, parameter in value.items()}
            return PageStyle(**parameters)
    raise StyleError(f"{value!r} is no page style; give a PageStyle, or the name of a preset such as 'glyph'")


def parse_profile(value: object) -> ModelProfile:
    """Return a profile, given itself, its model's name, or name and tokenizer as JSON.

    Raises:
        ProfileError: No such model is known, or its tokenizer is gone.
    """
    match value:
        case ModelProfile():
            return value
        case str():
            return ModelProfile.from_name(value)
        case {"name": str(name), "tokenizer": str(tokenizer)}:
            return ModelProfile.from_name(name).with_tokenizer(tokenizer)
    raise ProfileError(
        f"{value!r} is no model profile; give a ModelProfile, or a model's name such as 'glyph'"
    )


def _to_tuples(value: object) -> object:
    return tuple(_to_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def _dump_profile(profile: ModelProfile) -> str | dict[str, str]:
    if profile.name in ModelProfile.names():
        known = ModelProfile.from_name(profile.name)
        if profile == known:
            return profile.name
        if profile.tokenizer is not None and profile == known.with_tokenizer(profile.tokenizer):
            return {"name": profile.name, "tokenizer": str(profile.tokenizer)}
    # Not to be read back, but a cache's key has to tell it from all others.
    return repr(profile)


Style = Annotated[
    PageStyle, PlainValidator(parse_style), PlainSerializer(asdict), WithJsonSchema({"type": "object"})
]
"""A field that holds a style."""

Profile = Annotated[
    ModelProfile,
    PlainValidator(parse_profile),
    PlainSerializer(_dump_profile),
    WithJsonSchema({"type": "string"}),
]
"""A field that holds a model's profile."""
