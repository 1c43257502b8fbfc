"""Spell what is told as OpenTelemetry's attributes, and let nothing else pass: no text, no key, no address.

A model's name may come from a client, and a name is all that it may be. Measurements are kept for each combination of
attributes for as long as the process runs, so those have few.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from glyph_memory.telemetry.fields import FIELDS, Field

Attribute = str | int | float | bool | tuple[str, ...]

OTHER = "other"
"""Told in the place of what may not be."""
_MODEL = re.compile(r"[\w.:@+-]{1,80}(?:/[\w.:@+-]{1,80})?", re.ASCII)
_HOST = re.compile(r"[\w.:-]{1,253}", re.ASCII)
_ERROR = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}|[45]\d\d", re.ASCII)
_MODELS = 32
"""How many models measurements tell apart in a process."""
_LONGEST_PATH = 4096
_SEPARATORS = re.compile(r"[\\/]+")


def spell_attributes(fields: Mapping[str, object]) -> dict[str, Attribute]:
    """Return attributes by their names; those that are None, or of a kind that may not pass, are left out."""
    spelled = dict[str, Attribute]()
    for keyword, value in fields.items():
        field = FIELDS.get(keyword)
        if value is None or field is None:
            continue
        passed = _spell(field, value)
        if passed is not None:
            spelled[field.name] = (str(passed),) if field.is_list else passed
    return spelled


def spell_labels(fields: Mapping[str, object]) -> dict[str, Attribute]:
    """Return a measurement's attributes: as those of a span, but that only the first 32 models have names."""
    labels = spell_attributes(fields)
    name = FIELDS["model"].name
    if name in labels:
        labels[name] = _limit(str(labels[name]))
    return labels


def shorten_model(name: object) -> str:
    """Return a model's name as it may be told: that of a folder without where it lies.

    Example:
        >>> shorten_model("zai-org/Glyph"), shorten_model("/home/ada/models/glyph"), shorten_model("What is it?")
        ('zai-org/Glyph', 'glyph', 'other')
    """
    text = str(name)
    if "://" in text or len(text) > _LONGEST_PATH:
        return OTHER
    if text.startswith((".", "/", "~")) or text.count("/") > 1 or "\\" in text:
        text = next(filter(None, reversed(_SEPARATORS.split(text))), "")
    return text if _MODEL.fullmatch(text) else OTHER


def find_word(keyword: str, word: object) -> str:
    """Return a word as an attribute has it: itself where it is one that is known.

    Example:
        >>> find_word("method", "GET"), find_word("method", "BREW")
        ('GET', '_OTHER')
    """
    field = FIELDS[keyword]
    return word if isinstance(word, str) and word in field.words else field.other


def name_error(error: BaseException) -> str:
    """Return an error's class; its message may quote anything."""
    return type(error).__name__


def _spell(field: Field, value: object) -> Attribute | None:
    if field.kind == "number":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return value if is_number else None  # type: ignore[return-value]  # just looked at
    if field.kind == "flag":
        return value if isinstance(value, bool) else None
    text = str(value)
    if field.kind == "model":
        return shorten_model(text)
    if field.kind == "host":
        return text if _HOST.fullmatch(text) else OTHER
    if field.kind == "error":
        return text if _ERROR.fullmatch(text) else OTHER
    return text if text in field.words else field.other


def _limit(model: str) -> str:
    if model not in _named and len(_named) >= _MODELS:
        return OTHER
    _named[model] = None
    return model


_named: dict[str, None] = {}
