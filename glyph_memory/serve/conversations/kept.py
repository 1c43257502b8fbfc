"""`KeptBookmark`: what is kept in the store beside a conversation's marks: its bookmark, and what counting needs.

Plain JSON. Knows bookmarks; knows nothing about conversations.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Self

from glyph_memory.memory.history import Bookmark
from glyph_memory.serve.conversations.limits import LearntLimits


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptBookmark:
    """A bookmark as the store keeps it."""

    bookmark: Bookmark = field(default_factory=Bookmark)
    """Where folding stands."""
    limits: LearntLimits = field(default_factory=LearntLimits)
    """What the upstream was found to take when it refused a prompt."""

    def to_bytes(self) -> bytes:
        """Return it as JSON, the same for the same values."""
        fields = {"bookmark": self.bookmark.to_json(), **asdict(self.limits)}
        return json.dumps(fields, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes | None) -> Self | None:
        """Return what `to_bytes` wrote; None where there is nothing, or it cannot be read."""
        if data is None:
            return None
        try:
            fields = json.loads(data)
            return cls(
                bookmark=Bookmark.from_json(fields["bookmark"]),
                limits=LearntLimits(
                    **{name: _read_limit(fields.get(name)) for name in ("window_tokens", "max_images")}
                ),
            )
        except (ValueError, TypeError, KeyError):
            return None


def _read_limit(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
