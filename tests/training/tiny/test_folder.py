"""The folder of a tiny model's training: what it goes on from, what is refused, and what a full disk leaves."""

# mypy: allow-untyped-calls

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glyph_memory.training import TrainingError
from glyph_memory.training.hold import hold_training
from glyph_memory.training.tiny import TinyPlan, train_tiny
from glyph_memory.training.tiny.assemble import assemble_model, load_language_model, save_model
from glyph_memory.training.tiny.training import CHECKPOINT, CURVE, TinyTraining
from tests.training.tiny.llamas import write_llama


def _open(folder: Path, llama: Path, plan: TinyPlan, *, changed: float = 0.0) -> TinyTraining:
    given, tokenizer = load_language_model(llama)
    with torch.no_grad():
        given.model.layers[0].mlp.up_proj.weight += changed
    return TinyTraining(folder, assemble_model(given, tokenizer, plan.tower), tokenizer, plan)


def test_a_checkpoint_of_another_language_model_is_refused(
    llama: Path, plan: TinyPlan, tmp_path: Path
) -> None:
    """Of other weights in the same shape, and of another shape; a folder that was moved is the same."""
    _open(tmp_path / "run", llama, plan).save_checkpoint()
    for other in (
        lambda: _open(tmp_path / "run", llama, plan, changed=0.5),
        lambda: _open(tmp_path / "run", write_llama(tmp_path / "wide", hidden=64), plan),
    ):
        with pytest.raises(TrainingError, match=r"another language model; give the same"):
            other()
    _open((tmp_path / "run").rename(tmp_path / "moved"), llama, plan)


def test_the_curve_tells_of_each_step_once(llama: Path, plan: TinyPlan, tmp_path: Path) -> None:
    """What comes after the checkpoint is done again; half a row is none."""
    short = plan.scale(0.1)
    training = _open(tmp_path, llama, short)
    training.train()
    rows = training.read_curve()
    with (tmp_path / CURVE).open("a") as file:
        file.write('{"stage": "answer", "st')
    assert _open(tmp_path, llama, short).read_curve() == rows
    (tmp_path / "model").rename(tmp_path / "other")
    (tmp_path / CHECKPOINT).unlink()
    assert _open(tmp_path, llama, short).read_curve() == []


def test_a_training_that_is_done_is_not_saved_again(llama: Path, plan: TinyPlan, tmp_path: Path) -> None:
    """What its user put beside the weights stays; without the model, it is saved from the checkpoint."""
    short = plan.scale(0.1)
    model = _open(tmp_path, llama, short).train()
    (model / "mine.txt").touch()
    assert _open(tmp_path, llama, short).train() == model
    assert (model / "mine.txt").exists()
    model.rename(tmp_path / "elsewhere")
    assert (_open(tmp_path, llama, short).train() / "config.json").exists()


def test_a_model_of_something_else_is_not_touched(llama: Path, plan: TinyPlan, tmp_path: Path) -> None:
    """It is told before anything is trained."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").touch()
    with pytest.raises(TrainingError, match="'model' of something else"):
        train_tiny(tmp_path, plan, language_model=llama)
    given, tokenizer = load_language_model(llama)
    with pytest.raises(TrainingError, match="move what is there"):
        save_model(assemble_model(given, tokenizer, plan.tower), tokenizer, tmp_path / "model")
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["mine.txt"]
    assert not list(tmp_path.glob(".*.part"))


def test_a_full_disk_keeps_the_checkpoint_and_says_so(
    llama: Path, plan: TinyPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line with the next step."""
    training = _open(tmp_path, llama, plan)
    training.save_checkpoint()
    kept = (tmp_path / CHECKPOINT).read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("glyph_memory.training.tiny.training.write_atomic", fail)
    with pytest.raises(TrainingError, match=r"No space left on device.*Free some space"):
        training.save_checkpoint()
    assert (tmp_path / CHECKPOINT).read_bytes() == kept


def test_a_folder_that_another_training_holds_is_refused_at_once(plan: TinyPlan, tmp_path: Path) -> None:
    """Before a language model is looked for."""
    with hold_training(tmp_path, ()), pytest.raises(TrainingError, match="another run writes"):
        train_tiny(tmp_path, replace(plan, seed=1), language_model=tmp_path / "none")
