"""The search on a scripted reader whose best style is known: what it finds, and that stopping it changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest

from glyph_memory.context import Context
from glyph_memory.errors import GlyphMemoryWarning, ReaderUnavailable
from glyph_memory.readers import Reading
from glyph_memory.style import PageStyle
from glyph_memory.training import TrainingError
from glyph_memory.training.pages import StyleDistribution
from glyph_memory.training.style_search import (
    Aim,
    ExamAnswer,
    SearchBudget,
    SearchPlan,
    SearchReport,
    measure_hypervolume,
    read_candidates,
    search_style,
    write_markdown,
)
from glyph_memory.training.style_search.log import SEARCH
from lib.planted_style import FLOOR, PlantedExam, draw_style, find_accuracy, find_rho
from lib.scripted_llm import ScriptedProposer


class _Counting(PlantedExam):
    """Counts what is asked, and may end like a killed process after some answers."""

    def __init__(self, *, stop_after: int | None = None, questions: int = 24) -> None:
        super().__init__(3, questions=questions)
        self.asked = list[tuple[PageStyle, int]]()
        self._stop_after = stop_after

    def ask(self, style: PageStyle, number: int) -> ExamAnswer:
        """Answer, or end."""
        if self._stop_after is not None and len(self.asked) >= self._stop_after:
            raise KeyboardInterrupt
        self.asked.append((style, number))
        return super().ask(style, number)


def _search(exam: Any, out: Path, styles: int = 20, **options: Any) -> SearchReport:
    return search_style(
        exam,
        out=out,
        budget=SearchBudget(candidates=styles),
        plan=SearchPlan(first=8, each=4, seed=5),
        **options,
    )


def _find_densest(styles: list[PageStyle]) -> float:
    return max((find_rho(one) for one in styles if find_accuracy(one) >= FLOOR), default=0.0)


def test_denser_styles_are_found_in_fewer_questions_than_by_chance(tmp_path: Path) -> None:
    """Over eight seeds with equal budgets of questions; a sign test has p < 0.04 where seven are denser."""
    bred, drawn = list[float](), list[float]()
    for seed in range(8):
        report = search_style(
            PlantedExam(seed, questions=24), out=tmp_path / str(seed),
            budget=SearchBudget(candidates=400, questions=40 * 24),
            plan=SearchPlan(seed=seed, patience=1_000),
        )  # fmt: skip
        random, source = Random(seed), StyleDistribution.default()
        bred.append(_find_densest([one.style for one in report.candidates]))
        drawn.append(_find_densest([draw_style(source, random) for _ in range(40)]))
    assert sum(one > other for one, other in zip(bred, drawn, strict=True)) >= 7
    assert median(bred) > 1.15 * median(drawn)


@pytest.mark.parametrize("stop_after", [1, 40, 203])
def test_a_search_that_was_killed_comes_to_the_same_end_and_asks_nothing_twice(
    tmp_path: Path, stop_after: int
) -> None:
    """The same candidates with the same scores; together both runs ask what one alone does."""
    whole = _Counting()
    expected = _search(whole, tmp_path / "whole")
    first, second = _Counting(stop_after=stop_after), _Counting()
    with pytest.raises(KeyboardInterrupt):
        _search(first, tmp_path / "two")
    resumed = _search(second, tmp_path / "two")
    assert resumed.candidates == expected.candidates
    assert first.asked + second.asked == whole.asked
    assert resumed.known == stop_after


def test_a_search_killed_within_a_line_goes_on_with_a_warning(tmp_path: Path) -> None:
    """A line that was begun and not ended counts as never written, wherever it was cut."""
    expected = _search(_Counting(), tmp_path)
    path = tmp_path / SEARCH
    data = path.read_bytes()
    for cut in (len(data) - 1, len(data) // 2, 30):
        path.write_bytes(data[:cut] if data[cut - 1 : cut] != b"\n" else data[: cut - 1])
        with pytest.warns(GlyphMemoryWarning, match="ended within a line"):
            assert _search(_Counting(), tmp_path).candidates == expected.candidates
    assert path.read_bytes() == data


def test_more_budget_goes_on_from_what_is_there(tmp_path: Path) -> None:
    """Twelve styles, then twenty, are the twenty of one run; what is read from the folder is what was reported."""
    expected = _search(_Counting(), tmp_path / "whole", 20)
    _search(_Counting(), tmp_path / "two", 12)
    again = _search(_Counting(), tmp_path / "two", 20)
    assert again.candidates == expected.candidates == read_candidates(tmp_path / "two")


def test_threads_change_nothing(tmp_path: Path) -> None:
    """Questions that are asked several at a time lead to the same styles."""
    one = _search(_Counting(), tmp_path / "one")
    many = _search(_Counting(), tmp_path / "many", max_concurrent=8)
    assert one.candidates == many.candidates


def test_all_styles_are_asked_the_same_and_bad_ones_less(tmp_path: Path) -> None:
    """Scores belong to questions 0 to n of the exam; a style that is stopped says why."""
    exam = _Counting()
    report = _search(exam, tmp_path)
    for one in report.candidates:
        assert [number for style, number in exam.asked if style == one.style] == list(range(one.result.asked))
    stopped = [one for one in report.candidates if one.result.stopped]
    assert stopped and all(one.result.asked < exam.size for one in stopped)
    assert report.best is None or report.best.result.is_whole


def test_another_exam_does_not_go_on_in_the_folder(tmp_path: Path) -> None:
    """What differs is named."""
    _search(PlantedExam(1, questions=8), tmp_path, 8)
    with pytest.raises(TrainingError, match="seed of answers = 1"):
        _search(PlantedExam(2, questions=8), tmp_path, 8)


def test_a_front_that_does_not_improve_ends_the_search(tmp_path: Path) -> None:
    """After `patience` generations, long before the budget is spent."""
    report = search_style(
        PlantedExam(0, questions=6), out=tmp_path, budget=SearchBudget(candidates=10_000),
        plan=SearchPlan(first=4, each=2, patience=2),
    )  # fmt: skip
    assert "did not improve in 2 generations" in report.stopped
    assert report.hypervolumes[-1] <= report.hypervolumes[-3] * 1.001
    assert report.hypervolumes[-1] == measure_hypervolume(
        [(one.result.accuracy, one.result.rho) for one in report.candidates]
    )


def test_budgets_of_questions_and_minutes_end_the_search(tmp_path: Path) -> None:
    """No question is asked beyond the budget, and what is done is kept."""
    exam = _Counting()
    report = search_style(exam, out=tmp_path / "one", budget=SearchBudget(questions=100))
    assert len(exam.asked) <= 100 and "100 questions" in report.stopped
    timed = search_style(_Counting(), out=tmp_path / "two", budget=SearchBudget(minutes=1e-9))
    assert "minutes are over" in timed.stopped


def test_a_language_model_proposes_styles_and_is_told_once_what_cannot_be(tmp_path: Path) -> None:
    """Its styles are tried with its reasons; its words are kept, so that going on does not ask it again."""
    llm = ScriptedProposer()
    report = _search(PlantedExam(3, questions=12), tmp_path, 24, llm=llm)
    proposed = [one for one in report.candidates if one.origin == "proposed"]
    assert proposed and all(one.parents and one.reason for one in proposed)
    assert report.proposals.refused and "kerning" in " ".join(report.proposals.reasons)
    assert report.proposals.calls <= 2 * (len(report.hypervolumes) - 1)

    class Silent:
        def read(self, context: Context) -> Reading:
            raise AssertionError("it was asked again")

    assert _search(PlantedExam(3, questions=12), tmp_path, 24, llm=Silent()).candidates == report.candidates


class _Down:
    """A language model whose server is gone."""

    calls = 0

    def read(self, context: Context) -> Reading:
        """Fail."""
        self.calls += 1
        raise ReaderUnavailable("nobody answers at 'http://127.0.0.1:9/v1'")


def test_where_the_language_model_is_down_styles_are_bred_and_that_is_said(tmp_path: Path) -> None:
    """The search goes on audibly; after three failures it is not asked any more."""
    llm = _Down()
    with pytest.warns(GlyphMemoryWarning, match="bred without it"):
        report = _search(PlantedExam(3, questions=8), tmp_path, 32, llm=llm)
    assert len(report.candidates) == 32 and report.proposals.failures == llm.calls == 3


class _Fixed(PlantedExam):
    """Gives the same answer to everything."""

    def __init__(self, answer: ExamAnswer) -> None:
        super().__init__(0, questions=8)
        self._answer = answer

    def ask(self, style: PageStyle, number: int) -> ExamAnswer:
        """Answer."""
        return self._answer


def test_an_exam_that_every_style_passes_is_told(tmp_path: Path) -> None:
    """Such questions tell no style from another."""
    report = _search(_Fixed(ExamAnswer(score=1.0)), tmp_path, 8)
    assert "tell none apart" in report.notes[0]
    assert report.best is report.front[-1]
    assert "tell none apart" in write_markdown(report)


def test_an_exam_that_no_style_passes_ends_the_search(tmp_path: Path) -> None:
    """It is not bred on from nothing."""
    with pytest.raises(TrainingError, match="none of 8 styles had a right answer"):
        _search(_Fixed(ExamAnswer(score=0.0)), tmp_path)


def test_a_reader_that_takes_no_images_is_told_at_the_first_style(tmp_path: Path) -> None:
    """In one line, with what the server said."""
    refused = ExamAnswer(fault="refused", error="the server says: no image input")
    with pytest.raises(TrainingError, match="refuses pages: the server says: no image input"):
        _search(_Fixed(refused), tmp_path)


def test_something_that_is_no_model_is_told_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    """An address that answers HTML: once it is mended, the same folder goes on as if nothing had been."""
    page = ExamAnswer(fault="unusable", error="'http://x' answered no chat completion: '<html>'")
    with pytest.raises(TrainingError, match=r"none of 6 answers can be used, and none was kept: .*<html>"):
        _search(_Fixed(page), tmp_path)
    assert _search(_Fixed(ExamAnswer(score=1.0)), tmp_path, 8).known == 0


def test_a_model_that_answers_badly_at_first_is_no_wrong_address(tmp_path: Path) -> None:
    """One usable answer, and the unusable ones before it count and are kept."""

    class Late(_Fixed):
        def ask(self, style: PageStyle, number: int) -> ExamAnswer:
            return ExamAnswer(score=1.0) if number == 5 else ExamAnswer(fault="unusable", error="noise")

    report = _search(Late(ExamAnswer()), tmp_path, 8)
    assert report.candidates[0].result.faults and report.candidates[0].result.scores[5] == 1.0
    assert _search(Late(ExamAnswer()), tmp_path, 8).asked == 0


def test_a_reader_that_stops_answering_ends_the_search_and_its_styles_are_kept(tmp_path: Path) -> None:
    """Questions that nobody answered are asked again when the search goes on."""
    missing = ExamAnswer(fault="no answer", error="nobody there", is_missing=True)
    report = _search(_Fixed(missing), tmp_path)
    assert report.is_unanswered and "nobody answered: nobody there" in report.stopped
    assert not report.candidates
    assert _search(_Fixed(ExamAnswer(score=1.0)), tmp_path, 8).asked == 64


def test_styles_that_cannot_be_drawn_are_refused_by_name(tmp_path: Path) -> None:
    """A source of nothing else ends the search; a style that is to be tried first must be one that may be."""

    class Broken:
        def draw(self, random: Random) -> PageStyle:
            return replace(PageStyle(), font="mono", alignment="justify")

    with pytest.raises(TrainingError, match="no new style was found"):
        _search(PlantedExam(0, questions=6), tmp_path / "one", source=Broken())
    with pytest.raises(TrainingError, match="justified monospaced text"):
        _search(PlantedExam(0, questions=6), tmp_path / "two", start=[Broken().draw(Random(0))])


def test_a_style_that_is_given_is_tried_first(tmp_path: Path) -> None:
    """It stands as candidate 0."""
    report = _search(PlantedExam(0, questions=6), tmp_path, 8, start=[PageStyle.code()])
    assert report.candidates[0].style == PageStyle.code() and report.candidates[0].origin == "given"


def test_the_aim_is_named_and_picks_by_its_rule(tmp_path: Path) -> None:
    """By accuracy · ρ^w the pick is the largest; without a floor or weight, or with both, there is no aim."""
    report = _search(PlantedExam(0, questions=12), tmp_path, 12, aim=Aim(weight=0.5))
    assert report.best is not None
    worth = [one.result.accuracy * one.result.rho**0.5 for one in report.candidates if one.result.is_whole]
    assert report.best.result.accuracy * report.best.result.rho**0.5 == max(worth)
    with pytest.raises(TrainingError, match="give one of the two"):
        Aim()
    with pytest.raises(TrainingError, match="give one of the two"):
        Aim(floor=0.9, weight=1)


def test_a_line_of_something_else_is_named(tmp_path: Path) -> None:
    """Whoever edits the file by hand learns which line."""
    _search(PlantedExam(0, questions=6), tmp_path, 8)
    path = tmp_path / SEARCH
    path.write_bytes(path.read_bytes() + json.dumps({"kind": "poem"}).encode() + b"\n")
    with pytest.raises(TrainingError, match="no line is a 'poem'"):
        _search(PlantedExam(0, questions=6), tmp_path, 8)
