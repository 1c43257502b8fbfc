"""What a worker does: draw the documents of a shard, and write them as one file, once.

Knows a shard and where it is written; knows nothing about Ray.
"""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import pickle
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from glyph_memory.documents.bulk.drawn import DrawingPlan, DrawnSource, Row, clean_text, name_source
from glyph_memory.documents.bulk.pool import run_jobs
from glyph_memory.documents.bulk.reading import read_source
from glyph_memory.documents.shards.attempts import Attempts
from glyph_memory.documents.shards.listing import get_version
from glyph_memory.documents.shards.plan import ATTEMPTS, DOCUMENTS, PAGES, Shard, read_documents
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import PageWriter, encode_documents
from glyph_memory.documents.shards.versions import find_other_version
from glyph_memory.errors import DocumentError, GlyphMemoryError
from glyph_memory.telemetry import is_counting
from glyph_memory.typesetting import style_fingerprint

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.ENFILE})
_PAUSE_S = 10.0
"""After a shard for which a machine has no room."""
_ATTEMPTS = 20
"""Workers in a row that are lost at one document, which has a process of its own by then. It is seldom the document's
fault: machines come and go for other reasons. But one that kills its machine each time must come to an end, too."""
Drawn = tuple[Row, list[tuple[Row, bytes]]]
"""What is told of a document, and its pages with their PNG."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShardResult:
    """What came of a shard."""

    name: str
    """The shard's."""
    documents: int = 0
    """Drawn for it, now or by a worker that was lost before it could tell."""
    unchanged: int = 0
    """Whose bytes are those of before."""
    pages: int = 0
    """Of these."""
    tokens: int = 0
    """What the pages cost the model."""
    text_tokens: int = 0
    """What their text would cost it."""
    defects: int = 0
    """What was lost or guessed."""
    failures: tuple[tuple[str, str], ...] = ()
    """Documents that could not be drawn, and why."""
    seconds: float = 0.0
    """How long it took."""
    is_counted: bool = False
    """Whether its pages were counted where they were drawn."""
    refusal: str = ""
    """Why this machine draws nothing."""
    trouble: str = ""
    """What this machine lacks to draw the shard, such as room; it is left to others, or to the next run."""


class ShardDrawer:
    """Draws shards, on one machine.

    Args:
        address: Of the output folder.
        versions: The driver's, by distribution.
        plan: A pickled `DrawingPlan`; read once the versions are known to be the same.
    """

    def __init__(self, address: str, versions: Mapping[str, str], plan: bytes) -> None:
        self._storage, self._versions, self._pickled = Storage(address), dict(versions), plan
        self._plan: DrawingPlan | None = None
        self._starts_processes = True
        self.refusal = self._check()

    def draw(self, shard: Shard) -> ShardResult:
        """Draw a shard, unless it is finished.

        Raises:
            GlyphMemoryError: The output folder cannot be written to.
        """
        if self._plan is None:
            return ShardResult(name=shard.name, refusal=self.refusal)
        if self._storage.has(f"{DOCUMENTS}/{shard.name}.parquet"):
            # Its worker was lost before it told of it: what came of it is counted all the same.
            rows = read_documents(self._storage, shard.name)
            return _sum_up(shard, [row | {"defects": json.loads(row["defects"])} for row in rows])
        attempts = Attempts(self._storage, ATTEMPTS, shard.name)
        is_careful, began_s = attempts.begin() > 0, time.perf_counter()
        self._starts_processes &= not multiprocessing.current_process().daemon  # one of a Pool may start none
        try:
            records = self._draw_and_write(shard, attempts, is_careful=is_careful)
        except OSError as error:  # of the draft alone; what the output says comes as our own error
            attempts.end()
            # Else a machine that is full takes all shards, as it is done with each at once.
            time.sleep(_PAUSE_S)
            return ShardResult(name=shard.name, trouble=_tell_of_room(error))
        except BaseException:  # Ctrl-C, or an output that takes nothing: no worker was lost
            with suppress(GlyphMemoryError):
                attempts.leave()
            raise
        attempts.end()
        # Of those drawn with care, pages were drawn in other processes.
        is_counted = is_counting() and not (is_careful and self._starts_processes)
        return replace(_sum_up(shard, records), seconds=time.perf_counter() - began_s, is_counted=is_counted)

    def _draw_and_write(self, shard: Shard, attempts: Attempts, *, is_careful: bool) -> list[Row]:
        with tempfile.TemporaryDirectory(prefix="glyph-memory-", ignore_cleanup_errors=True) as folder:
            draft = Path(folder) / "pages.parquet"
            records = list[Row]()
            with PageWriter(draft) as writer:
                for record, pages in self._draw_all(shard, attempts, is_careful=is_careful):
                    records.append(record)
                    for row, png in pages:
                        writer.add(row, png)
            self._storage.move_in(draft, f"{PAGES}/{shard.name}.parquet")
            # The list of documents comes last: a shard counts once it is there.
            self._storage.write(f"{DOCUMENTS}/{shard.name}.parquet", encode_documents(records))
        return records

    def _check(self) -> str:
        if other := find_other_version(self._versions):
            return other
        plan: DrawingPlan = pickle.loads(self._pickled)  # noqa: S301 - the driver's own
        try:
            found = style_fingerprint(plan.style)
        except GlyphMemoryError as error:
            return f"a worker cannot draw the style: {error}"
        if found != plan.style_digest:
            return (
                "a worker would draw other pages than the driver: its fonts or drawing libraries differ; install the "
                "same fonts on all machines, or give style= with system_fonts=False"
            )
        self._plan = plan
        return ""

    def _draw_all(self, shard: Shard, attempts: Attempts, *, is_careful: bool) -> Iterator[Drawn]:
        assert self._plan is not None  # noqa: S101 - who draws has one
        if not is_careful:
            for source in shard.sources:
                yield draw_source((source, self._plan))
            return
        for number, source in enumerate(shard.sources):
            if attempts.count_deaths(str(number)) >= _ATTEMPTS:
                why = f"its worker was killed {_ATTEMPTS} times while it was drawn"
                yield _fail(source, why, self._plan), []
                continue
            attempts.note(str(number))
            yield self._draw_apart(source)
        attempts.note(None)

    def _draw_apart(self, source: tuple[str, str, str]) -> Drawn:
        """Draw a document in a process of its own, twice if need be: one that kills it costs itself alone.

        Where none can start, it is drawn here, and costs a worker each time, until that was counted often enough.
        """
        assert self._plan is not None  # noqa: S101 - as above
        if not self._starts_processes:
            return draw_source((source, self._plan))
        try:
            with closing(run_jobs(draw_source, [(source, self._plan)], processes=1)) as batches:
                for batch in batches:
                    for _, drawn in batch:
                        if drawn is not None:
                            return drawn
        except GlyphMemoryError:  # no process starts; what is wrong with a document is told in its row
            self._starts_processes = False
            return draw_source((source, self._plan))
        why = "its process was killed three times while it was drawn; it may need too much memory"
        return _fail(source, why, self._plan), []


