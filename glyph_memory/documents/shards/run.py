"""`open_shards`: a run whose work is split into files, which any engine draws, each once, whatever is killed.

Knows plans and reports; who draws, and on how many machines, it does not know.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from glyph_memory.checks import check_whole
from glyph_memory.documents.bulk.drawn import DrawingPlan, name_source
from glyph_memory.documents.bulk.figures import count_documents, count_pages, describe_run, measure_shard
from glyph_memory.documents.bulk.lock import make_write_error
from glyph_memory.documents.bulk.report import BulkFailure, ShardReport, list_failures
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.shards.attempts import find_first_plan, note_compacting
from glyph_memory.documents.shards.compacting import compact
from glyph_memory.documents.shards.drawing import ShardResult
from glyph_memory.documents.shards.listing import SourceListing, list_sources
from glyph_memory.documents.shards.places import find_place
from glyph_memory.documents.shards.plan import (
    ATTEMPTS,
    DOCUMENTS,
    Finished,
    Shard,
    find_finished,
    make_plan,
)
from glyph_memory.documents.shards.plan_files import find_number, list_shards
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.versions import find_versions
from glyph_memory.errors import DocumentError, GlyphMemoryError
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.telemetry import open_span
from glyph_memory.tokens import ModelProfile


class ShardRun:
    """A run that is open: what is to be drawn, and what has come of it; use `open_shards`."""

    def __init__(
        self,
        address: str,
        drawing: DrawingPlan,
        listing: SourceListing,
        finished: Finished,
        shards: Sequence[Shard],
    ) -> None:
        self.shards = tuple(shards)
        """What is to be drawn; pickle them to whoever draws."""
        self._address, self._plan, self._listing = address, pickle.dumps(drawing), listing
        waiting = {path for shard in shards for path, _, _ in shard.sources}
        names = [name_source(one.path) for one in listing.files if one.path not in waiting]
        left = [(name, why) for name in names if (why := finished.documents[name].error)]
        self._unchanged = len(names) - len(left)
        self._failures = list_failures(listing.failed) + [
            BulkFailure(
                source=name, message=f"{why} (before the run was stopped; the next run tries it again)"
            )
            for name, why in left
        ]
        count_documents(unchanged=self._unchanged, failed=len(self._failures))
        self._sums = dict.fromkeys(("pages", "tokens", "text_tokens", "defects"), 0)
        self._drawn, self._began = 0, time.perf_counter()
        self._troubles = dict[str, str]()

    @property
    def drawer(self) -> tuple[str, dict[str, str], bytes]:
        """What a `ShardDrawer` is made with, on whichever machine."""
        return self._address, find_versions(), self._plan

    def add(self, result: ShardResult) -> None:
        """Count what came of a shard.

        Raises:
            GlyphMemoryError: A worker cannot draw, or the output folder takes no more.
        """
        if result.refusal:
            raise GlyphMemoryError(result.refusal)
        if result.trouble:
            self._troubles[result.name] = result.trouble
            return
        self._troubles.pop(result.name, None)
        self._drawn += result.documents
        self._unchanged += result.unchanged
        for name in self._sums:
            self._sums[name] += getattr(result, name)
        self._failures += [BulkFailure(source=source, message=why) for source, why in result.failures]
        count_documents(drawn=result.documents, unchanged=result.unchanged, failed=len(result.failures))
        count_pages(result.pages, is_counted=result.is_counted)
        if result.seconds:  # else it was finished before
            measure_shard(result.seconds)

    def check_finished(self) -> None:
        """Raise an error where shards were left to others, and nobody drew them.

        Raises:
            GlyphMemoryError: It names the machine.
        """
        if self._troubles:
            left, why = len(self._troubles), "; ".join(sorted({*self._troubles.values()}))
            raise GlyphMemoryError(
                f"{left:,} of {len(self.shards):,} files were not drawn: {why}. The others are finished, and the same "
                "call goes on"
            )

    def report(self) -> ShardReport:
        """Return how far it is."""
        return ShardReport(
            total=len(self._listing.files) + len(self._listing.failed),
            drawn=self._drawn,
            unchanged=self._unchanged,
            failures=tuple(self._failures),
            skipped=tuple(list_failures(self._listing.skipped)),
            seconds=time.perf_counter() - self._began,
            **self._sums,
        )


@contextmanager
def open_shards(
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
    documents_per_shard: int = 64,
    bytes_per_shard: int = 32_000_000,
) -> Iterator[ShardRun]:
    """Open a run whose work is split into shards, for whatever engine has many machines.

    Which documents make which file is written down first. A file is there whole or not at all, and what is finished is
    not drawn again: after whatever was killed, the same call has what is left, and comes to the same files. At the end
    of the context each document stands there once.

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
        documents_per_shard: Documents of a file, at most.
        bytes_per_shard: Of a file's documents, at most; a larger document has a file of its own.

    Raises:
        DocumentError: There is nothing to draw.
        GlyphMemoryError: The output folder cannot be written to, or another run holds it; a machine has no room, and no
            other drew its share; pyarrow is not installed.
        StyleError: The style cannot be drawn.

    Example:
        >>> import tempfile
        >>> from glyph_memory.documents import ShardDrawer
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.md").write_text("The oak is dried for two years.")
        ...     with open_shards(Path(folder, "a.md"), Path(folder, "out")) as run:
        ...         drawer = ShardDrawer(*run.drawer)
        ...         for shard in run.shards:
        ...             run.add(drawer.draw(shard))
        >>> run.report().drawn, run.report().pages
        (1, 1)
    """
    check_whole("max_pages", max_pages, DocumentError, at_least=1, or_none=True)
    check_whole("documents_per_shard", documents_per_shard, DocumentError, at_least=1)
    check_whole("bytes_per_shard", bytes_per_shard, DocumentError, at_least=1)
    named = list(sources) if isinstance(sources, Iterable) and not isinstance(sources, str) else [sources]
    address = find_place("out", out)
    if "\0" in address:
        raise make_write_error(Path(address), ValueError("no name may hold a NUL"))
    storage = Storage(address)
    drawing = DrawingPlan.make(options, style=style, look=look, profile=profile, way=way, max_pages=max_pages)
    near = [find_place("sources", one) for one in named]
    listing = list_sources(near, include=include, exclude=exclude, out=address)
    with storage.hold() as check_held:
        finished = find_finished(storage, drawing)
        begun = find_first_plan(storage, ATTEMPTS)
        shards = make_plan(
            storage,
            listing.files,
            finished,
            drawing,
            documents=documents_per_shard,
            size=bytes_per_shard,
            begun=begun,
        )
        run = ShardRun(address, drawing, listing, finished, shards)
        if shards and begun is None:
            note_compacting(storage, ATTEMPTS, plan=find_number(shards[0].name))
        with open_span("documents.draw") as span:
            try:
                yield run
                if shards or begun is not None:
                    check_held()
                    compact(storage)
                    if {one.name for one in shards} <= {*list_shards(storage, DOCUMENTS)}:
                        storage.remove_folder(ATTEMPTS)  # else the run is stopped, and the next one goes on
                run.check_finished()
            finally:
                span.set(**describe_run(run.report()))
