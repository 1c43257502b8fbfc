"""What is asked in which shard: written down before anything is asked, so that whoever goes on does the same.

Knows documents, questions and what is answered already; asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from glyph_memory.documents.shards.plan_files import PlanFiles, list_shards
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.windows.bulk.options import AskJob
from glyph_memory.windows.bulk.stored_pages import DocumentRow
from glyph_memory.windows.bulk.tables import ANSWERS, read_answers

PLANS, ATTEMPTS, BEGUN = "asking/plans", "asking/attempts", "asking/begun"


@dataclass(frozen=True, kw_only=True, slots=True)
class AskUnit:
    """One question about one document."""

    document: str
    """The document's name."""
    question: str
    """What is asked."""
    key: str
    """A digest of its pages, the question and the settings."""
    known: tuple[str, ...] = ()
    """Files of answers that may have some of its answers already."""
    copies: tuple[str, ...] = ()
    """Other documents with the same pages, which get the same answers."""

    @property
    def documents(self) -> tuple[str, ...]:
        """All documents that get its answers."""
        return self.document, *self.copies


@dataclass(frozen=True, kw_only=True, slots=True)
class AskShard:
    """Questions about documents of one file of pages; their answers make one file."""

    name: str
    """Such as `0001-5be1f0a2-000000`: the plan's number and digest, and its own number."""
    file: str
    """The name of the file of pages."""
    units: tuple[AskUnit, ...]
    """What is asked."""
    resumes: bool = False
    """Whether answers were kept that stand in no file yet, so that they have to be looked for."""


@dataclass(kw_only=True, slots=True)
class Answered:
    """What is answered in an output folder."""

    units: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    """Of each unit without failures, by its key: in which file, and for which documents."""
    last: dict[tuple[str, str], str] = field(default_factory=dict)
    """In which file a document's newest answers to a question are."""
    shards: set[str] = field(default_factory=set)
    """Names of files."""


def find_answered(storage: Storage) -> Answered:
    """Return what is answered.

    Raises:
        GlyphMemoryError: The output folder cannot be read.
    """
    answered = Answered()
    for shard in list_shards(storage, ANSWERS):
        answered.shards.add(shard)
        rows = read_answers(storage, shard, ("document", "question", "unit", "error"))
        failed = {row["unit"] for row in rows if row["error"]}
        for row in rows:
            answered.last[row["document"], row["question"]] = shard
            if row["unit"] not in failed:
                _, documents = answered.units.get(row["unit"], ("", set[str]()))
                answered.units[row["unit"]] = (shard, {*documents, row["document"]})
    return answered


def list_units(
    rows: Iterable[DocumentRow], questions: Mapping[str, Sequence[str]] | Sequence[str], job: AskJob
) -> Iterator[tuple[str, AskUnit]]:
    """Yield each question about each document, with the file that the document's pages are in."""
    for row in rows:
        asked = questions.get(row.document, ()) if isinstance(questions, Mapping) else questions
        for question in asked:
            key = job.find_key(question, [list(page) for page in row.pages])
            yield row.file, AskUnit(document=row.document, question=question, key=key)


def make_plan(
    storage: Storage,
    units: Iterable[tuple[str, AskUnit]],
    answered: Answered,
    job: AskJob,
) -> tuple[list[AskShard], int]:
    """Return the shards that are to be asked, those of a plan that was not finished first; and how many units need not.

    Args:
        storage: Where plans are kept.
        units: All that is wanted, with its files.
        answered: What is answered already.
        job: How it is asked.

    Raises:
        GlyphMemoryError: A plan cannot be read or written.
    """
    wanted, unchanged = dict[str, tuple[str, AskUnit]](), 0
    for file, unit in units:
        where, documents = answered.units.get(unit.key, ("", set[str]()))
        if unit.document in documents:
            unchanged += 1
        elif unit.key in wanted:  # another document with the same pages is asked about already
            first = wanted[unit.key][1]
            copies = (*first.copies, unit.document)
            wanted[unit.key] = (wanted[unit.key][0], replace(first, copies=copies))
        else:
            known = {where, answered.last.get((unit.document, unit.question), "")} - {""}
            wanted[unit.key] = (file, replace(unit, known=tuple(sorted(known))))
    plans = PlanFiles(storage, PLANS)
    last = plans.read_last()
    waiting, resumes = list[AskShard](), bool(storage.list_files(BEGUN))
    for name, held in (last[1] if last is not None and last[0] == [job.settings] else {}).items():
        try:
            shard = _read_shard(name, held, resumes=resumes)
        except (TypeError, ValueError) as error:
            raise plans.refuse(error) from error
        if name not in answered.shards and all(
            wanted.get(one.key) == (shard.file, one) for one in shard.units
        ):
            waiting.append(shard)
    taken = {unit.key for shard in waiting for unit in shard.units}
    new = [one for key, one in wanted.items() if key not in taken]
    if not new:
        return waiting, unchanged
    shards = [_write_shard(one.file, one.units) for one in waiting]
    shards += [_write_shard(file, held) for file, held in _split(new, job.options.documents_per_shard)]
    written = plans.write([job.settings], shards)
    return [_read_shard(name, held, resumes=resumes) for name, held in written.items()], unchanged


def _split(units: Iterable[tuple[str, AskUnit]], most: int) -> Iterator[tuple[str, list[AskUnit]]]:
    """Yield units that are asked together: of one file, and of so many documents at the most."""
    file, held, documents = "", list[AskUnit](), set[str]()
    for where, unit in units:
        if held and (where != file or (unit.document not in documents and len(documents) >= most)):
            yield file, held
            held, documents = [], set()
        file = where
        held.append(unit)
        documents.add(unit.document)
    if held:
        yield file, held


def _write_shard(file: str, units: Iterable[AskUnit]) -> list[object]:
    return [
        file,
        *([one.document, one.question, one.key, list(one.known), list(one.copies)] for one in units),
    ]


def _read_shard(name: str, held: Sequence[Any], *, resumes: bool) -> AskShard:
    file, *units = held
    return AskShard(
        name=name,
        file=str(file),
        units=tuple(
            AskUnit(document=document, question=question, key=key, known=tuple(known), copies=tuple(copies))
            for document, question, key, known, copies in units
        ),
        resumes=resumes,
    )
