"""The `Warmer`: a thread that has pages read before anyone asks about them.

Knows a reader and contexts; knows nothing about conversations but that their newest context is the one to read.
"""

from __future__ import annotations

import contextvars
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from threading import Condition, Thread
from time import monotonic
from typing import TYPE_CHECKING, NoReturn, Protocol, runtime_checkable

from glyph_memory.checks import check_number, check_whole
from glyph_memory.context import Context, Message
from glyph_memory.errors import ReaderRefused, show_value
from glyph_memory.locks import ForkSafeLock

if TYPE_CHECKING:
    from glyph_memory.readers.reader import Reader

_LOG = logging.getLogger(__name__)
_LOOK_AGAIN_S = 0.02
"""How long to wait before a busy reader is asked again whether it is."""

ToWarm = Context | Callable[[], Context | None]
"""A context, or a call in the warmer's thread that returns it; None where there is nothing to read after all."""


@runtime_checkable
class TellsBusy(Protocol):
    """A reader that says whether it is answering; then nothing is warmed meanwhile."""

    @property
    def is_busy(self) -> bool:
        """Whether a question is being answered."""
        ...


class Warmer:
    """Has a reader read the pages of contexts in the background, so that the next question starts at once.

    One context at a time, and of each conversation the newest: those before it are dropped. Nothing that goes wrong
    reaches a conversation; it is counted, and logged the first time. A thread runs while there is something to read;
    it keeps no process alive. Safe to share among threads and conversations; in a forked child nothing waits.

    Args:
        reader: What reads; the one that is asked, or one that spells requests as that one does. Where the requests have
            tools, its requests need them, too: servers put them before the pages.
        system_prompt: What the requests begin with that the contexts do not have: a chain's system message, or a chat
            engine's `system_prompt`. Without it, what is read would be how no request begins.
        max_waiting: Of how many conversations a context waits at the most; beyond that the oldest is dropped.

    Raises:
        ReaderRefused: `reader` cannot warm, or `max_waiting` is no number of conversations, or the prompt no text.

    Example:
        >>> from glyph_memory.testing import ScriptedReader
        >>> from glyph_memory.typesetting import typeset
        >>> reader = ScriptedReader(["14:05"])
        >>> with Warmer(reader) as warmer:
        ...     warmer.submit(Context.of("When did it start?", pages=typeset("Start: 14:05")))
        ...     warmer.wait()
        True
        >>> len(reader.warmed), warmer.warmed, warmer.failures
        (1, 1, 0)
    """

    def __init__(self, reader: Reader, *, system_prompt: str = "", max_waiting: int = 256) -> None:
        check_whole("max_waiting", max_waiting, ReaderRefused, at_least=1)
        if isinstance(reader, type) or not callable(getattr(reader, "warm", None)):
            raise ReaderRefused(
                f"{show_value(reader)} is no reader that can warm; give one, such as OpenAIReader(…)"
            )
        if not isinstance(system_prompt, str):
            raise ReaderRefused(
                f"system_prompt={show_value(system_prompt)} is no text; give it as one string"
            )
        self.reader = reader
        """What reads."""
        self.system_prompt = system_prompt
        """What requests begin with before what a context has."""
        self._head = (Message(role="system", parts=system_prompt),) if system_prompt else ()
        self._max_waiting, self._is_closed = max_waiting, False
        self._lock = ForkSafeLock(in_child=self._begin_anew, is_brief=True)
        self._begin_anew()

    def _begin_anew(self, may_be_broken: bool = False) -> None:
        self.warmed = 0
        """How many contexts were read."""
        self.dropped = 0
        """How many were not, as a newer one came, or too many waited, or it was closed."""
        self.failures = 0
        """How many could not be read."""
        self.last_error: BaseException | None = None
        """Why the last of those could not be read."""
        self._changed = Condition(self._lock)
        self._waiting: OrderedDict[Hashable, ToWarm] = OrderedDict()
        self._thread: Thread | None = None

    def __repr__(self) -> str:
        return f"Warmer({self.reader!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Warmer holds a thread and is not pickled or copied; make one where it is needed")

    def submit(self, context: ToWarm, *, conversation: Hashable = None) -> None:
        """Have a context read when there is time. It never blocks, so that an event loop may call it as it is.

        Args:
            context: What will be asked about, with its question or without; or a call that returns it, made in the
                warmer's thread.
            conversation: Whose context it is: it takes the place of one of the same that still waits.
        """
        with self._lock:
            if self._is_closed:
                self.dropped += 1
                return
            self.dropped += self._waiting.pop(conversation, None) is not None
            self._waiting[conversation] = context
            if len(self._waiting) > self._max_waiting:
                self._waiting.popitem(last=False)
                self.dropped += 1
            if self._thread is None:
                self._start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing is left to read; return whether that came about in time.

        Args:
            timeout_s: How long to wait; without end unless given.

        Raises:
            ReaderRefused: `timeout_s` is no time.
        """
        check_number("timeout_s", timeout_s, ReaderRefused, or_none=True)
        end = None if timeout_s is None else monotonic() + timeout_s
        with self._lock:
            while self._thread is not None:
                left_s = None if end is None else end - monotonic()
                if left_s is not None and left_s <= 0:
                    return False
                self._changed.wait(left_s)
        return True

    def close(self) -> None:
        """Drop what waits, and take nothing more. What is being read is not waited for; call `wait` before for that."""
        with self._lock:
            self._is_closed = True
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()

    def __enter__(self) -> Warmer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _start(self) -> None:
        """Start the thread; the lock is held."""
        # In a context of its own, also where an instrumentation of threads would hand on that of whoever came first.
        apart = contextvars.Context()
        self._thread = Thread(target=apart.run, args=(self._work,), name="glyph-memory-warmer", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # the process ends, or can have no more threads
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._thread, self.last_error = None, error
            self.failures += 1

    def _work(self) -> None:
        """Read what waits, until nothing does."""
        while (context := self._take()) is not None:
            try:
                found = context if isinstance(context, Context) else context()
                if found is not None:
                    self.reader.warm(self._lead(found))
            except BaseException as error:
                self._note(error)
            else:
                with self._lock:
                    self.warmed += found is not None

    def _lead(self, context: Context) -> Context:
        """Return a context with the head that its request will have."""
        return replace(context, messages=(*self._head, *context.messages)) if self._head else context

    def _take(self) -> ToWarm | None:
        """Return the context that waited longest, once the reader is free; None, and be gone, where none waits."""
        while True:
            is_busy = self._is_reader_busy()
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    self._changed.notify_all()
                    return None
                if not is_busy:
                    return self._waiting.popitem(last=False)[1]
                self._changed.wait(_LOOK_AGAIN_S)

    def _is_reader_busy(self) -> bool:
        try:
            return isinstance(self.reader, TellsBusy) and self.reader.is_busy
        except Exception as error:
            self._note(error)
            return False

    def _note(self, error: BaseException) -> None:
        with self._lock:
            self.failures += 1
            self.last_error = error
            is_first = self.failures == 1
        if is_first:
            _LOG.warning(
                "pages could not be read before they are asked about: %s",
                f"{type(error).__name__}: {error}".removesuffix(": "),
            )
