"""The `PageDataReport`: what came of making page data. Knows counts; knows nothing about how samples are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class PageDataReport:
    """What was made, and what was not."""

    folder: Path
    """Where it is."""
    wanted: int
    """How many samples were asked for."""
    samples: int = 0
    """How many there are now."""
    pages: int = 0
    """How many pages they have."""
    characters: int = 0
    """How many characters of texts they used."""
    bytes: int = 0
    """How large the shards are."""
    shards: int = 0
    """How many shards there are."""
    again: int = 0
    """How many of them were begun before, by a process that was killed or stopped."""
    resumed: int = 0
    """How many of them were there before, and not made again."""
    seconds: float = 0.0
    """How long it took this time."""
    families: Mapping[str, int] = field(default_factory=dict)
    """Samples by family."""
    themes: Mapping[str, int] = field(default_factory=dict)
    """Samples by theme of their style."""
    told: Mapping[str, int] = field(default_factory=dict)
    """How often something else was taken than planned: styles that were refused or not drawn, families that a text was
    too short for."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Spans that share phrases with texts to keep out, by whose."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """What could not be read of the texts, and why."""

    @property
    def is_whole(self) -> bool:
        """Whether there are as many samples as were asked for; if not, the texts came to their end."""
        return self.samples >= self.wanted
