"""`glyph-memory evaluate` on benchmarks: from a file, with a judge, and where they are had."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.evaluate.run import read_settings
from glyph_memory.evaluate.tasks import BENCHMARKS
from glyph_memory.testing import FakeVLMServer
from tests.evaluate.tasks.benchmarks.files import longbench, longmemeval, write_lines, write_list

if TYPE_CHECKING:
    from tests.cli.conftest import Run

ARGUMENTS = ("--arms", "text", "--budgets", "200%", "--out", "run")


@pytest.fixture(autouse=True)
def work_in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder."""
    monkeypatch.chdir(tmp_path)


def test_a_benchmark_is_asked_from_its_file(run: Run, tmp_path: Path) -> None:
    """What is too long is warned of, and counted in the JSON."""
    rows = [longbench(), longbench(_id="a2", context="word " * 9000), longbench(_id="q", dataset="qasper")]
    write_lines(tmp_path / "h.jsonl", rows)
    with FakeVLMServer(answer=lambda _: "in Oslo") as server:
        result = run(
            "evaluate", "longbench:h.jsonl#hotpotqa", "--server", server.base_url, "--by", "task,arm", *ARGUMENTS
        )  # fmt: skip
        assert result.code == 0, result.err
        assert "longbench:h.jsonl#hotpotqa" in " ".join(result.out.split())
        assert "1 sample of 2 that were looked at" in " ".join(result.err.split())
        told = run(
            "evaluate", "longbench:h.jsonl#hotpotqa", "--server", server.base_url, *ARGUMENTS, "--json"
        ).json
    assert (told["asked"], told["known"], len(told["left_out"])) == (0, 1, 1)
    assert told["rows"][0]["score"] == 1.0


def test_a_judge_is_another_server(run: Run, tmp_path: Path) -> None:
    """Which is asked about the answer of the first."""
    write_list(tmp_path / "l.json", [longmemeval()])
    with (
        FakeVLMServer(answer=lambda _: "Apple trees.") as server,
        FakeVLMServer(answer=lambda _: "Yes") as judge,
    ):
        result = run(
            "evaluate", "longmemeval:l.json", "--server", server.base_url, "--judge-server", judge.base_url,
            "--judge-model", "glyph", *ARGUMENTS, "--json",
        )  # fmt: skip
        assert result.code == 0, result.err
    assert result.json["rows"][0]["correct"]["count"] == 1
    assert len(judge.requests) == 1
    assert judge.requests[0].body["model"] == "glyph"
    assert read_settings(tmp_path / "run")["judge"] == "glyph"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("longbench:no.jsonl", "--reader", "nano"),
            "'no.jsonl' cannot be opened: No such file or directory",
        ),
        (("longbench", "--reader", "nano"), "'longbench' names no file; write longbench:FILE"),
        (("longbnch:a.jsonl", "--reader", "nano"), "no benchmark is named 'longbnch'; try longbench"),
        (
            ("longbench:a.jsonl", "--reader", "nano", "--judge-model", "x"),
            "name its server with --judge-server",
        ),
        (("longmemeval:p.json", "--reader", "nano"), "a model alone can judge the samples"),
        (("longmemeval:p.json", "--reader", "nano"), "as in --judge-server URL"),
        (("fetch", "longbnch"), "no benchmark is named 'longbnch'; try longbench"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """And nothing is asked."""
    write_list(tmp_path / "p.json", [longmemeval(question_type="single-session-preference")])
    result = run("evaluate", *arguments, "--out", "run")
    assert result.code == 1
    assert said in " ".join(result.err.split())


def test_fetch_tells_where_each_benchmark_is_had_and_downloads_nothing(run: Run, tmp_path: Path) -> None:
    """As a table, as all of one, and as JSON; it asks no network."""
    table = run("evaluate", "fetch").out
    assert all(name in table for name in BENCHMARKS)
    assert "Nothing is downloaded" in table
    (locomo,) = run("evaluate", "fetch", "locomo", "--json").json["benchmarks"]
    assert (locomo["licence"], locomo["address"]) == (
        "CC BY-NC 4.0",
        "https://github.com/snap-research/locomo",
    )
    told = " ".join(run("evaluate", "fetch", "longmemeval", "beam").out.split())
    assert "longmemeval_s_cleaned.json" in told
    assert "CC BY-SA 4.0" in told
    assert {one["name"] for one in run("evaluate", "fetch", "--json").json["benchmarks"]} == set(BENCHMARKS)
    assert list(tmp_path.iterdir()) == []
    assert "longbench-v2" in run("evaluate", "--list").out
