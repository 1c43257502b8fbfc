"""Checkpoints that are whole: a list of their files is written last, and what has none is no checkpoint.

Knows folders and files; knows nothing about models.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from glyph_memory.files import write_atomic

_NAME = re.compile(r"checkpoint-(\d{1,9})")
_WHOLE = "whole.json"


def mark_whole(folder: Path) -> None:
    """Write down which files a checkpoint has, and how long they are: from now on it is one.

    Raises:
        OSError: It cannot be written.
    """
    files = {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    write_atomic(folder / _WHOLE, json.dumps(files).encode(), sync=True)


def is_whole(folder: Path) -> bool:
    """Return whether a checkpoint was written to its end, and its files are as long as they were."""
    try:
        files = json.loads((folder / _WHOLE).read_text(encoding="utf-8"))
        return bool(files) and all((folder / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, AttributeError):
        return False


def find_checkpoint(folder: Path) -> Path | None:
    """Return the newest checkpoint that is whole; None where there is none."""
    return next((path for path in reversed(_list_numbered(folder)) if is_whole(path)), None)


def count_steps(checkpoint: Path | None) -> int:
    """Return after how many steps a checkpoint was made; 0 where there is none."""
    return 0 if checkpoint is None else int(checkpoint.name.rpartition("-")[2])


def drop_older(folder: Path, *, keep: int) -> None:
    """Remove all checkpoints but the last few."""
    for path in _list_numbered(folder)[:-keep]:
        shutil.rmtree(path, ignore_errors=True)


def remove_broken(folder: Path) -> None:
    """Remove what a killed process, or a full disk, left of checkpoints."""
    for path in _list_numbered(folder):
        if path.is_dir() and not is_whole(path):
            shutil.rmtree(path, ignore_errors=True)


def _list_numbered(folder: Path) -> list[Path]:
    return sorted(
        (path for path in folder.glob("checkpoint-*") if _NAME.fullmatch(path.name)), key=count_steps
    )
