"""`draw_documents`: many documents become pages on a Ray cluster, each once, whatever is killed meanwhile.

Knows Ray and runs; how a shard is drawn stands in glyph-memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from glyph_memory import DocumentLook, GlyphMemoryError, ModelProfile, PageStyle
from glyph_memory.documents import (
    LoadOptions,
    Shard,
    ShardDrawer,
    ShardReport,
    ShardResult,
    ShardRun,
    open_shards,
)
from glyph_memory_ray.workers import ShardWorker, run_shards


def draw_documents(
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    options: LoadOptions | None = None,
    style: PageStyle | str | None = None,
    look: DocumentLook | None = None,
    profile: ModelProfile | str = "glyph",
    way: Literal["auto", "reflow", "native"] = "auto",
    max_pages: int | None = None,
    workers: int | None = None,
    documents_per_shard: int = 64,
    bytes_per_shard: int = 32_000_000,
    ray_remote_args: Mapping[str, Any] | None = None,
    progress: Callable[[ShardReport], object] | None = None,
) -> ShardReport:
    """Draw documents into Parquet files with the pages in them, on the cluster that Ray is connected to.

    Which documents make which file is written down first. A file is there whole or not at all, and what is finished is
    not drawn again: after a worker, a machine or this process was killed, the same call goes on, and comes to the same
    files. A document that cannot be drawn is a row with its error; one that kills its worker is tried three times, and
    from the second time on alone.

    Args:
        sources: Folders, files and addresses, as all machines see them; or one of them.
        out: The output folder, which all machines see, or an address such as `s3://bucket/pages`.
        include: Patterns of files in folders: others are left out.
        exclude: Patterns of files in folders that are left out.
        options: How files are read.
        style: As for `draw_tree`.
        look: As for `draw_tree`.
        profile: As for `draw_tree`.
        way: As for `draw_tree`.
        max_pages: How many pages of each document are drawn; the rest is reported as a defect.
        workers: How many draw; as many as the cluster has processors unless given.
        documents_per_shard: Documents of a file, at most.
        bytes_per_shard: Of a file's documents, at most; a larger document has a file of its own.
        ray_remote_args: What `ray.data.Dataset.map` is told of workers, such as `{"resources": {"cpu_node": 1}}`.
        progress: Called before the first file, and after each.

    Raises:
        DocumentError: There is nothing to draw.
        GlyphMemoryError: The output folder cannot be written to, another run holds it, a worker has other versions or
            fonts, or the cluster is gone.
        StyleError: The style cannot be drawn.
    """
    if workers is not None and workers < 1:
        raise GlyphMemoryError(f"workers={workers} draw nothing; give 1 or more, or leave it out")
    with open_shards(
        sources, out, include=include, exclude=exclude, options=options, style=style, look=look, profile=profile,
        way=way, max_pages=max_pages, documents_per_shard=documents_per_shard, bytes_per_shard=bytes_per_shard,
    ) as run:  # fmt: skip
        if progress is not None:
            progress(run.report())
        for result in _draw(run, workers, ray_remote_args):
            run.add(result)
            if progress is not None:
                progress(run.report())
    return run.report()


class _DrawShards(ShardWorker[Shard, ShardResult]):
    """What Ray makes on each worker."""

    def __init__(self, address: str, versions: dict[str, str], plan: bytes) -> None:
        self._drawer = ShardDrawer(address, versions, plan)

    def work(self, shard: Shard) -> ShardResult:
        try:
            return self._drawer.draw(shard)
        except GlyphMemoryError as error:  # as Ray tells of it, it would be a screen long
            return ShardResult(name=shard.name, refusal=str(error))


def _draw(run: ShardRun, workers: int | None, remote: Mapping[str, Any] | None) -> Iterator[ShardResult]:
    """Yield what came of each shard; one that met a machine without room is drawn again."""
    waiting = run.shards
    while waiting:
        left = list[ShardResult]()
        for result in run_shards(_DrawShards, run.drawer, waiting, workers=workers, remote=remote):
            if result.trouble:
                left.append(result)
            else:
                yield result
        if len(left) == len(waiting):
            yield from left
            return
        names = {result.name for result in left}
        waiting = tuple(shard for shard in waiting if shard.name in names)
