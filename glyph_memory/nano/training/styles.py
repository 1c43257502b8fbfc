"""Throw dice for how a page looks: often the default style, else presets, fonts, sizes and pitches at random."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

from glyph_memory.errors import StyleError
from glyph_memory.nano.training.faces import choose_face, list_faces
from glyph_memory.style import PageStyle
from glyph_memory.typesetting.fonts import installed_fonts

_FAMILIES = (
    "DejaVu Sans", "DejaVu Sans Mono", "Liberation Sans", "Liberation Mono", "Liberation Serif", "Verdana", "Arial",
    "Noto Sans", "Noto Sans Mono", "Courier New", "Times New Roman",
)  # fmt: skip

_PRESETS = ("glyph", "document", "web", "dark", "code", "pixel", "pixel")


def choose_style(random: Random, fonts: str = "") -> PageStyle:
    """Choose a style at random; about two thirds of all are the default one.

    Args:
        random: Decides.
        fonts: Folder of fonts to draw with, besides those that are installed.
    """
    choice = random.random()
    if choice < 0.64:
        marked = replace(PageStyle.glyph(), newline_mark=" ⏎ ", paragraph_lines=10_000)
        return marked if random.random() < 0.04 else PageStyle.glyph()
    if choice < 0.82:
        style = PageStyle.from_name(random.choice(_PRESETS))
        return replace(style, dpi=96) if random.random() < 0.15 else style
    try:
        return _make_style(random, fonts)
    except StyleError:  # what the dice gave cannot be drawn
        return choose_style(random, fonts)


def choose_dense_style(random: Random) -> PageStyle:
    """Choose a style for text whose newlines are marks; most are the default one, with small margins."""
    style = PageStyle.from_name(random.choice(_PRESETS)) if random.random() < 0.15 else PageStyle.glyph()
    margin = random.choice((4, 4, 4, style.margin_x_pt))
    return replace(style, margin_x_pt=margin, margin_y_pt=margin)


def _make_style(random: Random, fonts: str) -> PageStyle:
    size = random.choice((7, 8, 8.5, 9, 9, 9.5, 10, 10.5, 11, 12, 13, 14, random.uniform(7, 14)))
    font = random.choice(("sans", "sans", "mono", *list_families()))
    if list_faces(fonts) and random.random() < 0.7:
        font = choose_face(random, fonts)
    return PageStyle(
        font=font,
        font_size_pt=size,
        line_height_pt=size * random.choice((1, 1.05, 1.11, 1.2, 1.35, random.uniform(1, 1.5))),
        letter_spacing_pt=random.choice((0, 0, 0, 0, random.uniform(-0.3, 0.6))),
        horizontal_scale=random.choice((1, 1, 1, random.uniform(0.9, 1.15))),
        antialias=random.random() < (0.7 if font == "mono" else 0.9),
        alignment=random.choice(("left", "left", "left", "justify", "center", "right")),
        page_width_pt=random.choice((420, 595, 595, 700)),
        margin_x_pt=random.choice((4, 10, 10, 30)),
        newline_mark=random.choice(("", "", "", "", "⏎", " ⏎ " if font in ("sans", "mono") else "")),
        paragraph_lines=random.choice((1, 30, 30)),
        space_after_pt=random.choice((0, 0, 0, random.uniform(1, 8))),
    )


@cache
def list_families() -> tuple[str, ...]:
    """Return the names of the usual text fonts that are installed here."""
    names = {name.strip() for family, _ in installed_fonts() for name in family.split(",")}
    return tuple(family for family in _FAMILIES if family in names)
