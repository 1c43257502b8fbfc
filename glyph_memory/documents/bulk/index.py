"""The two lists of an output folder, which grow together: a line for each page, a line for each finished document.

A document counts once its line stands in `documents.jsonl`; that says where in `index.jsonl` its pages' lines are. What
a run left behind that was killed is cut off when the folder is opened again. Knows lines of JSON; knows nothing about
how pages are drawn.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from glyph_memory.documents.bulk.drawn import Row
from glyph_memory.documents.bulk.job import BulkResult
from glyph_memory.documents.bulk.lock import make_write_error
from glyph_memory.errors import warn
from glyph_memory.files import write_atomic

INDEX = "index.jsonl"
DOCUMENTS = "documents.jsonl"


@dataclass(kw_only=True, slots=True)
class BulkIndex:
    """The lists of one folder; whoever opens it holds the folder."""

    folder: Path
    """Where they lie."""
    records: list[Row] = field(default_factory=list, repr=False)
    """Of finished documents, in the order in which their pages stand in the index; without their defects."""
    _before: dict[str, Row] = field(default_factory=dict, repr=False)

    def open(self) -> None:
        """Read what is finished, and cut off all after it.

        Raises:
            GlyphMemoryError: A list cannot be read or written.
        """
        try:
            self._repair()
        except OSError as error:
            raise make_write_error(self.folder / DOCUMENTS, error) from error
        self._before = self._latest()

    def get_digest(self, source: str, *, style: str, options: str) -> str:
        """Return the digest of the file that was finished for a source; empty where a run would draw it otherwise."""
        record = self._before.get(source)
        if record is None or (record["style"], record["options"]) != (style, options):
            return ""
        return str(record["digest"])

    def add(self, results: Sequence[BulkResult]) -> None:
        """Add finished documents: first the lines of their pages, then, once the disk has these, their own.

        Raises:
            GlyphMemoryError: The disk takes no more; what does not count yet is cut off next time.
        """
        if not results:
            return
        path = self.folder / INDEX
        try:
            with path.open("ab") as index:
                for result in results:
                    assert result.record is not None and result.rows is not None  # noqa: S101 - who adds it has drawn it
                    start = index.tell()
                    with result.rows.open("rb") as rows:
                        shutil.copyfileobj(rows, index)
                    result.record.update(index_start=start, index_stop=index.tell())
                    result.rows.unlink()
                _sync(index)
            path = self.folder / DOCUMENTS
            with path.open("ab") as documents:
                for result in results:
                    documents.write(_to_line(result.record))
                _sync(documents)
        except OSError as error:
            raise make_write_error(path, error) from error
        self.records += [_shorten(result.record) for result in results if result.record is not None]

    def compact(self) -> None:
        """Drop what stands twice: documents that were drawn again since file, style or options changed.

        Raises:
            GlyphMemoryError: The disk takes no more; both lists stay as they were, or the next run mends them.
        """
        latest = {record["index_start"] for record in self._latest().values()}
        if len(latest) == len(self.records):
            return
        path = self.folder / INDEX
        try:
            write_atomic(path, self._copy_rows(latest), sync=True)
            path = self.folder / DOCUMENTS
            write_atomic(path, self._copy_records(latest), sync=True)
            self._repair()
        except OSError as error:
            raise make_write_error(path, error) from error

    def _latest(self) -> dict[str, Row]:
        return {record["document"]: record for record in self.records}

    def _copy_rows(self, latest: set[int]) -> Iterator[bytes]:
        with (self.folder / INDEX).open("rb") as index:
            for record in self.records:
                if record["index_start"] in latest:
                    index.seek(record["index_start"])
                    yield from _read_stretch(index, record["index_stop"] - record["index_start"])

    def _copy_records(self, latest: set[int]) -> Iterator[bytes]:
        at = 0
        with (self.folder / DOCUMENTS).open("rb") as documents:
            for line in documents:
                record = json.loads(line)
                if record["index_start"] in latest:
                    length = record["index_stop"] - record["index_start"]
                    yield _to_line(record | {"index_start": at, "index_stop": at + length})
                    at += length

    def _repair(self) -> None:
        """Keep the documents whose pages stand in the index one after the other, and cut off what follows them."""
        self.records, kept, at = [], 0, 0
        for name in (INDEX, DOCUMENTS):
            (self.folder / name).open("ab").close()
        with (self.folder / DOCUMENTS).open("r+b") as documents, (self.folder / INDEX).open("r+b") as index:
            for line in documents:
                record = _parse(line)
                if record is None or record["index_start"] != at or not _has_rows(index, record):
                    break
                self.records.append(_shorten(record))
                kept, at = kept + len(line), record["index_stop"]
            is_torn = [_cut(documents, kept), _cut(index, at)]
        if any(is_torn):
            warn(
                f"a run into {str(self.folder)!r} was ended before its end; what it had not finished is done again"
            )


def _parse(line: bytes) -> Row | None:
    """Return a document's line; None where it is torn or of something else."""
    try:
        record: Any = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    wanted = {
        "document": str,
        "digest": str,
        "style": str,
        "options": str,
        "index_start": int,
        "index_stop": int,
    }
    if not isinstance(record, dict) or any(
        not isinstance(record.get(key), kind) for key, kind in wanted.items()
    ):
        return None
    return record


def _has_rows(index: BinaryIO, record: Row) -> bool:
    """Return whether a document's pages stand where its line says: the first is its own, and the last one is whole."""
    start, stop = record["index_start"], record["index_stop"]
    if not 0 <= start < stop:
        return False
    index.seek(stop - 1)
    if index.read(1) != b"\n":
        return False
    index.seek(start)
    try:
        row = json.loads(index.readline(stop - start))
    except ValueError:
        return False
    mine = ("document", "digest", "style")
    return isinstance(row, dict) and [row.get(key) for key in ("document", "document_digest", "style")] == [
        record[key] for key in mine
    ]


def _cut(file: BinaryIO, length: int) -> bool:
    is_longer = file.seek(0, os.SEEK_END) > length
    if is_longer:
        file.truncate(length)
    return is_longer


def _read_stretch(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length and (block := file.read(min(length, 1 << 20))):
        length -= len(block)
        yield block


def _shorten(record: Row) -> Row:
    kept = ("document", "digest", "style", "options", "index_start", "index_stop")
    return {key: record[key] for key in kept}


def _to_line(record: Row | None) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
