"""`open_questions`: questions about all documents of an output folder, split into files, for any engine to ask.

Knows plans and reports; who asks, and on how many machines, it does not know.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from glyph_memory.checks import check_text
from glyph_memory.documents import BulkFailure
from glyph_memory.documents.shards.attempts import forget_attempts, is_compacting_left, note_compacting
from glyph_memory.documents.shards.places import find_place
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.versions import find_versions
from glyph_memory.errors import (
    DocumentError,
    GlyphMemoryError,
    ReaderRefused,
    ReaderUnavailable,
    show_value,
    warn,
)
from glyph_memory.readers import ServedModel, find_served_model
from glyph_memory.tokens import ModelProfile
from glyph_memory.windows.bulk.compacting import compact_answers
from glyph_memory.windows.bulk.options import AskFields, AskJob, AskOptions
from glyph_memory.windows.bulk.plan import ATTEMPTS, AskShard, AskUnit, find_answered, list_units, make_plan
from glyph_memory.windows.bulk.report import AskReport, AskResult
from glyph_memory.windows.bulk.stored_pages import check_drawn, list_documents

Questions = str | Sequence[str] | Mapping[str, str | Sequence[str]]
"""A question, several, or those of each document by its name as it stands in the table of documents."""
_SUMS = ("answered", "requests", "cut_off", "prompt_tokens", "completion_tokens")


class AskRun:
    """A run that is open: what is to be asked, and what has come of it; use `open_questions`."""

    def __init__(
        self, job: AskJob, shards: Sequence[AskShard], *, unchanged: int, failures: Sequence[BulkFailure]
    ) -> None:
        self.shards = tuple(shards)
        """What is to be asked; pickle them to whoever asks."""
        self.job = job
        """Who is asked, and how."""
        self._failures, self._unchanged = list(failures), unchanged
        waiting = sum(len(unit.documents) for shard in shards for unit in shard.units)
        self._total = waiting + unchanged + len(failures)
        self._sums, self._began = dict.fromkeys(_SUMS, 0), time.perf_counter()

    @property
    def asker(self) -> tuple[dict[str, str], bytes]:
        """What a `ShardAsker` is made with, on whichever machine; the servers' key is in it."""
        return find_versions(), pickle.dumps(self.job)

    def add(self, result: AskResult) -> None:
        """Count what came of a shard.

        Raises:
            GlyphMemoryError: Nothing can be asked: a worker has other versions, or the servers refuse or are gone.
        """
        if result.refusal:
            raise GlyphMemoryError(result.refusal)
        for name in _SUMS:
            self._sums[name] += getattr(result, name)
        self._failures += result.failures

    def report(self) -> AskReport:
        """Return how far it is."""
        return AskReport(
            total=self._total,
            unchanged=self._unchanged,
            failures=tuple(self._failures),
            seconds=time.perf_counter() - self._began,
            **self._sums,
        )


@contextmanager
def open_questions(
    pages: str | Path,
    question: Questions,
    *,
    url: str | Sequence[str] = (),
    out: str | Path | None = None,
    options: AskOptions | None = None,
    **fields: Unpack[AskFields],
) -> Iterator[AskRun]:
    """Open a run that asks about the pages of many documents, for whatever engine has many machines.

    What is asked in which file is written down first. Each answer is kept as it comes, and never asked for again: its
    key is a digest of the pages, the question and the settings. What fails is a row with its error, and asked again by
    the next run. At the end of the context each answer stands there once.

    Args:
        pages: The output folder of a run that drew documents, as all machines see it, or its address.
        question: What is asked of each document: a question, several, or those of each document by its name.
        url: The servers' addresses, each up to and including `/v1`; all serve the same model. Without any, who asks
            is up to you: `ShardAsker.list_requests` says what.
        out: Where answers go; beside the pages unless given.
        options: How to ask; or the fields of `AskOptions` as keywords.
        **fields: The fields of `AskOptions`.

    Raises:
        DocumentError: Nothing is asked, or the window has no room for pages.
        GlyphMemoryError: There are no pages, the output folder cannot be written to, or another run holds it.
        ReaderError: No server answers, or they refuse.

    Example:
        >>> import tempfile
        >>> from glyph_memory.documents import ShardDrawer, open_shards
        >>> from glyph_memory.testing import FakeVLMServer
        >>> from glyph_memory.windows import ShardAsker
        >>> with tempfile.TemporaryDirectory() as folder, FakeVLMServer(answer=lambda _: "Two years.") as server:
        ...     _ = Path(folder, "a.md").write_text("The oak is dried for two years.")
        ...     with open_shards(Path(folder, "a.md"), Path(folder, "out")) as drawing:
        ...         drawer = ShardDrawer(*drawing.drawer)
        ...         for shard in drawing.shards:
        ...             drawing.add(drawer.draw(shard))
        ...     with open_questions(Path(folder, "out"), "How long?", url=server.base_url) as run:
        ...         asker = ShardAsker(*run.asker)
        ...         for shard in run.shards:
        ...             run.add(asker.ask(shard))
        ...         asker.close()
        >>> run.report().answered, run.report().requests
        (1, 1)
    """
    if options is not None and not isinstance(options, AskOptions):
        raise DocumentError(
            f"options={show_value(options)} are no AskOptions; give AskOptions(…), or its fields"
        )
    chosen = replace(options or AskOptions(), **fields)
    questions = _check_questions(question)
    drawn = Storage(find_place("pages", pages))
    job = _make_job(drawn.address, find_place("out", pages if out is None else out), url, chosen)
    storage = Storage(job.out)
    check_drawn(drawn)  # before a folder is made for a name that is misspelled
    with storage.hold() as check_held:
        units, failures = _list_all(drawn, questions, job)
        is_left = is_compacting_left(storage, ATTEMPTS)
        forget_attempts(storage, ATTEMPTS)
        shards, unchanged = make_plan(storage, units, find_answered(storage), job)
        if shards or is_left:
            note_compacting(storage, ATTEMPTS)
        yield AskRun(job, shards, unchanged=unchanged, failures=failures)
        if shards or is_left:
            check_held()
            compact_answers(storage)
            storage.remove_folder(ATTEMPTS)


