"""What the typesetting tests share: a font made on the spot, so that no claim hangs on what a machine has installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

ODD = "\ue100"
"""A character that no shipped font has."""


@pytest.fixture(scope="session")
def odd_font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a font file, family `Odd`, in which ASCII's characters and U+E100 are black squares."""
    builder = FontBuilder(1000, isTTF=True)
    characters = {code: f"u{code:04X}" for code in (*range(0x21, 0x7F), ord(ODD))}
    names = [".notdef", *characters.values()]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap(characters)
    pen = TTGlyphPen(None)
    for place, corner in enumerate([(100, 0), (100, 700), (800, 700), (800, 0)]):
        (pen.lineTo if place else pen.moveTo)(corner)
    pen.closePath()
    square = pen.glyph()
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (900, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Odd", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWeightClass=400)
    builder.setupPost()
    path = tmp_path_factory.mktemp("fonts") / "odd.ttf"
    builder.save(path)
    return path
