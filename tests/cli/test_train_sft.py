"""`glyph-memory train sft` trains, tells what came of it, goes on, and says in one line what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glyph_memory.testing import build_tiny_model
from tests.training.tiny_samples import make_sample

if TYPE_CHECKING:
    from tests.cli.conftest import Run

OPTIONS = ("--steps", "3", "--tokens-per-step", "90", "--rank", "2", "--save-every", "1", "--no-recompute")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shard of samples, and the tiny model that learns them beside it."""
    folder = tmp_path_factory.mktemp("train")
    rows = [make_sample(number).to_row() for number in range(4)]
    pq.write_table(pa.Table.from_pylist(rows), folder / "samples.parquet")
    build_tiny_model(folder / "tiny", "qwen2.5-vl")
    return folder


@pytest.fixture
def train(run: Run, data: Path, tmp_path: Path) -> Callable[..., object]:
    """Type the command."""

    def typed(*options: str, out: str = "run") -> object:
        where = (str(data / "tiny"), str(data / "samples.parquet"), "--out", str(tmp_path / out))
        return run("train", "sft", *where, "--device", "cpu", *options)

    return typed


def test_it_trains_and_tells_what_came_of_it(train: Run, tmp_path: Path) -> None:
    """In words, and as JSON once it is over; the adapter lies where the last line says."""
    told = train(*OPTIONS)
    assert told.code == 0, told
    assert "3 steps on 3 samples" in told.out
    assert str(tmp_path / "run" / "model") in told.out
    assert (tmp_path / "run" / "model" / "adapter_config.json").is_file()
    again = train(*OPTIONS, "--json")
    assert again.json["steps"] == 3
    assert again.json["trained_parameters"] > 0


def test_other_settings_are_refused_by_name(train: Run) -> None:
    """So that nobody mixes two runs."""
    assert train(*OPTIONS).code == 0
    assert "lora_rank=2, and 4 is asked for" in train(*OPTIONS, "--rank", "4").error
    assert "holds a run already" in train(*OPTIONS, "--no-resume").error


def test_what_cannot_be_is_told_in_one_line(train: Run, run: Run, data: Path, tmp_path: Path) -> None:
    """With what to do."""
    out = ("--out", str(tmp_path / "no"))
    assert "no file" in run("train", "sft", str(data / "tiny"), "missing.parquet", *out).error
    assert "no folder" in run("train", "sft", "missing-model", str(data / "samples.parquet"), *out).error
    assert "name one with --eval-task" in train(*OPTIONS, "--eval-every", "2", out="a").error
    assert (
        "--eval-lengths"
        in train(*OPTIONS, "--eval-task", "identifiers", "--eval-lengths", "x", out="b").error
    )
    assert "give one" in train(*OPTIONS, "--passes", "2", out="c").error


def test_ctrl_c_says_how_to_go_on(train: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what there is stays."""
    from glyph_memory.training.sft import run as module

    taken = module._Run._after_step

    def interrupt(self: module._Run, step: int) -> None:
        taken(self, step)
        if step == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module._Run, "_after_step", interrupt)
        stopped = train(*OPTIONS)
    assert stopped.code == 130
    assert "Stopped after 2 steps; the same command goes on" in stopped.err
    assert train(*OPTIONS, "--json").json["resumed_from"] == 1


def test_a_folder_with_any_name_will_do(train: Run, tmp_path: Path) -> None:
    """Blanks, accents, other scripts, and folders that are not there yet."""
    told = train(*OPTIONS, "--json", out="ein Lauf/模型 é 😀")
    assert told.code == 0, told
    assert Path(told.json["model"]) == tmp_path / "ein Lauf" / "模型 é 😀" / "model"


def test_a_folder_that_cannot_be_written_is_one_line(train: Run, tmp_path: Path) -> None:
    """A file in its place, a file on the way, or something else's folder."""
    (tmp_path / "file").write_text("Words.")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    for out, why in (
        ("file", "file"),
        ("file/run", "file"),
        ("model", "holds 'config.json' of something else"),
    ):
        told = train(*OPTIONS, out=out)
        assert (told.code, len(told.err.splitlines())) == (1, 1), told
        assert why in told.error
