"""Our settings as TRL takes them, and quiet while it works: `make_config`, `hide_bars`. Loaded late: it needs trl."""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging as spoken
from trl.trainer.grpo_config import GRPOConfig

from glyph_memory.training.grpo.settings import GrpoSettings
from glyph_memory.training.models import TrainableModel


def make_config(settings: GrpoSettings, trainable: TrainableModel, folder: Path) -> Any:  # noqa: ANN401 - trl has no types
    """Return TRL's configuration."""
    per_pass = settings.completions_per_pass
    return GRPOConfig(
        output_dir=str(folder),
        max_steps=settings.steps,
        per_device_train_batch_size=per_pass,
        gradient_accumulation_steps=settings.completions_per_step // per_pass,
        steps_per_generation=settings.group_size * settings.prompts_at_once // per_pass,
        num_generations=settings.group_size,
        num_iterations=settings.passes,
        max_completion_length=settings.max_new_tokens,
        temperature=settings.temperature,
        epsilon=settings.epsilon_low,
        epsilon_high=settings.epsilon_high,
        beta=settings.beta,
        disable_dropout=True,  # else KL to the model that training began with is never 0, nor a ratio 1
        loss_type=settings.loss,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=settings.warmup_steps,
        max_grad_norm=settings.max_grad_norm,
        weight_decay=settings.weight_decay,
        shuffle_dataset=False,  # the order is ours, the same for every length of training
        remove_unused_columns=False,
        save_strategy="steps",
        save_steps=settings.save_every,
        save_total_limit=settings.keep,
        logging_steps=1,
        seed=settings.seed,
        report_to=[],
        log_level="error",
        disable_tqdm=True,
        log_multimodal=False,
        use_vllm=False,  # https://github.com/huggingface/trl/issues/6294
        use_cpu=trainable.loaded.device.type == "cpu",
        bf16=trainable.loaded.device.type == "cuda" and trainable.loaded.dtype is torch.bfloat16,
        gradient_checkpointing=trainable.settings.gradient_checkpointing,
        dataloader_num_workers=0,
        dataloader_pin_memory=False,
    )


@contextmanager
def hide_bars() -> Iterator[None]:
    """Keep bars and hints off the terminal; unlike `load_quietly`, let others load models meanwhile."""
    trl = logging.getLogger("trl")
    level = trl.level
    verbosity, has_bars = spoken.get_verbosity(), spoken.is_progress_bar_enabled()
    spoken.set_verbosity_error()
    trl.setLevel(
        logging.ERROR
    )  # completions that nobody could judge, as it prints them, with all that was asked
    spoken.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # transformers' own, about itself
            yield
    finally:
        spoken.set_verbosity(verbosity)
        trl.setLevel(level)
        if has_bars:
            spoken.enable_progress_bar()
