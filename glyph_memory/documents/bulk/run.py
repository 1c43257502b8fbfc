"""`draw_tree`: many documents become pages in one folder, with an index that a data set is loaded from.

Knows sources, processes and the index; knows nothing about terminals.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from uuid import uuid4

from glyph_memory.checks import check_whole
from glyph_memory.documents.bulk.drawn import PAGES, DrawingPlan, find_namesakes, name_source
from glyph_memory.documents.bulk.figures import (
    count_documents,
    count_pages,
    describe_run,
    measure_document,
)
from glyph_memory.documents.bulk.index import DOCUMENTS, INDEX, BulkIndex
from glyph_memory.documents.bulk.job import UNCHANGED, BulkJob, BulkPlan, BulkResult, draw_document
from glyph_memory.documents.bulk.lock import hold_folder, make_write_error
from glyph_memory.documents.bulk.parquet import check_pyarrow, write_parquet
from glyph_memory.documents.bulk.pool import run_jobs
from glyph_memory.documents.bulk.report import BulkFailure, ShardReport, list_failures
from glyph_memory.documents.bulk.walk import SourceList, find_sources
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import STDIN
from glyph_memory.errors import DocumentError, GlyphMemoryError, show_value
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.telemetry import open_span
from glyph_memory.tokens import ModelProfile

_WORK = ".work"
_WRITTEN = (_WORK, INDEX, DOCUMENTS, PAGES, *(f"{PAGES}/{number:02x}" for number in range(256)))
"""What a run writes in its folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkReport(ShardReport):
    """How far a run into a folder with an index is, and at its end what came of it."""

    index: Path = field(default=Path(INDEX))
    """The index of all pages in the folder."""


def draw_tree(
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
    jobs: int = 0,
    index: Literal["jsonl", "parquet"] = "jsonl",
    progress: Callable[[BulkReport], object] | None = None,
) -> BulkReport:
    """Draw documents into a folder: `pages/`, named by their pixels, `index.jsonl` and `documents.jsonl`.

    A document that was finished before, from the same bytes with the same style and options, is not drawn again: a run
    that was killed goes on where it was. One that fails does not stop the others. Where a document changed, its old
    rows leave the index; the pictures stay, as others may be equal.

    Args:
        sources: Folders, files, addresses; or one of them.
        out: The output folder.
        include: Patterns of files in folders: others are left out.
        exclude: Patterns of files in folders that are left out.
        options: How files are read.
        style: As for `draw_pages`.
        look: As for `draw_pages`.
        profile: As for `draw_pages`.
        way: As for `draw_pages`.
        max_pages: How many pages of each document are drawn; the rest is reported as a defect.
        jobs: How many processes draw; 0 for this one, where a document that kills it ends the run. A script that asks
            for processes guards its beginning with `if __name__ == "__main__":`, as Python's multiprocessing wants.
        index: `parquet` writes `index.parquet`, too, by pyarrow.
        progress: Called before the first document, and whenever some are done.

    Raises:
        DocumentError: There is no such folder, or nothing in it.
        GlyphMemoryError: The output folder cannot be written to, another run holds it, or no process can start.
        StyleError: The style cannot be drawn.
    """
    check_whole("jobs", jobs, DocumentError, at_least=0)
    check_whole("max_pages", max_pages, DocumentError, at_least=1, or_none=True)
    if index not in ("jsonl", "parquet"):
        raise DocumentError(f"index={show_value(index)} is no kind of index; give 'jsonl' or 'parquet'")
    if index == "parquet":
        check_pyarrow()
    folder, began = Path(out), time.perf_counter()
    if "\0" in str(folder):
        raise make_write_error(folder, ValueError("no name may hold a NUL"))
    named = [sources] if isinstance(sources, str | Path) else sources
    if STDIN in named:
        raise DocumentError("a bulk run reads files, folders and addresses, and no standard input; name some")
    found = find_sources(named, include=include, exclude=exclude, out=folder)
    namesakes = find_namesakes(found.paths)
    paths = [path for path in dict.fromkeys(found.paths) if path not in namesakes]
    found = replace(found, failed=(*found.failed, *namesakes.values()))
    with (
        open_span("documents.draw") as span,
        hold_folder(folder, _WRITTEN),
        _make_work_folder(folder) as work,
        ExitStack() as ending,
    ):
        drawing = DrawingPlan.make(
            options, style=style, look=look, profile=profile, way=way, max_pages=max_pages
        )
        plan = BulkPlan(out=folder, work=work, drawing=drawing)
        finished = BulkIndex(folder=folder)
        finished.open()
        tally = _Tally(paths, found, index=folder / INDEX, began=began)
        ending.callback(lambda: span.set(**describe_run(tally.report())))
        if progress is not None:
            progress(tally.report())
        with closing(run_jobs(draw_document, _make_jobs(plan, paths, finished), processes=jobs)) as batches:
            for batch in batches:
                finished.add([one for _, one in batch if one is not None and one.record is not None])
                for job, result in batch:
                    tally.add(job, result)
                if progress is not None:
                    progress(tally.report())
        finished.compact()
        if index == "parquet":
            write_parquet(folder / INDEX)
        return tally.report()


