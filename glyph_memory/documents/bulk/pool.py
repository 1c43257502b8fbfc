"""Run jobs in processes of their own: one that is killed costs its own job, and Ctrl-C ends all of them at once.

Knows processes; knows nothing about documents.
"""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_connection
from multiprocessing.synchronize import Event
from typing import TypeVar

from glyph_memory.errors import GlyphMemoryError

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")

Batch = list[tuple[_Job, _Result | None]]
"""Jobs that are done, each with its result; None where its process was killed."""


def run_jobs(
    function: Callable[[_Job], _Result], jobs: Iterable[_Job], *, processes: int
) -> Generator[Batch[_Job, _Result]]:
    """Yield jobs in the order in which they are done, as many at a time as are ready.

    When a process is killed, nobody says which job it had: each that was at work then runs again, alone.

    Args:
        function: What to do; a function of a module, as it is sent to other processes.
        jobs: What to do it with; read as processes become free.
        processes: How many; 0 for this one.

    Raises:
        GlyphMemoryError: No process can start.
    """
    if processes == 0:
        for job in jobs:
            yield [(job, function(job))]
        return
    waiting = iter(jobs)
    while suspects := (yield from _run_until_broken(function, waiting, processes)):
        for job in suspects:
            if (yield from _run_until_broken(function, iter([job]), 1)):
                yield [(job, None)]


def _run_until_broken(
    function: Callable[[_Job], _Result], waiting: Iterator[_Job], processes: int
) -> Generator[Batch[_Job, _Result], None, list[_Job]]:
    """Run jobs until there are no more, or a process was killed; return those that were at work then."""
    context = get_context("spawn")  # a fork would copy what other threads hold
    with _hold_interrupts():  # half a lock cannot be taken apart without a traceback
        reader, writer = context.Pipe(duplex=False)
        has_begun = context.Event()
        executor = ProcessPoolExecutor(processes, context, _prepare_process, (reader, has_begun))
    running = dict[Future[_Result], _Job]()
    suspects = list[_Job]()
    try:
        while not suspects:
            for job in islice(waiting, 2 * processes - len(running)):  # one more for each, so that none waits
                try:
                    with _hold_interrupts():
                        running[executor.submit(function, job)] = job
                except BrokenExecutor:
                    suspects.append(job)
                    break
            if not running:
                break
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            batch, lost = _collect(done, running)
            if lost or suspects:
                rest, more = _collect(wait(running).done, running)
                batch, suspects = batch + rest, suspects + lost + more
            if batch:
                yield batch
    except BaseException:
        writer.close()
        raise
    finally:
        with _hold_interrupts():
            executor.shutdown(wait=True, cancel_futures=True)
            writer.close()
            reader.close()
    if suspects and not has_begun.is_set():
        raise GlyphMemoryError(
            "no process could start; guard the beginning of your script with if __name__ == '__main__':, or draw in "
            "this process (jobs=0)"
        )
    return suspects


def _collect(
    done: set[Future[_Result]], running: dict[Future[_Result], _Job]
) -> tuple[Batch[_Job, _Result], list[_Job]]:
    """Take what is done out of what is running; return it, and the jobs whose process may have been killed."""
    batch, lost = Batch[_Job, _Result](), list[_Job]()
    for future in [one for one in running if one in done]:
        job = running.pop(future)
        try:
            batch.append((job, future.result()))
        except BrokenExecutor:
            lost.append(job)
    return batch, lost


def _prepare_process(reader: Connection, has_begun: Event) -> None:
    """Let this process end with the one that started it, however that ends; Ctrl-C is for that one alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # they would come once from each process
    threading.Thread(target=_end_with, args=(reader,), daemon=True).start()
    has_begun.set()


def _end_with(reader: Connection) -> None:
    wait_for_connection([reader])  # nothing is ever sent: it is ready when the other end is closed
    os._exit(1)


@contextmanager
def _hold_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back for a moment: what is made or ended inside is whole, and a process that starts shows nothing."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # The mask is for the new process, which inherits it. Here another thread may take the signal, and then Python
    # would still raise in the middle of a start: so its handler waits, too.
    handler, held = signal.getsignal(signal.SIGINT), list[int]()
    waits = callable(handler) and threading.current_thread() is threading.main_thread()
    if waits:
        signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if waits:
            signal.signal(signal.SIGINT, handler)
    if held and callable(handler):
        handler(held[0], None)
