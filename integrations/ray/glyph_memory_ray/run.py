"""`draw_documents`: many documents become pages on a Ray cluster, each once, whatever is killed meanwhile.

Knows plans, Ray and reports; what a worker does stands in a module of its own.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from glyph_memory.checks import check_whole
from glyph_memory.documents import LoadOptions
from glyph_memory.documents.addresses import is_address
from glyph_memory.documents.bulk import BulkFailure
from glyph_memory.documents.bulk.drawn import DrawingPlan
from glyph_memory.errors import DocumentError, GlyphMemoryError
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory_ray.compacting import compact
from glyph_memory_ray.drawing import ShardDrawer, ShardResult, find_versions
from glyph_memory_ray.listing import SourceListing, list_sources
from glyph_memory_ray.shard_plan import ATTEMPTS, Shard, find_finished, make_plan
from glyph_memory_ray.storage import Storage

if TYPE_CHECKING:
    import ray.data


@dataclass(frozen=True, kw_only=True, slots=True)
class RayReport:
    """How far a run is, and at its end what came of it."""

    total: int
    """Documents that were found."""
    drawn: int = 0
    """How many were drawn now."""
    unchanged: int = 0
    """How many were finished before, and were not drawn again."""
    failures: tuple[BulkFailure, ...] = ()
    """Those that could not be drawn; each is a row of `documents`, too."""
    skipped: tuple[BulkFailure, ...] = ()
    """What is not read on purpose."""
    pages: int = 0
    """Pages that were drawn now."""
    tokens: int = 0
    """What these cost the model."""
    text_tokens: int = 0
    """What their text would cost it."""
    defects: int = 0
    """What was lost or guessed in the documents that were drawn now."""
    seconds: float = 0.0
    """Since the run began."""

    @property
    def done(self) -> int:
        """How many documents are dealt with."""
        return self.drawn + self.unchanged + len(self.failures)


@dataclass(kw_only=True, slots=True)
class _Tally:
    listing: SourceListing
    unchanged: int
    began: float = field(default_factory=time.perf_counter)
    sums: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("documents", "pages", "tokens", "text_tokens", "defects"), 0)
    )
    failures: list[BulkFailure] = field(default_factory=list)

    def add(self, result: dict[str, Any]) -> None:
        for name in self.sums:
            self.sums[name] += int(result[name])
        self.unchanged += int(result["unchanged"])
        self.failures += [BulkFailure(source=source, message=why) for source, why in result["failures"]]

    def report(self) -> RayReport:
        listing, sums = self.listing, dict(self.sums)
        return RayReport(
            total=len(listing.files) + len(listing.failed),
            drawn=sums.pop("documents"),
            unchanged=self.unchanged,
            failures=tuple(self.failures),
            skipped=tuple(
                BulkFailure(source=str(one.path), message=str(one.error)) for one in listing.skipped
            ),
            seconds=time.perf_counter() - self.began,
            **sums,
        )


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
    ray_remote_args: dict[str, Any] | None = None,
    progress: Callable[[RayReport], object] | None = None,
) -> RayReport:
    """Draw documents into Parquet files with the pages in them, on the cluster that Ray is connected to.

    Which documents make which file is written down first. A file is there whole or not at all, and what is finished is
    not drawn again: after a worker, a machine or this process was killed, the same call goes on, and comes to the same
    files. A document that cannot be drawn is a row with its error; one that kills its worker is tried three times,
    alone.

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
        ray_remote_args: What Ray is told of workers, such as `{"resources": {"cpu_node": 1}}`.
        progress: Called before the first file, and after each.

    Raises:
        DocumentError: There is nothing to draw.
        GlyphMemoryError: The output folder cannot be written to, another run holds it, a worker has other versions or
            fonts.
        StyleError: The style cannot be drawn.
    """
    check_whole("workers", workers, DocumentError, at_least=1, or_none=True)
    check_whole("max_pages", max_pages, DocumentError, at_least=1, or_none=True)
    check_whole("documents_per_shard", documents_per_shard, DocumentError, at_least=1)
    check_whole("bytes_per_shard", bytes_per_shard, DocumentError, at_least=1)
    named = [sources] if isinstance(sources, str | Path) else list(sources)
    where = _make_address(out)
    storage = Storage(where)
    drawing = DrawingPlan.make(options, style=style, look=look, profile=profile, way=way, max_pages=max_pages)
    near = [_make_address(one) for one in named]
    listing = list_sources(near, include=include, exclude=exclude, out=where)
    with storage.hold():
        finished = find_finished(storage, drawing)
        shards = make_plan(
            storage, listing.files, finished, drawing, documents=documents_per_shard, size=bytes_per_shard
        )
        waiting = {path for shard in shards for path, _, _ in shard.sources}
        tally = _Tally(
            listing=listing,
            unchanged=sum(1 for one in listing.files if one.path not in waiting),
            failures=[BulkFailure(source=str(one.path), message=str(one.error)) for one in listing.failed],
        )
        if progress is not None:
            progress(tally.report())
        for result in _draw_shards(shards, where, drawing, workers=workers, remote=ray_remote_args or {}):
            if result["refusal"]:
                raise GlyphMemoryError(result["refusal"])
            tally.add(result)
            if progress is not None:
                progress(tally.report())
        if shards:
            compact(storage)
            storage.remove_folder(ATTEMPTS)
        return tally.report()


class _DrawShards:
    """What Ray calls: rows with a shard in, rows with what came of it out."""

    def __init__(self, address: str, versions: dict[str, str], plan: bytes) -> None:
        self._drawer = ShardDrawer(address, versions, plan)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        shard: Shard = pickle.loads(row["shard"])  # noqa: S301 - the driver's own
        result: ShardResult = self._drawer.draw(shard)
        return {"result": pickle.dumps(asdict(result))}


def _draw_shards(
    shards: Sequence[Shard],
    address: str,
    drawing: DrawingPlan,
    *,
    workers: int | None,
    remote: dict[str, Any],
) -> Iterator[dict[str, Any]]:
    if not shards:
        return
    import ray  # noqa: PLC0415 - takes seconds
    import ray.data  # noqa: PLC0415

    if not ray.is_initialized():
        ray.init()
    cluster: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]  # Ray's
    count = min(workers or max(1, int(cluster.get("CPU", 1))), len(shards))
    rows = ray.data.from_items(
        [{"shard": pickle.dumps(shard)} for shard in shards], override_num_blocks=min(len(shards), 10_000)
    )
    told = {"num_cpus": 1, "max_restarts": -1, "max_task_retries": -1, **remote}
    drawn: ray.data.Dataset = rows.map(
        _DrawShards,  # type: ignore[arg-type]  # a class that is called; Ray's types know functions alone
        fn_constructor_args=(address, find_versions(), pickle.dumps(drawing)),
        compute=ray.data.ActorPoolStrategy(size=count),
        **told,
    )
    for row in drawn.iter_rows():
        result: dict[str, Any] = pickle.loads(row["result"])  # noqa: S301 - our workers' own
        yield result


def _make_address(path: str | Path) -> str:
    return str(path) if is_address(str(path)) else str(Path(path).expanduser().absolute())
