"""Train a model on rewards, from a folder to a folder: `train_grpo`.

Knows what is refused, what is kept, and how it goes on; the trainer stands in a module of its own, which loads torch.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glyph_memory.training.checkpoints import count_steps, find_checkpoint, remove_broken
from glyph_memory.training.grpo.log import GrpoStep, StepLog
from glyph_memory.training.grpo.notes import compare_notes, hold_run, write_notes
from glyph_memory.training.grpo.order import order_samples, take
from glyph_memory.training.grpo.settings import GrpoSettings
from glyph_memory.training.rewards import RewardMix
from glyph_memory.training.sample_files import SampleTable, Source, open_samples
from glyph_memory.training.samples import TrainingError, TrainingSample

if TYPE_CHECKING:
    from glyph_memory.training.grpo.choice import SampleChoice
    from glyph_memory.training.models import ModelSettings, TrainableModel

_TRIED = 64
"""Samples of each family that rewards are tried on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GrpoResult:
    """What a training came to."""

    model: Path
    """The trained model's folder; with LoRA, the adapter's."""
    steps: tuple[GrpoStep, ...]
    """All of them, from the first, whenever they were done."""
    left_out: dict[str, int]
    """How many samples were left out, by why."""


def train_grpo(
    model: str | os.PathLike[str],
    samples: Source | Iterable[Source] | Iterable[TrainingSample] | SampleTable,
    *,
    reward: RewardMix,
    out: str | os.PathLike[str],
    settings: GrpoSettings | None = None,
    model_settings: ModelSettings | None = None,
    is_offline: bool = False,
    use_vllm: bool = False,
    tell: Callable[[str], None] = lambda _: None,
    on_step: Callable[[GrpoStep], None] = lambda _: None,
) -> GrpoResult:
    """Train a vision-language model on what its completions earn, and save it.

    The same call goes on from the last checkpoint in the folder, with the same samples and settings; `steps` may be
    more. What training comes to is then the same as without a stop, on one machine.

    Args:
        model: A model's folder, or its name on the hub: better one that was fine-tuned, for what it never does cannot
            be rewarded.
        samples: What it is asked, in any order: samples, a Parquet file or WebDataset shard, a folder with such, or
            several of them.
        reward: What its completions earn.
        out: Where checkpoints, the log and the model are kept.
        settings: How it is trained.
        model_settings: What of it is trained; LoRA unless given.
        is_offline: Whether the hub is not asked.
        use_vllm: Not to be had: TRL's way by vLLM expands image tokens twice.
        tell: Takes a line about what was left out, and where training goes on.
        on_step: Takes each step when it is done.

    Raises:
        TrainingError: Nothing can be learned from the samples or rewards, a loss is no number, a judge is down, the
            disk is full, or the folder is another training's.
    """
    if use_vllm:
        raise TrainingError(
            "use_vllm=True is not to be had: TRL's way by vLLM expands the tokens of each image twice "
            "(https://github.com/huggingface/trl/issues/6294); leave it out, and transformers writes the completions"
        )
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise TrainingError("train_grpo runs in one process, on one GPU; start it without a launcher")
    settings = settings or GrpoSettings()
    table = open_samples(samples)
    _check_rewards(table, reward)
    weights = _choose_weights(model_settings)
    with hold_run(Path(out)) as folder:
        notes = compare_notes(
            folder, settings=settings, samples=table.fingerprint, reward=reward, model=model, weights=weights
        )
        log = StepLog(folder / "log.jsonl")
        if (folder / "model").is_dir() and notes.get("saved_after", 0) >= settings.steps:
            return GrpoResult(
                model=folder / "model", steps=tuple(log.read()), left_out=notes.get("left_out", {})
            )
        trainable = _load(model, weights, is_offline=is_offline)
        choice = _choose(table, trainable, reward, settings)
        for why, count in sorted(choice.left_out.items()):
            tell(f"{count:,} of {len(table):,} samples left out: {why}")
        write_notes(folder, {**notes, "left_out": choice.left_out})
        batches = -(-settings.steps // settings.passes)
        numbers = order_samples(choice.asked, choice.read, ocr_share=settings.ocr_share, seed=settings.seed)
        order = take(numbers, batches * settings.prompts_per_step)

        def take_step(step: GrpoStep) -> None:
            log.add(step)
            on_step(step)

        _train(trainable, table, order, reward, settings, folder, log=log, on_step=take_step, tell=tell)
        _save_model(trainable, folder / "model")
        write_notes(folder, {**notes, "left_out": choice.left_out, "saved_after": settings.steps})
        return GrpoResult(model=folder / "model", steps=tuple(log.read()), left_out=choice.left_out)


def _check_rewards(table: SampleTable, reward: RewardMix) -> None:
    """Try rewards on some samples of each family, before a model is loaded."""
    seen = Counter[str]()
    tried = list[TrainingSample]()
    for number, family in enumerate(table.families):
        if seen[family] < _TRIED:
            seen[family] += 1
            tried.append(table.read(number))
    if not any(reward.fits(sample) for sample in tried):
        raise TrainingError(
            f"no reward of {', '.join(reward.names)} fits any of {len(tried):,} samples (their families: "
            f"{', '.join(sorted(seen))}); give others"
        )
    reward.check(tried)


def _choose_weights(settings: ModelSettings | None) -> ModelSettings:
    try:
        import trl  # noqa: F401, PLC0415 - slow to load

        from glyph_memory.training.models import ModelSettings  # noqa: PLC0415 - torch
    except ImportError as error:
        raise TrainingError(
            f"training needs torch and trl ({error}). Try: pip install 'glyph-memory[train]'"
        ) from error
    return settings or ModelSettings()


def _load(model: str | os.PathLike[str], settings: ModelSettings, *, is_offline: bool) -> TrainableModel:
    from glyph_memory.training.models import load_trainable  # noqa: PLC0415 - torch

    return load_trainable(model, settings, is_offline=is_offline)


def _choose(
    table: SampleTable, trainable: TrainableModel, reward: RewardMix, settings: GrpoSettings
) -> SampleChoice:
    from glyph_memory.training.grpo.choice import choose_samples  # noqa: PLC0415 - torch

    return choose_samples(table, trainable, reward, settings)


def _train(
    trainable: TrainableModel,
    table: SampleTable,
    order: Sequence[int],
    reward: RewardMix,
    settings: GrpoSettings,
    folder: Path,
    *,
    log: StepLog,
    on_step: Callable[[GrpoStep], None],
    tell: Callable[[str], None],
) -> None:
    from glyph_memory.training.grpo.config import hide_bars  # noqa: PLC0415 - trl
    from glyph_memory.training.grpo.trainer import PageGrpoTrainer  # noqa: PLC0415 - trl

    remove_broken(folder)
    last = find_checkpoint(folder)
    log.cut_after(count_steps(last))
    with hide_bars():
        trainer = PageGrpoTrainer(
            trainable,
            table,
            order=order,
            mix=reward,
            settings=settings,
            folder=folder,
            on_step=on_step,
            flat_before=log.count_flat(),
        )
    if last:
        tell(f"going on from {str(last)!r}")
    try:
        with hide_bars():
            trainer.train(resume_from_checkpoint=str(last) if last else None)
    except BaseException:
        with hide_bars():
            saved = trainer.save_now()
        if saved:
            tell(f"stopped; the same command goes on from {str(saved)!r}")
        raise


def _save_model(trainable: TrainableModel, target: Path) -> None:
    import shutil  # noqa: PLC0415

    from glyph_memory.training.grpo.config import hide_bars  # noqa: PLC0415 - trl
    from glyph_memory.training.models import save_trained  # noqa: PLC0415 - torch

    if "ref" in getattr(trainable.model, "peft_config", {}):  # TRL's copy of where training began
        trainable.model.delete_adapter("ref")
    shutil.rmtree(target, ignore_errors=True)  # of fewer steps
    with hide_bars():
        save_trained(trainable, target)
