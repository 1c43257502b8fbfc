"""The efficiency benchmark runs as a whole on a CPU, loses no row, and makes no table without a GPU."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import efficiency
import figures
import gpu
from efficiency_tables import draw_decoding, draw_prefill, draw_whole
from figure_tables import TABLES
from lib import results
from lib.flops import find_published
from lib.real_text import KINDS
from lib.timing import Budget, Stopwatch


@pytest.fixture(scope="module")
def dry_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a dry run."""
    return efficiency.main(["--dry-run"], folder=tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def measured(dry_run: Path) -> dict[str, Any]:
    """Its figures."""
    found: dict[str, Any] = json.loads(dry_run.read_text())["figures"]
    return found


def test_a_dry_run_measures_everything(measured: dict[str, Any]) -> None:
    """Two lengths, three kinds of pages each; each ratio with its bound."""
    assert [row["text_tokens"] for row in measured["rows"]] == [256, 512]
    for row in measured["rows"]:
        assert [(page["text"], page["look"]) for page in row["pages"]] == list(KINDS)
        for page in row["pages"]:
            ratios = page["against_text"]
            for name in ("prefill", "decode_one", "decode_most"):
                assert ratios[name] > 0
                assert ratios[f"{name}_bound"] > 0
            assert page["compression"] == pytest.approx(row["text_tokens"] / (page["tokens"] - 64), rel=1e-4)
            assert set(page["cpu_s"]) == {"typeset", "encode", "decode", "prepare"}
    assert measured["checked"]["parameters"] == 10_292_777_472
    assert measured["quality"] == "not measured"


def test_a_dry_run_is_never_a_result(dry_run: Path, measured: dict[str, Any]) -> None:
    """It lies in a folder of its own; and if somebody copies it, no table is made of it."""
    assert dry_run.parent.name == "dry-run"
    assert not (results.RESULTS / "dry-run").exists()
    for draw in (draw_prefill, draw_whole, draw_decoding):
        with pytest.raises(ValueError, match="dry run"):
            draw(measured)


def test_without_a_gpu_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to do."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(SystemExit, match="--dry-run"):
        efficiency.main([])


def test_what_was_measured_is_kept_when_the_next_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was written before the next began: whole rows, and the kinds of pages of a row that was not finished."""

    def fail_later(bench: object, texts: object, feed: object, length: int) -> Iterator[dict[str, Any]]:
        yield {"text_tokens": length, "published": {}, "pages": ["one"]}
        if length > 256:
            raise KeyboardInterrupt
        yield {"text_tokens": length, "published": {}, "pages": ["one", "two"]}

    monkeypatch.setattr(efficiency, "grow_row", fail_later)
    with pytest.raises(KeyboardInterrupt):
        efficiency.main(["--dry-run"], folder=tmp_path)
    kept = json.loads((tmp_path / "dry-run" / "efficiency.json").read_text())["figures"]["rows"]
    assert [(row["text_tokens"], row["pages"]) for row in kept] == [(256, ["one", "two"]), (512, ["one"])]


def test_a_row_that_does_not_fit_the_gpu_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next one is tried: pages may fit where the text does not."""

    def fail(*_: object) -> Iterator[dict[str, Any]]:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(efficiency, "grow_row", fail)
    path = efficiency.main(["--dry-run"], folder=tmp_path)
    left = json.loads(path.read_text())["figures"]["left_out"]
    assert [(row["text_tokens"], row["why"]) for row in left] == [
        (256, "out of memory"),
        (512, "out of memory"),
    ]


def test_what_no_longer_fits_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason; the file is complete otherwise."""
    monkeypatch.setattr(efficiency, "grow_row", lambda *_: pytest.fail("there was no time"))
    path = efficiency.main(["--dry-run", "--minutes", "0"], folder=tmp_path)
    left = json.loads(path.read_text())["figures"]["left_out"]
    assert [row["text_tokens"] for row in left] == [256, 512]
    assert "minutes" in left[0]["why"]


def test_tables_are_made_of_what_a_gpu_measured(measured: dict[str, Any]) -> None:
    """Its name and power below, each ratio beside its bound and the paper's."""
    row = measured["rows"][0] | {"text_tokens": 131_072, "published": find_published(131_072)}
    found = measured | {"is_dry_run": False, "gpu": {"name": "A GPU", "power.limit": "700 W"}, "rows": [row]}
    found["left_out"] = [{"text_tokens": 4096, "why": "no time"}]
    prefill = draw_prefill(found)
    assert "| 131,072 | as written, default | 1.39 |" in prefill
    assert "| 4.80 |" in prefill
    assert "A GPU, 700 W; torch" in prefill
    assert "Left out: 4,096 tokens (no time)" in prefill
    assert "| 4.40 |" in draw_decoding(found)
    assert draw_whole(found).count("\n") == 4


def test_a_missing_result_is_no_complaint_where_it_takes_a_gpu(tmp_path: Path) -> None:
    """The page says that it is not measured yet, and what measures it."""
    page = "<!-- figures:efficiency-prefill -->\n<!-- /figures:efficiency-prefill -->\n"
    filled, complaints = figures.fill_tables(page, tmp_path)
    assert complaints == []
    assert "*Not measured yet: `python benchmarks/efficiency.py`, on a machine with a GPU.*" in filled
    assert {table.result for table in TABLES.values() if table.needs_gpu} == {
        "efficiency",
        "tiny_gpu",
        "training_cost_gpu",
    }


def test_a_budget_counts_from_its_beginning() -> None:
    """By the clock that it was given."""
    now = [100.0]
    budget = Budget(minutes=1, clock=lambda: now[0])
    now[0] = 140.0
    assert budget.spent_s == 40
    assert budget.has_room(20)
    assert not budget.has_room(21)


@pytest.mark.parametrize(("seconds", "calls"), [(0.0, 4), (20.0, 1)])
def test_a_long_call_is_made_once(seconds: float, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short ones warm up, then count three times."""
    now, made = [0.0], list[None]()

    def call() -> None:
        made.append(None)
        now[0] += seconds

    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    assert Stopwatch(synchronize=lambda: None).median(call) == seconds
    assert len(made) == calls


_WRITE = (
    "import sys; sys.path.insert(0, '.'); from pathlib import Path\n"
    "Path('out/benchmarks/dry-run').mkdir(parents=True, exist_ok=True)\n"
    "Path('out/benchmarks/dry-run/good.json').write_text(' '.join(sys.argv[1:]))\n"
)


def test_all_that_needs_a_gpu_is_run_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is missing is passed over, what fails or takes too long ends nothing, and what was written is copied."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    for name, code in {
        "good": _WRITE,
        "bad": "raise SystemExit(3)",
        "slow": "import time; time.sleep(60)",
    }.items():
        (folder / f"{name}.py").write_text(code)
    monkeypatch.setattr(gpu, "_FOLDER", folder)
    monkeypatch.setattr(gpu, "ROOT", tmp_path)
    monkeypatch.setattr(gpu, "TRIALS", tmp_path / "out" / "benchmarks")
    monkeypatch.setenv("OUT", str(tmp_path / "back"))
    names = ("bad", "slow", "missing", "good")
    steps = [gpu.Step(script=f"{name}.py", minutes=0.02 if name == "slow" else 1) for name in names]
    assert gpu.main(["--dry-run"], steps=steps) == 2
    printed = capsys.readouterr().out
    for said in ("exit code 3", "ended after 1 s", "not there yet", "done"):
        assert said in printed
    assert (tmp_path / "back" / "good-dry-run.json").read_text() == "--dry-run"


def test_the_first_step_is_this_benchmark() -> None:
    """And it is there."""
    assert gpu.STEPS[0].script == "efficiency.py"
    assert (figures.ROOT / "benchmarks" / gpu.STEPS[0].script).exists()
