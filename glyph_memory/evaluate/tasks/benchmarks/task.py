"""A task whose samples come from a benchmark's file: which of them, in which order, and which are too long.

Knows records and lengths; what a record means, each benchmark's own module knows. Nothing is cut: a sample that is
longer than asked for is left out and counted, since one with its middle cut out asks another question.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from glyph_memory.errors import DocumentError
from glyph_memory.evaluate.tasks.benchmarks.about import Benchmark
from glyph_memory.evaluate.tasks.benchmarks.fields import Record
from glyph_memory.evaluate.tasks.benchmarks.records import Records, Span, open_records
from glyph_memory.evaluate.tasks.benchmarks.unpack import list_members
from glyph_memory.evaluate.tasks.fitting import count_sample_tokens
from glyph_memory.evaluate.tasks.sample import CountTokens, Sample, Task
from glyph_memory.readers import Reader

_WAYS = frozenset({"scorer", "extraction", "cut into"})
"""What of a sample's `more` tells how it is scored here, and does not stand in the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A question of a record."""

    id: str
    """Its name in the benchmark."""
    labels: tuple[str, ...] = ()
    """The subsets that it belongs to."""
    needs_judge: bool = False
    """Whether nobody but a judge can tell what an answer to it is worth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """A part, and where it is read."""

    span: Span
    place: int
    """Which part of its record it is."""
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Index:
    """The questions of a file that can be asked."""

    entries: tuple[_Entry, ...]
    unjudged: int
    """How many only a judge could judge, and there is none."""
    twice: tuple[str, ...]
    """Names that stand in the file more than once; the first is asked."""


class FileTask(Task):
    """Asks a benchmark's questions, as they stand in its file.

    Args:
        path: The file.
        subset: Which part of it; all where it is empty.
        judge: Who judges answers, where the benchmark wants a model for that.
    """

    about: ClassVar[Benchmark]
    """The benchmark."""
    columns: ClassVar[tuple[str, ...]] = ()
    """Of a Parquet file, what is read; all where it is empty."""

    def __init__(self, path: Path, *, subset: str = "", judge: Reader | None = None) -> None:
        if judge is not None and not self.about.judge:
            judge = None  # a judge of the whole run; this task's scorer needs none
        self.path, self.subset, self.judge_reader = path, subset, judge
        self.name = f"{self.about.name}:{path.name}" + (f"#{subset}" if subset else "")
        self.title = self.about.title
        self.source = f"{path.name} of {self.about.address}; {self.about.licence}"
        self._index: _Index | None = None
        self._long = dict[int, tuple[int, int]]()

    @abstractmethod
    def list_parts(self, record: Record) -> Iterator[Part]:
        """Yield the questions of a record, in order; check the fields that all of them need.

        Raises:
            DocumentError: A field is missing, or is something else.
        """

    @abstractmethod
    def make_sample(self, record: Record, place: int) -> Sample:
        """Return the sample of one of a record's questions, by its place among them; its id is given to it later."""

    @contextmanager
    def open_records(self) -> Iterator[Records]:
        """Open the file's records.

        Raises:
            DocumentError: There is no such file, it is empty, or holds no records.
        """
        with open_records(self.path, member=self.subset, columns=self.columns) as records:
            yield records

    def samples(self, *, tokens: int, seed: int, count: CountTokens) -> Iterator[Sample]:
        """Yield samples in an order that the seed tells, those that are no longer than asked for; see `left_out`.

        Raises:
            DocumentError: The file cannot be read, is of another version, or has nothing as short as that.
        """
        with self.open_records() as records:
            index = self._index = self._index or self._list_entries(records)
            found, long, shortest = 0, 0, 0
            for entry in sorted(index.entries, key=lambda one: _order(one.id, seed)):
                sample = self._read(records, entry, tokens)
                size = count_sample_tokens(sample, count)
                if size > tokens:
                    long, shortest = long + 1, min(shortest or size, size)
                    self._long[tokens] = (long, found + long)
                else:
                    found += 1
                    self._long[tokens] = (long, found + long)
                    yield sample
            if not found:
                raise DocumentError(
                    f"no sample of {self.name!r} is as short as {tokens:,} tokens; of {long:,} the shortest has "
                    f"{shortest:,}, so ask for that or more; nothing is cut"
                )

    @property
    def left_out(self) -> str:
        """What was not asked, and why, as far as samples were taken."""
        told = [
            f"{_count(long)} of {seen:,} that were looked at in {self.name!r} "
            f"{'is' if long == 1 else 'are'} longer than {tokens:,} tokens and left out; nothing is cut"
            for tokens, (long, seen) in self._long.items()
            if long
        ]
        if self._index is not None and (unjudged := self._index.unjudged):
            told.append(
                f"{_count(unjudged)} of {self.name!r} left out, which a model alone can judge; name one, as in "
                "find_task(…, judge=reader)"
            )
        if self._index is not None and (twice := self._index.twice):
            told.append(
                f"{_count(len(twice))} of {self.name!r} left out, with the name of another one, such as {twice[0]!r}"
            )
        return "; ".join(told)

    def _read(self, records: Records, entry: _Entry, tokens: int) -> Sample:
        sample = self.make_sample(records.read(entry.span), entry.place)
        told = [value for name, value in sorted(sample.more.items()) if name not in _WAYS]
        turns = [turn.full_text for turn in sample.turns]
        spelled = "\0".join([sample.question, *sample.answers, sample.document, *turns, *told])
        # With a digest: a file of another version asks other questions under the same names.
        digest = hashlib.sha256(spelled.encode("utf-8", "replace")).hexdigest()[:8]
        more = {"texts": self.source, **sample.more}
        return replace(sample, id=f"{self.about.name}/{tokens}/{entry.id}/{digest}", more=more)

    def _list_entries(self, records: Records) -> _Index:
        entries, labels, twice, unjudged = dict[str, _Entry](), dict[str, None](), list[str](), 0
        is_member = self.subset in list_members(self.path)
        for span in records.list_spans():
            for place, part in enumerate(self.list_parts(records.read(span))):
                labels.update(dict.fromkeys(part.labels))
                if self.subset and not is_member and self.subset not in part.labels:
                    continue
                if part.needs_judge and self.judge_reader is None:
                    unjudged += 1
                elif part.id in entries:
                    twice.append(part.id)
                else:
                    entries[part.id] = _Entry(span=span, place=place, id=part.id)
        if not entries and unjudged:
            raise DocumentError(
                f"a model alone can judge the samples of {self.name!r}; name one, as in "
                "find_task(…, judge=reader)"
            )
        if not entries:
            named = ", ".join(sorted(labels)) or "none"
            raise DocumentError(f"there is no sample in {self.name!r}; its subsets are {named}")
        return _Index(entries=tuple(entries.values()), unjudged=unjudged, twice=tuple(twice))


def _count(number: int) -> str:
    return f"{number:,} sample{'s' * (number != 1)}"


def _order(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{name}".encode("utf-8", "replace")).digest()
