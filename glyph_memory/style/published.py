"""Read the rendering configurations that Glyph's authors published."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from glyph_memory.errors import StyleError, show_value
from glyph_memory.files import exists, read_file

_BYTES_AT_MOST = 1 << 20
"""Of a configuration; published ones have a few hundred."""

_FIELDS = {
    "dpi": "dpi", "margin-x": "margin_x_pt", "margin-y": "margin_y_pt", "font-path": "font",
    "font-size": "font_size_pt", "line-height": "line_height_pt", "font-color": "font_color",
    "page-bg-color": "page_color", "para-bg-color": "paragraph_color", "para-border-color": "border_color",
    "horizontal-scale": "horizontal_scale", "first-line-indent": "first_line_indent_pt",
    "left-indent": "left_indent_pt", "right-indent": "right_indent_pt", "space-before": "space_before_pt",
    "space-after": "space_after_pt", "border-width": "border_width_pt", "border-padding": "border_padding_pt",
    "auto-crop-width": "crop_width", "auto-crop-last-page": "crop_last_page",
}  # fmt: skip


def read_glyph_json(path: Path) -> dict[str, Any]:
    """Read one of Glyph's configuration files into fields of a `PageStyle`.

    Raises:
        StyleError: It cannot be read, holds an unknown key, or a value of the wrong kind.
    """
    try:
        config = json.loads(read_file(path, at_most=_BYTES_AT_MOST).decode())
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StyleError(f"cannot read {str(path)!r} as a Glyph configuration: {reason}") from error
    if not isinstance(config, dict):
        raise StyleError(
            f"{str(path)!r} holds no JSON object; a Glyph configuration is one, with keys such as 'dpi'"
        )
    values: dict[str, Any] = {"snap_px": 1, "reference": True, "alignment": "justify", "crop_width": False,
                              "crop_last_page": False, "dpi": 72}  # fmt: skip
    for key, value in config.items():
        try:
            values |= _entry(key, value)
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise StyleError(
                f"{show_value(key)}: {show_value(value)} in {str(path)!r} cannot be used: {error!s:.400}"
            ) from error
    font = Path(str(values.get("font", "sans")))
    if font.suffix and not font.is_absolute() and exists(path.parent / font):
        values["font"] = str(path.parent / font)
    return values


def _entry(key: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the JSON holds
    if key == "page-size":
        width, height = (float(side) for side in (value.split(",") if isinstance(value, str) else value))
        return {"page_width_pt": width, "page_height_pt": height}
    if key == "alignment":
        return {"alignment": value.removeprefix("TA_").lower()}
    if key == "newline-markup":
        return {"newline_mark": re.sub(r"<[^<>]*>", "", value)}  # '<br/>' leaves no mark: a real line break
    if key not in _FIELDS:
        known = ", ".join(sorted({*_FIELDS, "page-size", "alignment", "newline-markup"}))
        raise ValueError(f"unknown key; known are {known}")
    name = _FIELDS[key]
    if name in ("font", "crop_width", "crop_last_page") or name.endswith("_color"):
        return {name: value}
    return {name: float(value)}
