"""Return what pages depend on besides their text, as one digest: two equal ones promise equal pixels."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import freetype

from glyph_memory.style import TYPESETTER, PageStyle
from glyph_memory.typesetting import shaping
from glyph_memory.typesetting.fonts import SHIPPED_FALLBACKS, FontFile, find_font, system_fallbacks

_HEAD_BYTES = 1 << 16


@lru_cache(maxsize=64)
def style_fingerprint(style: PageStyle | str) -> str:
    """Return a hex digest of a style, its fonts, the machine's fallback fonts and the drawing libraries.

    Args:
        style: The style, or the name of a preset.

    Raises:
        FontError: One of the style's fonts is missing.
    """
    style = PageStyle.of(style)
    files = [find_font(name) for name in (style.font, *style.fallback_fonts, *SHIPPED_FALLBACKS)]
    files += system_fallbacks() if style.system_fonts else []
    look = {
        name: int(value)
        if isinstance(value, float) and value.is_integer()
        else value  # 9.0 pt and 9 pt are equal
        for name, value in asdict(style).items()
        if name not in {"font", "fallback_fonts"}
    }
    parts = {
        "typesetter": TYPESETTER,
        "style": look,
        "fonts": [_identify_font(file) for file in dict.fromkeys(files)],
        "freetype": ".".join(map(str, freetype.version())),
        "harfbuzz": _find_version("uharfbuzz") if shaping.available else None,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=4096)
def _identify_font(file: FontFile) -> list[object]:
    """Return what identifies a font: its index, its file size and a hash of the file's beginning."""
    path = Path(file.path)
    try:
        with path.open("rb") as stream:
            head = hashlib.sha256(stream.read(_HEAD_BYTES)).hexdigest()
        return [file.index, path.stat().st_size, head]
    except OSError:  # listed, but gone: it draws nothing
        return [file.index, None, None]


def _find_version(package: str) -> str:
    from importlib.metadata import version  # noqa: PLC0415 - it loads a parser of e-mail

    return version(package)
