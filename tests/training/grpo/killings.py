"""A training that the system kills three times; run in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from glyph_memory.training.checkpoints import find_checkpoint
from glyph_memory.training.rewards import Reward
from tests.training.grpo.bandit import LORA, Letters, StopsAt, choose_settings, train
from tests.training.killed import die, run_and_be_killed


def kill_three_times(model: Path, out: Path) -> None:
    """Kill it amid the completions of a step, amid a checkpoint, and between the last step and the model."""
    save = torch.save

    def write_half(state: Any, path: Any, *rest: Any, **more: Any) -> None:
        if "checkpoint-4" in str(path):
            Path(path).write_bytes(b"half")
            die()
        save(state, path, *rest, **more)

    def run(reward: Reward | None = None) -> None:
        train(model, out, choose_settings(steps=5), weights=LORA, reward=reward or Letters())

    run_and_be_killed(lambda: run(StopsAt(2 * 8 + 5 + 6, die)))
    assert find_checkpoint(out) == out / "checkpoint-2"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(torch, "save", write_half)
        run_and_be_killed(run)
        assert (out / "checkpoint-4").is_dir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("glyph_memory.training.grpo.run._save_model", die)
        run_and_be_killed(run)
