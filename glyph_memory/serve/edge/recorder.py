"""`Recorder`: what became of the last requests, and sums of each conversation; in memory, bounded, for one process.

Records may be added from any thread. Knows records; knows nothing about who draws them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self
from weakref import WeakSet

from glyph_memory.locks import ForkSafeLock
from glyph_memory.serve.record import RequestRecord

_KEPT, _SESSIONS, _WAITING = 2_000, 10_000, 200
"""Records that are kept; conversations that are summed; records that wait for one who watches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionSums:
    """What the requests of one conversation come to."""

    session: str
    """The conversation."""
    caller: str = ""
    """Whose it is."""
    model: str = ""
    """The model that was asked last."""
    first_s: float = 0.0
    """When its first request came, in seconds since 1970."""
    last_s: float = 0.0
    """When its last request came."""
    requests: int = 0
    """How many there were."""
    turns: int = 0
    """Turns, in the last request."""
    pages: int = 0
    """Pages, in the last request."""
    generation: int = 0
    """The generation of its pages, in the last request."""
    plain_tokens: int = 0
    """What all requests would have come to as text, as we count."""
    sent_tokens: int = 0
    """What was sent, as we count."""
    prompt_tokens: int = 0
    """What the server counted, where it said so."""
    cached_of_tokens: int = 0
    """Those prompt tokens of which the server told how many were cached."""
    cached_tokens: int = 0
    """How many of these were."""
    answer_tokens: int = 0
    """What it wrote."""
    recalls: int = 0
    """How often the model recalled something."""

    @property
    def cached_share(self) -> float | None:
        """Which share of the prompt was cached; None where the server does not tell."""
        return self.cached_tokens / self.cached_of_tokens if self.cached_of_tokens else None

    def add(self, record: RequestRecord) -> Self:
        """Return the sums with one more request."""
        told = record.prompt_tokens or 0
        return replace(
            self,
            model=record.model or self.model,
            first_s=min(self.first_s, record.time_s) if self.requests else record.time_s,
            last_s=max(self.last_s, record.time_s),
            requests=self.requests + 1,
            turns=record.turns,
            pages=record.pages,
            generation=record.generation,
            plain_tokens=self.plain_tokens + record.plain_tokens,
            sent_tokens=self.sent_tokens + record.sent_tokens,
            prompt_tokens=self.prompt_tokens + told,
            cached_of_tokens=self.cached_of_tokens + (0 if record.cached_tokens is None else told),
            cached_tokens=self.cached_tokens + (record.cached_tokens or 0),
            answer_tokens=self.answer_tokens + (record.answer_tokens or 0),
            recalls=self.recalls + record.recalls,
        )


class Subscription:
    """New records as they come: `async for record in subscription`. Whoever is slow loses the oldest.

    Made by `Recorder.subscribe`; use it with `with`, so that nothing is kept for one who is gone.
    """

    def __init__(self, caller: str, *, leave: Callable[[Subscription], None]) -> None:
        self.caller = caller
        self._leave = leave
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[RequestRecord] = deque(maxlen=_WAITING)
        self._lost = 0
        self._is_closed = False
        self._ready = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RequestRecord:
        while not self._waiting:
            if self._is_closed:
                raise StopAsyncIteration
            self._ready.clear()
            if not self._waiting:
                await self._ready.wait()
        return self._waiting.popleft()

    def take_lost(self) -> int:
        """Return how many records were lost since this was asked last."""
        lost, self._lost = self._lost, 0
        return lost

    def close(self) -> None:
        """Take no more; what waits can still be read. May be called twice."""
        self._leave(self)
        self._is_closed = True
        self._wake()

    def put(self, record: RequestRecord) -> None:
        """Add a record, from any thread."""
        self._lost += len(self._waiting) == _WAITING
        self._waiting.append(record)
        self._wake()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            self._loop.call_soon_threadsafe(self._ready.set)


class Recorder:
    """What became of the last requests of this process.

    Each caller sees records with its own name alone; where no keys are asked for, all have the name "".

    Args:
        listeners: Called with each record, in the thread that adds it: the metrics, the access log.
    """

    def __init__(self, *listeners: Callable[[RequestRecord], None]) -> None:
        self._listeners = list(listeners)
        self._lock = ForkSafeLock()
        self._records: deque[RequestRecord] = deque(maxlen=_KEPT)
        self._sums: OrderedDict[tuple[str, str], SessionSums] = OrderedDict()
        self._watching: WeakSet[Subscription] = WeakSet()

    def add(self, record: RequestRecord) -> None:
        """Add what became of a request."""
        with self._lock:
            self._records.append(record)
            if record.session:
                self._sum(record)
            for watching in list(self._watching):
                if watching.caller == record.caller:
                    watching.put(record)
        for listener in self._listeners:
            listener(record)

    def recent(self, n: int = 100, caller: str = "") -> list[RequestRecord]:
        """Return a caller's last records, oldest first."""
        with self._lock:
            own = [record for record in self._records if record.caller == caller]
        return own[-n:] if n > 0 else []

    def list_sessions(self, caller: str = "") -> list[SessionSums]:
        """Return the sums of a caller's conversations, the one with the newest request last."""
        with self._lock:
            return [sums for (whose, _), sums in self._sums.items() if whose == caller]

    def find_session(self, session: str, caller: str = "") -> SessionSums | None:
        """Return the sums of a caller's conversation; None where none is known."""
        with self._lock:
            return self._sums.get((caller, session))

    def subscribe(self, caller: str = "") -> Subscription:
        """Return a caller's records from now on. Called in a running event loop."""
        with self._lock:
            watching = Subscription(caller, leave=self._leave)
            self._watching.add(watching)
        return watching

    def close(self) -> None:
        """End all subscriptions, such as when the server stops: their pages would hold it up."""
        for watching in list(self._watching):
            watching.close()

    def _leave(self, watching: Subscription) -> None:
        with self._lock:
            self._watching.discard(watching)

    def _sum(self, record: RequestRecord) -> None:
        whose = (record.caller, record.session)
        before = self._sums.pop(whose, None) or SessionSums(session=record.session, caller=record.caller)
        self._sums[whose] = before.add(record)
        while len(self._sums) > _SESSIONS:
            self._sums.popitem(last=False)
