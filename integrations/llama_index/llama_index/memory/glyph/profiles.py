"""A model's profile as a field of LlamaIndex components: given by name or value, told as JSON.

Knows how profiles are spelled; knows nothing about what they are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Annotated, Any, cast

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import ImageRule, ModelProfile, ProfileError


def parse_profile(value: object) -> ModelProfile:
    """Return a profile, given itself, its model's name, or its parameters as JSON.

    Raises:
        ProfileError: No such model is known, its tokenizer is gone, or the parameters are none.
    """
    match value:
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
    rule = type(profile.image_rule)
    if rule not in _list_rules().values():
        # A rule of somebody's own: not to be read back, but a cache's key has to tell it from all others.
        return repr(profile)
    parameters = {field.name: getattr(profile, field.name) for field in fields(ModelProfile)}
    told = parameters["tokenizer"]
    return parameters | {
        "image_rule": {"rule": rule.__name__, **_list_parameters(profile.image_rule)},
        "tokenizer": None if told is None else str(told),
    }


@lru_cache
def _list_rules() -> dict[str, type[ImageRule]]:
    """Return the kinds of rules by name that the known models follow."""
    known = {type(ModelProfile.from_name(name).image_rule) for name in ModelProfile.names()}
    return {rule.__name__: rule for rule in known}


def _list_parameters(rule: ImageRule) -> dict[str, object]:
    return asdict(cast("Any", rule))  # each of those rules is a dataclass


def _build_profile(rule: str, rule_fields: Mapping[str, Any], parameters: Mapping[str, Any]) -> ModelProfile:
    try:
        told = {name: _to_tuples(value) for name, value in parameters.items()}
        made = ModelProfile(**{**told, "image_rule": _list_rules()[rule](**rule_fields), "tokenizer": None})
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
