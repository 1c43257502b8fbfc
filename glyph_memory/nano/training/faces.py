"""The fonts of a folder that a training draws text with, by family, and their letters' heights.

Knows font files; knows nothing about pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import freetype

from glyph_memory.nano.sight.scale import X_HEIGHT
from glyph_memory.typesetting.fonts import SHIPPED

_NEEDED = "".join(map(chr, (*range(33, 127), *map(ord, "éßü–’"))))
_ODD = re.compile(
    r"thin|hairline|extralight|ultralight|black|heavy|outline|condensed|narrow|caps|shadow|fallback", re.I
)
_SUFFIXES = (".ttf", ".otf", ".ttc")
_SEVERAL = re.compile(r" (?:\d+|Beta|Display|Light|Medium|Semibold|SemiBold|Book)\b")
SANS, MONO = str(SHIPPED / "GlyphMemorySans.ttf"), str(SHIPPED / "DejaVuSansMono.ttf")


@dataclass(frozen=True, slots=True)
class FontFace:
    """A font file to draw with."""

    path: str
    """Where it is."""
    plain: bool
    """Whether it is upright and of usual weight."""


@cache
def list_faces(folder: str) -> Mapping[str, Sequence[FontFace]]:
    """Return the text fonts in a folder, by family; those without Latin letters are left out.

    Args:
        folder: Any below it counts; empty for none.
    """
    found = dict[str, list[FontFace]]()
    for path in _list_files(folder):
        if _ODD.search(Path(path).stem) or not _has_all(path, _NEEDED):
            continue
        face = freetype.Face(path)
        family = _SEVERAL.sub("", face.family_name.decode("ascii", "ignore")).strip()
        style = face.style_name.decode("ascii", "ignore").lower()
        plain = any(word in style for word in ("regular", "book", "roman", "medium"))
        found.setdefault(family, []).append(FontFace(path, plain and "italic" not in style))
    return dict(sorted(found.items()))


def choose_face(random: Random, folder: str) -> str:
    """Choose a font file: of a folder's families, or one of the package's own where there are none."""
    families = list(list_faces(folder).values())
    if not families or random.random() < 0.12:
        return random.choice((SANS, SANS, MONO))
    faces = random.choice(families)
    plain = [face for face in faces if face.plain]
    return random.choice(plain if plain and random.random() < 0.75 else faces).path


@cache
def list_asian_faces(folder: str) -> tuple[str, ...]:
    """Return the fonts in a folder that have Chinese and Japanese characters."""
    return tuple(path for path in _list_files(folder) if _has_all(path, "中の語"))


@cache
def list_picture_faces(folder: str) -> tuple[str, ...]:
    """Return the fonts that stand in for characters which others lack: the package's own, and those with emoji."""
    return (SANS, MONO, *(path for path in _list_files(folder) if _has_all(path, "\N{FIRE}")))


@cache
def measure_height(path: str) -> float:
    """Return what small letters' height is to that of the package's own font, at the same size."""
    face = freetype.Face(path)
    face.load_char("x", freetype.FT_LOAD_NO_SCALE)
    return float(face.glyph.outline.get_bbox().yMax / face.units_per_EM / X_HEIGHT)


@cache
def _list_files(folder: str) -> tuple[str, ...]:
    files = sorted(Path(folder).rglob("*")) if folder else []
    return tuple(str(file) for file in files if file.suffix.lower() in _SUFFIXES)


def _has_all(path: str, characters: str) -> bool:
    face = freetype.Face(path)
    return bool(face.is_scalable and all(map(face.get_char_index, characters)))
