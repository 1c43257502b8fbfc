"""Seals as a store keeps them: written, read, also where they come from another version or are broken.

Knows how seals are spelled as JSON; knows nothing about folding and stores.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from glyph_memory.context import find_digests
from glyph_memory.folding import Seal, count_chained, read_seal

if TYPE_CHECKING:
    from glyph_memory.store import SealReader, SealRecord


def find_images(record: SealRecord) -> list[str]:
    """Return the names of a stored seal's page images, and other digests, which name none; of a broken seal, too."""
    return find_digests(record.body)


def find_range(record: SealRecord) -> tuple[int, int] | None:
    """Return the first and the last anchor of a stored seal's turns, `None` where it cannot be read."""
    try:
        anchors = json.loads(record.body)["anchors"]
        return int(anchors[0]), int(anchors[-1])
    except (TypeError, KeyError, ValueError, IndexError, RecursionError):
        return None


def make_seal_reader(folder: Path | str | None) -> SealReader:
    """Return what a store needs to erase page images together with what they show.

    Args:
        folder: Where page files are, a bucket's address as text; `None` where they are in none.
    """
    from glyph_memory.store import SealReader  # noqa: PLC0415 - SQL is loaded when a store is opened

    return SealReader(find_range=find_range, find_images=find_images, folder=folder)


def next_generation(seals: Sequence[Seal]) -> int:
    """Return the number of the generation after those of some seals."""
    return max((seal.generation for seal in seals), default=0) + 1


def is_chain(seals: Sequence[Seal], records: Sequence[SealRecord]) -> bool:
    """Return whether seals follow each other from the first on; they do unless a database was damaged."""
    return count_chained(seals, [record.digest for record in records]) == len(records)


def make_record(seal: Seal) -> SealRecord:
    """Return what a store keeps of a seal."""
    from glyph_memory.store import SealRecord  # noqa: PLC0415 - SQL is loaded when a store is opened

    body = json.dumps(seal.to_json(), separators=(",", ":"))
    return SealRecord(number=seal.number, digest=seal.digest, body=body)


def parse_seal(record: SealRecord) -> Seal | None:
    """Return a stored seal, or None where it or its number was changed, or it comes from another version."""
    seal = read_seal(record.body, digest=record.digest)
    return seal if seal is not None and seal.number == record.number else None
