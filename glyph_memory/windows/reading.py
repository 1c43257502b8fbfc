"""Read a document beyond the model's window: ask each group of its pages, then put the answers together.

Knows readers, and in which order to ask them; what is sent stands in `prompts`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import replace
from typing import Unpack

from glyph_memory.errors import ReaderError
from glyph_memory.readers import Reader, Reading
from glyph_memory.windows.answers import WindowReading, WindowsReading
from glyph_memory.windows.combining import combine_answers
from glyph_memory.windows.options import WindowFields, WindowOptions
from glyph_memory.windows.run import Pages, PlannedWindow, WindowRun, needs_server

Progress = Callable[[WindowReading], None]
"""Called with each window's answer."""
Answers = list[Reading | ReaderError]


def read_windows(
    question: str,
    pages: Pages,
    reader: Reader,
    *,
    done: Iterable[WindowReading] = (),
    progress: Progress | None = None,
    options: WindowOptions | None = None,
    **fields: Unpack[WindowFields],
) -> WindowsReading:
    """Ask each window of a long document a question, and put the answers together.

    Pages are drawn as they are needed, and let go: a document of any length is never held. A window that says nothing
    about the question is left out when answers are put together; answers that do not fit into one request are put
    together in rounds. Where one window alone says something, its answer is the final one, and nobody is asked again.

    Args:
        question: Asked of every window, so it has to make sense for a part of the document.
        pages: The document, documents or pages.
        reader: Who answers.
        done: Answers of an earlier run that was broken off: windows that they fit are not asked again. Those that
            failed are.
        progress: Called with each window's answer, in order.
        options: How to read; or the fields of `WindowOptions` as keywords.
        **fields: The fields of `WindowOptions`.

    Raises:
        DocumentError: There is nothing to read, a page is larger than a window, or an option means nothing.
        ReaderError: All windows failed; or the reader refused one; or one failed, and `on_error` is `"raise"`.

    Example:
        >>> from glyph_memory.documents import Document
        >>> from glyph_memory.testing import ScriptedReader
        >>> book = Document(text="Ada signed the release. " * 2_000, title="book.txt")
        >>> reader = ScriptedReader(["NOTHING HERE", "Ada did (page 5)."])
        >>> answer = read_windows("Who signed?", book, reader, max_pages=3, max_concurrent=1)
        >>> answer.text, len(answer.windows)
        ('Ada did (page 5).', 2)
    """
    run = _begin(question, reader, done, replace(options or WindowOptions(), **fields))
    windows = list[WindowReading]()
    for window in _iter_windows(run, pages, reader):
        windows.append(window)
        if progress is not None:
            progress(window)
    run.check(windows)
    asking = combine_answers(windows, run.prompts, run.options)
    answers: Answers | None = None
    try:
        while True:
            contexts = next(asking) if answers is None else asking.send(answers)
            answers = reader.read_many(contexts, max_concurrent=run.options.max_concurrent)
    except StopIteration as ended:
        return run.finish(windows, ended.value)


async def aread_windows(
    question: str,
    pages: Pages,
    reader: Reader,
    *,
    done: Iterable[WindowReading] = (),
    progress: Progress | None = None,
    options: WindowOptions | None = None,
    **fields: Unpack[WindowFields],
) -> WindowsReading:
    """Do what `read_windows` does, without blocking the event loop; where it is cancelled, what runs is cancelled."""
    run = await _abegin(question, reader, done, replace(options or WindowOptions(), **fields))
    windows = list[WindowReading]()
    async for window in _aiter_windows(run, pages, reader):
        windows.append(window)
        if progress is not None:
            progress(window)
    run.check(windows)
    asking = combine_answers(windows, run.prompts, run.options)
    answers: Answers | None = None
    try:
        while True:
            contexts = next(asking) if answers is None else asking.send(answers)
            answers = await reader.aread_many(contexts, max_concurrent=run.options.max_concurrent)
    except StopIteration as ended:
        return run.finish(windows, ended.value)


def iter_windows(
    question: str,
    pages: Pages,
    reader: Reader,
    *,
    done: Iterable[WindowReading] = (),
    options: WindowOptions | None = None,
    **fields: Unpack[WindowFields],
) -> Iterator[WindowReading]:
    """Yield each window's answer, in order, as they come; nothing is put together. See `read_windows`."""
    run = _begin(question, reader, done, replace(options or WindowOptions(), **fields))
    return _iter_windows(run, pages, reader)


async def aiter_windows(
    question: str,
    pages: Pages,
    reader: Reader,
    *,
    done: Iterable[WindowReading] = (),
    options: WindowOptions | None = None,
    **fields: Unpack[WindowFields],
) -> AsyncIterator[WindowReading]:
    """Do what `iter_windows` does, without blocking the event loop."""
    run = await _abegin(question, reader, done, replace(options or WindowOptions(), **fields))
    async for window in _aiter_windows(run, pages, reader):
        yield window


def _begin(question: str, reader: Reader, done: Iterable[WindowReading], options: WindowOptions) -> WindowRun:
    asked = needs_server(reader, options)
    served = asked.served_model() if asked is not None else None
    return WindowRun(question, reader=reader, served=served, done=done, options=options)


async def _abegin(
    question: str, reader: Reader, done: Iterable[WindowReading], options: WindowOptions
) -> WindowRun:
    asked = needs_server(reader, options)
    served = await asked.aserved_model() if asked is not None else None
    return WindowRun(question, reader=reader, served=served, done=done, options=options)


def _iter_windows(run: WindowRun, pages: Pages, reader: Reader) -> Iterator[WindowReading]:
    for batch in run.plan(pages):
        contexts = [planned.context for planned in batch if planned.context is not None]
        answers = reader.read_many(contexts, max_concurrent=run.options.max_concurrent) if contexts else []
        yield from run.take(batch, answers)


async def _aiter_windows(run: WindowRun, pages: Pages, reader: Reader) -> AsyncIterator[WindowReading]:
    import asyncio  # noqa: PLC0415 - only who awaits loads it

    planned, none = run.plan(pages), list[PlannedWindow]()
    while batch := await asyncio.to_thread(next, planned, none):  # pages are drawn there
        contexts = [one.context for one in batch if one.context is not None]
        concurrent = run.options.max_concurrent
        answers = await reader.aread_many(contexts, max_concurrent=concurrent) if contexts else []
        for window in run.take(batch, answers):
            yield window
