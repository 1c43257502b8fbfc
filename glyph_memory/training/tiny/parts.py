"""Cut a file into parts and put it together again: machines lent for minutes take and give back small files alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from glyph_memory.files import write_atomic
from glyph_memory.training.samples import TrainingError


def split_file(path: Path, folder: Path, *, most_bytes: int = 15 << 20) -> tuple[Path, ...]:
    """Cut a file into parts of at most so many bytes, `NAME.part-000` and on, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = list[Path]()
    with path.open("rb") as file:
        while piece := file.read(most_bytes):
            part = folder / f"{path.name}.part-{len(made):03}"
            write_atomic(part, piece)
            made.append(part)
    return tuple(made)


def join_parts(parts: Sequence[Path], path: Path) -> Path:
    """Put a file together from its parts, in the order of their names, and return its path.

    Raises:
        TrainingError: A part is missing: their numbers do not go from 0 on.
    """
    ordered = sorted(parts)
    numbers = [part.name.rpartition("-")[2] for part in ordered]
    if numbers != [f"{number:03}" for number in range(len(ordered))] or not ordered:
        raise TrainingError(
            f"parts {', '.join(numbers) or 'none'} of {str(path.name)!r} are there; bring all of them, from 000 on"
        )
    write_atomic(path, b"".join(part.read_bytes() for part in ordered))
    return path
