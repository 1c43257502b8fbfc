"""The columns of what a run writes: a row for each page, with its picture in it, and a row for each document.

Knows columns; knows nothing about drawing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_TEXTS = (
    "document", "document_digest", "title", "digest", "text", "way", "source_file", "source_sheet", "source_cell",
    "links", "style",
)  # fmt: skip
_NUMBERS = (
    "part", "page", "width", "height", "tokens", "text_tokens", "start", "stop", "source_page", "source_line",
)  # fmt: skip
PAGE_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS),
        *((name, pa.int64()) for name in _NUMBERS),
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
    ]
)
"""Of a page. `image` is what data set libraries show as a picture; its path is the digest of the pixels."""
DOCUMENT_SCHEMA = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("document", "version", "digest", "title", "media_type", "encoding")
        ),
        *((name, pa.int64()) for name in ("parts", "pages", "tokens", "text_tokens", "characters")),
        ("defects", pa.string()),
        ("error", pa.string()),
        ("unchanged", pa.bool_()),
        *((name, pa.string()) for name in ("style", "options")),
    ]
)
"""Of a document: what was lost or guessed, as JSON, or why it could not be drawn."""
_AT_ONCE = 64
"""Rows of pages in a group of a file."""


class PageWriter:
    """Writes pages into a Parquet file as they come, some at a time, so that memory does not grow with them.

    Args:
        path: The file; there is none yet.
    """

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(str(path), PAGE_SCHEMA, compression="zstd")
        self._rows = list[dict[str, Any]]()

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

    def _write(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=PAGE_SCHEMA))
        self._rows = []


def encode_documents(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Return what is told of documents as a Parquet file."""
    return encode_rows(
        {
            **dict.fromkeys(DOCUMENT_SCHEMA.names),
            "unchanged": False,
            "error": "",
            **record,
            "defects": json.dumps(record.get("defects", []), ensure_ascii=False),
        }
        for record in records
    )


def encode_rows(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return rows that are whole as a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=DOCUMENT_SCHEMA), sink, compression="zstd")
    return bytes(sink.getvalue())


def decode_documents(data: bytes, columns: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Return the rows of documents of a Parquet file."""
    wanted = None if columns is None else list(columns)
    rows: list[dict[str, Any]] = pq.read_table(pa.BufferReader(data), columns=wanted).to_pylist()
    return rows
