"""`draw_documents`: many documents become pages on a Ray cluster, each once, whatever is killed meanwhile.

Knows Ray and runs; how a shard is drawn stands in glyph-memory.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import ray
import ray.data

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
from glyph_memory_ray.cluster import tell_of_clusters

_BLOCKS = 10_000
"""Blocks of a data set, at most; Ray's driver keeps some kilobytes of each."""


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
        for result in _draw(run, workers, dict(ray_remote_args or {})):
            run.add(result)
            if progress is not None:
                progress(run.report())
    return run.report()


class _DrawShards:
    """What Ray makes on each worker, and calls with a row for each shard."""

    def __init__(self, address: str, versions: dict[str, str], plan: bytes) -> None:
        self._drawer = ShardDrawer(address, versions, plan)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        shard: Shard = pickle.loads(row["shard"])  # noqa: S301 - the driver's own
        try:
            result = self._drawer.draw(shard)
        except GlyphMemoryError as error:  # as Ray tells of it, it would be a screen long
            result = ShardResult(name=shard.name, refusal=str(error))
        return {"result": pickle.dumps(result)}


def _draw(run: ShardRun, workers: int | None, remote: dict[str, Any]) -> Iterator[ShardResult]:
    """Yield what came of each shard; one that met a machine without room is drawn again."""
    waiting = run.shards
    while waiting:
        left = list[ShardResult]()
        for result in _draw_once(run, waiting, workers, remote):
            if result.trouble:
                left.append(result)
            else:
                yield result
        if len(left) == len(waiting):
            yield from left
            return
        names = {result.name for result in left}
        waiting = tuple(shard for shard in waiting if shard.name in names)


def _draw_once(
    run: ShardRun, shards: Sequence[Shard], workers: int | None, remote: dict[str, Any]
) -> Iterator[ShardResult]:
    with tell_of_clusters():
        if not ray.is_initialized():
            ray.init()
        cluster: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]  # Ray's
        count = min(workers or max(1, int(cluster.get("CPU", 1))), len(shards))
        rows = ray.data.from_items(
            [{"shard": pickle.dumps(shard)} for shard in shards],
            override_num_blocks=min(len(shards), _BLOCKS),
        )
        drawn = rows.map(
            _DrawShards,  # type: ignore[arg-type]  # a class that is called; Ray's types know functions alone
            fn_constructor_args=run.drawer,
            compute=ray.data.ActorPoolStrategy(size=count),
            **{"num_cpus": 1, **remote},
        )
        for row in drawn.iter_rows():
            result: ShardResult = pickle.loads(row["result"])  # noqa: S301 - our workers' own
            yield result
