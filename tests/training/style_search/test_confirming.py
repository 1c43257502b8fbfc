"""What is named after fresh questions: not the luckiest style, and never more than the answers say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from glyph_memory.shares import share_interval
from glyph_memory.style import PageStyle
from glyph_memory.testing import ScriptedReader
from glyph_memory.training import TrainingError
from glyph_memory.training.pages import StyleDistribution
from glyph_memory.training.style_search import (
    Aim,
    Candidate,
    Exam,
    ExamAnswer,
    Score,
    SearchBudget,
    SearchPlan,
    SearchReport,
    TaskExam,
    search_style,
    write_markdown,
)
from glyph_memory.training.style_search.confirming import AskFresh, confirm_pick, count_wrong_at_most
from glyph_memory.training.style_search.examiner import NoAnswer, OutOfBudget
from lib.planted_style import FLOOR, PlantedExam, draw_style, find_accuracy

_AIM = Aim(floor=0.95)


def _make(number: int, rho: float, scores: Sequence[float] = (1.0,) * 40) -> Candidate:
    score = Score(scores=tuple(scores), text_tokens=round(1000 * rho), page_tokens=1000)
    style = PageStyle(font_size_pt=12 - rho, line_height_pt=14 - rho)
    return Candidate(number=number, generation=0, style=style, origin="drawn", score=score)


class _Fresh:
    """Answers of which every so many-th is wrong, by a style's number; counts what is asked."""

    def __init__(self, every: dict[int, int]) -> None:
        self._every, self.asked = every, list[tuple[int, int]]()

    def __call__(self, one: Candidate, numbers: Sequence[int]) -> list[ExamAnswer]:
        """Answer."""
        self.asked += [(one.number, number) for number in numbers]
        every = self._every.get(one.number, 0)
        return [ExamAnswer(score=float(not every or (number + 1) % every != 0)) for number in numbers]


def test_how_many_answers_may_be_wrong_follows_from_the_interval() -> None:
    """So many that Wilson's interval still keeps the floor, and one more does not; 72 answers prove nothing of 0.95."""
    assert [count_wrong_at_most(count, 0.95, "interval") for count in (72, 73, 200, 400)] == [-1, 0, 3, 11]
    assert share_interval(197 / 200, 200)[0] >= 0.95 > share_interval(196 / 200, 200)[0]
    allowed = [count_wrong_at_most(count, 0.95, "accuracy") for count in (20, 40, 50)]
    assert allowed == pytest.approx([1, 2, 2.5])
    assert count_wrong_at_most(10, 0.0, "interval") == 10


def test_the_densest_that_was_lucky_is_not_taken() -> None:
    """It is not asked the rest once it cannot keep the floor; the next one is taken, with what fresh questions said."""
    fresh = _Fresh({1: 5})
    done = confirm_pick([_make(0, 2.0), _make(1, 3.0)], aim=_AIM, size=200, budget=800, ask=fresh)
    assert done.best is not None and done.best.number == 0 and done.confirmed == "interval"
    assert done.best.fresh is not None and done.best.fresh.accuracy == 1.0 and done.best.fresh.asked == 200
    lucky = done.asked[1].fresh
    assert lucky is not None and not lucky.is_whole and lucky.asked <= 24


def test_of_two_that_are_confirmed_the_denser_is_taken() -> None:
    """Whichever was asked about first; and no style is asked a question twice, nor more than the budget."""
    fresh = _Fresh({})
    done = confirm_pick([_make(0, 2.0), _make(1, 3.0)], aim=_AIM, size=100, budget=200, ask=fresh)
    assert done.best is not None and done.best.number == 1 and done.confirmed == "interval"
    assert len(fresh.asked) == len(set(fresh.asked)) <= 200
    few = _Fresh({})
    confirm_pick([_make(0, 2.0), _make(1, 3.0), _make(2, 4.0)], aim=_AIM, size=100, budget=130, ask=few)
    assert 100 <= len(few.asked) <= 130


def test_where_questions_are_too_few_to_prove_a_floor_the_accuracy_counts_and_is_called_that() -> None:
    """Of 40 answers all right the interval begins at 0.91."""
    done = confirm_pick([_make(0, 2.0), _make(1, 3.0)], aim=_AIM, size=40, budget=80, ask=_Fresh({1: 10}))
    assert done.best is not None and done.best.number == 0 and done.confirmed == "accuracy"


def test_texts_that_are_a_little_wrong_keep_a_floor_that_their_mean_keeps() -> None:
    """A text that is read back at 0.99 is within a floor of 0.98, also where there is one text alone."""

    def read_back(one: Candidate, numbers: Sequence[int]) -> list[ExamAnswer]:
        return [ExamAnswer(score=1.0 if one.number == 0 else 0.99) for _ in numbers]

    tried = [_make(0, 0.4, (1.0,) * 3), _make(1, 4.0, (0.996,) * 3)]
    for size in (1, 4):
        done = confirm_pick(tried, aim=Aim(floor=0.98), size=size, budget=80, ask=read_back)
        assert done.best is not None and done.best.number == 1 and done.confirmed == "accuracy"


