"""What fine-tuning left is gone on with: its adapter is trained, and KL is to the model that it makes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from glyph_memory.training import TrainingError
from glyph_memory.training.models import LoraSettings, ModelSettings, load_trainable, save_trained
from glyph_memory.training.sft import SftSettings, train_sft
from tests.training.grpo.bandit import SAMPLES, choose_settings, train
from tests.training.grpo.test_going_on import assert_same_weights, load_weights

LORA = ModelSettings(lora=LoraSettings(rank=2), gradient_checkpointing=False, device="cpu")
USUAL = ModelSettings(gradient_checkpointing=False, device="cpu")


@pytest.fixture(scope="module")
def taught(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a fine-tuning whose adapter is far from nothing."""
    out = tmp_path_factory.mktemp("sft") / "run"
    settings = SftSettings(steps=2, tokens_per_step=90, learning_rate=0.2, warmup_share=0.0)
    train_sft(tiny, SAMPLES, out=out, model_settings=LORA, settings=settings)
    return out


def test_kl_is_to_the_model_that_was_fine_tuned_before_and_after_a_stop(taught: Path, tmp_path: Path) -> None:
    """0 in the first step: the model is still that one. It would not be 0 to the model below the adapter."""
    settings = choose_settings(steps=3, learning_rate=1e-2, beta=0.1, save_every=1)
    whole = train(taught / "model", tmp_path / "whole", settings, weights=USUAL)
    assert whole.steps[0].kl == pytest.approx(0, abs=1e-6)
    assert whole.steps[2].kl is not None
    assert whole.steps[2].kl > 1e-4
    train(
        taught / "model",
        tmp_path / "stopped",
        choose_settings(steps=1, learning_rate=1e-2, beta=0.1, save_every=1),
        weights=USUAL,
    )
    again = train(taught / "model", tmp_path / "stopped", settings, weights=USUAL)
    assert_same_weights(again.model, whole.model)
    assert [step.kl for step in again.steps] == [step.kl for step in whole.steps]
    before, after = load_weights(taught / "model"), load_weights(whole.model)
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_a_checkpoint_of_fine_tuning_is_a_model_to_begin_with(taught: Path, tmp_path: Path) -> None:
    """It holds the same adapter as the model that was saved after it."""
    [checkpoint] = (taught / "checkpoints").iterdir()
    first = save_trained(load_trainable(checkpoint, USUAL), tmp_path / "first")
    assert_same_weights(first, taught / "model")


def test_the_folder_of_a_fine_tuning_is_no_place_for_another_training(
    tiny: Path, taught: Path, tmp_path: Path
) -> None:
    """Nor the other way round: neither log is cut, neither model is replaced."""
    with pytest.raises(TrainingError, match=r"holds 'settings\.json' of something else"):
        train(tiny, taught, choose_settings())
    (tmp_path / "grpo.json").write_text("{}")
    with pytest.raises(TrainingError, match=r"holds 'grpo\.json' of something else"):
        train_sft(tiny, SAMPLES, out=tmp_path, model_settings=LORA)
    (tmp_path / "other" / "model").mkdir(parents=True)
    with pytest.raises(TrainingError, match="holds 'model' of something else"):
        train_sft(tiny, SAMPLES, out=tmp_path / "other", model_settings=LORA)
