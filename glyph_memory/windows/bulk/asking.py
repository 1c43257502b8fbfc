"""What a worker does: ask what a shard holds, keep each answer as it comes, and write them as one file, once.

Knows a shard and where its answers are written; who hands out shards, it does not know.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from glyph_memory.documents import DocumentPage
from glyph_memory.documents.shards.attempts import Attempts
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.versions import find_other_version
from glyph_memory.errors import DocumentError, GlyphMemoryError, ReaderError
from glyph_memory.readers import OpenAIReader, Reading
from glyph_memory.readers.defusing import defuse_context
from glyph_memory.readers.reasoning import split
from glyph_memory.windows.bulk.journal import Journal
from glyph_memory.windows.bulk.options import AskJob
from glyph_memory.windows.bulk.plan import ATTEMPTS, AskShard, AskUnit
from glyph_memory.windows.bulk.report import AskResult, sum_up
from glyph_memory.windows.bulk.requests import AskRequest, RequestWriter
from glyph_memory.windows.bulk.servers import EndOfServers, Servers
from glyph_memory.windows.bulk.stored_pages import read_pages
from glyph_memory.windows.bulk.tables import ANSWERS, Row, encode_answers, read_answer, read_answers
from glyph_memory.windows.bulk.work import do_at_once

_CAREFUL_AFTER = 2
"""Workers that were lost at a shard before its documents are asked about one by one."""
_DEATHS = 3
"""Workers in a row that were lost at one document, while each was asked about alone: then it is the document."""
_PATIENCE = 4
"""Requests in a row that no server answers are the end of a run: so many times what is under way at once."""
Ask = Callable[[AskRequest, int], Reading]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Unasked:
    """A document before it is asked about: its requests, part by part; or why there are none."""

    units: tuple[AskUnit, ...]
    parts: tuple[tuple[tuple[int, AskRequest], ...], ...] = ()
    errors: tuple[tuple[int, str], ...] = ()


class ShardAsker:
    """Asks what shards hold, on one machine; close it at the end.

    Args:
        versions: The driver's, by distribution.
        job: A pickled `AskJob`; read once the versions are known to be the same.
    """

    def __init__(self, versions: Mapping[str, str], job: bytes) -> None:
        self.refusal = find_other_version(versions)
        """Why this machine asks nothing; empty where it does."""
        self._readers = list[OpenAIReader]()
        if self.refusal:
            return
        self._job: AskJob = pickle.loads(job)  # noqa: S301 - the driver's own
        self._storage, self._pages = Storage(self._job.out), Storage(self._job.pages)
        self._readers = [_make_reader(self._job, url) for url in self._job.urls]
        patience = _PATIENCE * self._job.options.max_concurrent
        self._servers = Servers(self._readers, patience=patience) if self._readers else None
        self._writers, self._errors = dict[str, RequestWriter](), dict[str, str]()

    def ask(self, shard: AskShard, *, errors: Mapping[str, str] | None = None) -> AskResult:
        """Ask what a shard holds, unless it is answered; what fails becomes a row with its error.

        Args:
            shard: What is asked.
            errors: Where others asked, why a request got no answer, by its key.

        Raises:
            GlyphMemoryError: The pages cannot be read, or the output folder cannot be written to.
        """
        if self.refusal:
            return AskResult(name=shard.name, refusal=self.refusal)
        name = f"{ANSWERS}/{shard.name}.parquet"
        if self._storage.has(name):
            return sum_up(shard.name, read_answers(self._storage, shard.name))
        self._errors = dict(errors or {})
        attempts = Attempts(self._storage, ATTEMPTS, shard.name)
        deaths = attempts.begin()
        journal = Journal(self._storage, resumes=shard.resumes or deaths > 0)
        known = self._read_known(shard)
        rows = dict[tuple[int, int], Row]()
        try:
            for place, row in self._ask_all(
                shard, attempts, journal, known, is_careful=deaths >= _CAREFUL_AFTER
            ):
                rows[place] = row
        except EndOfServers as error:
            attempts.end()
            return AskResult(name=shard.name, refusal=str(error))
        written = [
            row for place in sorted(rows) for row in _copy(shard.units[place[0]], rows[place], self._job)
        ]
        self._storage.write(name, encode_answers(written))
        journal.forget()
        attempts.end()
        return sum_up(shard.name, written)

    def list_requests(self, shard: AskShard) -> list[AskRequest]:
        """Return what of a shard is not answered yet, for whoever asks in another way; `keep` takes the answers.

        Raises:
            GlyphMemoryError: The pages cannot be read; or the versions are others.
        """
        if self.refusal:
            raise GlyphMemoryError(self.refusal)
        if self._storage.has(f"{ANSWERS}/{shard.name}.parquet"):
            return []
        journal, known = Journal(self._storage, resumes=shard.resumes), self._read_known(shard)
        tokens = self._job.profile.special_tokens
        return [
            replace(request, context=defuse_context(request.context, tokens))
            for document in self._read_documents(shard, self._list_names(shard))
            for part in document.parts
            for _, request in part
            if request.key not in known and journal.find(request.key) is None
        ]

    def keep(self, asked: Mapping[str, Any], reading: Reading) -> None:
        """Keep an answer that was asked for in another way; `ask` puts it into its shard's file.

        Args:
            asked: What `AskRequest.describe` returned.
            reading: The answer; its text is what the model wrote, thinking included.

        Raises:
            GlyphMemoryError: It cannot be written.
        """
        answer, reasoning = split(reading.text)
        told = replace(reading, text=answer, reasoning=reading.reasoning or reasoning)
        journal = Journal(self._storage, resumes=False)
        journal.keep(asked["key"], read_answer(asked, told, self._job.model))

    def close(self) -> None:
        """Close the servers' connections."""
        for reader in self._readers:
            reader.close()

    def _ask_all(
        self,
        shard: AskShard,
        attempts: Attempts,
        journal: Journal,
        known: Mapping[str, Row],
        *,
        is_careful: bool,
    ) -> Iterator[tuple[tuple[int, int], Row]]:
        """Yield the row of each part of each unit, with their numbers."""

        def answer(work: tuple[tuple[int, AskRequest], ...]) -> list[tuple[tuple[int, int], Row]]:
            # One after the other, at one server: its cache has the pages from the second question on.
            return [
                ((number, request.part), self._answer(request, journal, known)) for number, request in work
            ]

        failed = list[tuple[tuple[int, int], Row]]()

        def list_work(documents: Iterator[_Unasked]) -> Iterator[tuple[tuple[int, AskRequest], ...]]:
            for document in documents:
                failed.extend(((number, 0), {"error": why}) for number, why in document.errors)
                yield from document.parts

        names = self._list_names(shard)
        if is_careful:
            for place, name in enumerate(names):
                if attempts.count_deaths(str(place)) >= _DEATHS:
                    why = f"its worker was killed {_DEATHS} times while it was asked about; it may need too much memory"
                    failed += [
                        ((n, 0), {"error": why}) for n, one in enumerate(shard.units) if one.document == name
                    ]
                    continue
                attempts.note(str(place))
                for rows in do_at_once(answer, list_work(self._read_documents(shard, [name])), at_most=1):
                    yield from rows
            attempts.note(None)
        else:
            work = list_work(self._read_documents(shard, names))
            for rows in do_at_once(answer, work, at_most=self._job.options.max_concurrent):
                yield from rows
        yield from failed

    def _answer(self, request: AskRequest, journal: Journal, known: Mapping[str, Row]) -> Row:
        row = known.get(request.key) or journal.find(request.key)
        if row is not None:
            return row | request.describe() | {"reused": request.key in known}
        if self._servers is None:
            why = self._errors.get(request.key, "no answer came of it; run it again")
            return request.describe() | {"error": why}
        turn = int(request.pages[0].page.digest[:8], 16) if request.pages else 0
        try:
            reading = self._servers.ask(request.context, turn=turn)
        except ReaderError as error:
            return request.describe() | {
                "error": str(error) or type(error).__name__,
                "model": self._job.model,
            }
        row = read_answer(request.describe(), reading, self._job.model)
        journal.keep(request.key, row)
        return row

    def _read_documents(self, shard: AskShard, names: Sequence[str]) -> Iterator[_Unasked]:
        """Yield the documents of a shard, with what is asked about each; those that are gone last."""
        left = dict.fromkeys(names)
        for name, pages in read_pages(self._pages, shard.file, names):
            left.pop(name, None)
            yield self._write_requests(shard, name, pages)
        for name in left:
            yield self._write_requests(shard, name, [])

    def _write_requests(self, shard: AskShard, name: str, pages: Sequence[DocumentPage]) -> _Unasked:
        units = [(number, unit) for number, unit in enumerate(shard.units) if unit.document == name]
        told = [[page.page.digest, page.place] for page in pages]
        requests, errors = list[list[tuple[int, AskRequest]]](), list[tuple[int, str]]()
        for number, unit in units:
            if self._job.find_key(unit.question, told) != unit.key:
                errors.append((number, "its pages changed since the run began; run it again"))
                continue
            try:
                if unit.question not in self._writers:
                    self._writers[unit.question] = RequestWriter(self._job, unit.question)
                requests.append([(number, one) for one in self._writers[unit.question].write(pages)])
            except DocumentError as error:
                errors.append((number, str(error)))
        parts = tuple(tuple(one for one in part if one is not None) for part in zip_longest(*requests))
        return _Unasked(units=tuple(unit for _, unit in units), parts=parts, errors=tuple(errors))

    def _read_known(self, shard: AskShard) -> dict[str, Row]:
        """Return answers of earlier runs that may fit, by their keys."""
        files = {file for unit in shard.units for file in unit.known}
        return {
            row["key"]: row
            for file in sorted(files)
            if self._storage.has(f"{ANSWERS}/{file}.parquet")
            for row in read_answers(self._storage, file)
            if row["key"] and not row["error"]
        }

    @staticmethod
    def _list_names(shard: AskShard) -> list[str]:
        return list(dict.fromkeys(unit.document for unit in shard.units))


def _copy(unit: AskUnit, row: Row, job: AskJob) -> Iterator[Row]:
    """Yield a row for each document that gets the answer."""
    whole = row | {"question": unit.question, "unit": unit.key, "settings": job.settings}
    for place, document in enumerate(unit.documents):
        yield whole | {"document": document, "reused": bool(place) or bool(row.get("reused"))}


def _make_reader(job: AskJob, url: str) -> OpenAIReader:
    options = job.options
    return OpenAIReader(
        url,
        model=job.model,
        api_key=options.api_key,
        max_tokens=options.answer_tokens,
        temperature=options.temperature,
        seed=options.seed,
        extra_body=options.extra_body,
        special_tokens=job.profile.special_tokens,
        timeout_s=options.timeout_s,
        retries=options.retries,
        backoff_s=options.backoff_s,
    )
