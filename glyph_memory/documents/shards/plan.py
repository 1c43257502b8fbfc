"""What is drawn in which shard: written down before anything is drawn, so that whoever goes on does the same.

Knows sources and shards; knows nothing about Ray.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from glyph_memory.documents.bulk.drawn import DrawingPlan, name_source
from glyph_memory.documents.shards.listing import SourceFile
from glyph_memory.documents.shards.plan_files import PlanFiles, list_shards
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


class Told(NamedTuple):
    """What the last row about a document tells."""

    version: str
    digest: str
    error: str
    """Why it could not be drawn; empty where it was."""


@dataclass(kw_only=True, slots=True)
class Finished:
    """What is finished in an output folder."""

    documents: dict[str, Told] = field(default_factory=dict)
    """By their names; without those that were drawn in another style."""
    shards: set[str] = field(default_factory=set)
    """Names of shards."""


def find_finished(storage: Storage, drawing: DrawingPlan) -> Finished:
    """Return what is finished, and was drawn as it would be now.

    Raises:
        GlyphMemoryError: The output folder cannot be read.
    """
    finished = Finished()
    for name in list_shards(storage, DOCUMENTS):
        finished.shards.add(name)
        columns = ("document", "version", "digest", "style", "options", "error")
        for row in read_documents(storage, name, columns):
            told = Told(row["version"], row["digest"], row["error"] or "")
            if (row["style"], row["options"]) == (drawing.style_digest, drawing.options_digest):
                finished.documents[row["document"]] = told
            else:
                finished.documents.pop(row["document"], None)
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


def make_damage_error(storage: Storage, shard: str) -> GlyphMemoryError:
    """Return the error for a file of pages that is gone, cut off, or something else."""
    return GlyphMemoryError(
        f"{f'{storage.shown}/{PAGES}/{shard}.parquet'!r} is gone, damaged or no table of pages; remove what is left of "
        f"it, and the file of the same name in {DOCUMENTS}/: then its documents are drawn again"
    )


def make_plan(
    storage: Storage,
    files: Sequence[SourceFile],
    finished: Finished,
    drawing: DrawingPlan,
    *,
    documents: int,
    size: int,
    begun: int | None = None,
) -> list[Shard]:
    """Return the shards that are to be drawn: those of a plan that was not finished, and then what is new since.

    Args:
        storage: Where plans are kept.
        files: All sources there are now.
        finished: What is drawn already.
        drawing: How they are drawn.
        documents: In a shard, at most.
        size: Bytes of a shard's sources, at most; a larger one has a shard of its own.
        begun: The number of the plan that a run began with that did not come to its end; None where it did. What that
            run came to stays, failures too, as it would have: planned anew, it would be in files that the run did not
            make without the stop.

    Raises:
        GlyphMemoryError: A plan cannot be read or written.
    """
    told = [drawing.style_digest, drawing.options_digest]
    plans = PlanFiles(storage, PLANS)
    last = plans.read_last()
    try:
        planned = [_make_shard(name, held) for name, held in (last[1] if last else {}).items()]
    except (TypeError, ValueError) as error:
        raise plans.refuse(error) from error
    is_same = last is not None and last[0] == told
    waiting = [one for one in planned if is_same and one.name not in finished.shards]
    # What had no version when it was planned may have one now: it is read as it is.
    listed = {(one.path, version) for one in files for version in (one.version, "")}
    known = {source[:2] for one in waiting for source in one.sources}
    done = _find_done(plans, begun, told, finished)
    new = [
        one
        for one in files
        if known.isdisjoint({(one.path, one.version), (one.path, "")}) and _is_new(one, finished, done)
    ]
    if not new and known <= listed:
        return waiting
    # What was planned and not drawn is taken over, for one plan at a time is enough to go on from; but not what is
    # gone since, has changed, or is no source of this call.
    shards = [[list(source) for source in one.sources if source[:2] in listed] for one in waiting]
    shards = [*filter(None, shards), *_split(new, finished, documents=documents, size=size)]
    return [_make_shard(name, held) for name, held in plans.write(told, shards).items()]


def _make_shard(name: str, held: Sequence[Sequence[str]]) -> Shard:
    return Shard(name=name, sources=tuple((path, version, known) for path, version, known in held))


def _find_done(
    plans: PlanFiles, begun: int | None, made_for: Sequence[str], finished: Finished
) -> set[tuple[str, str]]:
    """Return what a run came to before it was stopped, in whichever of its plans: paths with their versions."""
    if begun is None:
        return set()
    return {
        (source[0], source[1])
        for told, planned in plans.read_since(begun)
        if told == made_for
        for name, held in planned.items()
        if name in finished.shards
        for source in held
    }


def _is_new(one: SourceFile, finished: Finished, done: Container[tuple[str, str]]) -> bool:
    told = finished.documents.get(name_source(one.path))
    if told is None or (told.version and told.version != one.version):
        return True
    return (one.path, told.version) not in done and (not told.version or bool(told.error))


def _split(
    files: Iterable[SourceFile], finished: Finished, *, documents: int, size: int
) -> Iterator[list[list[str]]]:
    shard, held = list[list[str]](), 0
    for one in files:
        if shard and (len(shard) >= documents or held + one.size > size):
            yield shard
            shard, held = [], 0
        told = finished.documents.get(name_source(one.path))
        shard.append([one.path, one.version, told.digest if told and not told.error else ""])
        held += one.size
    if shard:
        yield shard
