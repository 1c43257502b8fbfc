"""Texts are the same from the same seed, and every question has one answer that stands on the pages."""

from __future__ import annotations

import hashlib
import re
from itertools import islice

import pytest

from glyph_memory.errors import DocumentError, StyleError
from glyph_memory.evaluate.calibration import KINDS, Ladder, Rung
from glyph_memory.evaluate.calibration.drawing import SheetDrawer
from glyph_memory.evaluate.calibration.sheets import make_records
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from tests.evaluate.calibration.fakes import SMALL

LADDER = Ladder(base=SMALL, sizes_px=(12, 9), pages=(1, 3))
DRAWER = SheetDrawer(LADDER, ModelProfile.from_name("glyph"), seed=0)
DRAWN = [kind for kind in KINDS if kind != "cjk"]
"""Those that any machine has fonts for."""


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_stands_in_its_record_and_in_no_other(kind: str) -> None:
    """So that there is one right answer, and a record that is left out is not stated."""
    records = list(islice(make_records(kind, seed="1"), 120))
    text = "".join(record.text for record in records)
    for record in records:
        for _, answer in record.questions:
            assert answer in record.text
            assert len(re.findall(rf"(?<!\w){re.escape(answer)}(?!\w)", text)) == 1 or kind == "cjk"
    assert len({question for record in records for question, _ in record.questions}) >= 120


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_not_in_the_question(kind: str) -> None:
    """Else who reads nothing would know it."""
    for record in islice(make_records(kind, seed="2"), 100):
        assert all(answer not in question for question, answer in record.questions)


@pytest.mark.parametrize(
    ("kind", "digest"),
    [
        ("prose", "b4ce61ab"),
        ("code", "08f84509"),
        ("logs", "19443a10"),
        ("identifiers", "e0de167b"),
        ("cjk", "26782273"),
    ],
)
def test_any_machine_makes_the_same_text(kind: str, digest: str) -> None:
    """Else a run could not go on elsewhere; another seed makes another one."""

    def make_digest(seed: str) -> str:
        text = "".join(record.text for record in islice(make_records(kind, seed=seed), 50))
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    assert make_digest("7") == digest
    assert make_digest("8") != digest


def test_a_kind_that_there_is_not_is_named() -> None:
    """With those that there are."""
    with pytest.raises(DocumentError, match="'poems' can be calibrated; there are prose, code"):
        make_records("poems", seed="0")


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize("rung", [Rung(), Rung(size=1, marks=1), Rung(pages=1, columns=1)])
def test_what_is_asked_stands_on_the_pages(kind: str, rung: Rung) -> None:
    """As a whole, whichever style, and on several pages where there are several."""
    sheet = DRAWER.draw_sheet(kind, rung, "probe", 3)
    assert len(sheet.pages) == LADDER.get_pages(rung)
    texts = [page.text for page in sheet.pages]
    assert len({question for question, _ in sheet.questions}) == DRAWER.count_questions(kind, rung)
    assert all(answer in "".join(texts) for _, answer in sheet.questions)
    if len(texts) > 1:
        pages_asked = {
            place for _, answer in sheet.questions for place, text in enumerate(texts) if answer in text
        }
        assert len(pages_asked) > 1


def test_a_sheet_is_the_same_every_time_and_others_are_not() -> None:
    """By phase and number; what proves a style is another text than what chose it."""
    again = SheetDrawer(LADDER, ModelProfile.from_name("glyph"), seed=0)
    sheet = DRAWER.draw_sheet("logs", Rung(), "probe", 0)
    assert again.draw_sheet("logs", Rung(), "probe", 0) == sheet
    others = [
        DRAWER.draw_sheet("logs", Rung(), "proof", 0),
        DRAWER.draw_sheet("logs", Rung(), "probe", 1),
        DRAWER.draw_sheet("logs", Rung(size=1), "probe", 0),
        SheetDrawer(LADDER, ModelProfile.from_name("glyph"), seed=1).draw_sheet("logs", Rung(), "probe", 0),
    ]
    assert len({sheet.pages[0].digest, *(other.pages[0].digest for other in others)}) == 5


@pytest.mark.parametrize("kind", DRAWN)
def test_what_is_not_stated_stands_on_no_page(kind: str) -> None:
    """Its questions have no answer."""
    sheet = DRAWER.draw_sheet(kind, Rung(), "not stated", 0)
    stated = {question for record in sheet.on_pages for question, _ in record.questions}
    assert all(answer == "" and question not in stated for question, answer in sheet.questions)


def test_a_page_that_holds_hardly_a_line_is_refused() -> None:
    """There would be nothing to ask about."""
    tiny = Ladder(base=PageStyle(page_width_pt=190, page_height_pt=60, snap_px=1), sizes_px=(18,))
    with pytest.raises(StyleError, match=r"holds \d+ characters, less than two lines of logs"):
        SheetDrawer(tiny, ModelProfile.from_name("glyph"), seed=0).draw_sheet("logs", Rung(), "probe", 0)


def test_smaller_letters_and_marks_cost_less() -> None:
    """What a search goes by."""
    costs = [DRAWER.measure_cost("code", rung) for rung in (Rung(), Rung(size=1), Rung(size=1, marks=1))]
    assert costs == sorted(costs, reverse=True)
    assert DRAWER.measure_ratio("code", Rung(size=1)) > DRAWER.measure_ratio("code", Rung())
