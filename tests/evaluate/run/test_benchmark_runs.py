"""A run on a benchmark's file: what is left out is told, and a judge that does not answer is no wrong answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyph_memory import Reader
from glyph_memory.errors import (
    BadReading,
    DocumentError,
    GlyphMemoryError,
    ReaderError,
    ReaderRefused,
    ReaderUnavailable,
)
from glyph_memory.evaluate.run import RunReport, read_results, read_settings, run_tasks
from glyph_memory.evaluate.tasks import find_task
from glyph_memory.testing import ScriptedReader
from tests.evaluate.tasks.benchmarks.files import longbench, longmemeval, write_lines, write_list


def run_text(name: str, out: Path, *, judge: Reader | None = None, judge_name: str = "") -> RunReport:
    """Ask a task as text, 10 samples of 200 tokens at most; the answer is always the same."""
    return run_tasks(
        [find_task(name, judge=judge)],
        reader=ScriptedReader(lambda _: "Oslo, Norway"),
        out=out,
        arms=["text"],
        budgets=["200%"],
        lengths=[200],
        samples=10,
        judge_name=judge_name,
        max_concurrent=1,
    )


def test_what_is_too_long_is_told_in_the_report_and_its_score_in_the_results(tmp_path: Path) -> None:
    """Nothing is cut, and nothing is left out in silence."""
    rows = [longbench(), longbench(_id="a2", answers=["Oslo"]), longbench(_id="a3", context="word " * 900)]
    path = write_lines(tmp_path / "h.jsonl", rows)
    report = run_text(f"longbench:{path}", tmp_path / "run")
    assert [(one.outcome, one.score) for one in sorted(report.results, key=lambda one: one.sample)] == [
        ("correct", 1.0), ("correct", pytest.approx(2 / 3)),
    ]  # fmt: skip
    (told,) = report.left_out
    assert told.startswith(
        "1 sample of 3 that were looked at in 'longbench:h.jsonl' is longer than 200 tokens"
    )
    again = run_text(f"longbench:{path}", tmp_path / "run")
    assert (again.asked, again.known, again.left_out) == (0, 2, (told,))


def test_a_file_that_is_broken_ends_the_run_before_anything_is_asked(tmp_path: Path) -> None:
    """Nothing half-done counts."""
    path = write_lines(tmp_path / "h.jsonl", [longbench(), {"input": "?"}])
    with pytest.raises(DocumentError, match=r"^line 2 of 'h\.jsonl' has no field 'dataset'"):
        run_text(f"longbench:{path}", tmp_path / "run")
    assert read_results(tmp_path / "run") == ()


@pytest.mark.parametrize(
    "error",
    [ReaderUnavailable("nobody is there"), ReaderRefused("no such model"), BadReading("it says maybe")],
)
def test_a_judge_that_fails_gives_no_answer_and_is_asked_again(tmp_path: Path, error: ReaderError) -> None:
    """Rather than a wrong one, whatever the reason; what it judged is kept."""
    path = write_list(tmp_path / "l.json", [longmemeval(question_id="a"), longmemeval(question_id="b")])
    judge = ScriptedReader(["yes", error])
    report = run_text(f"longmemeval:{path}", tmp_path / "run", judge=judge, judge_name="judge-9b")
    good, bad = sorted(report.results, key=lambda one: one.fault or "")
    assert (good.outcome, bad.outcome, bad.fault) == ("correct", None, "no answer")
    assert bad.error == f"the judge: {error}"
    again = run_text(
        f"longmemeval:{path}", tmp_path / "run", judge=ScriptedReader(["no"]), judge_name="judge-9b"
    )
    assert (again.asked, again.known) == (1, 1)
    assert sorted(str(one.outcome) for one in again.results) == ["correct", "silently wrong"]


def test_another_judge_needs_another_folder(tmp_path: Path) -> None:
    """Verdicts of two are not one result."""
    path = write_list(tmp_path / "l.json", [longmemeval()])
    run_text(f"longmemeval:{path}", tmp_path / "run", judge=ScriptedReader(["yes"]), judge_name="judge-9b")
    assert read_settings(tmp_path / "run")["judge"] == "judge-9b"
    with pytest.raises(GlyphMemoryError, match=r"holds a run with judge = 'judge-9b', and this one has None"):
        run_text(f"longmemeval:{path}", tmp_path / "run")
