"""What is drawn in which shard: written down before anything is drawn, so that whoever goes on does the same.

Knows sources and shards; knows nothing about Ray.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from glyph_memory.documents.bulk.drawn import DrawingPlan, name_source
from glyph_memory.documents.shards.listing import SourceFile
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import decode_documents
from glyph_memory.errors import GlyphMemoryError

PLANS, DOCUMENTS, PAGES, ATTEMPTS = "plans", "documents", "pages", "attempts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """Documents that are drawn together, into one file."""

    name: str
    """Such as `0001-5be1f0a2-000000`: the plan's number and digest, and its own number."""
    sources: tuple[tuple[str, str, str], ...]
    """Of each its path, its version, and the digest that it had before; empty where it is new."""


@dataclass(kw_only=True, slots=True)
class Finished:
    """What is finished in an output folder."""

    documents: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Of each that was drawn its version and digest."""
    shards: set[str] = field(default_factory=set)
    """Names of shards."""


def find_finished(storage: Storage, drawing: DrawingPlan) -> Finished:
    """Return what is finished, and was drawn as it would be now.

    Raises:
        GlyphMemoryError: The output folder cannot be read.
    """
    finished = Finished()
    names = [name.removesuffix(".parquet") for name in storage.list_files(DOCUMENTS)]
    for name in sorted(names):
        finished.shards.add(name)
        columns = ("document", "version", "digest", "style", "options", "error")
        for row in read_documents(storage, name, columns):
            if row["error"] or (row["style"], row["options"]) != (
                drawing.style_digest,
                drawing.options_digest,
            ):
                finished.documents.pop(row["document"], None)
            else:
                finished.documents[row["document"]] = (row["version"], row["digest"])
    return finished


def read_documents(
    storage: Storage, shard: str, columns: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Return what is told of a shard's documents.

    Raises:
        GlyphMemoryError: The file is damaged, or the output folder cannot be read.
    """
    name = f"{DOCUMENTS}/{shard}.parquet"
    try:
        return decode_documents(storage.read(name), columns)
    except (ValueError, OSError) as error:  # pyarrow's own are of these
        raise GlyphMemoryError(
            f"{storage.shown + '/' + name!r} is damaged; remove it, and its documents are drawn again"
        ) from error


def make_plan(
    storage: Storage,
    files: Sequence[SourceFile],
    finished: Finished,
    drawing: DrawingPlan,
    *,
    documents: int,
    size: int,
) -> list[Shard]:
    """Return the shards that are to be drawn: those of a plan that was not finished, and then what is new since.

    Args:
        storage: Where plans are kept.
        files: All sources there are now.
        finished: What is drawn already.
        drawing: How they are drawn.
        documents: In a shard, at most.
        size: Bytes of a shard's sources, at most; a larger one has a shard of its own.

    Raises:
        GlyphMemoryError: A plan cannot be read or written.
    """
    told = [drawing.style_digest, drawing.options_digest]
    names = storage.list_files(PLANS)
    last = _read_plan(storage, names[-1]) if names else None
    waiting = [one for one in last.shards if one.name not in finished.shards] if last else []
    if last is not None and last.drawing != told:
        waiting = []
    planned = {(path, version) for one in waiting for path, version, _ in one.sources}
    new = [one for one in files if _is_new(one, finished) and (one.path, one.version) not in planned]
    if not new:
        return waiting
    # What was planned and not drawn is taken over: one plan at a time is enough to go on from.
    shards = [[list(source) for source in one.sources] for one in waiting]
    shards += _split(new, finished, documents=documents, size=size)
    data = json.dumps({"drawing": told, "shards": shards}).encode()
    number = 1 + (int(names[-1].partition("-")[0]) if names else 0)
    name = f"{number:04}-{hashlib.sha256(data).hexdigest()[:8]}.json"
    storage.write(f"{PLANS}/{name}", data)
    return list(_parse_plan(name, data).shards)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    drawing: list[str]
    shards: tuple[Shard, ...]


def _read_plan(storage: Storage, name: str) -> _Plan:
    try:
        return _parse_plan(name, storage.read(f"{PLANS}/{name}"))
    except (ValueError, KeyError, TypeError) as error:
        raise GlyphMemoryError(
            f"{storage.shown!r} holds a plan that cannot be read ({error}); give another folder"
        ) from error


def _parse_plan(name: str, data: bytes) -> _Plan:
    plan = json.loads(data)
    own = name.removesuffix(".json")
    shards = tuple(
        Shard(
            name=f"{own}-{number:06}",
            sources=tuple((path, version, known) for path, version, known in sources),
        )
        for number, sources in enumerate(plan["shards"])
    )
    return _Plan(drawing=list(plan["drawing"]), shards=shards)


def _is_new(one: SourceFile, finished: Finished) -> bool:
    known = finished.documents.get(name_source(one.path))
    return known is None or not one.version or known[0] != one.version


def _split(
    files: Iterable[SourceFile], finished: Finished, *, documents: int, size: int
) -> Iterator[list[list[str]]]:
    shard, held = list[list[str]](), 0
    for one in files:
        if shard and (len(shard) >= documents or held + one.size > size):
            yield shard
            shard, held = [], 0
        known = finished.documents.get(name_source(one.path), ("", ""))[1]
        shard.append([one.path, one.version, known])
        held += one.size
    if shard:
        yield shard
