"""Where a run's folders are, as all machines find them: absolute paths, and addresses as they stand.

Knows names; opens nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from glyph_memory.addresses import is_address
from glyph_memory.errors import DocumentError, show_value


def find_place(name: str, place: object) -> str:
    """Return a folder's absolute path, or its address.

    Args:
        name: The keyword, as the caller knows it.
        place: What was given.

    Raises:
        DocumentError: It is neither text nor a path, or no file system has such a name.
    """
    if not isinstance(place, str | Path) or not str(place):
        raise DocumentError(f"{name}={show_value(place)} is no place; give a folder's path or its address")
    if is_address(str(place)):
        return str(place)
    try:
        path = str(Path(place).expanduser().absolute())
        os.fsencode(path)
    except (RuntimeError, ValueError) as error:  # no such user; half a character
        raise DocumentError(
            f"{name}={show_value(place)} cannot be a path: {error}; give another one"
        ) from error
    return path
