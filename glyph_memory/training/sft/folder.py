"""The folder of a run: its settings, log, checkpoints and report. A run goes on only with the settings that it has.

Knows files; knows nothing about models.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from glyph_memory.errors import show_value
from glyph_memory.files import move_folder, write_atomic
from glyph_memory.training.checkpoints import count_steps, drop_older, find_checkpoint, mark_whole
from glyph_memory.training.hold import hold_training
from glyph_memory.training.log_file import LogFile
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.sft.report import TrainingReport

SETTINGS, LOG, REPORT = "settings.json", "log.jsonl", "report.json"
CHECKPOINTS, MODEL, EVALUATED = "checkpoints", "model", "evaluated"
_DRAFTS = ".drafts"
_OTHERS = ("grpo.json", "config.json", "adapter_config.json")
"""What is in a folder that something else was made in."""


class RunFolder:
    """A run's folder, held by one process; use `hold`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model = path / MODEL
        self.evaluated = path / EVALUATED
        self.log = LogFile(path / LOG)
        self._checkpoints = path / CHECKPOINTS

    @classmethod
    @contextmanager
    def hold(cls, path: Path) -> Iterator[RunFolder]:
        """Make the folder where there is none, and keep other runs out of it.

        Raises:
            TrainingError: Another run holds it, or a model cannot be written to it.
        """
        with hold_training(path, (SETTINGS, LOG, REPORT)):
            folder = cls(path)
            shutil.rmtree(path / _DRAFTS, ignore_errors=True)  # of a run that was killed
            yield folder

    def check_settings(self, settings: Mapping[str, Any], *, may_resume: bool) -> None:
        """Write the settings, or compare them with those that are there.

        Raises:
            TrainingError: Others are there, or a run is there that is not to go on.
        """
        file = self.path / SETTINGS
        wanted = json.loads(json.dumps(settings))
        if not file.exists():
            if others := [name for name in (*_OTHERS, MODEL, LOG) if (self.path / name).exists()]:
                raise TrainingError(
                    f"{str(self.path)!r} holds {others[0]!r} of something else; give an empty folder, or another one"
                )
            write_atomic(file, json.dumps(wanted, indent=1).encode())
            return
        there = _read_object(file)
        if not may_resume:
            raise TrainingError(
                f"{str(self.path)!r} holds a run already; let it go on (--resume), or give another folder"
            )
        for name in sorted({*wanted, *there}):
            if wanted.get(name) != there.get(name):
                raise TrainingError(
                    f"{str(self.path)!r} holds a run with {name}={show_value(there.get(name))}, and "
                    f"{show_value(wanted.get(name))} is asked for; ask for the same, or give another folder"
                )

    def find_checkpoint(self) -> Path | None:
        """Return the folder of the last checkpoint that is whole."""
        return find_checkpoint(self._checkpoints)

    def save_checkpoint(self, step: int, write: Callable[[Path], Path], *, keep: int) -> Path:
        """Have a checkpoint written beside its place, and move it there; drop older ones.

        Args:
            step: After which.
            write: Writes it somewhere under a folder that it is given, and returns where.
            keep: How many stay.

        Raises:
            TrainingError: It cannot be written, as on a full disk; the ones before it stay.
        """
        draft = self.path / _DRAFTS
        target = self._checkpoints / f"checkpoint-{step}"
        try:
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            self._checkpoints.mkdir(exist_ok=True)
            written = write(draft)
            mark_whole(written)
            shutil.rmtree(target, ignore_errors=True)
            move_folder(written, target)
        except Exception as error:  # what torch and safetensors raise on a full disk is of many kinds
            last = self.find_checkpoint()
            kept = (
                f"the checkpoint of step {count_steps(last)} is kept" if last else "there is none before it"
            )
            raise TrainingError(
                f"the checkpoint of step {step} cannot be written: {_first_line(error)}; {kept}. Free some space, and "
                "run the same again"
            ) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        drop_older(self._checkpoints, keep=keep)
        return target

    def write_report(self, report: TrainingReport) -> None:
        """Write the report: the run is over."""
        write_atomic(self.path / REPORT, json.dumps(report.to_json(), indent=1).encode())

    def read_report(self) -> TrainingReport | None:
        """Return the report of a run that is over; None where there is none yet.

        Raises:
            TrainingError: The file is none of a report.
        """
        file = self.path / REPORT
        if not file.exists():
            return None
        try:
            return TrainingReport.from_json(_read_object(file))
        except (KeyError, TypeError) as error:
            raise TrainingError(
                f"{str(file)!r} is no report of a training; remove it, and run the same again, or give another folder"
            ) from error


def _read_object(file: Path) -> dict[str, Any]:
    """Return the JSON object that stands in a file.

    Raises:
        TrainingError: There is none.
    """
    try:
        told = json.loads(file.read_text("utf-8"))
        if not isinstance(told, dict):
            raise ValueError("it is no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise TrainingError(f"{str(file)!r} cannot be read: {error}. Give another folder") from error
    return told


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0].rstrip(".") if lines else type(error).__name__)[:300]
