"""`KeptBookmark`: what is kept in the store beside a conversation's marks: its bookmark, and what counting needs.

Plain JSON. Knows bookmarks; knows nothing about conversations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Self

from glyph_memory.memory.history import Bookmark


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptBookmark:
    """A bookmark as the store keeps it."""

    bookmark: Bookmark = field(default_factory=Bookmark)
    """Where folding stands."""
    window_tokens: int | None = None
    """The window that the upstream was found to have when it refused a prompt; None where it never did."""

    def to_bytes(self) -> bytes:
        """Return it as JSON, the same for the same values."""
        fields = {"bookmark": self.bookmark.to_json(), "window_tokens": self.window_tokens}
        return json.dumps(fields, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes | None) -> Self | None:
        """Return what `to_bytes` wrote; None where there is nothing, or it cannot be read."""
        if data is None:
            return None
        try:
            fields = json.loads(data)
            window = fields["window_tokens"]
            is_window = isinstance(window, int) and not isinstance(window, bool) and window > 0
            return cls(
                bookmark=Bookmark.from_json(fields["bookmark"]),
                window_tokens=window if is_window else None,
            )
        except (ValueError, TypeError, KeyError):
            return None
