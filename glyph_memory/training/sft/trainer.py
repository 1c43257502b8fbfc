"""TRL's `SFTTrainer` with steps by tokens, losses that are checked, and checkpoints that are whole or not there.

Loaded late: TRL takes seconds. Knows transformers' trainer; knows nothing about where samples come from.
"""

# TRL and transformers carry few types.
# mypy: allow-untyped-calls, allow-subclassing-any

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset
from transformers import (
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
)
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from glyph_memory.readers.local.quiet import load_quietly
from glyph_memory.training.checkpoints import count_steps
from glyph_memory.training.models import SampleEncoder, TrainableModel, collate_samples, restore_weights
from glyph_memory.training.sample_files import SampleTable
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.sft.folder import RunFolder
from glyph_memory.training.sft.plan import Step
from glyph_memory.training.sft.settings import FULL_LEARNING_RATE, LORA_LEARNING_RATE, SftSettings

_Batch = dict[str, torch.Tensor]


class EncodedSamples(Dataset[Any]):
    """Samples as the trainer takes them; drawn and encoded when they are asked for."""

    def __init__(self, table: SampleTable, encoder: SampleEncoder) -> None:
        self._table, self._encoder = table, encoder

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, number: int) -> tuple[int, _Batch]:
        return number, self._encoder.encode(self._table.read(number))


class _Steps:
    """Yields the samples of each step: what a `DataLoader` calls a batch sampler."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[list[int]]:
        for step in self._steps:
            yield [number for forward in step.forwards for number in forward]


class _Collator:
    """Puts a step's samples together again, as they go through the model."""

    def __init__(self, steps: Sequence[Step], pad_token_id: int) -> None:
        self._forwards = {
            tuple(number for forward in step.forwards for number in forward): step.forwards for step in steps
        }
        self._pad_token_id = pad_token_id

    def __call__(self, samples: Sequence[tuple[int, _Batch]]) -> dict[str, Any]:
        encoded, at, batches = [one for _, one in samples], 0, list[_Batch]()
        for forward in self._forwards[tuple(number for number, _ in samples)]:
            batches.append(collate_samples(encoded[at : at + len(forward)], pad_token_id=self._pad_token_id))
            at += len(forward)
        return {"forwards": batches}


