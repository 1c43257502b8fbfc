"""What a store tells: small values about its sessions, hits, identifiers, seals and conversations.

Knows nothing about databases.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from glyph_memory.transcript import Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionInfo:
    """One session of a store, in short."""

    name: str
    """What it is called, exactly."""
    turns: int
    """How many turns it holds."""
    first_time: datetime | None
    """When its first turn was said; `None` where it holds none."""
    last_time: datetime | None
    """When its last turn was said. Turns are ordered by anchor: a clock that was set back shows here."""
    last_write: datetime | None = None
    """When something in it was last changed, by the database's clock."""
    lifetime: timedelta | None = None
    """How long after that it is kept; `None` is as long as the store's default says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpiredSession:
    """A session whose time is over."""

    name: str
    """What it is, or was, called."""
    turns: int
    """How many turns it held."""
    last_write: datetime | None
    """When something in it was last changed, by the database's clock; `None` where that is damaged."""
    number: int = field(repr=False)
    """Its number in the database."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionState:
    """A session's state; another process compares it to see whether it has to read again."""

    last_anchor: int
    """The highest anchor ever given, 0 before the first."""
    turns: int
    """How many turns the session holds."""
    edits: int
    """Grows whenever the past changed: a pin, a truncation, a deletion, seals replaced, the session cleared."""
    looks: tuple[str, ...] = ()
    """Names of the looks that the session had, the latest last; see `SessionStore.add_seals`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A turn that a search found."""

    turn: Turn
    """The turn, whole."""
    score: float
    """How well it fits; higher is better. Comparable within one search of one session."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownIdentifier:
    """An identifier that was mentioned in a session."""

    text: str
    """Verbatim."""
    kind: str
    """What it looked like when it was last said."""
    count: int
    """How often it was said."""
    anchors: tuple[int, ...]
    """The turns it was said in, oldest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealRecord:
    """A seal as a store keeps it; the store does not parse its body."""

    number: int
    """Its place among the session's seals; one follows the other without gaps."""
    digest: str
    """The seal's own digest."""
    body: str
    """The seal, usually as JSON."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealReader:
    """How a store learns what seals say, whose bodies it does not parse: so they can go with the turns they tell of."""

    find_range: Callable[[SealRecord], tuple[int, int] | None]
    """Returns the first and the last anchor of a seal's turns, `None` where it cannot be read."""
    find_images: Callable[[SealRecord], Collection[str]]
    """Returns the names of its page images."""
    folder: Path | str | None
    """Where page images lie as files, a bucket's address as text; `None` where they are kept otherwise, and whoever
    erases forgets them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationMark:
    """A beginning of a conversation that is known."""

    session: str
    """The conversation: a session's name."""
    chain: str
    """A keyed digest of all that was said up to there, and of whose it is: 32 hex digits."""
    turns: int
    """How many turns it is long."""
    bookmark: bytes | None
    """The bookmark that was kept with it, as JSON; `None` where there is none, or it left."""
    is_tip: bool
    """Whether nothing in that session goes on from it: no mark of it is longer or later."""
    longest: int = 0
    """How many turns long the session's longest beginning is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationInfo:
    """A conversation, as a server that follows it left it."""

    session: str
    """The session's name."""
    parent: str
    """The session that it parted from; empty where there is none, or it was erased."""
    parent_turns: int
    """After how many turns it parted."""
    turns: int
    """How many turns its longest mark is long."""
    updated: datetime
    """When something was last kept of it, in UTC."""
    report: bytes
    """What the caller tells of it, usually as JSON; empty where a turn of it was erased since."""
    bookmark: bytes | None
    """The latest bookmark, as JSON; `None` where there is none, and in lists of conversations."""
