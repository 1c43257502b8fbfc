"""Write an index as Parquet, by pyarrow, in memory that does not grow with it.

Knows columns; knows nothing about pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from glyph_memory.documents.bulk.lock import make_write_error
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.files import write_atomic

PARQUET = "index.parquet"
_ROWS = 1_000
"""Rows written at a time."""
_PIECE = 1 << 20
_NUMBERS = [
    "part",
    "page",
    "width",
    "height",
    "tokens",
    "text_tokens",
    "start",
    "stop",
    "source_page",
    "source_line",
]
_TEXTS = [
    "document",
    "document_digest",
    "title",
    "digest",
    "path",
    "text",
    "way",
    "source_file",
    "source_sheet",
    "source_cell",
    "place",
    "links",
    "marks",
    "style",
]


def check_pyarrow() -> None:
    """Raise an error where pyarrow is missing, before anything is drawn.

    Raises:
        GlyphMemoryError: It is not installed.
    """
    import_arrow("pyarrow")
    import_arrow("pyarrow.parquet")


def write_parquet(index: Path) -> Path:
    """Write the rows of an `index.jsonl` as `index.parquet` beside it; return where that is.

    Raises:
        GlyphMemoryError: pyarrow is not installed, or the disk takes no more.
    """
    arrow, parquet = import_arrow("pyarrow"), import_arrow("pyarrow.parquet")
    target = index.with_name(PARQUET)
    draft = index.with_name(f".{PARQUET}.part")
    columns = [(name, arrow.string()) for name in _TEXTS] + [(name, arrow.int64()) for name in _NUMBERS]
    schema = arrow.schema(columns)
    try:
        with parquet.ParquetWriter(str(draft), schema) as writer:
            for rows in _read_rows(index):
                writer.write_table(arrow.Table.from_pylist(rows, schema=schema))
        write_atomic(target, _read_pieces(draft), sync=True)
    except OSError as error:
        raise make_write_error(target, error) from error
    finally:
        draft.unlink(missing_ok=True)
    return target


def _read_pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _read_rows(index: Path) -> Iterator[list[dict[str, object]]]:
    with index.open("rb") as file:
        while rows := [json.loads(line) for line in islice(file, _ROWS)]:
            yield rows


def import_arrow(module: str) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return a module of pyarrow.

    Raises:
        GlyphMemoryError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise GlyphMemoryError(
            "Parquet needs pyarrow, which is not installed; pip install pyarrow"
        ) from error
