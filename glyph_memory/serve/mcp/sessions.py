"""`OpenSessions`: which sessions of a store a client may see, each opened when it is first asked for.

Knows stores and memories; knows nothing about MCP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from glyph_memory.errors import StoreError, show_value
from glyph_memory.locks import ForkSafeLock
from glyph_memory.memory import GlyphMemory
from glyph_memory.store import SessionInfo, Store

_AT_ONCE = 64
"""Sessions that stay open; the first of more is opened again when it is asked for."""


def open_session(store: Store, name: str) -> GlyphMemory:
    """Open a session of a store as anybody would."""
    return GlyphMemory.open(store, session=name)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSessions:
    """The sessions that a client may see, by the names that it knows them by."""

    store: Store
    """Whose."""
    bound: str
    """The session that is meant where none is named."""
    shows_all: bool = False
    """Whether others are seen, too."""
    owner: str = ""
    """Whose sessions these are, where each client has its own: the store has them as OWNER/NAME."""
    open_session: Callable[[Store, str], GlyphMemory] = open_session
    """Opens one."""
    _memories: dict[str, GlyphMemory] = field(default_factory=dict, init=False, repr=False)
    _lock: ForkSafeLock = field(default_factory=ForkSafeLock, init=False, repr=False)

    def list_sessions(self) -> tuple[SessionInfo, ...]:
        """Return the sessions that a client may see, by name; the bound one may have no turns yet, and is not here."""
        start = self._name("")
        own = (
            replace(info, name=info.name.removeprefix(start))
            for info in self.store.sessions()
            if info.name.startswith(start)
        )
        return tuple(info for info in own if self.shows_all or info.name == self.bound)

    def find(self, name: str) -> GlyphMemory:
        """Return a session that is there, or the bound one.

        Raises:
            StoreError: There is none such, or none that may be seen.
        """
        if name != self.bound and name not in {info.name for info in self.list_sessions()}:
            raise StoreError(f"no session {show_value(name)}; glyph://sessions lists those that there are")
        return self.get(name)

    def get(self, name: str) -> GlyphMemory:
        """Return a session; its first turn creates it.

        Raises:
            StoreError: It may not be seen, or cannot be opened.
        """
        if name != self.bound and not self.shows_all:
            raise StoreError(f"no session {show_value(name)}; this server has session {self.bound!r} alone")
        with self._lock:
            memory = self._memories.get(name)
            if memory is None:
                if len(self._memories) >= _AT_ONCE:
                    del self._memories[next(iter(self._memories))]
                memory = self._memories[name] = self.open_session(self.store, self._name(name))
            return memory

    def _name(self, name: str) -> str:
        return f"{self.owner}/{name}" if self.owner else name
