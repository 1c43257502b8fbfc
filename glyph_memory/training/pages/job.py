"""Write one shard: what a process of its own is given, and what it gives back.

Knows recipes and shards; knows nothing about the other shards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from glyph_memory.files import write_atomic
from glyph_memory.training.pages.keep_out import KeepOut
from glyph_memory.training.pages.manifest import FinishedShard, make_write_error
from glyph_memory.training.pages.recipe import PageRecipe
from glyph_memory.training.pages.shards import ShardFormat, encode_shard
from glyph_memory.training.pages.spans import TextSpan
from glyph_memory.training.samples import TrainingSample

_PIECE = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ShardJob:
    """A shard to write."""

    number: int
    """Which, from 0."""
    folder: Path
    """Where it is written."""
    file: str
    """Its name there."""
    first: int
    """The number of its first sample."""
    count: int
    """How many samples it has."""
    spans: tuple[TextSpan, ...] | None = field(repr=False)
    """The texts of its samples; None where they are made up."""
    texts: str
    """A digest of these texts."""
    recipe: PageRecipe = field(repr=False)
    """What is made."""
    keep_out: KeepOut = field(repr=False)
    """What made up texts must not share phrases with."""
    shard_format: ShardFormat
    """How it is written."""


def write_shard(job: ShardJob) -> FinishedShard:
    """Make a shard's samples and write them; the file is there as a whole or not at all.

    Raises:
        TrainingError: It cannot be written, or a text cannot be drawn.
    """
    sums = _Sums()
    begun = job.folder / f".{job.file}.begun"
    try:
        is_again = begun.exists()
        begun.touch()
        data = encode_shard(_make(job, sums), job.shard_format)
        write_atomic(
            job.folder / job.file,
            iter(lambda: data.read(_PIECE), b""),
            draft=job.folder / f".{job.file}.part",
            sync=True,
        )
    except OSError as error:
        raise make_write_error(job.folder / job.file, error) from error
    finally:  # a process that is killed leaves it
        begun.unlink(missing_ok=True)
    return FinishedShard(
        number=job.number,
        file=job.file,
        texts=job.texts,
        samples=job.count,
        pages=sums.pages,
        characters=sums.characters,
        bytes=data.tell(),
        again=int(is_again),
        families=dict(sums.families),
        themes=dict(sums.themes),
        told=dict(sums.told.most_common()),
    )


@dataclass(slots=True)
class _Sums:
    pages: int = 0
    characters: int = 0
    families: Counter[str] = field(default_factory=Counter)
    themes: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)


def _make(job: ShardJob, sums: _Sums) -> Iterator[tuple[int, TrainingSample]]:
    spans = job.spans or (None,) * job.count
    for number, span in enumerate(spans, job.first):
        made = job.recipe.make(number, span, keep_out=job.keep_out)
        sums.pages += len(made.sample.images)
        sums.characters += made.characters
        sums.families[made.sample.family] += 1
        sums.themes[made.theme] += 1
        sums.told.update(made.told)
        yield number, made.sample
