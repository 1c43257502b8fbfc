"""Questions that are drawn, known to the test."""

from __future__ import annotations

import pytest

from glyph_memory.evaluate.calibration import Rung
from glyph_memory.evaluate.calibration.drawing import Sheet, SheetDrawer
from glyph_memory.evaluate.calibration.search import Phase
from tests.evaluate.calibration.fakes import Known


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, Known]:
    """All questions that are drawn, with what is right, so that a reader without eyes can answer."""
    questions = dict[str, Known]()
    draw = SheetDrawer.draw_sheet

    def note(drawer: SheetDrawer, kind: str, rung: Rung, phase: Phase, number: int) -> Sheet:
        sheet = draw(drawer, kind, rung, phase, number)
        for slot, (question, right) in enumerate(sheet.questions):
            place = number * drawer.count_questions(kind, rung) + slot
            questions[question] = Known(right=right, kind=kind, rung=rung, phase=phase, number=place)
        return sheet

    monkeypatch.setattr(SheetDrawer, "draw_sheet", note)
    return questions