class _Tally:
    """Counts what becomes of documents."""

    def __init__(self, paths: Sequence[str], found: SourceList, *, index: Path, began: float) -> None:
        self._total, self._index, self._began = len(paths) + len(found.failed), index, began
        self._skipped = tuple(list_failures(found.skipped))
        self._drawn = self._unchanged = self._defects = 0
        self._sums = dict.fromkeys(("pages", "tokens", "text_tokens"), 0)
        self._failures = list_failures(found.failed)
        count_documents(failed=len(self._failures))

    def add(self, job: BulkJob, result: BulkResult | None) -> None:
        if result is None:
            self._fail(
                job, f"its process was killed while {job.source!r} was drawn; it may need too much memory"
            )
        elif result.stops_run:
            raise GlyphMemoryError(result.error)
        elif result == UNCHANGED:
            self._unchanged += 1
            count_documents(unchanged=1)
        elif result.record is None:
            self._fail(job, result.error)
        else:
            self._drawn += 1
            self._defects += len(result.record["defects"])
            for name in self._sums:
                self._sums[name] += result.record[name]
            count_documents(drawn=1)
            count_pages(result.record["pages"], is_counted=result.is_counted)
            measure_document(result.record["seconds"])

    def report(self) -> BulkReport:
        return BulkReport(
            total=self._total,
            drawn=self._drawn,
            unchanged=self._unchanged,
            failures=tuple(self._failures),
            skipped=self._skipped,
            **self._sums,
            defects=self._defects,
            seconds=time.perf_counter() - self._began,
            index=self._index,
        )

    def _fail(self, job: BulkJob, message: str) -> None:
        count_documents(failed=1)
        self._failures.append(BulkFailure(source=name_source(job.source), message=message))


def _make_jobs(plan: BulkPlan, sources: Sequence[str], finished: BulkIndex) -> Iterator[BulkJob]:
    drawing = plan.drawing
    for number, source in enumerate(sources):
        known = finished.get_digest(
            name_source(source), style=drawing.style_digest, options=drawing.options_digest
        )
        yield BulkJob(plan=plan, source=source, number=number, known=known)


@contextmanager
def _make_work_folder(folder: Path) -> Iterator[Path]:
    """Make a folder for what is not finished, and remove it at the end; those of runs that were killed, too."""
    above = folder / _WORK
    try:
        shutil.rmtree(above, ignore_errors=True)
        work = above / uuid4().hex
        work.mkdir(parents=True)
    except OSError as error:
        raise make_write_error(above, error) from error
    try:
        yield work
    finally:
        shutil.rmtree(above, ignore_errors=True)
