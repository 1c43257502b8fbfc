"""Train the tiny model in stages, in a folder: checkpoints, what was measured, and the model in the end.

A training that was cut off goes on where its last checkpoint was. Everything follows from the seed and the step.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import torch

from glyph_memory.files import write_atomic
from glyph_memory.training.log_file import LogFile
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.tiny.assemble import name_language_model, save_model
from glyph_memory.training.tiny.batches import AnswerBatch, BatchMaker, PageBatch
from glyph_memory.training.tiny.learner import Learner
from glyph_memory.training.tiny.loading import load_batches, pace_level
from glyph_memory.training.tiny.network import Network, Tokenizer
from glyph_memory.training.tiny.optimizers import make_optimizers
from glyph_memory.training.tiny.plan import STAGES, Stage, StagePlan, TinyPlan

CHECKPOINT, CURVE = "checkpoint.pt", "curve.jsonl"
"""Files of a training's folder."""
Say = Callable[[str], None]
_Batch = TypeVar("_Batch", bound=PageBatch | AnswerBatch)

_WARM_UP, _COOL_DOWN = 0.04, 0.45
"""Shares of a stage in which the learning rate rises, and falls to nothing."""
_MASTERED = {"read": 0.9, "connect": 0.45}
"""Share of a stage's characters or tokens that has to be right before the next layout comes."""
_PATIENCE = 0.4
"""Share of a stage after which layouts come all the same, one after the other."""
_SMOOTHING = 0.8
_REPORT_EVERY_S = 10.0


