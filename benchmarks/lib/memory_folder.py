"""Where a benchmark puts files that need not outlive it: in memory, where there is room."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder that nobody guesses is made in it
_ROOM = 2**30


def find_room() -> Path | None:
    """Return a folder in memory with room, `None` where there is none."""
    try:
        has_room = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
    except OSError:
        return None
    return _MEMORY if has_room else None