def test_a_style_at_the_floor_is_confirmed_by_its_accuracy_alone() -> None:
    """One of 25 is wrong: 0.96, of which the interval reaches below; the answers that are known are not asked again."""
    fresh = _Fresh({0: 25})
    done = confirm_pick([_make(0, 2.0)], aim=_AIM, size=200, budget=800, ask=fresh)
    assert done.confirmed == "accuracy" and done.best is not None and done.best.fresh is not None
    assert done.best.fresh.accuracy == 0.96 and done.best.fresh.interval[0] < 0.95
    assert sorted(fresh.asked) == [(0, number) for number in range(200)]


def test_styles_that_fresh_questions_refute_are_not_named() -> None:
    """Where all are, none is."""
    done = confirm_pick(
        [_make(0, 2.0), _make(1, 3.0)], aim=_AIM, size=100, budget=800, ask=_Fresh({0: 4, 1: 4})
    )
    assert done.best is None and done.confirmed == "no" and set(done.asked) == {0, 1}
    left = confirm_pick(
        [_make(0, 2.0), _make(1, 3.0)], aim=_AIM, size=100, budget=30, ask=_Fresh({0: 3, 1: 3})
    )
    assert left.best is not None and left.confirmed == "no"


@pytest.mark.parametrize(("over", "is_unanswered"), [(OutOfBudget("time"), False), (NoAnswer("gone"), True)])
def test_where_asking_ends_early_nothing_is_called_confirmed(over: Exception, is_unanswered: bool) -> None:
    """The pick is named, and why it is not confirmed."""

    def ask(one: Candidate, numbers: Sequence[int]) -> list[ExamAnswer]:
        raise over

    done = confirm_pick([_make(0, 2.0)], aim=_AIM, size=100, budget=800, ask=ask)
    assert done.best is not None and done.confirmed == "no"
    assert done.stopped == str(over) and done.is_unanswered == is_unanswered


def test_with_a_weight_the_best_few_are_measured_anew() -> None:
    """And the best of these measures is taken."""
    made = [_make(0, 2.0), _make(1, 2.1), _make(2, 2.2), _make(3, 1.0)]
    fresh = _Fresh({1: 4, 2: 2})
    done = confirm_pick(made, aim=Aim(weight=1), size=40, budget=200, ask=fresh)
    assert done.best is not None and done.best.number == 0 and done.confirmed == "accuracy"
    assert set(done.asked) == {0, 1, 2}
    poor = confirm_pick(made, aim=Aim(weight=1), size=40, budget=39, ask=fresh)
    assert poor.best is made[2] and poor.confirmed == "no"


def test_what_is_named_keeps_the_floor_more_often_than_what_looks_best() -> None:
    """By the true accuracies of a scripted reader, over twelve seeds; the picks of the exam alone are mostly lucky."""
    source, aim, looks, names = StyleDistribution.default(), Aim(floor=FLOOR), 0, 0
    for seed in range(12):
        random, exam = Random(seed), PlantedExam(seed, questions=20)
        fresh, made = PlantedExam(seed + 1_000, questions=200), list[Candidate]()
        for number in range(60):
            style = draw_style(source, random)
            cost = exam.measure(style)
            scores = tuple(exam.ask(style, question).score for question in range(exam.size))
            score = Score(scores=scores, text_tokens=cost.text_tokens, page_tokens=cost.page_tokens)
            made.append(Candidate(number=number, generation=0, style=style, origin="drawn", score=score))
        done = confirm_pick(made, aim=aim, size=200, budget=600, ask=_ask(fresh))
        pick = aim.pick(made)
        assert pick is not None
        looks += find_accuracy(pick.style) >= FLOOR
        names += done.best is not None and find_accuracy(done.best.style) >= FLOOR
    assert names >= 10 and names >= looks + 3


def _ask(exam: Exam) -> AskFresh:
    return lambda one, numbers: [exam.ask(one.style, number) for number in numbers]


class _Counting(PlantedExam):
    """Counts what is asked, and may end like a killed process after some answers."""

    def __init__(self, seed: int, *, questions: int, stop_after: int | None = None) -> None:
        super().__init__(seed, questions=questions)
        self.asked, self._stop_after = list[tuple[PageStyle, int]](), stop_after

    def ask(self, style: PageStyle, number: int) -> ExamAnswer:
        """Answer, or end."""
        if self._stop_after is not None and len(self.asked) >= self._stop_after:
            raise KeyboardInterrupt
        self.asked.append((style, number))
        return super().ask(style, number)


def _search(fresh: Exam | None, out: Path, **options: Any) -> SearchReport:
    budget = options.pop("budget", SearchBudget(candidates=16, fresh_share=0.5))
    return search_style(
        PlantedExam(3, questions=24), out=out, fresh=fresh, aim=Aim(floor=0.8), budget=budget,
        plan=SearchPlan(first=8, each=4, seed=9), **options,
    )  # fmt: skip


