"""The one thread that a model runs in, and how others hand it work. Knows threads; knows nothing about models."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, Protocol

import torch

from glyph_memory.errors import ReaderRefused, ReaderUnavailable
from glyph_memory.readers.local.failures import translate_error
from glyph_memory.readers.local.jobs import Job, P

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Errand:
    """Something to be done between two steps."""

    act: Callable[[], None]
    done: Future[None]

    def run(self) -> None:
        try:
            self.act()
        except BaseException as error:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)


class RunsJobs(Protocol[P]):
    """An engine; each method does what `Engine` says of it."""

    @property
    def is_idle(self) -> bool: ...  # noqa: D102
    def add(self, job: Job[P]) -> None: ...  # noqa: D102
    def step(self) -> None: ...  # noqa: D102
    def tidy(self) -> bool: ...  # noqa: D102
    def fail_all(self, error: BaseException) -> None: ...  # noqa: D102
    def free(self) -> None: ...  # noqa: D102
    def forget(self) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class Worker(Generic[P]):
    """Runs an engine in a thread of its own, from the first job until `close`.

    Args:
        engine: What to run. Nobody else touches it.
    """

    def __init__(self, engine: RunsJobs[P]) -> None:
        self._engine = engine
        self._inbox: queue.SimpleQueue[Job[P] | _Errand | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._is_closed = False

    def check(self) -> None:
        """Do nothing while answers may still come.

        Raises:
            ReaderUnavailable: The thread has ended.
            ReaderRefused: This is a forked child.
        """
        self.check_process()
        thread = self._thread
        if thread is None or not thread.is_alive():
            raise ReaderUnavailable("the model's thread has ended. Make another reader")

    def check_process(self) -> None:
        """Do nothing in the process that made this.

        Raises:
            ReaderRefused: This is a forked child: the model's thread is in the parent.
        """
        if os.getpid() != self._process:
            raise ReaderRefused(
                "a TransformersReader does not follow into a forked process. Make one there, or start the process "
                "with multiprocessing's 'spawn'"
            )

    def submit(self, job: Job[P]) -> None:
        """Hand over a job.

        Raises:
            ReaderUnavailable: The reader is closed.
            ReaderRefused: This is a forked child: the model's thread is in the parent.
        """
        self.check_process()
        with self._lock:
            if self._is_closed:
                raise ReaderUnavailable("the reader is closed. Make another one")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="glyph-model", daemon=True)
                self._thread.start()
            self._inbox.put(job)

    def call(self, act: Callable[[], None]) -> None:
        """Have something done in the thread, between two steps, and wait for it; here, where there is no thread.

        Raises:
            ReaderUnavailable: The reader is closed.
        """
        self.check_process()
        done: Future[None] = Future()
        with self._lock:
            if self._thread is None or self._is_closed:
                act()
                return
            self._inbox.put(_Errand(act, done))
        done.result()

    def close(self) -> None:
        """End the thread; what still runs fails. A second call does nothing."""
        if os.getpid() != self._process:
            return
        with self._lock:
            self._is_closed = True
            thread, self._thread = self._thread, None
            if thread is not None:
                self._inbox.put(None)
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    @torch.inference_mode()
    def _run(self) -> None:
        is_open = True
        try:
            while is_open:
                if self._engine.is_idle:
                    self._tidy(self._inbox.empty)
                    is_open = self._take(self._inbox.get())
                while is_open and not self._inbox.empty():
                    is_open = self._take(self._inbox.get())
                if is_open:
                    self._step()
        finally:
            with self._lock:
                self._is_closed = True
            error = ReaderUnavailable("the reader was closed while it answered")
            while not self._inbox.empty():
                self._take(self._inbox.get())
            self._engine.fail_all(error)
            self._tidy(lambda: True)  # what was read last is kept, too
            self._engine.free()
            self._engine.close()
            del self._engine  # whoever still holds this worker, such as a traceback, holds no model

    def _tidy(self, may_go_on: Callable[[], bool]) -> None:
        try:
            while may_go_on() and self._engine.tidy():
                pass
        except Exception as error:
            _log.warning("not done while nobody waited: %s", error)

    def _step(self) -> None:
        try:
            self._engine.step()
        except Exception as error:
            self._engine.fail_all(translate_error(error))

    def _take(self, work: Job[P] | _Errand | None) -> bool:
        """Take in what came; return whether to go on."""
        if isinstance(work, _Errand):
            work.run()
        elif work is not None:
            self._engine.add(work)
        return work is not None
