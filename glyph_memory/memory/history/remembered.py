"""What is known of a history while it is folded, and of one that was."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from glyph_memory.folding import Fold
from glyph_memory.memory.history.bookmark import Bookmark
from glyph_memory.transcript import Turn

M = TypeVar("M")
if TYPE_CHECKING:
    Keys = array[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class RememberedFold:
    """A history as it was folded last."""

    keys: Keys
    """Of its messages, from the first that is not evicted."""
    fold: Fold


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenHistory(Generic[M]):
    """A history that is being folded."""

    messages: Sequence[M]
    head: tuple[Turn, ...]
    reserved_tokens: int

    def list_compacted(self, mark: Bookmark) -> Sequence[M]:
        """Return the messages that were evicted."""
        return self.messages[len(self.head) : len(self.head) + mark.evicted_count]

    def list_remaining(self, mark: Bookmark) -> Sequence[M]:
        """Return those after them."""
        return self.messages[len(self.head) + mark.evicted_count :]
