"""Ink is found against the paper that it stands on: bubbles, zebra rows, sidebars, dark bands."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from glyph_memory import PageStyle, typeset
from glyph_memory.evaluate import character_errors
from glyph_memory.nano.sight.panels import find_panels
from glyph_memory.nano.transcribe import transcribe
from glyph_memory.style import PRESETS
from glyph_memory.testing import agent_conversation

DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
SAID = (
    "The build on main is red since noon.",
    "Who merged 4521?",
    "I did, sorry; rolling back now.",
    "Thanks, tell me when it is green.",
)


def write(pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, color: str, size: int = 12) -> None:
    """Write a line."""
    pen.text(at, text, font=ImageFont.truetype(DEJAVU, size), fill=color)


def draw_chat(
    ground: str, papers: tuple[str, str], inks: tuple[str, str], *, radius: int = 8, border: str | None = None
) -> Image.Image:
    """Draw bubbles, right and left."""
    image = Image.new("RGB", (520, 290), ground)
    pen = ImageDraw.Draw(image)
    for place, text in enumerate(SAID * 2):
        left, top = (180, 40)[place % 2], 8 + 34 * place
        box = (left, top, left + 300, top + 26)
        pen.rounded_rectangle(box, radius, fill=papers[place % 2], outline=border)
        write(pen, (left + 12, top + 5), text, inks[place % 2], 13)
    return image


def check(image: Image.Image, lines: list[str], *, at_most: float = 0.02) -> None:
    """Check that nearly all is read, and nothing is left over."""
    read = transcribe(image)
    assert character_errors(read.text, "\n".join(lines)).rate < at_most
    assert not read.unread


@pytest.mark.parametrize(
    ("ground", "papers", "inks"),
    [
        ("white", ("#dcf8c6", "#eeeeee"), ("black", "black")),
        ("#0b141a", ("#005c4b", "#202c33"), ("#e9edef", "#e9edef")),
        ("white", ("#0b84ff", "#e9e9eb"), ("white", "black")),
        ("#888888", ("black", "white"), ("white", "black")),
    ],
)
@pytest.mark.parametrize(("radius", "border"), [(0, None), (13, None), (8, "#999999")])
def test_chat_bubbles_are_read(
    ground: str, papers: tuple[str, str], inks: tuple[str, str], radius: int, border: str | None
) -> None:
    """In any colours, light ink beside dark ink, round, and with a border."""
    check(draw_chat(ground, papers, inks, radius=radius, border=border), [*SAID, *SAID])


@pytest.mark.parametrize(("other", "ink"), [("#f2f2f2", "black"), ("#cfe2ff", "black"), ("#404040", "white")])
@pytest.mark.parametrize(("pitch_px", "above_px"), [(18, 3), (13, 0)])
def test_zebra_rows_are_read(other: str, ink: str, pitch_px: int, above_px: int) -> None:
    """Also where letters reach the row's edge, and where every second row is light on dark."""
    rows = [f"{SAID[place % 4]} And this is row {place}." for place in range(20)]
    image = Image.new("RGB", (420, 20 * pitch_px), "white")
    pen = ImageDraw.Draw(image)
    for place, row in enumerate(rows):
        top = place * pitch_px
        pen.rectangle((0, top, 420, top + pitch_px - 1), fill=("white", other)[place % 2])
        write(pen, (6, top + above_px), row, ("black", ink)[place % 2], 10)
    check(image, rows, at_most=0.05)  # letters so small and hinted are hard on any paper


@pytest.mark.parametrize(("dark", "light"), [("#1e1e1e", "#dddddd"), ("black", "white")])
def test_light_text_on_dark_bands_is_read_beside_dark_text_on_light(dark: str, light: str) -> None:
    """Even where the one's paper is the other's ink."""
    image = Image.new("RGB", (520, 330), "white")
    pen, lines = ImageDraw.Draw(image), list[str]()
    for place in range(6):
        top = 8 + 54 * place
        pen.rectangle((0, top, 520, top + 20), fill=dark)
        write(pen, (8, top + 3), f"Heading number {place} of this page", light)
        write(pen, (8, top + 27), f"Some text under it, {place} times as long as one thinks.", "black")
        lines += [f"Heading number {place} of this page"]
        lines += [f"Some text under it, {place} times as long as one thinks."]
    check(image, lines)


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "web"])  # which has two papers
def test_shipped_looks_have_no_panels(name: str) -> None:
    """Their pages go the short way; marks and labels have colours, but no areas."""
    for style in (PageStyle.from_name(name), PageStyle.from_name(name).dense()):
        assert not find_panels(typeset(agent_conversation(turns=40), style=style)[0].array())


@pytest.mark.parametrize("letter", ["O", "E", "H", "I", "D", "B", "■"])
def test_a_large_letter_is_no_panel(letter: str) -> None:
    """It is open at one side, or nothing stands on it; its ink is not taken for paper."""
    image = Image.new("L", (300, 200), 255)
    pen = ImageDraw.Draw(image)
    pen.text((80, 20), letter, font=ImageFont.truetype(DEJAVU.replace("Sans", "Sans-Bold"), 120), fill=0)
    assert not find_panels(np.asarray(image))


@pytest.mark.parametrize("name", ["web", "document", "pixel"])
@pytest.mark.parametrize("turns", [30, 60])
def test_paragraphs_on_a_paper_of_their_own_are_whole(name: str, turns: int) -> None:
    """A line that fills its paragraph from side to side does not part it."""
    page = typeset(agent_conversation(turns=turns), style=PageStyle.from_name(name))[0]
    check(page.image, [line.text.rstrip() for line in page.lines if line.text.strip()], at_most=0.005)
