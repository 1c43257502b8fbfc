"""What is exported, and what came of it. Knows neither Parquet nor Lance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from glyph_memory.errors import GlyphMemoryError


@dataclass(frozen=True, kw_only=True, slots=True)
class TablePart:
    """The rows of a table that one shard has."""

    shard: str
    """The shard's name."""
    key: str
    """A digest of its rows, or of what they are made from: other rows have another key."""
    rows: int
    """How many."""
    read: Callable[[], Iterator[Any]]
    """Yields them as record batches of pyarrow, some at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedTable:
    """All rows of a table, shard by shard; a row that is out of date is not among them."""

    name: str
    """Such as `pages`."""
    schema: Any
    """Its columns, as pyarrow has them."""
    parts: Sequence[TablePart]
    """Those with rows, in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LanceReport:
    """What came of an export."""

    table: str
    """Which table it is."""
    to: str
    """Where the dataset is."""
    version: int
    """The dataset's version, with the rows that are counted here."""
    is_new: bool
    """Whether this call made the version: false where nothing was new."""
    rows: int
    """All rows of the dataset."""
    written: int
    """Files of rows that are new in it."""
    removed: int
    """Files of rows that are no longer in it."""
    unchanged: int
    """Files of rows that stayed."""


def make_key(rows: object) -> str:
    """Return a digest of rows, as 32 hexadecimal digits."""
    told = json.dumps(rows, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def check_key(rows: object, key: str, shown: str) -> None:
    """Raise an error where rows are others than when they were listed.

    Args:
        rows: As they are read now.
        key: Of those that were listed.
        shown: Where they are, in words that may be shown.

    Raises:
        GlyphMemoryError: They are.
    """
    if make_key(rows) != key:
        raise GlyphMemoryError(f"a run writes to {shown!r} now; wait for its end, and export then")
