"""`SecretFinding`: where a secret stands in a text; and `SecretFinder`, whatever finds them.

Knows nothing about what is done with what is found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretFinding:
    """A secret in a text; the secret itself is not in it.

    Example:
        >>> SecretFinding(start=9, end=16, kind="password").kind
        'password'
    """

    start: int
    """The place of its first character."""
    end: int
    """The place behind its last character."""
    kind: str
    """What it is, in lower case and dashes: `aws-key`, `private-key`, `password`, `card`, …"""


@runtime_checkable
class SecretFinder(Protocol):
    """Finds secrets in a text: one method."""

    def find(self, text: str) -> Iterable[SecretFinding]:
        """Return where secrets stand in a text, in any order; they may overlap.

        Args:
            text: Any text: prose, code, JSON, a log.
        """
        ...


def merge_findings(findings: Iterable[SecretFinding]) -> tuple[SecretFinding, ...]:
    """Return findings in order, without overlaps: those that overlap become one, of the first finding's kind.

    Args:
        findings: The more exact before the less exact ones.
    """
    merged = list[SecretFinding]()
    ranks = list[int]()
    ranked = sorted(enumerate(findings), key=lambda pair: (pair[1].start, pair[0]))
    for rank, one in ranked:
        if not merged or one.start >= merged[-1].end:
            merged.append(one)
            ranks.append(rank)
            continue
        last = merged[-1]
        kind = last.kind if ranks[-1] < rank else one.kind
        ranks[-1] = min(rank, ranks[-1])
        merged[-1] = SecretFinding(start=last.start, end=max(last.end, one.end), kind=kind)
    return tuple(merged)
