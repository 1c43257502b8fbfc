"""`train_sft`: fine-tune a model on samples, from where it was stopped.

Wiring only: samples stand in `table`, steps in `plan`, training in `trainer`, files in `folder`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.readers.local.failures import is_out_of_memory
from glyph_memory.readers.local.quiet import load_quietly
from glyph_memory.training.checkpoints import count_steps
from glyph_memory.training.models import (
    ModelSettings,
    SampleEncoder,
    TrainableModel,
    load_trainable,
    save_trained,
)
from glyph_memory.training.sample_files import SampleTable, Source, open_samples
from glyph_memory.training.samples import TrainingError, TrainingSample
from glyph_memory.training.sft.evaluating import Examiner
from glyph_memory.training.sft.folder import RunFolder
from glyph_memory.training.sft.plan import Plan, plan_steps
from glyph_memory.training.sft.report import TrainingReport
from glyph_memory.training.sft.settings import SftEvaluation, SftSettings

if TYPE_CHECKING:
    from glyph_memory.training.sft.trainer import PageTrainer

Progress = Callable[[int, int], None]
_ERROR = 40
"""Of transformers' log: what is worse than a remark."""


def train_sft(
    model: str | os.PathLike[str],
    data: Source | Iterable[Source] | Iterable[TrainingSample] | SampleTable,
    *,
    out: str | os.PathLike[str],
    model_settings: ModelSettings | None = None,
    settings: SftSettings | None = None,
    evaluation: SftEvaluation | None = None,
    resume: bool = True,
    is_offline: bool = False,
    progress: Progress | None = None,
) -> TrainingReport:
    """Fine-tune a model on samples, and keep all that came of it in a folder.

    The folder gets `model`, which everything loads that loads the model itself (with LoRA an adapter), `checkpoints`,
    `log.jsonl` with a line a step, `evaluated` with the answers of each evaluation, and `report.json`. A run that was
    killed goes on from its last checkpoint when the same is called again, and its weights become those of a run that
    was not stopped; one that is over gives its report.

    Args:
        model: Its folder, or its name on the hub.
        data: What `open_samples` takes: Parquet, WebDataset shards, folders of such, or samples.
        out: The run's folder.
        model_settings: What of the model is trained; LoRA on its text tower unless given.
        settings: How it is trained.
        evaluation: What it is asked before, after and meanwhile; nothing unless given.
        resume: Whether a run that is there goes on; else it is refused.
        is_offline: Whether the hub is not asked.
        progress: Called after each step with how many were taken, and of how many.

    Raises:
        TrainingError: The model, the samples or the folder cannot be used; the loss or its gradient is no number; a
            checkpoint cannot be written; memory is too small. The last whole checkpoint is kept.
    """
    model_settings, settings = model_settings or ModelSettings(), settings or SftSettings()
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise TrainingError("a run takes one device; start it without torchrun and accelerate launch")
    with RunFolder.hold(Path(out)) as folder:
        table = open_samples(data)
        folder.check_settings(
            _tell_settings(model, table, model_settings, settings, evaluation), may_resume=resume
        )
        if (over := folder.read_report()) is not None and folder.model.is_dir():
            return replace(over, folder=str(folder.path), model=str(folder.model))  # it may have been moved
        trainable = load_trainable(model, model_settings, is_offline=is_offline)
        if trainable.loaded.device.index:
            raise TrainingError(
                "a run takes the first GPU that it sees; choose another with "
                f"CUDA_VISIBLE_DEVICES={trainable.loaded.device.index}"
            )
        return _Run(trainable, table, folder, settings, evaluation, progress).train()


