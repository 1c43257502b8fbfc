"""Read what a memory takes of a calibration's file. Knows JSON and versions; knows nothing about styles' fields."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from glyph_memory.errors import GlyphMemoryError, StyleError, show_value
from glyph_memory.files import read_file
from glyph_memory.style.spelling import read_style_fields
from glyph_memory.style.typesetter import TYPESETTER

CALIBRATION_FORMAT = 2
"""Of a calibration's file. 1 counted no letters, and had no part for memories."""
CALIBRATE_AGAIN = "run glyph-memory calibrate again"
"""What to do about a file that cannot be used."""
_BYTES_AT_MOST = 1 << 24


def read_calibration_file(path: str | Path) -> Any:  # noqa: ANN401 - whatever the JSON holds
    """Return what a calibration's file holds.

    Raises:
        GlyphMemoryError: It cannot be read.
        StyleError: It is no JSON.
    """
    try:
        return json.loads(read_file(path, at_most=_BYTES_AT_MOST))
    except OSError as error:
        raise GlyphMemoryError(
            f"cannot read {str(path)!r}: {error.strerror or error}; {CALIBRATE_AGAIN}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise StyleError(f"{str(path)!r} holds no calibration: {error!s:.200}; {CALIBRATE_AGAIN}") from error


def check_format(value: object, *, known: tuple[int, ...] = (CALIBRATION_FORMAT,)) -> Mapping[str, Any]:
    """Return a calibration's values.

    Args:
        value: What its file holds.
        known: Formats that can be read.

    Raises:
        StyleError: It is none, or of another version of the format or the typesetter.
    """
    if not isinstance(value, Mapping) or value.get("format") not in (1, CALIBRATION_FORMAT):
        raise StyleError(f"no calibration of format {CALIBRATION_FORMAT}; {CALIBRATE_AGAIN}")
    if value.get("style_version") != TYPESETTER:
        raise StyleError(
            f"this calibration of {show_value(value.get('model') or value.get('profile'))} is of pages of version "
            f"{show_value(value.get('style_version'))} (glyph-memory {value.get('package')}), and this package "
            f"draws version {TYPESETTER}, which may be read otherwise; {CALIBRATE_AGAIN}"
        )
    if value["format"] not in known:
        raise StyleError(
            f"this calibration of {show_value(value.get('model') or value.get('profile'))} is of format "
            f"{value['format']}, which has no part for memories; open it with Calibration.load and save it again"
        )
    return value


def read_calibrated_style(path: str | Path, kind: str | None, *, known: Collection[str]) -> dict[str, Any]:
    """Return the fields of the densest style that keeps a calibration's floor.

    Args:
        path: The calibration's file.
        kind: For which kind of text; None for all of them.
        known: The fields of a style.

    Raises:
        GlyphMemoryError: It cannot be read.
        StyleError: It is no calibration, of another version, or has no such style.
    """
    value = check_format(read_calibration_file(path))
    name = str(value.get("model") or value.get("profile"))
    try:
        limits = value["limits"]
        kinds = {str(one["kind"]): one["style"] for one in limits["kinds"]}
        if kind is not None and kind not in kinds:
            raise StyleError(tell_no_kind(name, kind, list(kinds)))
        chosen = limits["style"] if kind is None else kinds[kind]
        if chosen is None:
            raise StyleError(
                tell_no_style(name, float(value["floor"]), [kind] if kind else _find_unread(kinds))
            )
        fields = read_style_fields(chosen)
        if unknown := fields.keys() - set(known):
            raise TypeError(f"no style has {min(unknown)!r}")
        return fields
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, StyleError):
            raise
        raise StyleError(f"{str(path)!r} holds no calibration: {error!s:.200}; {CALIBRATE_AGAIN}") from error


def _find_unread(kinds: Mapping[str, object]) -> list[str]:
    return [kind for kind, style in kinds.items() if style is None]


def tell_no_kind(name: str, kind: object, kinds: list[str]) -> str:
    """Return the sentence for a kind of text that was not measured."""
    return f"this calibration of {name!r} has no kind {show_value(kind)}; it has {', '.join(kinds) or 'none'}"


def tell_no_style(name: str, floor: float, unread: list[str]) -> str:
    """Return the sentence for kinds of text of which no style keeps the floor."""
    if not unread:
        return f"this calibration of {name!r} has no kinds; {CALIBRATE_AGAIN}"
    return (
        f"no style was proven to keep the floor of {floor:.4g} for {unread[0]} with {name!r}; "
        "keep such text as text, or calibrate with a lower floor or larger letters"
    )
