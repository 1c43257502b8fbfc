"""Thai and Lao: a tone stands above the vowel of its letter, never on it, with a shaping engine and without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import spell_page, typeset
from glyph_memory.typesetting.thai import split_am, stands_above

THAI = "\u0e01\u0e32\u0e33\u0e35\u0e48\u0e49\u0e4d"


def page_of(text: str, *fallback_fonts: str) -> Page:
    """The page of a text that takes one."""
    style = PageStyle(
        font_size_pt=20, line_height_pt=36, page_width_pt=400, snap_px=1, fallback_fonts=fallback_fonts,
        system_fonts=False, crop_width=False, crop_last_page=False,
    )  # fmt: skip
    (page,) = typeset(text, style=style)
    return page


@pytest.fixture(scope="module")
def thai_font(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a font in which Thai's letters are squares, and its marks flat bars above, without a width."""
    builder = FontBuilder(1000, isTTF=True)
    names = {ord(one): f"u{ord(one):04X}" for one in THAI}
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    outlines, widths = {".notdef": TTGlyphPen(None).glyph()}, {".notdef": (500, 0)}
    for code, name in names.items():
        is_mark = code in (0x0E35, 0x0E48, 0x0E49, 0x0E4D)
        left, low, right, high = (-500, 700, -100, 800) if is_mark else (100, 0, 500, 600)
        pen = TTGlyphPen(None)
        pen.moveTo((left, low))
        for corner in ((left, high), (right, high), (right, low)):
            pen.lineTo(corner)
        pen.closePath()
        outlines[name], widths[name] = pen.glyph(), (0 if is_mark else 600, left)
    builder.setupGlyf(outlines)
    builder.setupHorizontalMetrics(widths)
    builder.setupHorizontalHeader(ascent=900, descent=-200)
    builder.setupNameTable({"familyName": "Thai", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    path = tmp_path_factory.mktemp("fonts") / "thai.ttf"
    builder.save(path)
    return str(path)


def top(page: Page) -> int:
    """Return the first row with ink."""
    return int(np.flatnonzero((page.array() < 255).any(axis=1))[0])


def test_a_lao_tone_is_lifted_off_its_vowel() -> None:
    """With the font that comes along, whether or not HarfBuzz is there."""
    bare, vowel, toned = page_of("\u0e97"), page_of("\u0e97\u0eb5"), page_of("\u0e97\u0eb5\u0ec8")
    assert top(toned) < top(vowel) < top(bare)
    assert toned.escapes == 0


@pytest.mark.parametrize("is_shaped", [True, False], ids=["shaped", "stacked"])
@pytest.mark.parametrize("text", ["\u0e01\u0e35\u0e48", "\u0e01\u0e49\u0e33", "\u0e01\u0e33", "\u0e01\u0e32"])
def test_thai_clusters_are_drawn_whole(
    text: str, is_shaped: bool, thai_font: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is escaped, and the text comes back as it was."""
    from glyph_memory.typesetting import shaping

    if is_shaped and not shaping.available:
        pytest.skip("shaping is an extra: pip install 'glyph-memory[shaping]'")
    monkeypatch.setattr(shaping, "available", is_shaped)
    copy = tmp_path / "thai.ttf"  # a font of its own, so that no earlier style's glyphs are taken
    copy.write_bytes(Path(thai_font).read_bytes())
    page = page_of(f"{text}{text} a", str(copy))
    assert page.escapes == 0
    assert spell_page(page) == f"{text}{text} a"


def test_a_tone_between_letter_and_am_is_lifted_off_the_ring() -> None:
    """The ring of am is drawn above the letter before it, and the tone above the ring."""
    assert split_am("\u0e19\u0e49\u0e33") == ("\u0e19\u0e4d\u0e49", "\u0e32")
    assert split_am("\u0e19\u0e49") == ("\u0e19\u0e49", "")
    lao = page_of("\u0e99\u0ec9\u0eb3")
    assert top(lao) < top(page_of("\u0e99\u0ecd"))
    assert lao.escapes == 0


def test_marks_below_stand_below() -> None:
    """Sara u of Thai and of Lao; all other marks of theirs stand above."""
    assert [stands_above(mark) for mark in "\u0e38\u0eb8\u0e35\u0e48\u0eb5\u0ec8"] == [
        False,
        False,
        True,
        True,
        True,
        True,
    ]
    assert stands_above("\u0301")
    assert not stands_above("\u0323")
