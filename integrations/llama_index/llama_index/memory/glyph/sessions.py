"""The open sessions of one chat store: one database for all of them, and the most recently used stay at hand.

Knows the core's memories; knows nothing about messages.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Self
from weakref import WeakKeyDictionary

from glyph_memory import ForkSafeLock, Store
from glyph_memory import GlyphMemory as Conversation

GIVEN_OPEN = (
    "a conversation that was given open cannot be told as JSON or pickled: other processes have none. "
    "Take GlyphMemory.from_store(url)"
)


class Lock:
    """A lock for threads, and one for each event loop. It can be pickled and copied; a copy has new, open locks."""

    def __init__(self) -> None:
        self._held = ForkSafeLock()
        self._of_loops = WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]()

    def __enter__(self) -> None:
        self._held.acquire()

    def __exit__(self, *exception: object) -> None:
        self._held.release()

    @property
    def task_lock(self) -> asyncio.Lock:
        """The lock of the running event loop; tasks get it in the order in which they ask."""
        return self._of_loops.setdefault(asyncio.get_running_loop(), asyncio.Lock())

    def __deepcopy__(self, memo: object) -> Self:
        return type(self)()

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()


class Sessions:
    """Open sessions by name, over one connection pool. A pickle or a deep copy has none, and opens its own.

    Args:
        given: A memory that was given open; it stays the only one, and is never closed here.
    """

    def __init__(self, given: Conversation | None = None) -> None:
        self.given = given
        """The memory that was given open."""
        self.lock = Lock()
        """Held while a session is looked for, opened or written anew."""
        self._database: Store | None = None
        self._open = OrderedDict[str, Conversation]()

    def get(
        self, key: str, open_session: Callable[[Store], Conversation], *, url: str, most: int
    ) -> Conversation:
        """Return a session; open it where it is not open.

        Args:
            key: The session's name.
            open_session: Opens it in a database.
            url: Where the database is.
            most: How many stay at hand. One that leaves is not closed: another thread may be using it, and the
                database stays open.

        Raises:
            StoreError: The database cannot be opened.
            KeyError: It is another one than the memory that was given open.
        """
        if self.given is not None:
            if key != self.given.session:
                told = f"this store is the session {self.given.session!r} alone, not {key!r}"
                raise KeyError(f"{told}; give a url for others")
            return self.given
        with self.lock:
            if key not in self._open:
                self._database = self._database or Store.open(url)
                self._open[key] = open_session(self._database)
            self._open.move_to_end(key)
            while len(self._open) > most:
                self._open.popitem(last=False)
            return self._open[key]

    def close(self) -> None:
        """Close all that was opened here."""
        with self.lock:
            for conversation in self._open.values():
                conversation.close()
            self._open.clear()
            if self._database is not None:
                self._database.close()
            self._database = None

    def __deepcopy__(self, memo: object) -> Self:
        return type(self)(self.given)

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        if self.given is not None:
            raise TypeError(GIVEN_OPEN)
        return type(self), ()
