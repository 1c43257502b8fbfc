"""Bordered tables are read cell by cell: their rules are taken out where they would be read as letters."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from glyph_memory.evaluate import character_errors
from glyph_memory.nano.sight.rules import remove_rules
from glyph_memory.nano.transcribe import transcribe
from glyph_memory.typesetting import typeset

FONT = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 12)
TITLE = "A table of all that is in the box: "
ROWS = [
    ["name", "quantity", "price", "tax"],
    ["bolt", "17", "4.25", "low"],
    ["washer", "488", "5.75", "high"],
] * 4


def draw_table(color: str, width: int, *, pitch_px: int = 20, has_rules: bool = True) -> Image.Image:
    """Draw a table in rules of a colour and a thickness."""
    image = Image.new("RGB", (480, pitch_px * len(ROWS) + 60), "white")
    pen, end = ImageDraw.Draw(image), 30 + pitch_px * len(ROWS)
    pen.text((20, 6), TITLE, font=FONT, fill="black")
    for row, cells in enumerate(ROWS):
        for column, cell in enumerate(cells):
            pen.text(
                (26 + 110 * column, 30 + pitch_px * row + (pitch_px - 14) // 2), cell, font=FONT, fill="black"
            )
    for row in range(len(ROWS) + 1) if has_rules else (0, len(ROWS)):
        pen.line((20, 30 + pitch_px * row, 460, 30 + pitch_px * row), fill=color, width=width)
    for column in range(5):
        pen.line((20 + 110 * column, 30, 20 + 110 * column, end), fill=color, width=width)
    return image


@pytest.mark.parametrize(
    ("color", "width", "pitch_px", "has_rules"),
    [
        ("black", 1, 20, True),
        ("black", 3, 20, True),
        ("#bbbbbb", 1, 20, True),
        ("#e5e5e5", 1, 20, True),
        ("black", 1, 15, True),
        ("black", 1, 20, False),
    ],
)
def test_a_bordered_table_is_read_cell_by_cell(
    color: str, width: int, pitch_px: int, *, has_rules: bool
) -> None:
    """In a line for each row; an upright that is read as a stroke between cells does no harm."""
    read = transcribe(draw_table(color, width, pitch_px=pitch_px, has_rules=has_rules))
    assert len(read.lines) == len(ROWS) + 1
    said, drawn = (
        " ".join(text.replace("|", " ").replace("│", " ").split())
        for text in (read.text, TITLE + " ".join(cell for row in ROWS for cell in row))
    )
    assert character_errors(said, drawn).rate < 0.06


def test_rules_are_taken_out_and_letters_are_left() -> None:
    """Pixel by pixel; a page of letters has none."""
    image = draw_table("black", 1)
    plain = 255 - np.asarray(draw_table("white", 1).convert("L"))
    cleared = remove_rules(255 - np.asarray(image.convert("L")))
    assert cleared is not None
    assert np.abs(cleared.astype(int) - plain).mean() < 0.05
    assert remove_rules(plain) is None


def test_bars_that_are_text_stay() -> None:
    """A table of bars and spaces looks ruled; no bar of it may be lost without a doubt."""
    rows = [
        "| name | room |",
        "|------|------|",
        *(f"| Ada{number:02} | {number * 37:4} |" for number in range(40)),
    ]
    page = typeset("\n".join(rows))[0]
    read = transcribe(page)
    assert character_errors(read.text, "\n".join(rows)).rate < 0.02
