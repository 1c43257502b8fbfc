"""The doors of typesetting: texts of any characters, in looks of any kind."""

from __future__ import annotations

import random
from dataclasses import fields, replace

from glyph_memory import FontError, ModelProfile, PageStyle, StyleError, Turn, typeset
from glyph_memory.typesetting.page_text import spell_page
from lib.fuzz_outcome import check_line, require
from lib.fuzz_values import draw_text

_LOOKS = (
    PageStyle(),
    PageStyle(page_width_pt=160, page_height_pt=100, snap_px=1),
    PageStyle(page_width_pt=120, page_height_pt=60, snap_px=1, first_line_indent_pt=5, border_width_pt=1),
    PageStyle(reference=True),
    PageStyle(reference=True, alignment="right", newline_mark=" ⏎ ", paragraph_lines=7),
    PageStyle.document(),
    PageStyle.pixel(),
    PageStyle.web().dense(),
    PageStyle(columns=4, space_shrink=0.9, letter_spacing_pt=-2, alignment="justify"),
    PageStyle.auto(),
    PageStyle(newline_mark="⏎", count_runs=True, paragraph_lines=0),
    PageStyle(font="mono", page_width_pt=200, page_height_pt=80, alignment="justify"),
    PageStyle(antialias=False, page_width_pt=90, page_height_pt=400),
)
_GLYPH = ModelProfile.from_name("glyph")
_SQUARE_PX, _LEAST_PX, _MOST_PX = 28, 200 * 200, 2_000_000
_SIZES = (0, 1, 2, 3, 5, 8, 10, 14, 28, 50, 100, 300, 600, 2_000, -1, -0.5, 1e-3, 1e-9, 1e308, 10**400)
_MARKS = ("", "⏎", " ⏎ ", "中", "\u0301", "x" * 300, "\n", "\ud800", " \\n ")
_COLORS = ("#000000", "#FFFFFF", "#12ab34", "#00000", "red", "#００００００", "")
_SMALL_BOX = {"page_width_pt": (40, 700), "page_height_pt": (20, 700)}


def check_text(dice: random.Random) -> str:
    """Typeset a text in one of some looks: each character stands on exactly one page, in order."""
    text = draw_text(dice, longest=dice.choice((20, 60, 60, 300)))
    return _check_pages(text, dice.choice(_LOOKS))


def check_turn(dice: random.Random) -> str:
    """Typeset turns of any text and name: their labels cannot be imitated, and each is found again."""
    said = [draw_text(dice, longest=60) for _ in range(dice.randint(1, 3))]
    roles = dice.choices(("user", "assistant", "tool", "system"), k=len(said))
    turns = [
        Turn(role=role, text=text, name=draw_text(dice, longest=8) or None)
        for role, text in zip(roles, said, strict=True)
    ]
    style = dice.choice(_LOOKS[:3])
    pages = typeset(turns, style=style)
    whole = "".join(page.text for page in pages)
    at = 0
    for number, text in enumerate(said, 1):
        at = whole.find(f"§{number} ", at)
        require(at >= 0, f"no label of turn {number}")
        at = whole.find(text.rstrip("\n"), at)
        require(at >= 0, f"turn {number} is not found on its pages")
    for page in pages:
        spell_page(page)
    return "done"


def check_style(dice: random.Random) -> str:
    """Typeset a text in a style of odd values, at odd page sizes."""
    given = {
        field.name: _draw_value(dice, field.name, str(field.type))
        for field in dice.sample(fields(PageStyle), dice.randint(1, 5))
    }
    for name, (least, most) in _SMALL_BOX.items():
        given.setdefault(name, dice.randint(least, most))
    try:
        style = PageStyle(**given)  # type: ignore[arg-type]  # that is the point
        if dice.random() < 0.1:
            style = replace(style, dpi=dice.choice(_SIZES))  # type: ignore[arg-type]
        return _check_pages(draw_text(dice, longest=40), style)
    except (StyleError, FontError) as error:
        check_line(error)
        return "refused"


def _draw_value(dice: random.Random, name: str, kind: str) -> object:  # noqa: PLR0911 - one for each kind
    if dice.random() < 0.03:
        return dice.choice((None, True, "x", b"", [], {}, object(), ("sans",)))
    if name.endswith("color"):
        return dice.choice(_COLORS)
    if kind == "bool":
        return dice.random() < 0.5
    if kind in {"int", "float"}:
        return dice.choice(_SIZES) if dice.random() < 0.4 else round(dice.uniform(0, 20), dice.randint(0, 3))
    if kind == "Layout":
        return dice.choice(("fixed", "auto", "best"))
    if kind == "Alignment":
        return dice.choice(("left", "center", "right", "justify", "middle"))
    if kind.startswith("tuple[str"):
        return dice.choice(((), ("mono",), ("no such family",), ("/tmp",)))  # noqa: S108 - never written
    if kind.startswith("tuple"):
        return dice.choice(((), (("user", "#ff0000"),), (("user", "red"),), (("\ud800", "#000000"),)))
    return dice.choice(("sans", "mono")) if name == "font" else dice.choice(_MARKS)


def _check_pages(text: str, style: PageStyle) -> str:
    pages = typeset(text, style=style)
    require("".join(page.text for page in pages) == text, "the text is not on its pages, letter by letter")
    for page in pages:
        require(page.array().shape[:2] == page.size[::-1], f"a page of {page.size} has other pixels")
        seen = {(one.character, one.reason) for one in page.escaped}
        require(len(seen) == len(page.escaped), "an escape is counted twice")
        if not style.reference:
            spell_page(page)
        _check_tokens(page.size)
    return "done"


def _check_tokens(size: tuple[int, int]) -> None:
    """Compare what a page costs the Glyph model with its squares, where it is not resized."""
    width, height = size
    if width % _SQUARE_PX or height % _SQUARE_PX or not _LEAST_PX <= width * height <= _MOST_PX:
        return
    if max(size) > 20 * min(size):
        return
    squares = width * height // _SQUARE_PX**2
    counted = _GLYPH.image_tokens(size, wrapped=False)
    require(counted == squares, f"a page of {size} is {squares} squares, and counted as {counted}")
