"""The model is asked by the evaluation's own harness before, after and while it learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from glyph_memory.evaluate.run import read_results
from glyph_memory.training import TrainingError
from glyph_memory.training.sft import SftEvaluation, TrainingReport
from tests.training.sft.conftest import QUICK, Train

ASKED = SftEvaluation(tasks=("identifiers",), every=2, lengths=(500,), samples=1, max_tokens=4)


def test_it_is_asked_before_after_and_every_few_steps(train: Train, tmp_path: Path) -> None:
    """Each time into a folder that the evaluation reads; the run itself is the same as without."""
    report = train(tmp_path / "asked", replace(QUICK, steps=4), evaluation=ASKED)
    assert [one.step for one in report.evaluated] == [0, 2, 4]
    for one in report.evaluated:
        results = read_results(Path(one.folder))
        assert (len(results), one.asked) == (1, 1)
        assert results[0].arm == "pages"
    plain = train(tmp_path / "plain", replace(QUICK, steps=4))
    assert plain.last_loss == report.last_loss
    assert TrainingReport.from_json(report.to_json()) == report
    assert "after 4 steps: " in report.describe()


def test_a_run_that_goes_on_asks_no_question_twice(train: Train, tmp_path: Path) -> None:
    """What was answered before it was stopped is read again."""

    def stop(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, replace(QUICK, steps=4), evaluation=ASKED, progress=stop)
    begun = (tmp_path / "evaluated" / "step-000000" / "results.jsonl").read_bytes()
    report = train(tmp_path, replace(QUICK, steps=4), evaluation=ASKED)
    assert [one.step for one in report.evaluated] == [0, 2, 4]
    assert (tmp_path / "evaluated" / "step-000000" / "results.jsonl").read_bytes() == begun


def test_a_task_that_is_none_is_refused_before_anything_is_trained(train: Train, tmp_path: Path) -> None:
    """With the nearest name."""
    with pytest.raises(Exception, match="no_such_task"):
        train(tmp_path, evaluation=SftEvaluation(tasks=("no_such_task",)))
    assert not (tmp_path / "checkpoints").exists()
    with pytest.raises(TrainingError, match="no task"):
        SftEvaluation(tasks=())


def test_samples_that_no_window_holds_are_refused_before_anything_is_trained(
    train: Train, tmp_path: Path
) -> None:
    """A sample of 400 million tokens would take hours to make, to be left out."""
    with pytest.raises(
        TrainingError, match=r"400,000,000 tokens do not fit the model's .* give lengths up to"
    ):
        train(tmp_path, evaluation=replace(ASKED, lengths=(500, 400_000_000)))
    assert not (tmp_path / "checkpoints").exists()
