"""The file of one style, such as the one that a search ended with: all its fields, as JSON.

Knows fields and files; knows nothing about what they look like.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glyph_memory.errors import StyleError, show_value
from glyph_memory.files import read_file, write_atomic
from glyph_memory.style.spelling import read_style_fields
from glyph_memory.style.typesetter import TYPESETTER

if TYPE_CHECKING:
    from glyph_memory.style.page_style import PageStyle

_FORMAT = 1
_BYTES_AT_MOST = 1 << 20


def write_style_file(path: str | Path, style: PageStyle, *, about: Mapping[str, Any]) -> None:
    """Write a style's file, whole or not at all.

    Args:
        path: Where; what is there is replaced.
        style: The style; all its fields are written, so that other defaults change nothing.
        about: Where it comes from, as plain values; read by people alone.

    Raises:
        StyleError: It cannot be written.
    """
    told = {
        "style_format": _FORMAT,
        "style_version": TYPESETTER,
        "about": dict(about),
        "style": asdict(style),
    }
    try:
        data = json.dumps(told, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")
        write_atomic(Path(path), data + b"\n", sync=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StyleError(f"cannot write {str(path)!r}: {reason}; give another place") from error


def is_style_file(path: str | Path) -> bool:
    """Return whether a file is one of a style, rather than one of Glyph's configurations."""
    try:
        return "style_format" in _read(path)
    except (OSError, ValueError, RecursionError, TypeError):
        return False


def read_style_file(path: str | Path, *, known: Collection[str]) -> dict[str, Any]:
    """Return the fields of a style's file.

    Args:
        path: The file.
        known: The fields of a style.

    Raises:
        StyleError: It cannot be read, or holds none.
    """
    try:
        told = _read(path)
        if told.get("style_format") != _FORMAT:
            raise ValueError(f"it is of format {show_value(told.get('style_format'))}, not {_FORMAT}")
        values = read_style_fields(told.get("style"))
        if unknown := values.keys() - set(known):
            raise ValueError(f"no style has {show_value(min(unknown))}")
        return values
    except (OSError, ValueError, RecursionError, TypeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StyleError(
            f"{str(path)!r} holds no style: {reason!s:.300}; give a file that glyph-memory train search wrote"
        ) from error


def _read(path: str | Path) -> dict[str, Any]:
    told = json.loads(read_file(path, at_most=_BYTES_AT_MOST))
    if not isinstance(told, dict):
        raise TypeError("it is no JSON object")
    return told
