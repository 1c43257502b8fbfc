"""Ask a model what tasks ask, now and then while it learns: `Examiner`.

Knows the evaluation; knows nothing about the trainer.
"""

from __future__ import annotations

from glyph_memory.errors import GlyphMemoryError, ProfileError
from glyph_memory.evaluate.run import run_tasks
from glyph_memory.evaluate.tasks import Task, find_task
from glyph_memory.tokens import ModelProfile
from glyph_memory.training.models import TrainableModel, TrainedReader
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.sft.folder import RunFolder
from glyph_memory.training.sft.report import Evaluated
from glyph_memory.training.sft.settings import SftEvaluation

_FAMILIES = {"glm4v": "glyph", "qwen2_5_vl": "qwen2.5-vl", "qwen3_vl": "qwen3-vl", "qwen2_vl": "qwen2-vl"}
"""Profiles by transformers' name of the architecture, for models that nobody has heard of."""

_DENSEST = 10
"""Times that no readable page holds as many tokens of text as it costs."""


class Examiner:
    """Asks a model after some steps; each time into a folder of its own.

    Args:
        trainable: The model.
        evaluation: What it is asked.
        folder: The run's folder.
        seed: Of the samples.

    Raises:
        PolicyError: There is no such task.
        TrainingError: A length is so large that its samples cannot fit the model's window, however they are shown.
    """

    def __init__(
        self, trainable: TrainableModel, evaluation: SftEvaluation, folder: RunFolder, *, seed: int
    ) -> None:
        self._evaluation, self._folder, self._seed = evaluation, folder, seed
        self._reader = TrainedReader(trainable, max_tokens=evaluation.max_tokens)
        self._name = trainable.name
        self._profile = find_profile(trainable, evaluation.profile)
        self._tasks = [find_task(task) if isinstance(task, str) else task for task in evaluation.tasks]
        self._seen: dict[int, Evaluated] = {}
        window = trainable.loaded.window_tokens
        for length in evaluation.lengths:
            if window is not None and length > _DENSEST * window:
                raise TrainingError(
                    f"samples of {length:,} tokens do not fit the model's {window:,}, not even as pages; "
                    f"give lengths up to {_DENSEST * window:,}"
                )

    @property
    def evaluated(self) -> tuple[Evaluated, ...]:
        """What the model could do, by steps."""
        return tuple(self._seen[step] for step in sorted(self._seen))

    def ask(self, step: int) -> None:
        """Ask after a step; what was answered there before is not asked again.

        Raises:
            TrainingError: Nobody answered, or the folder cannot be written to.
        """
        out = self._folder.evaluated / f"step-{step:06}"
        evaluation = self._evaluation
        tasks: list[Task] = self._tasks
        try:
            report = run_tasks(
                tasks,
                reader=self._reader,
                out=out,
                arms=evaluation.arms,
                profile=self._profile,
                lengths=evaluation.lengths,
                budgets=evaluation.budgets,
                samples=evaluation.samples,
                seed=self._seed,
                reader_name=self._name,
                max_tokens=evaluation.max_tokens,
                max_concurrent=1,
            )
        except GlyphMemoryError as error:
            raise TrainingError(
                f"the evaluation after step {step} failed: {error}; what was learnt until the last checkpoint is kept"
            ) from error
        right = sum(result.outcome == "correct" for result in report.results)
        self._seen[step] = Evaluated(step=step, folder=str(out), correct=right, asked=len(report.results))


def find_profile(trainable: TrainableModel, name: str | None) -> ModelProfile:
    """Return the profile of a model: by the name that is given, else by its own, else by its family's.

    Raises:
        ProfileError: No such model is known by the name that is given.
    """
    if name is not None:
        return ModelProfile.from_name(name)
    try:
        return ModelProfile.from_name(trainable.name)
    except ProfileError:
        return ModelProfile.from_name(_FAMILIES.get(str(trainable.loaded.config.model_type), "glyph"))