class TinyTraining:
    """A training in a folder."""

    def __init__(
        self,
        folder: str | Path,
        model: Network,
        tokenizer: Tokenizer,
        plan: TinyPlan,
        *,
        say: Say = lambda _: None,
    ) -> None:
        """Start, or go on from the folder's checkpoint.

        Args:
            folder: Holds `checkpoint.pt`, `curve.jsonl`, and in the end `model`.
            model: As `assemble_model` makes it; its weights are changed.
            tokenizer: Its tokenizer.
            plan: What to do.
            say: Told how it goes, a line now and then.

        Raises:
            TrainingError: The checkpoint there is of another plan or language model, or cannot be read; or a model
                without a checkpoint is there.
        """
        self.folder, self.plan, self._say = Path(folder), plan, say
        self.folder.mkdir(parents=True, exist_ok=True)
        self._tokenizer, self._maker = tokenizer, BatchMaker(plan, tokenizer)
        self.learner = Learner(model, seed=plan.seed).to(plan.device)
        self.stage: Stage | None = STAGES[0]
        self.step, self.spent_s, self.total_s = 0, 0.0, 0.0
        self.level, self._smooth = 1, 0.0
        self._optimizers = list[torch.optim.Optimizer]()
        self._language_model = name_language_model(model, tokenizer)
        self._curve = LogFile(self.folder / CURVE)
        self._enter(STAGES[0])
        if self._checkpoint.exists():
            self._resume()
        elif self._model.exists():
            raise TrainingError(
                f"{str(self.folder)!r} holds 'model' of something else; give an empty folder, or another one"
            )
        self._curve.keep_rows(self._is_done)

    @property
    def _checkpoint(self) -> Path:
        return self.folder / CHECKPOINT

    @property
    def _model(self) -> Path:
        return self.folder / "model"

    def _is_done(self, row: Mapping[str, Any]) -> bool:
        """Return whether what a row of the curve tells of is in the checkpoint."""
        if self.stage is None:
            return True
        now = STAGES.index(self.stage)
        return row.get("stage") in STAGES[:now] or (
            row.get("stage") == self.stage and row["step"] <= self.step
        )

    def train(self) -> Path:
        """Train until the plan is done, and return the folder of the model.

        Raises:
            TrainingError: The loss is no number, or the folder cannot be written; the last checkpoint stays.
        """
        if self.stage is None and self._model.is_dir():
            return self._model
        while self.stage is not None:
            self._run_stage(self.stage, getattr(self.plan, self.stage))
            following = STAGES[STAGES.index(self.stage) + 1 :]
            self._enter(following[0] if following else None)
            self.save_checkpoint()
        return save_model(self.learner.model, self._tokenizer, self._model)

    def _run_stage(self, stage: Stage, plan: StagePlan) -> None:
        begun = kept = reported = time.monotonic()
        already, losses, rights = self.spent_s, list[float](), list[float]()
        progress = self._measure_progress(plan)
        if progress >= 1:
            return
        for batch in self._load_batches(stage, plan):
            torch.manual_seed(self.plan.seed * 1_000_003 + self.step)
            measured = self._learn(stage, plan, batch, progress)
            losses.append(measured[0])
            rights.append(measured[1])
            now = time.monotonic()
            self.spent_s = already + now - begun
            progress = self._measure_progress(plan)
            is_done = progress >= 1
            if now - reported > _REPORT_EVERY_S or is_done:
                self._report(stage, losses, rights, progress)
                losses, rights, reported = [], [], now
            if is_done:
                return
            if now - kept > self.plan.keep_every_s:
                self.save_checkpoint()
                kept = time.monotonic()

    def _learn(
        self, stage: Stage, plan: StagePlan, batch: PageBatch | AnswerBatch, progress: float
    ) -> tuple[float, float]:
        share = min(1.0, (progress + 1e-3) / _WARM_UP, (1 - progress) / _COOL_DOWN)
        measured = self.learner.measure(stage, batch)
        loss = measured.loss.item()
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is {loss} at step {self.step:,} of the stage {stage!r}; the last good checkpoint is "
                f"{str(self._checkpoint)!r}. Go on from it with a lower rate than {plan.rate:g}"
            )
        measured.loss.backward()  # type: ignore[no-untyped-call]  # torch's
        weights = [
            weight for each in self._optimizers for group in each.param_groups for weight in group["params"]
        ]
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["share"] * plan.rate * share
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        right = measured.right.item()
        self._smooth = _SMOOTHING * self._smooth + (1 - _SMOOTHING) * right
        if self._smooth > _MASTERED.get(stage, 1.0) and self.level < len(self.plan.layouts):
            self.level, self._smooth = self.level + 1, 0.0
        if stage != "answer":  # some day each layout comes, mastered or not
            self.level = max(self.level, pace_level(max(0.0, progress - _PATIENCE), self.plan))
        return loss, right

    def _measure_progress(self, plan: StagePlan) -> float:
        """Return how much of a stage is done: 0 to 1."""
        if plan.minutes is not None:
            return 1.0 if plan.minutes == 0 else min(1.0, self.spent_s / (60 * plan.minutes))
        return self.step / plan.steps if plan.steps else 1.0

    def _load_batches(self, stage: Stage, plan: StagePlan) -> Iterator[PageBatch | AnswerBatch]:
        """Yield a stage's batches from the next step on, as long as they are asked for."""
        if not self.plan.workers:
            while True:
                yield (
                    self._maker.make_answers(self.step, self._choose_level(plan), plan.batch)
                    if stage == "answer"
                    else self._maker.make_pages(self.step, self.level, plan.batch)
                )
        for batch in load_batches(self._maker, stage, plan, first=self.step):
            yield _move_batch(batch, self.plan.device)

    def _choose_level(self, plan: StagePlan) -> int:
        """Return how many layouts are asked about: more with the time, and no more than the tower reads."""
        return min(self.level, pace_level(self._measure_progress(plan), self.plan))

    def _report(self, stage: Stage, losses: list[float], rights: list[float], progress: float) -> None:
        row = {
            "stage": stage, "step": self.step, "layouts": self.level, "progress": round(progress, 4),
            "seconds": round(self.spent_s, 1),
            "loss": round(sum(losses) / len(losses), 4), "right": round(sum(rights) / len(rights), 4),
        }  # fmt: skip
        self._curve.add(row)
        self._say(
            f"{stage:<8} step {self.step:>6,}  {100 * progress:5.1f} %  {self.spent_s / 60:5.1f} min  "
            f"layouts {self.level}  loss {row['loss']:.4f}  right {100 * float(row['right']):.1f} %"
        )

    def read_curve(self) -> list[dict[str, Any]]:
        """Return what was reported while it learned: a row every few seconds."""
        return self._curve.read()

    def _enter(self, stage: Stage | None) -> None:
        self.total_s += self.spent_s
        self.stage, self.step, self.spent_s = stage, 0, 0.0
        if stage != "answer":
            self.level = 1
        self._smooth = 0.0
        self._optimizers = [] if stage is None else make_optimizers(self.learner, stage)

    def save_checkpoint(self) -> None:
        """Write down all that is needed to go on.

        Raises:
            TrainingError: It cannot be written; the checkpoint before it stays.
        """
        changed = ("reader.", "model.model.visual.") + (
            ("model.model.language_model.layers.", "model.model.language_model.norm.")
            if self.stage in ("answer", None)
            else ()
        )
        weights = {
            name: value for name, value in self.learner.state_dict().items() if name.startswith(changed)
        }
        state = {
            "plan": repr(self.plan), "language_model": self._language_model,
            "stage": self.stage, "step": self.step, "spent_s": self.spent_s,
            "total_s": self.total_s, "level": self.level, "smooth": self._smooth, "weights": weights,
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
        }  # fmt: skip
        file = io.BytesIO()
        torch.save(state, file)
        try:
            write_atomic(self._checkpoint, file.getvalue())
        except OSError as error:
            raise TrainingError(
                f"{str(self._checkpoint)!r} cannot be written: {error.strerror or error}; the one before it "
                "stays. Free some space, or make it writable, and run the same again"
            ) from error

    def _resume(self) -> None:
        try:
            state = torch.load(self._checkpoint, map_location=self.plan.device, weights_only=True)
            self._check_origin(state)
            self._enter(state["stage"])
            self.learner.load_state_dict(state["weights"], strict=False)
            for optimizer, kept in zip(self._optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(kept)
            self.step, self.spent_s, self.total_s = state["step"], state["spent_s"], state["total_s"]
            self.level, self._smooth = state["level"], state["smooth"]
        except TrainingError:
            raise
        except Exception as error:  # whatever torch raises on a file that is not what it should be
            raise TrainingError(
                f"{str(self._checkpoint)!r} is no checkpoint that can be gone on from ({type(error).__name__}: "
                f"{str(error)[:200]}); give another folder, or remove it to begin again"
            ) from error
        self._say(
            "the training is done already"
            if self.stage is None
            else f"going on at step {self.step:,} of the stage {self.stage!r}"
        )

    def _check_origin(self, state: Mapping[str, Any]) -> None:
        """Raise an error where a checkpoint is of another training."""
        lead = f"{str(self._checkpoint)!r} is of another"
        if state["plan"] != repr(self.plan):
            raise TrainingError(f"{lead} plan; give the same minutes and seed, or another folder")
        known = state.get("language_model")  # older checkpoints do not tell
        if known not in (None, self._language_model):
            raise TrainingError(f"{lead} language model; give the same, or another folder")


def _move_batch(batch: _Batch, device: str) -> _Batch:
    """Return a batch whose tensors are on a device."""
    if device == "cpu":
        return batch
    moved = {}
    for field in fields(batch):
        value = getattr(batch, field.name)
        is_tensor = isinstance(value, torch.Tensor)
        moved[field.name] = value.to(device, non_blocking=True) if is_tensor else _move_batch(value, device)
    return replace(batch, **moved)
