"""Find the documents below folders, in an order that is the same on every machine.

Knows paths; knows nothing about formats.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from glyph_memory.errors import DocumentError
from glyph_memory.files import is_folder


def find_sources(
    sources: Iterable[str | Path],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    leave_out: Path | None = None,
    repeat: bool = False,
) -> Iterator[str]:
    """Yield sources as they are, and instead of each folder the files below it.

    Hidden files and folders are left out, and so is what is no regular file. Links to folders are not followed.

    Args:
        sources: Files, folders, addresses.
        include: Patterns such as `*.md`, of names or of paths below the folder: others are left out.
        exclude: Patterns of what is left out.
        leave_out: A folder that is not looked into: where the output goes.
        repeat: Whether what is named several times is yielded several times.

    Raises:
        DocumentError: A folder cannot be read, or there is no document in it.
    """
    met = set[str]()
    barred = os.path.realpath(leave_out) if leave_out is not None else None
    for source in map(str, sources):
        if "://" in source or not is_folder(source):
            paths: Iterable[str] = [source]
        else:
            paths = list(_walk(source, include, exclude, barred))
            if not paths:
                raise DocumentError(
                    f"there is no document in the folder {source!r}; are they hidden, or left out?"
                )
        for path in paths:
            if repeat or path not in met:
                met.add(path)
                yield path


def _walk(folder: str, include: Sequence[str], exclude: Sequence[str], barred: str | None) -> Iterator[str]:
    def fail(error: OSError) -> None:
        if error.filename == folder:  # others may have vanished meanwhile
            raise DocumentError(f"the folder {folder!r} cannot be read: {error.strerror or error}") from error

    for place, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(os.path.join(place, name)) != barred  # noqa: PTH118 - names may be no text
        )
        for name in sorted(names):
            path = os.path.join(place, name)  # noqa: PTH118 - as above
            below = os.path.relpath(path, folder).replace(os.sep, "/")
            wanted = not include or any(_matches(name, below, one) for one in include)
            if name.startswith(".") or not wanted or any(_matches(name, below, one) for one in exclude):
                continue
            if os.path.isfile(path):  # noqa: PTH113 - as above
                yield path


def _matches(name: str, below: str, pattern: str) -> bool:
    return fnmatch(name, pattern) or fnmatch(below, pattern) or fnmatch(below, f"{pattern.rstrip('/')}/*")
