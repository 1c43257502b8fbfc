"""Who draws in a bulk run: processes of this machine, or a Ray cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any, Literal, cast

from glyph_memory.addresses import is_address, show_address
from glyph_memory.documents import BulkReport, ShardReport, draw_tree
from glyph_memory.errors import GlyphMemoryError

Report = BulkReport | ShardReport
"""What came of a run."""
Draw = Callable[..., Report]
"""Takes what `draw_tree` and `draw_documents` both take."""


@contextmanager
def open_engine(ray: str | None, *, out: str, jobs: int | None, index: str | None) -> Iterator[Draw]:
    """Yield what draws.

    Args:
        ray: A cluster's address; None for this machine.
        out: Where pages go.
        jobs: How many processes draw here; as many as there are cores unless given.
        index: Which index is written here.

    Raises:
        GlyphMemoryError: There is no such cluster, or the package for it is not installed; this machine alone writes to
            folders.
    """
    if ray is None:
        if is_address(out):
            raise GlyphMemoryError(
                f"--out {show_address(out)!r} is an address, and without --ray a folder is written; add --ray local, "
                "or name a folder"
            )
        kind = cast("Literal['jsonl', 'parquet']", index or "jsonl")
        yield partial(draw_tree, jobs=jobs or _count_cores(), index=kind)
        return
    with open_adapter(ray) as adapter:
        yield adapter.draw_documents


@contextmanager
def open_adapter(ray: str) -> Iterator[Any]:
    """Connect to a cluster; yield the package `glyph_memory_ray`.

    Raises:
        GlyphMemoryError: There is no such cluster, or the package is not installed.
    """
    try:
        adapter: Any = import_module("glyph_memory_ray")
    except ImportError as error:
        raise GlyphMemoryError(
            f"--ray needs the package glyph-memory-ray ({error}). Try: pip install glyph-memory-ray"
        ) from error
    with adapter.connect_cluster(ray):
        yield adapter


def find_index(report: Report, out: str) -> str:
    """Return where the rows of pages are."""
    return str(report.index) if isinstance(report, BulkReport) else f"{out}/pages"


def find_documents(report: Report, out: str) -> str:
    """Return where the rows of documents are."""
    return f"{out}/documents{'.jsonl' if isinstance(report, BulkReport) else ''}"


def _count_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
