"""Draw one document into an output folder: what a process of a bulk run does.

Pages are named by their pixels and written at once; the rows that tell of them wait in a file of their own until all
pages are there. Knows one document; knows nothing about the index.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from glyph_memory.documents.bulk.drawn import PAGES, DrawingPlan, DrawnSource, Row, name_source
from glyph_memory.documents.bulk.lock import make_write_error
from glyph_memory.documents.bulk.reading import read_source
from glyph_memory.documents.drawing import DocumentPage
from glyph_memory.errors import DocumentError, GlyphMemoryError
from glyph_memory.files import write_atomic
from glyph_memory.telemetry import is_counting


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkPlan:
    """What all documents of a run have in common."""

    out: Path
    """The output folder."""
    work: Path
    """A folder in it for what is not finished."""
    drawing: DrawingPlan
    """How they are read and drawn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkJob:
    """One document of a run."""

    plan: BulkPlan
    """What all have in common."""
    source: str
    """Path or address."""
    number: int
    """Its place in the run."""
    known: str
    """The digest of what was finished for this source before; empty where nothing was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkResult:
    """What became of a document."""

    record: Row | None = field(default=None, repr=False)
    """What is told of it, where it was drawn."""
    rows: Path | None = None
    """The file with a line for each page."""
    error: str = ""
    """Why it could not be drawn."""
    stops_run: bool = False
    """Whether the reason is the output folder, so that no other document could be written either."""
    is_counted: bool = False
    """Whether its pages were counted where they were drawn."""


UNCHANGED = BulkResult()
"""It was finished before."""


class _OutputError(Exception):
    """The output folder takes no more."""


def draw_document(job: BulkJob) -> BulkResult:
    """Draw a document, unless it was finished before; whatever goes wrong becomes a result."""
    try:
        return _draw(job)
    except _OutputError as error:
        return BulkResult(error=str(error), stops_run=True)
    except GlyphMemoryError as error:
        return BulkResult(error=str(error))
    except Exception as error:  # a defect of a library or of ours: it must not cost the other documents
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return BulkResult(
            error=str(
                DocumentError(f"{name_source(job.source)!r} cannot be read: {what}; is the file whole?")
            )
        )


def _draw(job: BulkJob) -> BulkResult:
    plan, drawing, began = job.plan, job.plan.drawing, time.perf_counter()
    reading = read_source(job.source, drawing.load, known=job.known)
    if reading is None:
        return UNCHANGED
    drawn = DrawnSource(reading.documents, source=job.source, digest=reading.digest, plan=drawing)
    rows = plan.work / f"{job.number}.rows"
    draft = plan.work / f"{job.number}.part"

    def list_rows() -> Iterator[bytes]:
        for page, row in drawn.draw():
            _write_page(plan.out, page, draft)
            yield json.dumps(row | {"path": page_path(row["digest"])}, ensure_ascii=False).encode() + b"\n"

    _write(rows, list_rows())
    reading.check_unchanged()
    record = drawn.make_record() | {"seconds": round(time.perf_counter() - began, 3)}
    return BulkResult(record=record, rows=rows, is_counted=is_counting())


def page_path(digest: str) -> str:
    """Return where a page of that digest lies, below the output folder."""
    return f"{PAGES}/{digest[:2]}/{digest}.png"


def _write_page(out: Path, page: DocumentPage, draft: Path) -> None:
    path = out / page_path(page.page.digest)
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, page.page.png(), draft=draft, sync=True)
        except OSError as error:
            raise _OutputError(str(make_write_error(path, error))) from error


def _write(path: Path, rows: Iterator[bytes]) -> None:
    """Write rows as they come; what goes wrong with a row passes through."""
    try:
        file = path.open("wb")
    except OSError as error:
        raise _OutputError(str(make_write_error(path, error))) from error
    try:
        for row in rows:
            try:
                file.write(row)
            except OSError as error:
                raise _OutputError(str(make_write_error(path, error))) from error
    finally:
        try:
            file.close()
        except OSError as error:
            raise _OutputError(str(make_write_error(path, error))) from error
