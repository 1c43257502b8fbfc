"""`glyph-memory train sft`: fine-tune a model, with a bar, and tell what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from glyph_memory.cli import terminal
from glyph_memory.cli.commands.train_weights import Weights
from glyph_memory.cli.terminal import PageProgress
from glyph_memory.errors import show_value
from glyph_memory.training import TrainingError

if TYPE_CHECKING:
    from glyph_memory.training.sft import SftEvaluation

_NEEDED = ("torch", "transformers", "accelerate", "datasets", "peft", "pyarrow", "trl")


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """How it is trained, as it was typed; by the names of `SftSettings`."""

    steps: int | None
    """How many."""
    passes: int | None
    """Or how often all samples."""
    tokens_per_step: int
    """Of a step."""
    tokens_per_forward: int | None
    """At once."""
    max_tokens: int | None
    """Of a sample."""
    with_reasoning: bool
    """Whether thoughts are learnt."""
    ocr_share: float | None
    """Of reading practice."""
    learning_rate: float | None
    """The highest."""
    save_every: int
    """Steps."""
    keep: int
    """Checkpoints."""
    workers: int
    """Processes."""
    seed: int
    """Of the order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the model is asked meanwhile, as it was typed."""

    tasks: Sequence[str]
    """Names."""
    every: int | None
    """Steps."""
    arms: str
    """Parted by commas."""
    lengths: str
    """Parted by commas."""
    samples: int
    """Of each."""
    max_tokens: int
    """Of an answer."""

    def read(self) -> SftEvaluation | None:
        """Return the evaluation, or None where nothing is asked.

        Raises:
            TrainingError: A length is no number.
        """
        from glyph_memory.training.sft import SftEvaluation  # noqa: PLC0415 - loads torch

        if not self.tasks:
            if self.every is not None:
                raise TrainingError("--eval-every asks nothing without a task; name one with --eval-task")
            return None
        lengths = [part.strip() for part in self.lengths.split(",") if part.strip()]
        if wrong := next((one for one in lengths if not one.isdecimal()), None):
            raise TrainingError(
                f"{show_value(wrong)} of --eval-lengths is no number of tokens; give some such as 4096"
            )
        return SftEvaluation(
            tasks=tuple(self.tasks),
            every=self.every,
            arms=tuple(part.strip() for part in self.arms.split(",") if part.strip()),
            lengths=tuple(map(int, lengths)),
            samples=self.samples,
            max_tokens=self.max_tokens,
        )


def run(
    model: str,
    data: Sequence[Path],
    out: Path,
    *,
    weights: Weights,
    course: Course,
    asked: Asked,
    resume: bool,
    is_offline: bool,
    as_json: bool,
) -> None:
    """Train, and tell what it came to.

    Raises:
        TrainingError: Something cannot be trained, or went wrong on the way; the last checkpoint is kept.
    """
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise TrainingError(
            f"training needs {', '.join(missing)}, which is not installed. Try: pip install 'glyph-memory[train]'"
        )
    from glyph_memory.training.sft import SftSettings, train_sft  # noqa: PLC0415 - loads torch

    taken = 0
    try:
        with PageProgress("training", unit="steps") as bar:

            def show(done: int, total: int) -> None:
                nonlocal taken
                taken = done
                bar(done, total)

            report = train_sft(
                model,
                data,
                out=out,
                model_settings=weights.read(),
                settings=SftSettings(**asdict(course)),
                evaluation=asked.read(),
                resume=resume,
                is_offline=is_offline,
                progress=show,
            )
    except KeyboardInterrupt:
        terminal.print_note(
            f"Stopped after {terminal.format_count(taken, 'step')}; the same command goes on from the last checkpoint."
            if taken
            else "Stopped before the first step; the same command begins again."
        )
        raise
    if as_json:
        terminal.print_json(report.to_json())
    else:
        terminal.console().print(report.describe(), markup=False, highlight=False, soft_wrap=True)
