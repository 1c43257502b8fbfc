"""Read pages back from the Parquet files that a run over many documents drew.

Knows rows of pages; knows nothing about questions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from glyph_memory.document import Document
from glyph_memory.documents import DocumentPage
from glyph_memory.documents.shards.plan import DOCUMENTS, PAGES, make_damage_error, read_documents
from glyph_memory.documents.shards.plan_files import list_shards
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import load_arrow
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.page import Page

_AT_ONCE = 32
"""Rows that are held at a time, besides a document's own."""
_AT_ONCE_OF_TEXT = 8192
"""Those without pictures."""
_COLUMNS = (
    "document", "part", "page", "width", "height", "digest", "tokens", "text", "place", "links", "marks", "image",
)  # fmt: skip
_OPTIONAL = frozenset({"part", "text", "place", "links", "marks"})
"""What may be empty; or be no column at all, in files of an older version."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredPage(Page):
    """A page whose file is sent as it was stored, and never encoded again."""

    file: bytes = field(repr=False)
    """The PNG."""
    stored_digest: str
    """Of its pixels, as whoever drew it knew it."""

    def png(self, *, compress_level: int = 1) -> bytes:
        """Return the file."""
        return self.file

    @property
    def digest(self) -> str:
        """Of its pixels, as it was stored."""
        return self.stored_digest


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredDocumentPage(DocumentPage):
    """A page of a document that is not at hand: what was told of it is known from its row."""

    stored_place: str
    """What of the original it shows."""
    stored_links: tuple[str, ...]
    """Where its links lead."""
    stored_marks: str
    """What coloured signs on it stand for."""

    @property
    def place(self) -> str:
        """What of the original it shows."""
        return self.stored_place

    @property
    def marks(self) -> str:
        """The sentence that says what coloured signs on it stand for; empty where it has none."""
        return self.stored_marks

    @property
    def links(self) -> tuple[str, ...]:
        """Where its links lead."""
        return self.stored_links


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentRow:
    """What is told of a document that was drawn, or could not be."""

    document: str
    """Its name."""
    file: str
    """The name of the shard with its pages."""
    pages: tuple[tuple[str, str], ...]
    """Of each page its digest and its place."""
    error: str = ""
    """Why it was not drawn."""


def check_drawn(storage: Storage) -> list[str]:
    """Return the names of the files of pages.

    Raises:
        GlyphMemoryError: There are none.
    """
    shards = list_shards(storage, DOCUMENTS)
    if not shards:
        raise GlyphMemoryError(
            f"there are no pages in {storage.shown!r}: no {DOCUMENTS}/*.parquet; draw them first (glyph-memory pages "
            "… --ray), and give the same folder"
        )
    return shards


def list_documents(storage: Storage) -> Iterator[tuple[str, list[DocumentRow]]]:
    """Yield the name of each file of pages, in order, with what is in it; pictures are not read.

    Raises:
        GlyphMemoryError: There are none, or they cannot be read.
    """
    for shard in check_drawn(storage):
        told = read_documents(storage, shard, ("document", "error", "unchanged"))
        pages = defaultdict[str, list[tuple[str, str]]](list)
        if any(not row["error"] and not row["unchanged"] for row in told):
            for row in _iter_rows(storage, shard, ("document", "digest", "place")):
                pages[row["document"]].append((row["digest"], row.get("place") or ""))
        yield (
            shard,
            [
                DocumentRow(
                    document=row["document"],
                    file=shard,
                    pages=tuple(pages[row["document"]]),
                    error=row["error"],
                )
                for row in told
                if not row["unchanged"]
            ],
        )


def read_pages(
    storage: Storage, shard: str, documents: Collection[str]
) -> Iterator[tuple[str, list[DocumentPage]]]:
    """Yield documents of a file of pages, one after the other, each with its pages in order.

    Raises:
        GlyphMemoryError: The file cannot be read.
    """
    wanted = set(documents)
    asked = (row for row in _iter_rows(storage, shard, _COLUMNS) if row["document"] in wanted)
    for name, rows in groupby(asked, lambda row: row["document"]):
        ordered = sorted(rows, key=lambda row: (row.get("part") or 0, row["page"]))
        yield name, [_make_page(row) for row in ordered]


def _iter_rows(storage: Storage, shard: str, wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of pages, with those columns of the wanted ones that are there."""
    name = f"{PAGES}/{shard}.parquet"
    if not storage.has(name):
        raise make_damage_error(storage, shard)
    _, parquet = load_arrow()
    with storage.open_file(name) as file:
        try:
            table = parquet.ParquetFile(file)
            there = set(table.schema_arrow.names)
            if missing := {*wanted} - there - _OPTIONAL:
                raise ValueError(f"there is no column {min(missing)}")
            columns = [one for one in wanted if one in there]
            for batch in table.iter_batches(
                batch_size=_AT_ONCE if "image" in columns else _AT_ONCE_OF_TEXT, columns=columns
            ):
                for row in batch.to_pylist():
                    yield _check_row(row)
        except (ValueError, KeyError) as error:  # pyarrow's own are of these
            raise make_damage_error(storage, shard) from error


def _check_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of which all is there that a page cannot do without.

    Raises:
        ValueError: Something is not.
    """
    for name, value in row.items():
        held = value.get("bytes") if name == "image" and isinstance(value, dict) else value
        if (held is None and name not in _OPTIONAL) or (name == "image" and not isinstance(held, bytes)):
            raise ValueError(f"a row has no {name}")
    return row


def _make_page(row: dict[str, Any]) -> DocumentPage:
    page = StoredPage(
        number=row["page"],
        size=(row["width"], row["height"]),
        text=row.get("text") or "",
        start=0,
        line_table=np.empty((0, 6), np.int64),
        pixels=b"",
        file=row["image"]["bytes"],
        stored_digest=row["digest"],
    )
    return StoredDocumentPage(
        page=page,
        document=Document(text=""),
        tokens=row["tokens"],
        stored_place=row.get("place") or "",
        stored_links=tuple((row.get("links") or "").split("\n")) if row.get("links") else (),
        stored_marks=row.get("marks") or "",
    )
