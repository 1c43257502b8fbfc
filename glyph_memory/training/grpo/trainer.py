"""TRL's `GRPOTrainer` with pages in the prompts: `PageGrpoTrainer`.

Rows hold numbers of samples alone; pages are decoded when completions are written. It generates by transformers: TRL's
way by vLLM expands image tokens twice. Loaded late: it needs torch and trl.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from trl.trainer.grpo_trainer import GRPOTrainer

from glyph_memory.errors import ReaderRefused
from glyph_memory.readers.local.images import decode_image
from glyph_memory.training.checkpoints import find_checkpoint, mark_whole, remove_broken
from glyph_memory.training.grpo.config import make_config
from glyph_memory.training.grpo.log import GrpoStep
from glyph_memory.training.grpo.prompts import PromptSpeller
from glyph_memory.training.grpo.settings import GrpoSettings
from glyph_memory.training.grpo.watch import RewardFigures, RewardWatch
from glyph_memory.training.models import TrainableModel, restore_weights
from glyph_memory.training.rewards import RewardMix
from glyph_memory.training.sample_files import SampleTable
from glyph_memory.training.samples import TrainingError, TrainingSample


class PageGrpoTrainer(GRPOTrainer):
    """Trains on samples, numbered in an order; tells of each step; saves whole checkpoints or none.

    Args:
        trainable: The model.
        samples: What its prompts are made from.
        order: Their numbers, as they come.
        mix: The rewards.
        settings: All of them.
        folder: Where checkpoints are kept.
        on_step: Takes each step when it is done.
        flat_before: How many steps in a row were flat before a checkpoint that is gone on from.
    """

    def __init__(
        self,
        trainable: TrainableModel,
        samples: SampleTable,
        *,
        order: Sequence[int],
        mix: RewardMix,
        settings: GrpoSettings,
        folder: Path,
        on_step: Callable[[GrpoStep], None],
        flat_before: int = 0,
    ) -> None:
        self._samples, self._mix, self._settings = samples, mix, settings
        self._is_adapter = trainable.settings.lora is not None
        self._speller = PromptSpeller(trainable)
        self._watch = RewardWatch(flat_steps=settings.flat_steps, flat_run=flat_before // settings.passes)
        self._on_step, self._folder = on_step, folder
        self._figures: RewardFigures | None = None
        self._current: dict[int, TrainingSample] = {}
        self._rng = _take_rng()
        self.is_between_updates = True
        trainable.tokenizer.padding_side = "left"
        super().__init__(
            model=trainable.model,
            reward_funcs=[self._score_completions],
            args=make_config(settings, trainable, folder),
            train_dataset=Dataset.from_dict({"prompt": [""] * len(order), "number": list(order)}),
            processing_class=trainable.processor,
            callbacks=[_StepWatcher(self)],
        )
        self.remove_callback(PrinterCallback)  # each step is told of by ourselves
        self.generation_config.eos_token_id = sorted({*self.eos_token_ids, *trainable.loaded.stop_ids})
        self.eos_token_ids = list(self.generation_config.eos_token_id)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        self._current = {
            number: self._samples.read(number) for number in {int(row["number"]) for row in inputs}
        }
        shown = {number: self._show(sample) for number, sample in self._current.items()}
        rows = [{"number": row["number"], **shown[int(row["number"])]} for row in inputs]
        made: dict[str, Any] = super()._generate_and_score_completions(rows)
        return made

    def _show(self, sample: TrainingSample) -> dict[str, Any]:
        try:
            images = [decode_image(data).convert("RGB") for data in sample.images]
        except ReaderRefused as error:
            raise TrainingError(f"sample {sample.name}: {error}, or leave the sample out") from error
        return {"prompt": self._speller.spell(sample), "images": images}

    def _score_completions(
        self, completions: list[list[dict[str, str]]], number: list[int], **_: object
    ) -> list[float | None]:
        texts = [self._speller.opening + one[0]["content"] for one in completions]
        pairs = [(self._current[which], text) for which, text in zip(number, texts, strict=True)]
        scores = self._mix.score_all(pairs)
        self._watch.add(scores, texts, group_size=self._settings.group_size)
        return [one.total for one in scores]

    def training_step(self, *args: Any, **named: Any) -> torch.Tensor:  # noqa: ANN401 - trl's own arguments
        """Take the loss of a part of a step.

        Raises:
            TrainingError: It is no number.
        """
        loss: torch.Tensor = super().training_step(*args, **named)
        if not bool(torch.isfinite(loss).all()):
            self._stop_for("the loss", float(loss))
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Take the figures of a step.

        Raises:
            TrainingError: The gradient is no number, or too many steps were flat.
        """
        if "loss" not in logs:  # the summary at the end
            super().log(logs, start_time)
            return
        norm = logs.get("grad_norm")
        if norm is not None and not math.isfinite(norm):
            self._stop_for("the gradient", float(norm))
        super().log(logs, start_time)
        self._figures = self._watch.finish_step() or self._figures
        if self._figures is None:
            return
        self._on_step(
            GrpoStep(
                step=int(self.state.global_step),
                steps=self._settings.steps,
                loss=float(logs["loss"]),
                reward=self._figures.mean,
                reward_std=self._figures.std,
                rewards=self._figures.parts,
                flat_share=self._figures.flat_share,
                unscored_share=self._figures.unscored_share,
                kl=logs.get("kl"),
                clip_share=logs.get("clip_ratio/region_mean"),
                length=logs.get("completions/mean_length"),
                cut_off_share=logs.get("completions/clipped_ratio"),
                grad_norm=norm,
            )
        )

    def _stop_for(self, what: str, value: float) -> None:
        self.is_between_updates = False  # what is in memory is not worth keeping
        raise TrainingError(
            f"{what} is {value} in step {self.state.global_step + 1}; {self._tell_last()}. Try a lower "
            "learning_rate, or float32, and run it again"
        )

    def _tell_last(self) -> str:
        last = find_checkpoint(self._folder)
        return f"the last good checkpoint is {str(last)!r}" if last else "no checkpoint was saved before"

    def begin_step(self) -> None:
        """Remember how the dice lie, so that a step that is broken off can be done again."""
        self._rng = _take_rng()
        self._watch.forget()

    def save_now(self) -> Path | None:
        """Save where training stands, as if the step that was broken off had not begun; None where it cannot be.

        Raises:
            TrainingError: The disk is full.
        """
        step = int(self.state.global_step)
        last = find_checkpoint(self._folder)
        if not self.is_between_updates or step == 0 or step % self._settings.passes:
            return last
        if last is None or last.name != f"checkpoint-{step}":
            _put_rng(self._rng)
            self._save_checkpoint(self.model, None)
        return find_checkpoint(self._folder)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:  # noqa: ANN401
        if self._is_adapter:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
        else:
            restore_weights(self.model, resume_from_checkpoint)

    def create_model_card(self, *_: object, **__: object) -> None:
        """Write none: TRL's names a hub."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:  # noqa: ANN401 - trl's own arguments
        path = self._folder / f"checkpoint-{self.state.global_step}"
        shutil.rmtree(path, ignore_errors=True)  # a broken one
        try:
            super()._save_checkpoint(model, trial)
            mark_whole(path)
        except Exception as error:  # torch, safetensors and the system each have their own
            remove_broken(self._folder)
            raise TrainingError(
                f"{str(path)!r} cannot be saved ({str(error)[:200]!r}); {self._tell_last()}. Free some space and run "
                "the same command: it goes on from there"
            ) from error


class _StepWatcher(TrainerCallback):
    """Tells the trainer where a step begins and ends."""

    def __init__(self, trainer: PageGrpoTrainer) -> None:
        self._trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
        """Count on from where a checkpoint was made: completions are written anew at the right parts."""
        self._trainer._step = state.global_step * args.gradient_accumulation_steps

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
        """Remember how the dice lie."""
        self._trainer.begin_step()

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
        """Weights are about to change."""
        self._trainer.is_between_updates = False

    def on_step_end(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
        """They have."""
        self._trainer.is_between_updates = True


def _take_rng() -> dict[str, Any]:
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": torch.random.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def _put_rng(state: dict[str, Any]) -> None:
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.random.set_rng_state(state["torch"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
