"""What a check of a database found, and what a repair did, as values. Knows nothing about databases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FindingKind = Literal[
    "file",
    "version",
    "key",
    "erasure",
    "session",
    "counters",
    "turn",
    "search",
    "orphan",
    "seal",
    "conversation",
    "page file",
]
"""What is damaged: the file itself; the version of its tables; the store's key; an erasure that is not finished; a
session's name; its counters; a turn; what turns are found by; a row that belongs to no turn; a seal; what a
server knows of a conversation; a page's file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that is damaged.

    Example:
        >>> finding = Finding(kind="key", message="the store has no key", remedy="makes a new one")
        >>> str(finding)
        'the store has no key'
    """

    kind: FindingKind
    """What it is."""
    message: str
    """One line: what is wrong, and where."""
    remedy: str
    """What a repair does about it."""
    session: str | None = None
    """Of which session it is, where it is one session's."""
    anchor: int | None = None
    """Of which turn it is, where it is one turn's."""
    is_repairable: bool = True
    """Whether a repair puts it right; a damaged turn stays as it is, unless damaged turns are to be dropped."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreCheck:
    """What a check of a database found."""

    shown: str
    """The database, for people: quoted, without a password."""
    sessions: int
    """How many sessions could be read."""
    turns: int
    """How many turns could be read, damaged ones included."""
    findings: tuple[Finding, ...] = ()
    """What is damaged; nothing where all is well."""

    @property
    def is_healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreRepair:
    """What a repair did."""

    before: StoreCheck
    """What was found before."""
    after: StoreCheck
    """What was found once more, afterwards."""
    backup: Path | None
    """The copy of the file as it was before; None where there was nothing to repair, or no backup was wanted."""
    done: tuple[str, ...] = ()
    """What was done, a line each."""
    lost: tuple[str, ...] = ()
    """What could not be kept, a line each."""
