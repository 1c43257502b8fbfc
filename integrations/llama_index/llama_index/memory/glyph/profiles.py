"""A model's profile as a field of LlamaIndex components: given by name or value, told as JSON.

Knows how profiles are spelled; knows nothing about what they are for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from functools import lru_cache
from typing import Annotated, Any, cast

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import ImageRule, ModelProfile, ProfileError, ReadingLimits

_UNREADABLE = (
    "the image rule {rule} of the profile {name!r} cannot be read back from JSON; make its class a dataclass of plain "
    "values that a module has, or give the profile anew"
)


def parse_profile(value: object) -> ModelProfile:
    """Return a profile, given itself, its model's name, or its parameters as JSON.

    Raises:
        ProfileError: No such model is known, its tokenizer is gone, or the parameters are none.
    """
    match value:
        case {"name": str(name), "image_rule": str(rule)}:
            raise ProfileError(_UNREADABLE.format(name=name, rule=rule))
        case {"image_rule": {"rule": str(rule), **more}, **parameters}:
            return _build_profile(
                rule, cast("Mapping[str, Any]", more), cast("Mapping[str, Any]", parameters)
            )
        case {"name": str(name), "tokenizer": str(tokenizer)}:
            return ModelProfile.from_name(name).with_tokenizer(tokenizer)
    return ModelProfile.of(cast("str", value))  # which says what is wrong with anything else


def _dump_profile(profile: ModelProfile) -> str | dict[str, Any]:
    if profile.name in ModelProfile.names():
        known = ModelProfile.from_name(profile.name)
        if profile == known:
            return profile.name
        if profile.tokenizer is not None and profile == known.with_tokenizer(profile.tokenizer):
            return {"name": profile.name, "tokenizer": str(profile.tokenizer)}
    parameters = {field.name: getattr(profile, field.name) for field in fields(ModelProfile)}
    path = parameters["tokenizer"]
    parameters |= {"tokenizer": None if path is None else str(path)}
    parameters |= {"reading": None if profile.reading is None else profile.reading.to_json()}
    told = parameters | {"image_rule": _dump_rule(profile.image_rule)}
    try:
        if parse_profile(json.loads(json.dumps(told))) == profile:
            return told
    except (ProfileError, TypeError, ValueError):
        pass
    # A rule of somebody's own: not to be read back, but a cache's key has to tell it from all others.
    return parameters | {"image_rule": repr(profile.image_rule)}


def _dump_rule(rule: ImageRule) -> dict[str, object] | None:
    return {"rule": _name_rule(type(rule)), **asdict(rule)} if is_dataclass(rule) else None


def _name_rule(rule: type[ImageRule]) -> str:
    """Return a rule's name: that of a known model's by itself, that of another one with its module's."""
    return rule.__name__ if rule in _list_rules().values() else f"{rule.__module__}.{rule.__qualname__}"


@lru_cache
def _list_rules() -> dict[str, type[ImageRule]]:
    """Return the kinds of rules by name that the known models follow."""
    known = {type(ModelProfile.from_name(name).image_rule) for name in ModelProfile.names()}
    return {rule.__name__: rule for rule in known}


def _find_rule(name: str) -> type[ImageRule]:
    """Return a kind of rule by its name. Nothing is imported because JSON says so.

    Raises:
        ProfileError: No such rule is loaded.
    """
    if known := _list_rules().get(name):
        return known
    for rule in _list_subclasses(ImageRule):  # type: ignore[type-abstract]  # its concrete ones are looked for
        if _name_rule(rule) == name:
            return rule
    raise ProfileError(f"no image rule {name!r} is loaded; import its module first, or give the profile anew")


def _list_subclasses(kind: type[ImageRule]) -> Iterator[type[ImageRule]]:
    for below in reversed(kind.__subclasses__()):  # the newest first: a module may have been loaded again
        yield below
        yield from _list_subclasses(below)


def _build_profile(rule: str, rule_fields: Mapping[str, Any], parameters: Mapping[str, Any]) -> ModelProfile:
    kind = _find_rule(rule)
    try:
        told = {name: _to_tuples(value) for name, value in parameters.items()}
        rule_parameters = {name: _to_tuples(value) for name, value in rule_fields.items()}
        reading = parameters.get("reading")
        told |= {"reading": None if reading is None else ReadingLimits.from_json(reading), "tokenizer": None}
        made = ModelProfile(**{**told, "image_rule": kind(**rule_parameters)})
    except (TypeError, KeyError) as error:
        raise ProfileError(
            f"no model profile can be made of {dict(parameters)!r} ({error}); give one"
        ) from error
    tokenizer = parameters.get("tokenizer")
    return made if tokenizer is None else made.with_tokenizer(tokenizer)


def _to_tuples(value: object) -> Any:  # noqa: ANN401 - a profile's fields have many types; it checks them itself
    return tuple(map(_to_tuples, value)) if isinstance(value, list | tuple) else value


Profile = Annotated[
    ModelProfile,
    PlainValidator(parse_profile),
    PlainSerializer(_dump_profile),
    WithJsonSchema({"type": "string"}),
]
"""A field that holds a model's profile."""
