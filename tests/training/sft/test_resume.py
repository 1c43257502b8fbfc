"""A run that was stopped goes on, and comes to the weights of one that was not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from glyph_memory.training import TrainingError
from glyph_memory.training.models import LoraSettings, ModelSettings
from tests.training.killed import run_killings
from tests.training.sft.conftest import LORA, QUICK, SAMPLES, WHOLE, Train


class Killed(BaseException):
    """What ends a run in the middle, as nobody catches it."""


def _kill_at(step: int) -> Callable[[int, int], None]:
    def progress(done: int, _: int) -> None:
        if done == step:
            raise Killed

    return progress


def _read_weights(out: Path) -> dict[str, torch.Tensor]:
    return load_file(next((out / "model").glob("*.safetensors")))


@pytest.fixture(scope="module")
def whole(train: Train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run with LoRA that nobody stopped."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    train(out, model_settings=LORA)
    return out


@pytest.fixture(scope="module")
def whole_of_all(train: Train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return that of a whole model."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    train(out, model_settings=WHOLE)
    return out


@pytest.mark.parametrize(("model_settings", "killed_at"), [(LORA, 1), (WHOLE, 5)])
def test_a_run_that_was_killed_comes_to_the_same_weights(
    train: Train,
    whole: Path,
    whole_of_all: Path,
    tmp_path: Path,
    model_settings: ModelSettings,
    killed_at: int,
) -> None:
    """To the bit, dropout included, before the first checkpoint and after one; and so does the log."""
    unstopped = whole if model_settings is LORA else whole_of_all
    with pytest.raises(Killed):
        train(tmp_path / "killed", model_settings=model_settings, progress=_kill_at(killed_at))
    assert not (tmp_path / "killed" / "model").exists()
    report = train(tmp_path / "killed", model_settings=model_settings)
    # The step's own checkpoint is written after it was told of, so a run killed then has the one before.
    assert report.resumed_from == (killed_at - 1) // 2 * 2
    first, second = _read_weights(unstopped), _read_weights(tmp_path / "killed")
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    logs = [
        [json.loads(line) for line in (one / "log.jsonl").read_text().splitlines()]
        for one in (unstopped, tmp_path / "killed")
    ]
    assert logs[0] == logs[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process that can be killed")
def test_a_run_that_the_system_kills_comes_to_the_same_weights(
    whole: Path, tiny: Path, train: Train, tmp_path: Path
) -> None:
    """Between two steps, amid a checkpoint, and between the model and the report; nobody is asked."""
    run_killings("tests.training.sft.killings:kill_three_times", tiny, tmp_path)
    assert train(tmp_path).resumed_from == QUICK.steps
    first, second = _read_weights(whole), _read_weights(tmp_path)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert (tmp_path / "log.jsonl").read_text() == (whole / "log.jsonl").read_text()


def test_a_checkpoint_whose_files_became_shorter_is_passed_over(train: Train, tmp_path: Path) -> None:
    """As after a power failure: the one before it is gone on from."""
    with pytest.raises(Killed):
        train(tmp_path, progress=_kill_at(5))
    optimizer = tmp_path / "checkpoints" / "checkpoint-4" / "optimizer.pt"
    optimizer.write_bytes(optimizer.read_bytes()[:100])
    assert train(tmp_path).resumed_from == 2


def test_a_run_that_is_over_gives_its_report(train: Train, tmp_path: Path) -> None:
    """Nothing is trained again."""
    first = train(tmp_path)
    steps = list[int]()
    again = train(tmp_path, progress=lambda done, _: steps.append(done))
    assert again == first
    assert not steps


@pytest.mark.parametrize("content", [b"[]", b"{", b"{}", b"\xff", b'{"steps": 1}'])
@pytest.mark.parametrize("name", ["report.json", "settings.json"])
def test_a_file_of_another_shape_is_told_in_one_line(
    train: Train, tmp_path: Path, name: str, content: bytes
) -> None:
    """By its name."""
    train(tmp_path, replace(QUICK, steps=1))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TrainingError, match=r"(give|Give) another folder"):
        train(tmp_path, replace(QUICK, steps=1))


def test_a_run_that_was_moved_tells_where_its_model_is_and_saves_one_that_is_gone(
    train: Train, tmp_path: Path
) -> None:
    """It is made again from the last checkpoint."""
    one = replace(QUICK, steps=1)
    train(tmp_path / "run", one)
    moved = (tmp_path / "run").rename(tmp_path / "moved")
    assert train(moved, one).model == str(moved / "model")
    (moved / "model").rename(tmp_path / "elsewhere")
    assert (Path(train(moved, one).model) / "adapter_config.json").exists()


def test_a_run_goes_on_only_with_the_settings_that_it_has(train: Train, tmp_path: Path) -> None:
    """The one that differs is named, with both values."""
    with pytest.raises(Killed):
        train(tmp_path, progress=_kill_at(3))
    others: list[tuple[dict[str, Any], str]] = [
        ({"settings": replace(QUICK, learning_rate=1e-3)}, r"learning_rate=0\.005, and 0\.001"),
        (
            {"model_settings": ModelSettings(lora=LoraSettings(rank=8, dropout=0.1))},
            "gradient_checkpointing|lora_rank",
        ),
        ({"samples": SAMPLES[:4]}, "data="),
    ]
    for asked, said in others:
        with pytest.raises(TrainingError, match=said):
            train(tmp_path, **asked)
    with pytest.raises(TrainingError, match="holds a run already"):
        train(tmp_path, resume=False)


def test_a_checkpoint_that_is_half_written_is_never_gone_on_from(train: Train, tmp_path: Path) -> None:
    """What a killed process leaves is a draft under another name, and is removed."""
    with pytest.raises(Killed):
        train(tmp_path, progress=_kill_at(3))
    draft = tmp_path / ".drafts" / "checkpoint-4"
    draft.mkdir(parents=True)
    (draft / "adapter_model.safetensors").write_bytes(b"half")
    (tmp_path / "checkpoints" / "checkpoint-5").mkdir()
    report = train(tmp_path)
    assert report.resumed_from == 2
    assert not (tmp_path / ".drafts").exists()


def test_a_run_that_was_killed_after_its_last_step_saves_what_it_had(
    train: Train, whole_of_all: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No step is taken again."""

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr("glyph_memory.training.sft.run.save_trained", kill)
        train(tmp_path / "killed", model_settings=WHOLE)
    report = train(tmp_path / "killed", model_settings=WHOLE)
    assert report.resumed_from == QUICK.steps
    first, second = _read_weights(whole_of_all), _read_weights(tmp_path / "killed")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_only_the_last_checkpoints_stay(train: Train, tmp_path: Path) -> None:
    """As many as were asked for."""
    train(tmp_path, replace(QUICK, keep=1))
    assert [one.name for one in (tmp_path / "checkpoints").iterdir()] == ["checkpoint-6"]
