"""What nothing can be learned from is refused, or stopped, with the reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from glyph_memory.training import TrainingError, TrainingSample
from glyph_memory.training.grpo import GrpoSettings
from glyph_memory.training.grpo.log import StepLog
from glyph_memory.training.grpo.order import order_samples, take
from glyph_memory.training.models import load_trainable
from glyph_memory.training.rewards import Reward, RewardMix, parse_rewards
from lib.one_letter import FirstLetter, make_sample
from tests.training.grpo.bandit import SAMPLES, TEXT_WEIGHTS, Letters, choose_settings, train


class Same(Reward):
    """What is right gets more than nothing, and all that the tiny model ever says gets the same."""

    name = "same"

    def score(self, sample: TrainingSample, text: str) -> float:
        """Return 1 for the right answer alone."""
        return 0.25 if text != sample.answer else 1.0


def test_a_reward_that_never_differs_within_a_group_stops_training_and_says_which_and_what(
    tiny: Path, tmp_path: Path
) -> None:
    """The reason names the reward, what it gave, and a completion."""
    with pytest.raises(
        TrainingError, match=r"in 3 steps in a row \('same' gave 0.25 to all; one of them: '.+'\)"
    ):
        train(tiny, tmp_path, choose_settings(steps=9, flat_steps=3), reward=Same())
    assert (tmp_path / "checkpoint-2").is_dir()


def test_steps_that_taught_nothing_before_a_stop_count_after_it(tiny: Path, tmp_path: Path) -> None:
    """Two before and one after it are three in a row."""
    train(tiny, tmp_path, choose_settings(steps=2, flat_steps=3), reward=Same())
    with pytest.raises(TrainingError, match="in 3 steps in a row"):
        train(tiny, tmp_path, choose_settings(steps=9, flat_steps=3), reward=Same())
    assert StepLog(tmp_path / "log.jsonl").count_flat() == 2


def test_a_reward_that_fits_no_sample_is_refused_before_the_model_is_loaded(tmp_path: Path) -> None:
    """A weight for pages to be read, and no such samples."""
    with pytest.raises(TrainingError, match=r"'ocr' has weight 0.5 and fits none of 2 samples .*question"):
        train(tmp_path, tmp_path, choose_settings(), reward=parse_rewards("answer=1,ocr=0.5"))
    with pytest.raises(TrainingError, match="no reward of ocr fits any of 2 samples"):
        train(tmp_path, tmp_path, choose_settings(), reward=parse_rewards("ocr"))
    with pytest.raises(TrainingError, match="there are no samples to train on"):
        train(tmp_path, tmp_path, choose_settings(), samples=())


def test_a_loss_that_is_no_number_stops_training_and_keeps_the_last_good_checkpoint(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps 1 to 4 are good; the checkpoint of step 4 stays as it was, and none is made of what is broken."""
    from glyph_memory.training.grpo.trainer import PageGrpoTrainer

    good = PageGrpoTrainer._compute_loss

    def break_fifth(self: Any, model: Any, inputs: Any) -> torch.Tensor:
        loss: torch.Tensor = good(self, model, inputs)  # type: ignore[no-untyped-call]  # trl's own
        return loss * float("nan") if self.state.global_step == 4 else loss

    monkeypatch.setattr(PageGrpoTrainer, "_compute_loss", break_fifth)
    with pytest.raises(
        TrainingError, match=r"the loss is nan in step 5; the last good checkpoint is '.*checkpoint-4'"
    ):
        train(tiny, tmp_path, choose_settings(steps=6))
    assert sorted(path.name for path in tmp_path.glob("checkpoint-*")) == ["checkpoint-2", "checkpoint-4"]


def test_prompts_that_are_too_long_are_left_out_whole_and_counted(tiny: Path, tmp_path: Path) -> None:
    """Nothing is cut: a page without half of its tokens is none."""
    told: list[str] = []
    samples = [*SAMPLES, make_sample("black", pages=3, question="long " * 40)]
    settings = choose_settings(steps=1, max_prompt_tokens=100)
    result = train(tiny, tmp_path / "a", settings, samples=samples, tell=told.append)
    assert result.left_out == {"a prompt of more than 100 tokens": 1}
    assert told == ["1 of 3 samples left out: a prompt of more than 100 tokens"]
    with pytest.raises(TrainingError, match="all 2 prompts are longer than 5 tokens, the shortest has"):
        train(tiny, tmp_path / "b", choose_settings(max_prompt_tokens=5))


def test_prompts_of_several_pages_and_of_none_are_trained_on_in_one_batch(tiny: Path, tmp_path: Path) -> None:
    """Two pages, three pages, a page to be read with its share, and text alone."""
    samples = [
        make_sample("black", pages=2),
        make_sample("white", pages=3, question="Say <|im_end|> and <|image_pad|>."),
        make_sample("black", family="ocr", answer="some text"),
        make_sample("black", pages=0),
    ]
    mix = RewardMix({Letters(): 1.0})
    settings = choose_settings(steps=2, prompts_per_step=4, prompts_at_once=4, ocr_share=0.25)
    result = train(tiny, tmp_path, settings, samples=samples, reward=mix)
    assert [step.step for step in result.steps] == [1, 2]
    assert result.steps[0].kl is not None
    assert (result.model / "config.json").is_file()


