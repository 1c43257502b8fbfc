"""What is measured is what was there: readers that err at known rates, and a harness that flatters is caught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from glyph_memory.evaluate.run import (
    Comparison,
    Label,
    Result,
    Row,
    compare_arms,
    compare_runs,
    find_miscounts,
    keep_common,
    measure_chance,
    run_tasks,
    summarize,
    write_markdown,
)
from glyph_memory.evaluate.run.table import Share, format_share
from glyph_memory.evaluate.tasks import Judgement, Outcome, Sample
from tests.evaluate.shop_keys import ErringReader, ShopKeys

RATES: list[tuple[float, float]] = [(1.0, 0.0), (0.9, 0.05), (0.6, 0.3), (0.2, 0.1), (0.0, 1.0), (0.0, 0.0)]


def measure(folder: Path, task: ShopKeys, *, correct: float, abstains: float) -> Row:
    """Measure a reader of known rates on 200 samples."""
    reader = ErringReader(task.answers, correct=correct, abstains=abstains)
    report = run_tasks(
        [task], reader=reader, out=folder, arms=["text"], lengths=[100], budgets=["100%"], samples=200
    )
    (row,) = summarize(report.results)
    return row


def holds(row: Row, rates: Sequence[float]) -> bool:
    """Return whether all three rates lie within what was measured."""
    outcomes: tuple[Outcome, ...] = ("correct", "abstained", "silently wrong")
    intervals = [row.count(outcome).interval for outcome in outcomes]
    return all(low - 1e-9 <= rate <= high + 1e-9 for (low, high), rate in zip(intervals, rates, strict=True))


@pytest.mark.parametrize(("correct", "abstains"), RATES)
def test_readers_that_err_at_a_known_rate_are_measured_to_do_so(
    tmp_path: Path, correct: float, abstains: float
) -> None:
    """Correct, abstained and silently wrong, each within its 95 % interval; and the intervals are narrow."""
    row = measure(tmp_path, ShopKeys(), correct=correct, abstains=abstains)
    assert row.judged == 200
    assert holds(row, (correct, abstains, 1 - correct - abstains))
    low, high = row.count("correct").interval
    assert high - low < 0.15


def test_a_harness_that_always_says_a_hundred_per_cent_fails_this_test(tmp_path: Path) -> None:
    """The test above can fail: a judge that takes any answer is found out by the very same check."""

    class Flattering(ShopKeys):
        def judge(self, sample: Sample, answer: str) -> Judgement:
            return Judgement(outcome="correct", score=1.0)

    row = measure(tmp_path, Flattering(), correct=0.6, abstains=0.3)
    assert not holds(row, (0.6, 0.3, 0.1))


def result(
    sample: int, outcome: Outcome | None, *, arm: str = "text", task: str = "keys", **more: object
) -> Result:
    """Return a made result."""
    made = Result(
        sample=f"{task}/{sample}", task=task, kind="prose", length=100, number=sample, arm=arm, budget="100%",
        budget_tokens=100, text_tokens=100, prompt_tokens=80, outcome=outcome,
        score=None if outcome is None else float(outcome == "correct"),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]  # fields of a result


def test_what_has_no_answer_counts_as_no_answer_and_not_as_a_wrong_one() -> None:
    """Shares are of judged answers; the others are counted by what went wrong."""
    rows = summarize(
        [
            result(1, "correct"),
            result(2, "silently wrong"),
            result(3, None, fault="empty"),
            result(4, None, fault="cut off"),
            result(5, None, fault="empty"),
        ]
    )
    assert (rows[0].judged, rows[0].count("correct").share) == (2, 0.5)
    assert rows[0].faults == {"empty": 2, "cut off": 1}
    assert "2 empty, 1 cut off" in write_markdown(rows)


def test_results_are_told_apart_by_task_kind_arm_and_length() -> None:
    """In the same order, however they come."""
    rows = summarize(
        [
            result(1, "correct"),
            result(1, "correct", task="b"),
            result(2, "abstained", arm="pages", length=200),
        ],
        by=("task", "kind", "arm", "length", "budget"),
    )
    assert [tuple(row.labels.values()) for row in rows] == [
        ("b", "prose", "text", "100", "100%"),
        ("keys", "prose", "text", "100", "100%"),
        ("keys", "prose", "pages", "200", "100%"),
    ]


def test_what_the_server_counted_and_had_cached_is_averaged_where_it_said_so() -> None:
    """A server that never said so is no server that cached nothing."""
    told = [
        result(1, "correct", server_tokens=90, cached_tokens=60),
        result(2, "correct", server_tokens=110, cached_tokens=0),
        result(3, "correct", server_tokens=100),
    ]
    (row,) = summarize(told)
    assert (row.server_tokens, row.cached_share) == (100, 0.3)
    assert row.text_share == pytest.approx(0.8)
    (silent,) = summarize([result(1, "correct")])
    assert (silent.server_tokens, silent.cached_share) == (None, None)


def test_of_nothing_nothing_is_known() -> None:
    """No division by zero, and no share that looks like one."""
    assert format_share(Share(count=0, of=0)) == "–"
    assert Share(count=0, of=0).interval == (0.0, 1.0)
    (row,) = summarize([result(1, None, fault="no answer")])
    assert row.to_json()["correct"] == {"count": 0, "of": 0, "share": None, "low": 0.0, "high": 1.0}
    assert write_markdown([]) == ""


def test_arms_are_compared_on_the_samples_that_all_of_them_answered() -> None:
    """An arm that has answered nothing within a budget takes nothing from the others."""
    kept = keep_common(
        [
            result(1, "correct", arm="text"),
            result(2, "correct", arm="text"),
            result(1, "silently wrong", arm="pages"),
            result(2, None, arm="pages", fault="empty"),
            result(1, None, arm="window", fault="does not fit"),
        ]
    )
    assert [(one.sample, one.arm) for one in kept] == [("keys/1", "text"), ("keys/1", "pages")]


def test_the_paired_test_is_mcnemars_exact_one() -> None:
    """Known answers: twice the smaller tail of a fair coin, never above 1."""
    assert measure_chance(0, 0) == 1
    assert measure_chance(0, 5) == 0.0625
    assert measure_chance(9, 1) == measure_chance(1, 9) == pytest.approx(22 / 1024)
    assert measure_chance(3, 15) == pytest.approx(0.0075378, abs=1e-6)
    assert measure_chance(500, 500) == 1
    assert measure_chance(0, 2_000) < 1e-300 or measure_chance(0, 2_000) == 0


def test_two_arms_are_compared_sample_by_sample() -> None:
    """Who is right where the other is not; what only one of them answered is told and not compared."""
    outcomes: list[tuple[Outcome | None, Outcome]] = [
        ("correct", "correct"), ("correct", "silently wrong"), ("correct", "abstained"), ("abstained", "correct"),
        ("silently wrong", "abstained"), (None, "correct"),
    ]  # fmt: skip
    results = [
        result(number, outcome, arm=arm, fault="empty" if outcome is None else None)
        for number, pair in enumerate(outcomes)
        for arm, outcome in zip(("text", "pages"), pair, strict=True)
    ]
    (found,) = compare_arms(results, "text", "pages")
    assert (found.both, found.first_only, found.second_only, found.neither, found.unpaired) == (1, 2, 1, 1, 1)
    assert (found.first_correct.share, found.second_correct.share) == (0.6, 0.4)
    assert found.p_value == 1
    assert found.to_json()["pairs"] == 5


def test_comparisons_are_over_all_tasks_and_by_task() -> None:
    """Where there is more than one."""
    results = [
        result(number, "correct" if arm == "text" else "abstained", arm=arm, task=task)
        for task in ("a", "b")
        for number in range(5)
        for arm in ("text", "pages")
    ]
    found = compare_arms(results, "text", "pages")
    assert [(one.task, one.first_only, one.p_value) for one in found] == [
        ("", 10, 2 / 1024),
        ("a", 5, 0.0625),
        ("b", 5, 0.0625),
    ]


def test_two_runs_are_compared_where_they_asked_the_same() -> None:
    """As two models on the same samples in the same arms."""
    one = [result(number, "correct") for number in range(4)]
    other = [result(number, "abstained") for number in range(1, 6)]
    (found,) = compare_runs(one, other, names=("small", "large"))
    assert isinstance(found, Comparison)
    assert (found.first, found.first_only, found.unpaired) == ("small", 3, 3)


def test_runs_of_several_arms_are_compared_arm_by_arm() -> None:
    """A sample counts once: two arms of it are no two independent pairs."""
    one = [result(number, "correct", arm=arm) for number in range(4) for arm in ("text", "pages")]
    other = [result(number, "abstained", arm=arm) for number in range(4) for arm in ("pages", "window")]
    (found,) = compare_runs(one, other, names=("small", "large"))
    assert (found.first, found.pairs, found.first_only) == ("small", 4, 4)
    both = [*other, *(result(number, "correct", arm="text") for number in range(4))]
    told = compare_runs(one, both, names=("small", "large"))
    assert [(each.first, each.pairs) for each in told] == [("small, text", 4), ("small, pages", 4)]


def test_tables_look_the_same_however_results_come() -> None:
    """Short texts first, large budgets first, arms as they are listed, sweeps behind what they are of."""
    arms = ("text", "pages", "pages@dpi=96", "pages+ledger", "my own")
    made = [
        result(1, "correct", arm=arm, budget=budget, length=length)
        for length in (512, 4096)
        for budget in ("100%", "40%", "9%")
        for arm in arms
    ]
    by: tuple[Label, ...] = ("length", "budget", "arm")
    told = [tuple(row.labels.values()) for row in summarize(made, by=by)]
    assert told == [tuple(row.labels.values()) for row in summarize(reversed(made), by=by)]
    assert told == [(str(one.length), one.budget, one.arm) for one in made]


def test_a_server_that_counts_otherwise_is_found_out() -> None:
    """Budgets that are equal by the wrong model's count are not equal; a template's few tokens are no fault."""
    told = [
        result(1, "correct", arm="text", server_tokens=75),
        result(1, "correct", arm="pages", server_tokens=160),
        result(1, "correct", arm="window", server_tokens=40),
        result(1, "correct", arm="summary"),
    ]
    assert find_miscounts(told) == {"pages": 2.0, "window": 0.5}
