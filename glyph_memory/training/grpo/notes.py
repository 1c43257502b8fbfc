"""What a training was begun with, as its folder keeps it: another one is never gone on with there.

Knows files; knows nothing about models.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from glyph_memory.files import write_atomic
from glyph_memory.training.grpo.settings import GrpoSettings
from glyph_memory.training.hold import hold_training
from glyph_memory.training.rewards import RewardMix
from glyph_memory.training.samples import TrainingError

_NOTES = "grpo.json"
_OTHERS = ("settings.json", "log.jsonl", "model", "config.json", "adapter_config.json")
"""What is in a folder that something else was made in."""
_FREE = frozenset({"steps", "save_every", "keep", "flat_steps"})
"""Settings that may be others when a training goes on."""


@contextmanager
def hold_run(folder: Path) -> Iterator[Path]:
    """Make the folder where there is none, and keep other trainings out of it.

    Raises:
        TrainingError: Another one holds it, something else is in it, or it cannot be written to.
    """
    there = [name for name in _OTHERS if (folder / name).exists()]
    if there and not (folder / _NOTES).exists():
        raise TrainingError(
            f"{str(folder)!r} holds {there[0]!r} of something else; give an empty folder, or another one"
        )
    with hold_training(folder, (_NOTES, "log.jsonl")):
        yield folder


def compare_notes(
    folder: Path,
    *,
    settings: GrpoSettings,
    samples: str,
    reward: RewardMix,
    model: str | os.PathLike[str],
    weights: Any,  # noqa: ANN401 - ModelSettings, whose module loads torch
) -> dict[str, Any]:
    """Return what is trained on, to be noted.

    Raises:
        TrainingError: The folder was begun with something else.
    """
    path = Path(model).expanduser()
    trained = {name: value for name, value in asdict(weights).items() if name != "device"}
    lora = trained.pop("lora")
    now = {
        "settings": asdict(settings),
        "samples": samples,
        "rewards": {one.name: weight for one, weight in reward.weights.items()},
        "model": str(path.resolve()) if path.is_dir() else os.fspath(model),
        "weights": {**trained, **{f"lora_{name}": value for name, value in (lora or {"rank": None}).items()}},
    }
    now = dict(json.loads(json.dumps(now)))
    notes = folder / _NOTES
    try:
        before = json.loads(notes.read_text(encoding="utf-8")) if notes.exists() else None
        if before is None:
            return now
        _compare(folder, before, now)
    except (OSError, ValueError, AttributeError) as error:
        raise TrainingError(f"{str(folder)!r} holds no training: {error}; give another folder") from error
    return {**before, **now}


def write_notes(folder: Path, notes: Mapping[str, Any]) -> None:
    """Keep them.

    Raises:
        TrainingError: The folder cannot be written to.
    """
    try:
        write_atomic(folder / _NOTES, json.dumps(notes, indent=1).encode())
    except OSError as error:
        raise TrainingError(
            f"{str(folder)!r} cannot be written: {error.strerror or error}; give another folder"
        ) from error


def _compare(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for what in ("samples", "rewards"):
        if before.get(what) != now[what]:
            raise TrainingError(
                f"{str(folder)!r} was begun with other {what}; give the same, or another folder"
            )
    pairs = [("model", before.get("model"), now["model"])]
    for part in ("settings", "weights"):
        old = before.get(part, {})
        pairs += [(name, old.get(name), value) for name, value in now[part].items()]
    for name, was, value in pairs:
        if name not in _FREE and was != value:
            raise TrainingError(
                f"{str(folder)!r} was begun with {name}={was!r} and not {value!r}; give that, or another folder"
            )
