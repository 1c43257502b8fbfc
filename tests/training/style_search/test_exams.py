"""What styles are judged by: tasks with any reader, and pages that are read back; and how the result is drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from glyph_memory.context import Context
from glyph_memory.errors import DocumentError, GlyphMemoryError, ReaderRefused, ReaderUnavailable, StyleError
from glyph_memory.evaluate.tasks import find_task
from glyph_memory.readers import Reading
from glyph_memory.style import PageStyle
from glyph_memory.testing import ScriptedReader
from glyph_memory.tokens import ModelProfile
from glyph_memory.training import TrainingError
from glyph_memory.training.style_search import (
    ReadBackExam,
    SearchBudget,
    SearchPlan,
    TaskExam,
    describe_front,
    plot_front,
    search_style,
)
from lib.planted_style import PlantedExam

_TEXT = "The quick brown fox jumps over the lazy dog, 4711 times a day.\n" * 12


def _answer(context: Context) -> Reading:
    return Reading(text="not stated", finish_reason="stop")


def test_questions_alternate_among_tasks_and_all_of_a_text_is_on_pages() -> None:
    """ρ is the text's tokens by those of its pages; a conversation is a document here."""
    exam = TaskExam(["niah_single_1", "identifiers"], reader=ScriptedReader(_answer), tokens=600, samples=2)
    assert exam.size == 4 and exam.settings["tasks"] == ["niah_single_1", "identifiers"]
    cost = exam.measure(PageStyle())
    profile = ModelProfile.from_name("glyph")
    made = next(find_task("niah_single_1").samples(tokens=600, seed=0, count=profile.text_tokens))
    assert cost.text_tokens > 3 * profile.text_tokens(made.document) > 0
    assert exam.measure(PageStyle(dpi=144)).rho < cost.rho / 3


def test_answers_are_judged_and_faults_count_as_wrong() -> None:
    """One that nobody gave is asked again; one that was refused is told."""
    asked = TaskExam(["not_stated"], reader=ScriptedReader(_answer), tokens=400, samples=2)
    assert [asked.ask(PageStyle(), number).score for number in range(2)] == [1.0, 0.0]
    down = TaskExam(["not_stated"], reader=ScriptedReader([ReaderUnavailable("gone")]), tokens=400, samples=1)
    assert down.ask(PageStyle(), 0).is_missing
    blind = TaskExam(
        ["not_stated"], reader=ScriptedReader([ReaderRefused("no images")]), tokens=400, samples=1
    )
    answer = blind.ask(PageStyle(), 0)
    assert (answer.fault, answer.score, answer.is_missing) == ("refused", 0.0, False)


def test_an_exam_of_nothing_is_refused() -> None:
    """No task, one that is none, numbers that are none, no text, an empty one."""
    reader = ScriptedReader(_answer)
    with pytest.raises(TrainingError, match="no task to ask"):
        TaskExam([], reader=reader)
    with pytest.raises(DocumentError, match="no task is named"):
        TaskExam(["poems"], reader=reader)
    with pytest.raises(TrainingError, match="samples=0"):
        TaskExam(["not_stated"], reader=reader, samples=0)
    with pytest.raises(TrainingError, match="no text to read back"):
        ReadBackExam([])
    with pytest.raises(TrainingError, match="text 2 of 2 is empty"):
        ReadBackExam([_TEXT, " \n"])


def test_large_letters_are_read_back_and_tiny_ones_are_not() -> None:
    """By the nano reader, from real pixels."""
    exam = ReadBackExam([_TEXT])
    large, tiny = (
        PageStyle(page_height_pt=300),
        PageStyle(font_size_pt=4, line_height_pt=4, page_height_pt=300),
    )
    assert exam.ask(large, 0).score > 0.98
    assert exam.ask(tiny, 0).score < 0.7
    assert exam.measure(tiny).rho > exam.measure(large).rho
    with pytest.raises(GlyphMemoryError):
        exam.measure(PageStyle(font="no such font, anywhere"))


def test_a_search_with_the_nano_reader_ends_with_a_style_that_it_reads(tmp_path: Path) -> None:
    """End to end with real pages: what is taken keeps the floor, and is denser than the default."""
    report = search_style(
        ReadBackExam([_TEXT, _TEXT[::-1]]), out=tmp_path, start=[PageStyle()],
        budget=SearchBudget(candidates=8), plan=SearchPlan(first=4, each=2),
    )  # fmt: skip
    assert report.best is not None and report.best.result.accuracy >= 0.95
    assert report.best.result.rho >= report.candidates[0].result.rho


def test_the_plot_names_what_it_shows(tmp_path: Path) -> None:
    """An SVG with a title for screen readers, the same each time; other endings are refused."""
    report = search_style(PlantedExam(0, questions=8), out=tmp_path, budget=SearchBudget(candidates=10))
    svg = plot_front(report, title="nano & $x$")
    root = ET.fromstring(svg)  # noqa: S314 - our own
    title = next(iter(root))
    assert root.get("role") == "img" and title.tag.endswith("title")
    assert title.text == describe_front(report, title="nano & $x$")
    assert "10 page styles" in str(title.text)
    assert svg == plot_front(report, title="nano & $x$")
    assert plot_front(report, suffix=".png").startswith(b"\x89PNG")
    with pytest.raises(GlyphMemoryError, match="ends in"):
        plot_front(report, suffix=".gif")


def test_a_style_whose_pages_cannot_hold_a_text_is_refused() -> None:
    """Pages in huge letters cost more than ten times the text."""
    exam = TaskExam(["not_stated"], reader=ScriptedReader(_answer), tokens=400, samples=1)
    with pytest.raises((GlyphMemoryError, StyleError)):
        exam.measure(PageStyle(font_size_pt=60, line_height_pt=60, dpi=144))
