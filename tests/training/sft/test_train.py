"""What a run learns, how it weighs what it is shown, and what it leaves in its folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from glyph_memory.training import TrainingError
from glyph_memory.training.models import ModelSettings, SampleEncoder, load_trainable
from glyph_memory.training.sft import SftSettings
from tests.training.sft.conftest import LORA, QUICK, SAMPLES, WHOLE, Train
from tests.training.tiny_samples import make_sample


@pytest.mark.parametrize("model_settings", [LORA, replace(WHOLE, gradient_checkpointing=True)])
def test_the_loss_falls(train: Train, tmp_path: Path, model_settings: ModelSettings) -> None:
    """With LoRA, and of a whole model whose layers compute twice."""
    rate = 2e-2 if model_settings.lora else 3e-3
    report = train(tmp_path, replace(QUICK, steps=10, learning_rate=rate), model_settings=model_settings)
    assert report.last_loss < report.first_loss / 2
    assert report.steps == 10


def test_a_run_leaves_a_log_a_report_and_a_model(train: Train, tiny: Path, tmp_path: Path) -> None:
    """A line a step, with what was shown in it; the model is loaded as the one that it was made from."""
    report = train(tmp_path, model_settings=WHOLE)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert sum(row["samples"] for row in rows) == report.samples
    assert sum(row["tokens"] for row in rows) == report.tokens
    assert max(row["tokens"] for row in rows) <= QUICK.tokens_per_step
    assert json.loads((tmp_path / "report.json").read_text())["last_loss"] == report.last_loss
    before = load_file(tiny / "model.safetensors")
    after = load_file(tmp_path / "model" / "model.safetensors")
    assert before.keys() == after.keys()
    assert load_trainable(report.model).name == "model"


def test_what_sees_is_not_touched_unless_that_is_asked_for(train: Train, tiny: Path, tmp_path: Path) -> None:
    """Its weights stay to the bit, and the others do not."""
    train(tmp_path, model_settings=WHOLE)
    before, after = load_file(tiny / "model.safetensors"), load_file(tmp_path / "model" / "model.safetensors")
    for name in before:
        assert torch.equal(before[name], after[name]) == name.startswith(("visual", "model.visual")), name


def test_a_steps_loss_is_the_mean_over_its_answers_tokens_however_it_is_parted(
    train: Train, tiny: Path, tmp_path: Path
) -> None:
    """One at a time or all together, a long answer weighs as much as its tokens: the first step's loss is known."""
    samples = [make_sample(0, answer="a"), make_sample(1, answer="b" * 40), make_sample(2, answer="cc")]
    trainable = load_trainable(tiny, WHOLE)
    encoder, total, learnt = SampleEncoder(trainable), 0.0, 0
    for sample in samples:
        encoded = encoder.encode(sample)
        labels, count = encoded["labels"], int((encoded["labels"] != -100).sum())
        with torch.no_grad():
            rows = {
                name: one[None] if name not in ("pixel_values", "image_grid_thw") else one
                for name, one in encoded.items()
            }
            total += float(trainable.model(**rows).loss) * count
        learnt += count
        assert len(labels) < 200
    steps = SftSettings(passes=1, tokens_per_step=300, tokens_per_forward=1, warmup_share=0.0)
    parted = train(tmp_path / "parted", steps, samples=samples, model_settings=WHOLE)
    whole = train(
        tmp_path / "whole", replace(steps, tokens_per_forward=10_000), samples=samples, model_settings=WHOLE
    )
    assert parted.first_loss == pytest.approx(total / learnt, abs=1e-5)
    assert whole.first_loss == pytest.approx(total / learnt, abs=1e-5)


def test_ocr_is_mixed_in_by_its_share(train: Train, tmp_path: Path) -> None:
    """The few there are come again as often as it takes; without any, or with nothing else, it is refused."""
    ocr = [make_sample(number, family="ocr") for number in range(20, 22)]
    once = SftSettings(passes=1, tokens_per_step=400, ocr_share=0.5)
    report = train(tmp_path / "mixed", once, samples=[*SAMPLES, *ocr])
    assert report.samples in (2 * len(SAMPLES) - 1, 2 * len(SAMPLES))
    with pytest.raises(TrainingError, match="no sample of the family 'ocr'"):
        train(tmp_path / "none", once)
    with pytest.raises(TrainingError, match="all samples are of the family 'ocr'"):
        train(tmp_path / "all", once, samples=ocr)


def test_a_sample_that_is_too_long_is_left_out_and_counted(train: Train, tmp_path: Path) -> None:
    """It is never cut."""
    samples = [*SAMPLES, make_sample(9, answer="z" * 200)]
    report = train(tmp_path, SftSettings(passes=1, tokens_per_step=400, max_tokens=100), samples=samples)
    assert (report.samples, report.too_long) == (len(SAMPLES), 1)
    assert "left out" in report.describe()


def test_samples_are_encoded_ahead_by_workers(train: Train, tmp_path: Path) -> None:
    """And give the same weights."""
    train(tmp_path / "none", replace(QUICK, steps=2))
    train(tmp_path / "one", replace(QUICK, steps=2, workers=1))
    none, one = (
        load_file(tmp_path / name / "model" / "adapter_model.safetensors") for name in ("none", "one")
    )
    assert all(torch.equal(none[name], one[name]) for name in none)


def test_settings_that_contradict_each_other_are_refused() -> None:
    """Before a model is loaded."""
    with pytest.raises(TrainingError, match="give one"):
        SftSettings(steps=3, passes=1)
    for wrong in ({"tokens_per_step": 0}, {"learning_rate": 0.0}, {"ocr_share": 1.0}, {"keep": 0}):
        with pytest.raises(TrainingError, match=next(iter(wrong))):
            SftSettings(**wrong)