def test_a_search_killed_while_it_confirms_goes_on_to_the_same_end(tmp_path: Path) -> None:
    """Fresh answers are kept as the others are, and the report is the same; together both runs ask what one does."""
    whole = _Counting(9, questions=60)
    expected = _search(whole, tmp_path / "whole")
    assert expected.confirmed == "interval" and len(whole.asked) > 60
    assert {number for _, number in whole.asked} == set(
        range(60)
    )  # of no question the other exam's answer is taken
    first, second = _Counting(9, questions=60, stop_after=37), _Counting(9, questions=60)
    with pytest.raises(KeyboardInterrupt):
        _search(first, tmp_path / "two")
    resumed = _search(second, tmp_path / "two", max_concurrent=4)
    assert resumed.best == expected.best and resumed.candidates == expected.candidates
    assert sorted((first.asked + second.asked), key=str) == sorted(whole.asked, key=str)
    again = _search(_Counting(9, questions=60, stop_after=0), tmp_path / "two")
    assert again.best == expected.best and again.asked == 0


def test_a_budget_of_questions_keeps_a_share_for_fresh_ones(tmp_path: Path) -> None:
    """All together are no more than it, and the search leaves the share alone."""
    fresh = _Counting(9, questions=500)
    report = _search(fresh, tmp_path, budget=SearchBudget(candidates=100, questions=300, fresh_share=0.4))
    assert report.asked <= 300 and report.asked - len(fresh.asked) <= 180 and fresh.asked
    with pytest.raises(TrainingError, match="fresh_share"):
        SearchBudget(fresh_share=1.0)


def test_a_folder_of_other_fresh_questions_is_another_search(tmp_path: Path) -> None:
    """What differs is named."""
    _search(PlantedExam(9, questions=30), tmp_path)
    with pytest.raises(TrainingError, match="fresh seed of answers = 9"):
        _search(PlantedExam(8, questions=30), tmp_path)


def _never(style: PageStyle, number: int) -> ExamAnswer:
    return ExamAnswer(fault="no answer", error="nobody there", is_missing=True)


@pytest.mark.parametrize(
    ("fresh", "share", "told"),
    [
        (None, 0.5, "there were no fresh ones"),
        (PlantedExam(9, questions=60), 0.01, "the budget of fresh questions ended"),
    ],
)
def test_a_style_that_is_not_confirmed_is_called_so(
    tmp_path: Path, fresh: Exam | None, share: float, told: str
) -> None:
    """In notes, in the report, and with the reason."""
    report = _search(fresh, tmp_path, budget=SearchBudget(candidates=12, fresh_share=share))
    assert report.best is not None and report.confirmed == "no"
    assert any("not confirmed" in note and told in note for note in report.notes)
    assert "not confirmed" in write_markdown(report) and report.to_json()["confirmed"] == "no"


def test_a_reader_that_falls_silent_while_it_is_confirmed_ends_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it answers, the same call goes on."""
    fresh = PlantedExam(9, questions=60)
    monkeypatch.setattr(fresh, "ask", _never)
    report = _search(fresh, tmp_path)
    assert (
        report.is_unanswered
        and report.confirmed == "no"
        and "nobody answered: nobody there" in report.stopped
    )
    assert _search(PlantedExam(9, questions=60), tmp_path).confirmed == "interval"


def test_a_confirmed_style_is_told_with_what_was_found_and_what_was_confirmed(tmp_path: Path) -> None:
    """Two accuracies, each with its interval."""
    report = _search(PlantedExam(9, questions=60), tmp_path)
    assert report.best is not None and report.best.fresh is not None
    told = write_markdown(report)
    assert f"found with an accuracy of {report.best.result.accuracy:.3f}" in told
    assert (
        f"fresh questions: accuracy {report.best.fresh.accuracy:.3f}" in told
        and "the interval keeps 0.8" in told
    )


@pytest.mark.parametrize("task", ["not_stated", "identifiers"])
def test_fresh_questions_are_none_that_were_asked(task: str) -> None:
    """Neither by text and question; as many as wanted, and the same each time."""
    exam = TaskExam([task], reader=ScriptedReader([]), tokens=600, samples=6)
    fresh, again = exam.make_fresh(samples=9), exam.make_fresh(samples=9)
    assert fresh is not None and again is not None and fresh.size == 9 and exam.size == 6
    tell: Callable[[TaskExam], list[tuple[str, str]]] = lambda one: [  # noqa: E731
        (sample.document, sample.question) for _, sample, _ in one._asked
    ]
    assert not set(tell(exam)) & set(tell(fresh)) and tell(fresh) == tell(again)
    assert exam.settings["seed"] != fresh.settings["seed"]
    with pytest.raises(TrainingError, match="samples=0"):
        exam.make_fresh(samples=0)