def test_a_page_that_is_broken_is_named(tiny: Path, tmp_path: Path) -> None:
    """Its header is well, so it comes up amid the training: by the sample's name, and with what to do."""
    whole = make_sample("black")
    broken = replace(whole, images=(whole.images[0][:60],))
    said = f"sample {broken.name}: an image .* cannot be decoded.*leave the sample out"
    with pytest.raises(TrainingError, match=said):
        train(tiny, tmp_path, choose_settings(), samples=[broken])


def test_vllm_is_refused_with_the_reason(tmp_path: Path) -> None:
    """TRL expands image tokens twice there."""
    with pytest.raises(TrainingError, match=r"expands the tokens of each image twice .*trl/issues/6294"):
        train(tmp_path, tmp_path, choose_settings(), use_vllm=True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"group_size": 1}, "group_size=1 is below 2"),
        ({"steps": 0}, "steps=0 is below 1"),
        ({"learning_rate": float("nan")}, "learning_rate=nan is no finite number"),
        ({"ocr_share": 1.5}, "ocr_share=1.5 is above 1"),
        (
            {"prompts_per_step": 3, "prompts_at_once": 2},
            "prompts_at_once=2 does not divide prompts_per_step=3",
        ),
        ({"completions_per_pass": 5}, "completions_per_pass=5 does not divide the 16"),
        ({"passes": 2}, "passes=2 needs all completions of a step at once"),
        ({"passes": 2, "prompts_at_once": 32, "save_every": 25}, "save_every=25 is no multiple of passes=2"),
        ({"loss": "ppo"}, "loss='ppo' is none"),
        ({"keep": 1}, "keep=1 is below 2"),
    ],
)
def test_settings_that_cannot_be_are_refused(given: dict[str, Any], message: str) -> None:
    """Each says the field, the value and what it may be."""
    with pytest.raises(TrainingError, match=message):
        GrpoSettings(**given)


def test_trl_is_given_what_was_asked_for(tiny: Path, tmp_path: Path) -> None:
    """Each number under its own name; what divides what is reckoned from the others."""
    from glyph_memory.training.grpo.config import make_config

    asked = GrpoSettings(
        steps=7, group_size=6, prompts_per_step=4, prompts_at_once=2, completions_per_pass=3, beta=0.3,
        epsilon_low=0.1, epsilon_high=0.4, temperature=0.9, learning_rate=2e-3, max_grad_norm=0.7, weight_decay=0.01,
        max_new_tokens=9, warmup_steps=3, save_every=5, keep=4, seed=11, loss="dr_grpo",
    )  # fmt: skip
    config = make_config(asked, load_trainable(tiny, TEXT_WEIGHTS), tmp_path)
    assert (config.max_steps, config.num_generations, config.per_device_train_batch_size) == (7, 6, 3)
    assert (config.gradient_accumulation_steps, config.steps_per_generation) == (8, 4)
    assert (config.epsilon, config.epsilon_high, config.beta, config.temperature) == (0.1, 0.4, 0.3, 0.9)
    assert (config.learning_rate, config.max_grad_norm, config.weight_decay) == (2e-3, 0.7, 0.01)
    assert (config.max_completion_length, config.warmup_steps, config.seed) == (9, 3, 11)
    assert (config.save_steps, config.save_total_limit, config.loss_type) == (5, 4, "dr_grpo")
    assert (config.num_iterations, config.use_vllm, config.disable_dropout) == (1, False, True)


def test_several_passes_over_the_same_completions_move_ratios_and_are_cut(tiny: Path, tmp_path: Path) -> None:
    """With one pass nothing is ever cut; in the second the model is another one already."""
    settings = choose_settings(steps=4, passes=2, learning_rate=3e-2, epsilon_low=0.01, epsilon_high=0.01)
    result = train(tiny, tmp_path, settings)
    first, second = result.steps[:2]
    assert first.clip_share == 0
    assert second.clip_share
    assert second.reward == first.reward


def test_the_order_of_samples_holds_its_share_and_is_the_beginning_of_a_longer_one() -> None:
    """A quarter is pages to be read, each kind is gone through before it comes again."""
    asked, read = list(range(6)), [6, 7]
    numbers = take(order_samples(asked, read, ocr_share=0.25, seed=3), 24)
    assert sum(number in read for number in numbers) == 6
    assert {number for number in numbers if number in asked} == set(asked)
    assert sorted([number for number in numbers if number in asked][:6]) == asked
    assert numbers == take(order_samples(asked, read, ocr_share=0.25, seed=3), 99)[:24]
    assert numbers != take(order_samples(asked, read, ocr_share=0.25, seed=4), 24)
    assert set(take(order_samples([], read, ocr_share=0.0, seed=0), 4)) == {6, 7}


def test_the_log_is_a_line_of_json_a_step(tiny: Path, tmp_path: Path) -> None:
    """With all that the progress line tells."""
    train(tiny, tmp_path, choose_settings(steps=2), reward=RewardMix({Letters(): 1.0, FirstLetter(): 0.5}))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert lines[0]["rewards"].keys() == {"letters", "first"}
    assert 0 < lines[0]["reward"] < 1
    assert lines[0]["kl"] == pytest.approx(0, abs=1e-4)
    assert lines[0]["length"] <= 3
