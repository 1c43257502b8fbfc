"""One tiny model for all runs, and runs of a few steps on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
import torch

from glyph_memory.testing import build_tiny_model
from glyph_memory.training import TrainingSample
from glyph_memory.training.models import LoraSettings, ModelSettings
from glyph_memory.training.sft import SftSettings, TrainingReport, train_sft
from tests.training.tiny_samples import make_sample

torch.set_num_threads(1)  # as in tests/training/models

LORA = ModelSettings(lora=LoraSettings(rank=4, dropout=0.1), gradient_checkpointing=False)
WHOLE = ModelSettings(lora=None, gradient_checkpointing=False)
SAMPLES: tuple[TrainingSample, ...] = tuple(make_sample(number, answer="ab") for number in range(8))
QUICK = SftSettings(steps=6, tokens_per_step=90, learning_rate=5e-3, warmup_share=0.0, save_every=2)


class Train(Protocol):
    """Trains the tiny model into a folder."""

    def __call__(
        self,
        out: Path,
        settings: SftSettings = QUICK,
        *,
        model_settings: ModelSettings = LORA,
        samples: Sequence[TrainingSample] = SAMPLES,
        **options: Any,
    ) -> TrainingReport:
        """Return what it came to."""


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny Qwen2.5-VL; nobody writes into it."""
    return build_tiny_model(tmp_path_factory.mktemp("models") / "tiny", "qwen2.5-vl")


@pytest.fixture(scope="session")
def train(tiny: Path) -> Train:
    """Train the tiny model."""

    def run(
        out: Path,
        settings: SftSettings = QUICK,
        *,
        model_settings: ModelSettings = LORA,
        samples: Sequence[TrainingSample] = SAMPLES,
        **options: Any,
    ) -> TrainingReport:
        return train_sft(tiny, samples, out=out, settings=settings, model_settings=model_settings, **options)

    return run
