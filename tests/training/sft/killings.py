"""A run that the system kills three times; run in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from glyph_memory.training.sft import train_sft
from glyph_memory.training.sft.folder import RunFolder
from tests.training.killed import die, run_and_be_killed
from tests.training.sft.conftest import LORA, QUICK, SAMPLES


def _die_after_three(done: int, _: int) -> None:
    if done == 3:
        die()


def kill_three_times(model: Path, out: Path) -> None:
    """Kill it between two steps, amid a checkpoint, and between the model and the report; nobody is asked."""

    def run(progress: Callable[[int, int], None] | None = None) -> None:
        train_sft(model, SAMPLES, out=out, settings=QUICK, model_settings=LORA, progress=progress)

    def write_half(_: object, path: Any, *__: object, **___: object) -> None:
        Path(path).write_bytes(b"half")
        die()

    run_and_be_killed(lambda: run(_die_after_three))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(torch, "save", write_half)
        run_and_be_killed(run)
    assert (out / ".drafts").is_dir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RunFolder, "write_report", die)
        run_and_be_killed(run)