class PageTrainer(SFTTrainer):
    """A trainer for one run.

    Args:
        trainable: The model.
        samples: What it learns.
        steps: Which samples make which step.
        folder: Where the run is kept.
        settings: How it is trained.
        after_step: Called after each step with its number.
    """

    def __init__(
        self,
        trainable: TrainableModel,
        *,
        samples: EncodedSamples,
        steps: Sequence[Step],
        folder: RunFolder,
        settings: SftSettings,
        after_step: Callable[[int], None],
    ) -> None:
        from datasets import Dataset as Rows  # noqa: PLC0415 - slow to load

        self._encoded, self._planned, self._folder, self._settings = samples, tuple(steps), folder, settings
        self._draft: Path | None = None
        self._is_adapter = trainable.settings.lora is not None
        # TRL looks at a row to learn that samples have images; what it trains on comes from the data loader below.
        rows = Rows.from_dict({"prompt": [""], "completion": [""], "images": [[]]})
        super().__init__(
            model=trainable.model,
            args=_configure(trainable, settings, len(self._planned), folder),
            processing_class=trainable.processor,
            train_dataset=rows,
            data_collator=_Collator(self._planned, trainable.pad_token_id),
            callbacks=[_AfterStep(after_step)],
        )
        for callback in (PrinterCallback, ProgressCallback):
            self.remove_callback(callback)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Return what yields a step at a time; not shuffled, so that a run that goes on skips what it has seen."""
        loader: DataLoader[Any] = DataLoader(
            self._encoded,
            batch_sampler=_Steps(self._planned),
            collate_fn=self.data_collator,
            num_workers=self._settings.workers,
        )
        return loader

    def training_step(
        self, model: torch.nn.Module, inputs: dict[str, Any], num_items_in_batch: object = None
    ) -> torch.Tensor:
        """Pass a step's samples through the model and back; the loss is the mean over all their answers' tokens."""
        model.train()
        forwards: list[_Batch] = inputs["forwards"]
        learnt = sum(int(torch.ne(batch["labels"], -100).sum()) for batch in forwards)
        total = torch.zeros((), device=self.args.device)
        for batch in forwards:
            placed = self._prepare_inputs(batch)
            with self.compute_loss_context_manager():
                loss = self.compute_loss(model, placed, num_items_in_batch=learnt)
            self._check_finite(loss, "the loss")
            self.accelerator.backward(loss)
            total += loss.detach()
        return total

    def floating_point_ops(self, inputs: object) -> int:
        """Return 0: transformers estimates them for text alone."""
        return 0

    def create_model_card(self, *_: object, **__: object) -> None:
        """Write none: the run's folder says how it was trained."""

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add a line to the run's log."""
        super().log(logs, start_time)
        row = self.state.log_history[-1]
        if "loss" in row:
            step = self._planned[self.state.global_step - 1]
            self._folder.log.add(
                {
                    "step": self.state.global_step,
                    "loss": row["loss"],
                    "learning_rate": row.get("learning_rate"),
                    "grad_norm": row.get("grad_norm"),
                    "token_accuracy": row.get("mean_token_accuracy"),
                    "samples": sum(map(len, step.forwards)),
                    "tokens": step.tokens,
                }
            )

    def _clip_grad_norm(self, model: torch.nn.Module) -> Any:  # noqa: ANN401 - a tensor, or None
        norm = super()._clip_grad_norm(model)
        if norm is not None:
            self._check_finite(torch.as_tensor(norm), "the gradient")
        return norm

    def _check_finite(self, value: torch.Tensor, what: str) -> None:
        if bool(torch.isfinite(value).all()):
            return
        step, last = self.state.global_step + 1, self._folder.find_checkpoint()
        kept = (
            f"the checkpoint of step {count_steps(last)} is kept"
            if last
            else "no checkpoint was written before it"
        )
        rate = self.args.learning_rate
        raise TrainingError(
            f"{what} of step {step} is {float(value.detach().flatten()[0])}, so nothing more was learnt; {kept}. Try a "
            f"lower learning rate, such as {rate / 4:.2g}, a longer warm-up, or dtype='float32', in another folder"
        )

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:  # noqa: ANN401
        if self._is_adapter:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        restore_weights(self.model, resume_from_checkpoint)

    def _get_output_dir(self, trial: object) -> str:
        return str(self._draft or self.args.output_dir)

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:  # noqa: ANN401 - none here
        step = self.state.global_step

        def write(draft: Path) -> Path:
            self._draft = draft
            try:
                with load_quietly():
                    Trainer._save_checkpoint(self, model, trial)
            finally:
                self._draft = None
            return draft / f"checkpoint-{step}"

        self._folder.save_checkpoint(step, write, keep=self._settings.keep)


class _AfterStep(TrainerCallback):
    def __init__(self, call: Callable[[int], None]) -> None:
        self._call = call

    def on_step_end(self, args: object, state: Any, control: object, **_: object) -> None:  # noqa: ANN401
        """Call back with the number of the step that was taken."""
        self._call(state.global_step)


def choose_learning_rate(trainable: TrainableModel, settings: SftSettings) -> float:
    """Return the rate that was asked for, or the one that is usual for what is trained."""
    if settings.learning_rate is not None:
        return settings.learning_rate
    return FULL_LEARNING_RATE if trainable.settings.lora is None else LORA_LEARNING_RATE


def _configure(trainable: TrainableModel, settings: SftSettings, steps: int, folder: RunFolder) -> SFTConfig:
    device = trainable.loaded.device
    on_cpu = device.type == "cpu"
    config = SFTConfig(
        output_dir=str(folder.path),
        max_steps=steps,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=1,
        max_length=None,
        packing=False,
        learning_rate=choose_learning_rate(trainable, settings),
        lr_scheduler_type="cosine",
        warmup_steps=round(settings.warmup_share * steps),
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        gradient_checkpointing=trainable.settings.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        bf16=device.type == "cuda" and torch.cuda.is_bf16_supported(),
        fp16=False,
        use_cpu=on_cpu,
        dataloader_pin_memory=False,
        remove_unused_columns=False,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=min(settings.save_every, steps),
        save_total_limit=None,
        disable_tqdm=True,
        report_to="none",
        seed=settings.seed,
        data_seed=settings.seed,
    )
    with contextlib.suppress(AttributeError):
        # One GPU, whatever else this machine has: else transformers would copy the model to all of them.
        config._n_gpu = min(config.n_gpu, 1)
    return config
