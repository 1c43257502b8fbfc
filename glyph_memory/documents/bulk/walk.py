"""Find the documents below folders, in an order that is the same on every machine.

Knows paths; knows nothing about formats.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from glyph_memory.addresses import is_address
from glyph_memory.documents.tree import TreeFault, find_files
from glyph_memory.errors import DocumentError
from glyph_memory.files import is_folder


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceList:
    """Documents that were named or found."""

    paths: tuple[str, ...]
    """Files and addresses, in order."""
    failed: tuple[TreeFault, ...] = ()
    """Folders that could not be looked into."""
    skipped: tuple[TreeFault, ...] = ()
    """What is not read on purpose: links, pipes and devices, empty files, pictures and what else is no document."""


def find_sources(
    sources: Iterable[str | Path],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    out: Path | None = None,
) -> SourceList:
    """Return sources as they are, and instead of each folder the files that `load_tree` reads.

    Args:
        sources: Files, folders, addresses.
        include: As for `load_tree`.
        exclude: As for `load_tree`.
        out: A folder whose files are left out: where the output goes.

    Raises:
        DocumentError: A pattern is none, or there is no document in a folder.
    """
    paths, failed, skipped = list[str](), list[TreeFault](), list[TreeFault]()
    for source in sources:
        if (isinstance(source, str) and is_address(source)) or not is_folder(source):
            paths.append(str(source))
            continue
        found = find_files(source, include=include, exclude=exclude)
        mine = [str(path) for path in found.paths if out is None or not _is_below(path, out)]
        if not (mine or found.failed or found.skipped):
            raise DocumentError(
                f"there is no document in the folder {str(source)!r}; hidden files and patterns are left out"
            )
        paths += mine
        failed += found.failed
        skipped += [one for one in found.skipped if out is None or not _is_below(one.path.parent, out)]
    return SourceList(paths=tuple(paths), failed=tuple(failed), skipped=tuple(skipped))


def _is_below(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