def _list_all(
    drawn: Storage, questions: Mapping[str, Sequence[str]] | Sequence[str], job: AskJob
) -> tuple[list[tuple[str, AskUnit]], list[BulkFailure]]:
    """Return what is wanted, file by file; and what cannot be asked."""
    units, failed = dict[str, list[tuple[str, AskUnit]]](), dict[str, str]()
    for _, rows in list_documents(drawn):
        for row in rows:
            units.pop(row.document, None)
            failed.pop(row.document, None)
            if row.error:
                failed[row.document] = f"it was not drawn: {row.error}"
            elif not row.pages:
                failed[row.document] = "it has no pages"
            else:
                units[row.document] = list(list_units([row], questions, job))
    if isinstance(questions, Mapping):
        failed = {name: why for name, why in failed.items() if name in questions}
        unknown = (name for name in questions if name not in units and name not in failed)
        failed |= {
            name: f"no document is called {show_value(name)}; names are those of documents/"
            for name in unknown
        }
    failures = [BulkFailure(source=name, message=why) for name, why in failed.items()]
    return [one for held in units.values() for one in held], failures


def _check_questions(given: object) -> Mapping[str, Sequence[str]] | Sequence[str]:
    if isinstance(given, Mapping) and given:
        return {str(name): _check_list(asked) for name, asked in given.items()}
    return _check_list(given)


def _check_list(given: Any) -> list[str]:  # noqa: ANN401 - it is checked here
    if isinstance(given, Mapping):
        raise DocumentError("no question is given; give those of a document, by its name")
    asked: list[Any] = (
        [given] if isinstance(given, str | bytes) or not isinstance(given, Sequence) else list(given)
    )
    for one in asked:
        check_text("question", one, DocumentError)
        if not str(one).strip():
            raise DocumentError(f"question={one!r} asks nothing; give a sentence")
    if not asked:
        raise DocumentError("no question is given; give one")
    return list(dict.fromkeys(asked))


def _make_job(pages: str, out: str, url: str | Sequence[str], options: AskOptions) -> AskJob:
    urls = tuple(url) if isinstance(url, Iterable) and not isinstance(url, str) else (url,)
    for one in urls:
        check_text("url", one, DocumentError)
    served = _find_served(urls, options)
    known = next((one.profile for one in served if one.profile is not None), None)
    profile = known or ModelProfile.from_name("glyph")
    if options.profile is not None:
        profile = ModelProfile.of(options.profile)
        limits = [one.max_images for one in served] + [profile.max_images]
        profile = replace(profile, max_images=min((one for one in limits if one is not None), default=None))
    windows = [one.window_tokens for one in served if one.window_tokens is not None]
    return AskJob(
        pages=pages,
        out=out,
        urls=urls,
        model=options.model or next((one.model for one in served if one.model), None),
        profile=profile,
        window_tokens=options.window_tokens or min(windows, default=profile.window_tokens),
        options=options,
    )


def _find_served(urls: Sequence[str], options: AskOptions) -> list[ServedModel]:
    """Return what the servers serve; those that are not there may come later, but one has to be."""
    served, missing = list[ServedModel](), list[ReaderUnavailable]()
    for url in urls:
        try:
            served.append(find_served_model(url, model=options.model, api_key=options.api_key))
        except ReaderUnavailable as error:
            missing.append(error)
    if missing and not served:
        raise missing[0]
    for fault in missing:
        warn(f"a server does not answer now, and others are asked in its place: {fault}")
    if any(one.takes_images is False for one in served):
        where = next(one.base_url for one in served if one.takes_images is False)
        raise ReaderRefused(f"{where!r} serves a model that takes no images; serve a vision-language model")
    return served
