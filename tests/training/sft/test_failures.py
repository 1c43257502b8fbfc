"""What goes wrong stops a run in one line that says what to try, and the last whole checkpoint stays."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from glyph_memory.training import SampleTable, TrainingError, TrainingSample
from glyph_memory.training.sft import train_sft
from glyph_memory.training.sft.folder import RunFolder
from tests.training.sft.conftest import LORA, QUICK, SAMPLES, Train


@pytest.fixture
def after_two(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, BaseException | None], None]]:
    """Have a tensor that is no number, or an error, come out of the model in its third step."""
    from glyph_memory.training.sft.trainer import PageTrainer

    whole: Any = PageTrainer.compute_loss

    def plant(kind: str, error: BaseException | None = None) -> None:
        def compute(self: PageTrainer, *given: object, **named: object) -> Any:
            loss = whole(self, *given, **named)
            if self.state.global_step < 2:
                return loss
            if error is not None:
                raise error
            if kind == "gradient":
                loss.register_hook(lambda gradient: gradient * float("inf"))
                return loss
            return loss * float(kind)

        monkeypatch.setattr(PageTrainer, "compute_loss", compute)

    yield plant


@pytest.mark.parametrize("kind", ["nan", "inf", "gradient"])
def test_a_loss_that_is_no_number_stops_the_run(
    train: Train, tmp_path: Path, after_two: Callable[..., None], kind: str
) -> None:
    """The line names the step and the checkpoint that is kept; nothing was learnt from it."""
    after_two(kind)
    with pytest.raises(
        TrainingError, match=r"of step 3 is (nan|-?inf).* checkpoint of step 2 is kept.* lower learning"
    ):
        train(tmp_path)
    assert [one.name for one in (tmp_path / "checkpoints").iterdir()] == ["checkpoint-2"]
    assert not (tmp_path / "model").exists()


def test_a_full_disk_keeps_the_last_checkpoint(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is half written is removed, and the run goes on once there is space."""
    import safetensors.torch

    written = safetensors.torch.save_file

    def fill(tensors: object, path: str | Path, *given: object, **named: object) -> None:
        if "checkpoint-4" in str(path):
            Path(path).write_bytes(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written(tensors, path, *given, **named)  # type: ignore[arg-type]  # passed on

    for module in ("peft.peft_model", "transformers.trainer", "transformers.modeling_utils"):
        monkeypatch.setattr(f"{module}.safe_save_file", fill, raising=False)
        monkeypatch.setattr(f"{module}.save_file", fill, raising=False)
    with pytest.raises(TrainingError, match=r"step 4 cannot be written: .*No space left.* step 2 is kept"):
        train(tmp_path)
    assert [one.name for one in (tmp_path / "checkpoints").iterdir()] == ["checkpoint-2"]
    assert not (tmp_path / ".drafts").exists()
    monkeypatch.undo()
    assert train(tmp_path).resumed_from == 2


def test_too_little_memory_says_what_to_make_smaller(
    train: Train, tmp_path: Path, after_two: Callable[..., None]
) -> None:
    """The checkpoint before it stays."""
    after_two("", torch.OutOfMemoryError("CUDA out of memory"))
    with pytest.raises(TrainingError, match="tokens_per_forward"):
        train(tmp_path)
    assert (tmp_path / "checkpoints" / "checkpoint-2").is_dir()


class _Deadly(SampleTable):
    """A table whose samples kill whoever reads them in another process."""

    def __init__(self) -> None:
        self._parent = os.getpid()

    @property
    def families(self) -> list[str]:
        return ["question"] * len(SAMPLES)

    @property
    def fingerprint(self) -> str:
        return "deadly"

    def read(self, number: int) -> TrainingSample:
        if os.getpid() != self._parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return SAMPLES[number]


def test_a_worker_that_is_killed_ends_the_run_in_one_line(tiny: Path, tmp_path: Path) -> None:
    """It is not waited for."""
    with pytest.raises(TrainingError, match=r"a worker that encodes samples ended.*workers=0"):
        train_sft(tiny, _Deadly(), out=tmp_path, model_settings=LORA, settings=replace(QUICK, workers=1))


def test_two_runs_never_share_a_folder(train: Train, tmp_path: Path) -> None:
    """The second is told that another one writes there."""
    with RunFolder.hold(tmp_path), pytest.raises(TrainingError, match="another run"):
        train(tmp_path)


def test_a_run_of_several_processes_is_refused(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would write over each other."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(TrainingError, match="one device"):
        train(tmp_path)
