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
    numbered = [
        (int(found[1]), path) for path in folder.glob("checkpoint-*") if (found := _NAME.fullmatch(path.name))
    ]
    return next((path for _, path in sorted(numbered, reverse=True) if is_whole(path)), None)


def remove_broken(folder: Path) -> None:
    """Remove what a killed process, or a full disk, left of checkpoints."""
    for path in folder.glob("checkpoint-*"):
        if _NAME.fullmatch(path.name) and path.is_dir() and not is_whole(path):
            shutil.rmtree(path, ignore_errors=True)
