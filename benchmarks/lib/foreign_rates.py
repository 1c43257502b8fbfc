"""How well the nano reader reads pages of other programs, by font, rasteriser, size and resampling.

A wrong character is silent where the reader was sure of it, and a missing one where it was sure of all around it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from glyph_memory.evaluate import make_texts, rate_interval
from glyph_memory.evaluate.alignment import Alignment
from glyph_memory.evaluate.normalize import normalize_text
from glyph_memory.transcription import SURE, UNREADABLE, Transcription
from lib.foreign_pages import ForeignLook, draw_foreign_page, list_rasterisers
from lib.nano_figures import NanoFigures

FONTS = {
    "Roboto": "Roboto-Regular.ttf",
    "Carlito": "Carlito-Regular.ttf",
    "Latin Modern": "lmroman10-regular.otf",
    "Charis SIL": "CharisSIL-Regular.ttf",
    "Computer Modern": "cmunrm.ttf",
    "Liberation Serif": "LiberationSerif-Regular.ttf",
    "Open Sans": "OpenSans-Regular.ttf",
    "Lato": "Lato-Regular.ttf",
    "DejaVu Sans": "DejaVuSans.ttf",
    "Fira Code": "FiraCode-Regular.ttf",
}
"""Families by the file of each; a training is not to see the first `_HELD_OUT` of them."""
_HELD_OUT = 4
_SIZES = (9, 10, 11, 12, 13, 14)
_CHARACTERS = 1500


@dataclass(kw_only=True, slots=True)
class ForeignErrors:
    """What was read wrong on some pages."""

    pages: list[tuple[int, int]] = field(default_factory=list)
    """Of each, edits and characters."""
    silent: list[tuple[int, int]] = field(default_factory=list)
    """Of each, edits of which the reader was sure, and characters."""

    @property
    def rates(self) -> tuple[float, float]:
        """The share of characters that is wrong, and the share that is so silently."""
        total = max(1, sum(characters for _, characters in self.pages))
        return sum(edits for edits, _ in self.pages) / total, sum(edits for edits, _ in self.silent) / total


def measure_foreign(figures: NanoFigures, folder: Path, *, quick: bool = False) -> None:
    """Measure pages of other programs.

    Args:
        figures: Take what was measured.
        folder: Font files, at any depth; families that are not there are not measured.
        quick: Whether to measure few sizes.
    """
    groups = defaultdict[str, ForeignErrors](ForeignErrors)
    for names, look in _list_looks(folder, quick):
        counted = count_errors(figures.read, look)
        for name in names:
            groups[name].pages.append(counted[0])
            groups[name].silent.append(counted[1])
    for name, errors in groups.items():
        wrong, silent = errors.rates
        characters = sum(count for _, count in errors.pages)
        of = f"{characters:,} characters on {len(errors.pages)} pages"
        figures.add(
            f"other programs, {name}: wrong", "≤ 2 %", f"{wrong:.2%}", rate_interval(errors.pages), of, wrong
        )
        figures.add(
            f"other programs, {name}: wrong and sure", "≤ 0.1 %", f"{silent:.3%}",
            rate_interval(errors.silent), of, silent,
        )  # fmt: skip


def count_errors(
    read: Callable[[Image.Image], Transcription], look: ForeignLook
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the edits and characters of a page, and the silent edits and characters."""
    kinds = make_texts(["prose", "code"], characters=_CHARACTERS)
    picture, lines = draw_foreign_page("\n".join(kinds.values()), look)
    edits, silent, characters = compare(read(picture), "\n".join(lines))
    return (edits, characters), (silent, characters)


def compare(transcription: Transcription, truth: str) -> tuple[int, int, int]:
    """Return edits, silent edits and characters of a page.

    Args:
        transcription: What was read.
        truth: What stands there.
    """
    said, sure = list[str](), list[bool]()
    for line in transcription.lines:
        for character, confidence in zip(line.text, line.confidence.tolist(), strict=True):
            if not character.isspace():
                said.append(character)
                sure.append(confidence >= SURE and character != UNREADABLE)
            elif said and said[-1] != " ":
                said.append(" ")
                sure.append(confidence >= SURE)
        if said and said[-1] != " ":
            said.append(" ")
            sure.append(True)
    wanted = normalize_text(truth)
    alignment = Alignment(wanted, "".join(said).rstrip())
    near = np.array([True, *sure, True])
    silent = sum(
        bool(near[at] and near[at + 1] and not transcription.unread if kind == "delete" else near[at + 1])
        for kind, at in zip(alignment.kinds, alignment.said_at.tolist(), strict=True)
    )
    return alignment.edits, silent, len(wanted)


def _list_looks(folder: Path, quick: bool) -> Iterator[tuple[list[str], ForeignLook]]:
    """Yield looks with the names of the groups that each counts for."""
    files = {path.name: path for path in sorted(folder.rglob("*"))}
    sizes = _SIZES[::3] if quick else _SIZES
    for place, (family, name) in enumerate(FONTS.items()):
        if name not in files:
            continue
        seen = "fonts never trained on" if place < _HELD_OUT else "fonts trained on"
        for rasteriser in list_rasterisers():
            if rasteriser == "pdfium" and name.endswith(".otf"):
                continue
            look = ForeignLook(font=files[name], size_px=12, rasteriser=rasteriser)
            for size in sizes:
                yield [seen, family, rasteriser, f"{size} px"], replace(look, size_px=size)
            if rasteriser in ("pil hinted", "pdfium"):
                for scale in (0.8, 0.9, 1.15, 1.3):
                    yield [f"12 px resampled by {scale}"], replace(look, scale=scale)
                yield ["12 px blurred"], replace(look, blur_px=0.5)
                nearest = replace(look, scale=1.2, resampling=Image.Resampling.NEAREST)
                yield ["12 px resampled by 1.2 to the nearest pixel"], nearest
