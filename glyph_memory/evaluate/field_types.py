"""Whether the fields of a value that was read from a file hold what they are to hold. Knows annotations alone."""

from __future__ import annotations

from functools import lru_cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from glyph_memory.errors import show_value


def check_field_types(read: object) -> None:
    """Raise an error for the first field of a dataclass that holds something else than its annotation says.

    Annotations are plain types, literals, and unions of them. A whole number does for a float.

    Raises:
        ValueError: There is one.
    """
    for name, hint in _list_hints(type(read)).items():  # type: ignore[arg-type] # a class can be hashed, whatever its objects
        value = getattr(read, name)
        if not _is_of(value, hint):
            raise ValueError(f"the field {name!r} cannot be {show_value(value)}")


@lru_cache
def _list_hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _is_of(value: object, hint: Any) -> bool:  # noqa: ANN401  an annotation is anything
    if get_origin(hint) in (Union, UnionType):
        return any(_is_of(value, one) for one in get_args(hint))
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    return type(value) is hint or (hint is float and type(value) is int)
