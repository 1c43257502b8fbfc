"""The columns of what a run writes: a row for each page, with its picture in it, and a row for each document.

Knows columns; knows nothing about drawing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from glyph_memory.documents.bulk.parquet import import_arrow

_TEXTS = (
    "document", "document_digest", "title", "digest", "text", "way", "source_file", "source_sheet", "source_cell",
    "place", "links", "marks", "style",
)  # fmt: skip
_NUMBERS = (
    "part", "page", "width", "height", "tokens", "text_tokens", "start", "stop", "source_page", "source_line",
)  # fmt: skip
_OF_DOCUMENTS = (
    "document", "version", "digest", "title", "media_type", "encoding", "defects", "error", "style", "options",
)  # fmt: skip
_NUMBERS_OF_DOCUMENTS = ("parts", "pages", "tokens", "text_tokens", "characters")
_AT_ONCE = 64
"""Rows of pages in a group of a file."""


class PageWriter:
    """Writes pages into a Parquet file as they come, some at a time, so that memory does not grow with them.

    Use it in a `with`: at its end the file is finished; after an error it is let go of, whatever stands in it.

    Args:
        path: The file; there is none yet.
    """

    def __init__(self, path: Path) -> None:
        self._arrow, parquet = load_arrow()
        self._schema = make_page_schema()
        self._file = path.open("wb")
        self._writer = parquet.ParquetWriter(self._file, self._schema, compression="zstd")
        self._rows = list[dict[str, Any]]()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Finish the file, or let go of it."""
        try:
            if error is None:
                self.close()
            else:
                with suppress(OSError):
                    self._writer.close()
        finally:
            with suppress(OSError):  # what it still holds back, on a disk that is full
                self._file.close()

    def add(self, row: Mapping[str, Any], png: bytes) -> None:
        """Take a page."""
        self._rows.append({**row, "image": {"bytes": png, "path": f"{row['digest']}.png"}})
        if len(self._rows) >= _AT_ONCE:
            self._write()

    def close(self) -> None:
        """Write the rest, and the file's end."""
        if self._rows:
            self._write()
        self._writer.close()
        self._file.close()

    def _write(self) -> None:
        self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
        self._rows = []


def load_arrow() -> tuple[ModuleType, ModuleType]:
    """Return pyarrow and its module of Parquet.

    Raises:
        GlyphMemoryError: It is not installed.
    """
    return import_arrow("pyarrow"), import_arrow("pyarrow.parquet")


def make_page_schema() -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the columns of a page.

    `image` is what libraries of data sets show as a picture; its path is the digest of its pixels.
    """
    arrow, _ = load_arrow()
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    texts, numbers = [(name, arrow.string()) for name in _TEXTS], [(name, arrow.int64()) for name in _NUMBERS]
    return arrow.schema([*texts, *numbers, ("image", image)])


def make_document_schema() -> Any:  # noqa: ANN401 - as above
    """Return the columns of a document: what was lost or guessed, as JSON, or why it could not be drawn."""
    arrow, _ = load_arrow()
    texts = [(name, arrow.string()) for name in _OF_DOCUMENTS]
    numbers = [(name, arrow.int64()) for name in _NUMBERS_OF_DOCUMENTS]
    return arrow.schema([*texts, *numbers, ("unchanged", arrow.bool_())])


def encode_documents(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Return what is told of documents as a Parquet file."""
    empty = dict.fromkeys((*_OF_DOCUMENTS, *_NUMBERS_OF_DOCUMENTS))
    return encode_rows(
        {
            **empty,
            "unchanged": False,
            "error": "",
            **record,
            "defects": json.dumps(record.get("defects", []), ensure_ascii=False),
        }
        for record in records
    )


def encode_rows(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return rows of documents that are whole as a Parquet file."""
    arrow, parquet = load_arrow()
    sink = arrow.BufferOutputStream()
    table = arrow.Table.from_pylist(list(rows), schema=make_document_schema())
    parquet.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def decode_documents(data: bytes, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return the rows of documents of a Parquet file.

    Raises:
        ValueError: It is none, or was cut off.
    """
    arrow, parquet = load_arrow()
    wanted = None if columns is None else list(columns)
    rows: list[dict[str, Any]] = parquet.read_table(arrow.BufferReader(data), columns=wanted).to_pylist()
    return rows


def drop_pages(data: bytes, documents: Iterable[str]) -> bytes:
    """Return a Parquet file of pages without those of some documents: the same, in however many steps they go."""
    arrow, parquet = load_arrow()
    table = parquet.read_table(arrow.BufferReader(data))
    dropped = set(documents)
    keep = arrow.array([name not in dropped for name in table["document"].to_pylist()], arrow.bool_())
    kept = table.filter(keep)
    sink = arrow.BufferOutputStream()
    with parquet.ParquetWriter(sink, table.schema, compression="zstd") as writer:
        for start in range(0, kept.num_rows, _AT_ONCE):
            # Its pieces would tell where the files before had groups: pyarrow ends a page of a column with each.
            writer.write_table(kept.slice(start, _AT_ONCE).combine_chunks())
    return bytes(sink.getvalue())
