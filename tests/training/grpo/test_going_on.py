"""A training that was stopped, killed or out of room goes on, and comes to the same weights."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from glyph_memory.errors import ReaderUnavailable
from glyph_memory.testing import ScriptedReader
from glyph_memory.training import TrainingError
from glyph_memory.training.checkpoints import find_checkpoint, is_whole, mark_whole, remove_broken
from glyph_memory.training.grpo import GrpoResult, GrpoStep
from glyph_memory.training.grpo.notes import hold_run
from glyph_memory.training.models import LoraSettings
from glyph_memory.training.rewards import JudgeReward, RewardMix
from lib.one_letter import make_sample
from tests.training.grpo.bandit import LORA, SAMPLES, Letters, StopsAt, choose_settings, train
from tests.training.killed import run_killings


class Stop(Exception):
    """Somebody stops it."""


def load_weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return all weights of a saved model."""
    return load_file(next(folder.glob("*.safetensors")))


def assert_same_weights(one: Path, other: Path) -> None:
    """Compare two saved models bit by bit."""
    first, second = load_weights(one), load_weights(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def whole(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> GrpoResult:
    """Return a training of five steps that nobody stopped, with LoRA, dropout and KL."""
    return train(tiny, tmp_path_factory.mktemp("whole"), choose_settings(steps=5), weights=LORA)


def test_a_training_that_is_made_longer_comes_to_the_weights_of_one_that_was_not_stopped(
    whole: GrpoResult, tiny: Path, tmp_path: Path
) -> None:
    """The dice of completions and of dropout, the optimiser and the order of samples all go on where they were."""
    train(tiny, tmp_path, choose_settings(steps=2), weights=LORA)
    torch.manual_seed(99)  # another process would have other dice
    done = list[GrpoStep]()
    result = train(tiny, tmp_path, choose_settings(steps=5), weights=LORA, on_step=done.append)
    assert [step.step for step in done] == [3, 4, 5]
    assert_same_weights(result.model, whole.model)
    assert [replace(step, steps=5) for step in result.steps] == list(whole.steps)


def test_a_whole_model_that_is_made_longer_comes_to_the_same_weights(tiny: Path, tmp_path: Path) -> None:
    """Qwen2.5-VL's files have other names than its layers; a checkpoint's weights are found, nonetheless."""
    whole = train(tiny, tmp_path / "whole", choose_settings(steps=3, beta=0.0))
    train(tiny, tmp_path / "longer", choose_settings(steps=2, beta=0.0))
    longer = train(tiny, tmp_path / "longer", choose_settings(steps=3, beta=0.0))
    assert_same_weights(longer.model, whole.model)


def _interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process that can be killed")
def test_a_training_that_the_system_kills_comes_to_the_same_weights(
    whole: GrpoResult, tiny: Path, tmp_path: Path
) -> None:
    """Amid the completions of a step, amid a checkpoint, and between the last step and the model."""
    run_killings("tests.training.grpo.killings:kill_three_times", tiny, tmp_path)
    result = train(tiny, tmp_path, choose_settings(steps=5), weights=LORA)
    assert [step.step for step in result.steps] == [1, 2, 3, 4, 5]
    assert_same_weights(result.model, whole.model)


def test_a_training_that_was_broken_off_amid_a_step_goes_on_from_before_that_step(
    whole: GrpoResult, tiny: Path, tmp_path: Path
) -> None:
    """Ctrl-C in step 4, after completions were written: a checkpoint of step 3 is saved, with that step's dice."""
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        train(
            tiny,
            tmp_path,
            choose_settings(steps=5),
            reward=StopsAt(3 * 8 + 5 + 6, _interrupt),
            weights=LORA,
            tell=told.append,
        )
    assert "checkpoint-3" in told[-1]
    assert_same_weights(train(tiny, tmp_path, choose_settings(steps=5), weights=LORA).model, whole.model)


def test_a_worker_that_is_killed_loses_no_more_than_the_steps_since_the_last_checkpoint(
    whole: GrpoResult, tiny: Path, tmp_path: Path
) -> None:
    """It leaves half a checkpoint and half a line of the log; both are dropped."""
    train(tiny, tmp_path, choose_settings(steps=2), weights=LORA)
    half = tmp_path / "checkpoint-4"
    shutil.copytree(tmp_path / "checkpoint-2", half)
    (half / "optimizer.pt").write_bytes((half / "optimizer.pt").read_bytes()[:100])
    shutil.rmtree(tmp_path / "model")
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"step": 3, "loss"')
    result = train(tiny, tmp_path, choose_settings(steps=5), weights=LORA)
    assert [step.step for step in result.steps] == [1, 2, 3, 4, 5]
    assert_same_weights(result.model, whole.model)


def test_a_finished_training_is_not_done_again(whole: GrpoResult, tiny: Path) -> None:
    """The same call tells what there is."""
    steps: list[GrpoStep] = []
    again = train(tiny, whole.model.parent, choose_settings(steps=5), weights=LORA, on_step=steps.append)
    assert again == whole
    assert not steps


def test_a_folder_of_another_training_is_refused(whole: GrpoResult, tiny: Path) -> None:
    """With other settings, samples or rewards nothing could be gone on with."""
    folder = whole.model.parent
    with pytest.raises(TrainingError, match=r"begun with beta=0.001 and not 0.5"):
        train(tiny, folder, choose_settings(steps=9, beta=0.5), weights=LORA)
    with pytest.raises(TrainingError, match="begun with lora_rank=2 and not 3"):
        train(
            tiny,
            folder,
            choose_settings(steps=9),
            weights=replace(LORA, lora=LoraSettings(rank=3, dropout=0.1)),
        )
    with pytest.raises(TrainingError, match=r"begun with model='.*' and not 'another/model'"):
        train(Path("another/model"), folder, choose_settings(steps=9), weights=LORA)
    with hold_run(folder), pytest.raises(TrainingError, match="another run writes to"):
        train(tiny, folder, choose_settings(steps=9), weights=LORA)
    with pytest.raises(TrainingError, match="begun with other samples"):
        train(tiny, folder, choose_settings(steps=9), weights=LORA, samples=SAMPLES[:1])
    with pytest.raises(TrainingError, match="begun with other rewards"):
        train(tiny, folder, choose_settings(steps=9), weights=LORA, reward=RewardMix({Letters(): 2.0}))


def test_a_longer_training_that_is_killed_before_it_is_saved_does_not_give_the_shorter_ones_model(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps are in the log by then, and a model is in the folder: that of the steps before."""
    train(tiny, tmp_path, choose_settings(steps=2), weights=LORA)
    short = load_weights(tmp_path / "model")

    def stop(*_: object) -> None:
        raise Stop

    with monkeypatch.context() as patched, pytest.raises(Stop):
        patched.setattr("glyph_memory.training.grpo.run._save_model", stop)
        train(tiny, tmp_path, choose_settings(steps=3), weights=LORA)
    long = load_weights(train(tiny, tmp_path, choose_settings(steps=3), weights=LORA).model)
    assert any(not torch.equal(short[name], long[name]) for name in short)


def test_a_full_disk_keeps_the_last_good_checkpoint(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The half one is removed, what is good stays, and the message says where it is."""
    train(tiny, tmp_path, choose_settings(steps=2))
    save = torch.save

    def fill_up(state: Any, path: Any, *rest: Any, **more: Any) -> None:
        if "checkpoint-4" in str(path) and "optimizer" in str(path):
            Path(path).write_bytes(b"half")
            raise OSError(28, "No space left on device")
        save(state, path, *rest, **more)

    monkeypatch.setattr(torch, "save", fill_up)
    with pytest.raises(TrainingError, match=r"checkpoint-4' cannot be saved.*No space left.*checkpoint-2'"):
        train(tiny, tmp_path, choose_settings(steps=6))
    assert [path.name for path in tmp_path.glob("checkpoint-*")] == ["checkpoint-2"]
    monkeypatch.undo()
    assert train(tiny, tmp_path, choose_settings(steps=6)).steps[-1].step == 6


def test_a_judge_that_is_down_is_waited_for_and_then_training_stops_with_a_checkpoint(
    tiny: Path, tmp_path: Path
) -> None:
    """No completion is ever worth a silent 0; when the judge is back, the same call goes on."""
    calls, waits = [0], list[float]()

    def judge(_: object) -> str:
        calls[0] += 1
        if calls[0] > 12:
            raise ReaderUnavailable("no answer from 'http://127.0.0.1:1/v1'")
        return "yes" if calls[0] % 2 else "no"

    def make(answers: Callable[[Any], str]) -> RewardMix:
        return RewardMix(
            {JudgeReward(ScriptedReader(answers), concurrent=1, patience_s=7.0, sleep=waits.append): 1.0}
        )

    samples = [make_sample("black"), make_sample("white")]
    told: list[str] = []
    with pytest.raises(
        TrainingError, match=r"the judge gave no verdict for 7 s: no answer from 'http.*same command"
    ):
        train(tiny, tmp_path, choose_settings(steps=4), reward=make(judge), samples=samples, tell=told.append)
    assert waits == [1.0, 2.0, 4.0]
    assert "checkpoint-1" in told[-1]
    numbers = iter(range(1_000))
    again = make(lambda _: "yes" if next(numbers) % 2 else "no")
    assert len(train(tiny, tmp_path, choose_settings(steps=4), reward=again, samples=samples).steps) == 4


def test_what_a_killed_process_left_is_no_checkpoint(tmp_path: Path) -> None:
    """A folder without its list, or with a file that is shorter, is passed over and removed."""
    for step, is_marked in ((2, True), (4, True), (6, False)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "weights").write_bytes(b"12345")
        if is_marked:
            mark_whole(folder)
    assert find_checkpoint(tmp_path) == tmp_path / "checkpoint-4"
    (tmp_path / "checkpoint-4" / "weights").write_bytes(b"123")
    assert find_checkpoint(tmp_path) == tmp_path / "checkpoint-2"
    remove_broken(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-2"]
    assert is_whole(tmp_path / "checkpoint-2")
    assert not is_whole(tmp_path / "nothing")
