"""A page that lies a little askew is turned back before it is read; one that lies more is declared unread."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from PIL import Image

from glyph_memory import Page, PageStyle, typeset
from glyph_memory.evaluate import character_errors, make_texts
from glyph_memory.nano.sight.turn import Turn, estimate_turn, measure_phase
from glyph_memory.nano.transcribe import transcribe
from glyph_memory.testing import agent_conversation


@cache
def draw_prose() -> Page:
    """Return a page full of lines."""
    return typeset(make_texts(["prose"], characters=6000)["prose"])[0]


def rotate(page: Page, degrees: float) -> Image.Image:
    """Return a page's picture turned counter-clockwise on white."""
    return page.image.convert("RGB").rotate(
        degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255)
    )


@pytest.mark.parametrize("degrees", [-6.0, -2.0, -0.35, 0.2, 1.0, 1.7, 4.0])
def test_a_turn_is_estimated(degrees: float) -> None:
    """To three hundredths of a degree, a third of a pixel at the page's side."""
    ink = 255 - np.asarray(rotate(draw_prose(), degrees).convert("L"))
    assert estimate_turn(ink) == pytest.approx(-degrees, abs=0.03)


def test_a_level_page_and_a_page_without_lines_are_not_turned() -> None:
    """Nor is one too small to tell."""
    assert estimate_turn(255 - np.asarray(draw_prose().image.convert("L"))) == 0
    noise = np.random.default_rng(3).integers(0, 256, (300, 300)).astype(np.uint8)
    assert estimate_turn(noise) == 0
    assert estimate_turn(noise[:20]) == 0
    assert estimate_turn(np.zeros((300, 300), np.uint8)) == 0


@pytest.mark.parametrize("degrees", [-2.0, -0.35, 0.2, 0.4, 1.0])
def test_a_page_that_lies_askew_is_read(degrees: float) -> None:
    """As well as a level one, nearly."""
    page = draw_prose()
    read = transcribe(rotate(page, degrees))
    assert character_errors(read.text, page.text).rate < 0.01
    assert not read.unread


def test_places_and_labels_of_a_turned_page_are_where_they_are_on_the_picture() -> None:
    """Lines, labels and characters are told in the pixels of the picture as it came."""
    page = typeset(agent_conversation(turns=40), style=PageStyle.glyph())[0]
    picture = rotate(page, 1.5)
    level, read = transcribe(page), transcribe(picture)
    assert read.size == picture.size
    assert [anchor.number for anchor in read.anchors] == [anchor.number for anchor in level.anchors]
    inked = np.asarray(picture.convert("L")) < 200
    for line in read.lines:
        left, top, right, bottom = line.box
        assert inked[top:bottom, left:right].any()
        assert line.left[0] == pytest.approx(left, abs=18)  # a letter may be lost at an edge


@pytest.mark.parametrize("degrees", [3.0, -5.0])
def test_a_page_that_lies_more_askew_is_declared_unread(degrees: float) -> None:
    """With the reason, and no line that pretends to be sure."""
    read = transcribe(rotate(draw_prose(), degrees))
    assert f"turned by about {abs(degrees):.0f} degrees" in read.reason
    assert not read.is_vouched
    assert not any((line.confidence >= 0.9).any() for line in read.lines)


def test_a_turn_and_its_way_back_are_one() -> None:
    """A place on the turned picture is found on the picture as it came."""
    picture = np.zeros((200, 300), np.uint8)
    picture[40:43, 250:253] = 255
    turn = Turn.of(1.5, (300, 200))
    rows, columns = np.nonzero(turn.apply(picture, (0,)) > 128)
    assert turn.find_before(columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((251.5, 41.5), abs=0.3)


def test_the_phase_of_baselines_is_their_common_fraction() -> None:
    """Lines that do not agree have none."""
    assert measure_phase([10.3, 20.3, 31.28]) == pytest.approx(0.3, abs=0.02)
    assert measure_phase([9.8, 19.8]) == pytest.approx(-0.2)
    assert measure_phase([1.0, 2.25, 3.5, 4.75]) == 0
    assert measure_phase([]) == 0
