"""The log of a training: a line of JSON for each step, and none twice after a stop.

Knows rows and a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glyph_memory.files import write_atomic
from glyph_memory.training.samples import TrainingError


class LogFile:
    """A file of rows, one a line, each with its `step`.

    Args:
        path: The file; there need be none yet.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     log = LogFile(Path(folder, "log.jsonl"))
        ...     for step in (1, 2, 3):
        ...         log.add({"step": step, "loss": 1 / step})
        ...     log.cut_after(1)  # a checkpoint of step 1 is gone on from
        ...     log.read()
        [{'step': 1, 'loss': 1.0}]
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def cut_after(self, step: int) -> None:
        """Drop the rows of later steps, which are done again.

        Raises:
            TrainingError: The file cannot be written.
        """
        if not self.path.exists():
            return
        kept = "".join(f"{line}\n" for line, row in self._read_lines() if row["step"] <= step)
        try:
            write_atomic(self.path, kept.encode())
        except OSError as error:
            raise self._refuse(error) from error

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row.

        Raises:
            TrainingError: The file cannot be written, as on a full disk.
        """
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        except OSError as error:
            raise self._refuse(error) from error

    def read(self) -> list[dict[str, Any]]:
        """Return the rows that are there, without one that a killed process left half."""
        return [row for _, row in self._read_lines()] if self.path.exists() else []

    def _read_lines(self) -> list[tuple[str, dict[str, Any]]]:
        lines = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and isinstance(row.get("step"), int):
                lines.append((line, row))
        return lines

    def _refuse(self, error: OSError) -> TrainingError:
        return TrainingError(
            f"{str(self.path)!r} cannot be written: {error.strerror or error}. Free some space, or make it writable, "
            "and run the same again: it goes on from the last checkpoint"
        )