class _Run:
    def __init__(
        self,
        trainable: TrainableModel,
        table: SampleTable,
        folder: RunFolder,
        settings: SftSettings,
        evaluation: SftEvaluation | None,
        progress: Progress | None,
    ) -> None:
        self._trainable, self._table, self._folder = trainable, table, folder
        self._settings, self._evaluation, self._progress = settings, evaluation, progress
        self._encoder = SampleEncoder(trainable, with_reasoning=settings.with_reasoning)
        self._plan = _plan(table, self._encoder, trainable, settings)
        self._examiner = (
            None if evaluation is None else Examiner(trainable, evaluation, folder, seed=settings.seed)
        )

    def train(self) -> TrainingReport:
        """Take the steps that are left, save the model, and return what it came to."""
        from glyph_memory.training.sft.trainer import EncodedSamples, PageTrainer  # noqa: PLC0415 - loads TRL

        begun_s = time.perf_counter()
        last = self._folder.find_checkpoint()
        resumed = count_steps(last)
        self._folder.log.cut_after(resumed)
        if self._examiner is not None:
            for step in self._list_evaluations(resumed):
                self._examiner.ask(step)
        with load_quietly():
            trainer = PageTrainer(
                self._trainable,
                samples=EncodedSamples(self._table, self._encoder),
                steps=self._plan.steps,
                folder=self._folder,
                settings=self._settings,
                after_step=self._after_step,
            )
        self._take_steps(trainer, last)
        if self._examiner is not None:
            self._examiner.ask(len(self._plan.steps))
        if not self._folder.model.exists():
            save_trained(self._trainable, self._folder.model)
        report = self._report(resumed, time.perf_counter() - begun_s)
        self._folder.write_report(report)
        return report

    def _take_steps(self, trainer: PageTrainer, checkpoint: Path | None) -> None:
        try:
            with _hush():
                trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        except GlyphMemoryError:
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise TrainingError(
                    f"memory is too small for {self._forward_tokens} tokens at once ({type(error).__name__}). Try a "
                    "smaller tokens_per_forward or max_tokens, or gradient_checkpointing=True, in another folder"
                ) from error
            if "DataLoader worker" in str(error):
                raise TrainingError(
                    f"a worker that encodes samples ended: {str(error).splitlines()[0][:200]}. The last checkpoint is "
                    "kept; run the same again, with workers=0 where it ends once more"
                ) from error
            raise

    @property
    def _forward_tokens(self) -> int:
        return self._settings.tokens_per_forward or max(1, self._settings.tokens_per_step // 4)

    def _list_evaluations(self, resumed: int) -> Sequence[int]:
        """Return which evaluations belong before the next step: the first, and those of an earlier run, read again."""
        there = self._folder.evaluated
        done = [int(one.name.split("-")[1]) for one in there.glob("step-*")] if there.is_dir() else []
        return sorted({0, *(step for step in done if 0 < step <= resumed)} if resumed else {0})

    def _after_step(self, step: int) -> None:
        every = self._evaluation.every if self._evaluation is not None else None
        if self._examiner is not None and every and step % every == 0 and step < len(self._plan.steps):
            self._examiner.ask(step)
        if self._progress is not None:
            self._progress(step, len(self._plan.steps))

    def _report(self, resumed: int, seconds: float) -> TrainingReport:
        losses = [float(row["loss"]) for row in self._folder.log.read() if "loss" in row]
        some = max(1, len(losses) // 10)
        steps = self._plan.steps
        return TrainingReport(
            folder=str(self._folder.path),
            model=str(self._folder.model),
            steps=len(steps),
            resumed_from=resumed,
            samples=sum(len(forward) for step in steps for forward in step.forwards),
            too_long=self._plan.too_long,
            tokens=sum(step.tokens for step in steps),
            trained_parameters=self._trainable.trained_parameters,
            first_loss=sum(losses[:some]) / some,
            last_loss=sum(losses[-some:]) / some,
            seconds=seconds,
            evaluated=self._examiner.evaluated if self._examiner is not None else (),
        )


@contextmanager
def _hush() -> Iterator[None]:
    """Keep transformers' remarks from the terminal; unlike `load_quietly`, others may load models meanwhile."""
    from transformers.utils import logging  # noqa: PLC0415 - slow to load

    level = logging.get_verbosity()
    logging.set_verbosity(_ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(level)


def _plan(
    table: SampleTable, encoder: SampleEncoder, trainable: TrainableModel, settings: SftSettings
) -> Plan:
    numbers = range(len(table))
    mixed: list[int] = []
    share = settings.ocr_share
    if share is not None:
        families = table.families
        mixed = [number for number in numbers if families[number] == "ocr"] if share else []
        numbers_of_others = [number for number in numbers if families[number] != "ocr"]
        if share and not mixed:
            raise TrainingError(f"ocr_share={share}, and there is no sample of the family 'ocr'; add some")
        if not numbers_of_others:
            raise TrainingError(f"ocr_share={share}, and all samples are of the family 'ocr'; leave it out")
    else:
        numbers_of_others = list(numbers)
    window = trainable.loaded.window_tokens
    longest = min((one for one in (settings.max_tokens, window) if one is not None), default=None)
    return plan_steps(
        lambda number: encoder.count_tokens(table.read(number)),
        numbers_of_others,
        mixed,
        share=share or 0.0,
        tokens_per_step=settings.tokens_per_step,
        # Of other families, images of two sizes do not always fit one batch: each sample goes alone.
        tokens_per_forward=(settings.tokens_per_forward or max(1, settings.tokens_per_step // 4))
        if trainable.has_grid
        else 1,
        max_tokens=longest,
        steps=settings.steps,
        passes=settings.passes or 1,
        seed=settings.seed,
    )


def _tell_settings(
    model: str | os.PathLike[str],
    table: SampleTable,
    model_settings: ModelSettings,
    settings: SftSettings,
    evaluation: SftEvaluation | None,
) -> dict[str, Any]:
    """Return all that a run depends on, by name."""
    asked: dict[str, Any] = {} if evaluation is None else _tell_evaluation(evaluation)
    lora = model_settings.lora
    return {
        "model": os.fspath(model),
        "samples": len(table),
        "data": table.fingerprint,
        **{name: value for name, value in asdict(model_settings).items() if name not in ("lora", "device")},
        **{f"lora_{name}": value for name, value in (asdict(lora) if lora else {"rank": None}).items()},
        **asdict(settings),
        **asked,
    }


def _tell_evaluation(evaluation: SftEvaluation) -> dict[str, Any]:
    names = [task if isinstance(task, str) else task.name for task in evaluation.tasks]
    return {
        "evaluation_tasks": names,
        **{
            f"evaluation_{name}": getattr(evaluation, name)
            for name in ("every", "arms", "lengths", "budgets", "samples", "max_tokens", "profile")
        },
    }