def draw_source(job: tuple[tuple[str, str, str], DrawingPlan]) -> Drawn:
    """Draw one document; whatever goes wrong with it becomes a record."""
    source, plan = job
    path, wanted, known = source
    try:
        if wanted and (now := get_version(path)) != wanted:
            what = "changed" if now else "is gone"
            raise DocumentError(f"{name_source(path)!r} {what} since the run began; run it again")
        reading = read_source(path, plan.load, known=known)
        if reading is None:
            return _make_record(source, plan) | {"digest": known, "unchanged": True}, []
        drawn = DrawnSource(reading.documents, source=path, digest=reading.digest, plan=plan)
        pages = [(row, page.page.png()) for page, row in drawn.draw()]
        reading.check_unchanged()
        if wanted and get_version(path) != wanted:
            raise DocumentError(f"{name_source(path)!r} changed while it was read; run it again")
    except GlyphMemoryError as error:
        return _fail(source, str(error), plan), []
    except OSError as error:
        if error.errno in _NO_ROOM:  # the machine's fault
            raise
        return _fail(source, f"{name_source(path)!r} cannot be read: {error}; is the file whole?", plan), []
    except Exception as error:  # a defect of a library or of ours: it must not cost the other documents
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return _fail(source, f"{name_source(path)!r} cannot be read: {what}; is the file whole?", plan), []
    return drawn.make_record() | {"version": wanted}, pages


def _make_record(source: tuple[str, str, str], plan: DrawingPlan) -> Row:
    return {
        "document": name_source(source[0]),
        "version": source[1],
        "style": plan.style_digest,
        "options": plan.options_digest,
    }


def _fail(source: tuple[str, str, str], why: str, plan: DrawingPlan) -> Row:
    return _make_record(source, plan) | {"error": clean_text(why)}


def _tell_of_room(error: OSError) -> str:
    why = os.strerror(error.errno) if error.errno else str(error)
    folder = repr(tempfile.tempdir) if tempfile.tempdir else "any folder"
    return (
        f"the machine {socket.gethostname()!r} has no room for drafts in {folder} ({why}); make room there, or name "
        "another folder in its TMPDIR"
    )


def _sum_up(shard: Shard, records: list[Row]) -> ShardResult:
    drawn = [one for one in records if not one.get("error") and not one.get("unchanged")]
    return ShardResult(
        name=shard.name,
        documents=len(drawn),
        unchanged=sum(bool(one.get("unchanged")) for one in records),
        pages=sum(one["pages"] for one in drawn),
        tokens=sum(one["tokens"] for one in drawn),
        text_tokens=sum(one["text_tokens"] for one in drawn),
        defects=sum(len(one["defects"]) for one in drawn),
        failures=tuple((one["document"], one["error"]) for one in records if one.get("error")),
    )
