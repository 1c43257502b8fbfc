"""`FoldedHistory`: a history as it is to be shown: pages of what is old, and the recent messages as they came.

Finds again what was said, too: `recall` and `zoom`, as a memory with a store has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Generic, TypeVar

from glyph_memory.context import (
    GOES_ON,
    OPENING,
    RESULT,
    ImagePart,
    Parts,
    build_sealed_parts,
    orphan_line,
    pair_calls,
    repeat_turns,
    unanswered_line,
)
from glyph_memory.errors import StoreError
from glyph_memory.folding import Fold
from glyph_memory.memory.history.bookmark import Bookmark
from glyph_memory.memory.recall import Passage, ZoomResult, cut_passage, parse_target
from glyph_memory.search import extract_search_text, search
from glyph_memory.transcript import Turn

if TYPE_CHECKING:
    from glyph_memory.memory.history.folding import Folding

M = TypeVar("M")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptMessage(Generic[M]):
    """A recent message: it stays text."""

    message: M
    """The framework's own object."""
    turn: Turn
    """The same as a turn, with its anchor."""
    orphan: str = ""
    """On a tool's result whose call is not there, which servers refuse: a line under which a user is to tell it."""
    unanswered: tuple[tuple[int, str], ...] = ()
    """Of its tool calls those that no result will come for, which servers refuse: the place of each, and a line that
    tells it, to be put after the text."""


@dataclass(frozen=True, kw_only=True)
class FoldedHistory(Generic[M]):
    """A history, folded.

    A request is made of the leading system messages, `build_user_parts()` as a user's message, and `recent`.
    """

    fold: Fold
    """Where each turn is."""
    mark: Callable[[], Bookmark] = field(repr=False, compare=False)
    """Gives the bookmark; see there."""
    notice: str
    """One line that the user should learn: seals that had to be dropped. Mostly empty."""
    messages: Sequence[M] = field(repr=False)
    """The history."""
    parts: dict[int, Parts] = field(repr=False)
    """What is sent of each seal that is shown, by its number."""
    folding: Folding[M] = field(repr=False)
    """What folded it."""

    @cached_property
    def bookmark(self) -> Bookmark:
        """What is to be kept beside the history, and given to the next call."""
        return self.mark()

    def build_user_parts(self, *, merged: bool = False) -> Parts:
        """Return the user message that follows the head: a note, captioned pages, identifiers, requests.

        Nothing where nothing is sealed, but for an opening where the first recent message is no user's: most chat
        templates insist on one.

        Args:
            merged: Whether it becomes one message with the recent user's message that follows; a line then parts them.
        """
        recent = self.fold.tail[:1]
        if not self.fold.seals:
            return () if not recent or recent[0].turn.role == "user" else (OPENING,)
        told = repeat_turns(self.fold, self.folding.binder).texts
        parts = build_sealed_parts(
            self.fold, sealed=(self.parts[seal.number] for seal in self.fold.visible_seals), repeated=told
        )
        return (*parts, GOES_ON) if merged else parts

    @property
    def images(self) -> tuple[ImagePart, ...]:
        """Every page and picture of what is sealed, in order."""
        return tuple(
            part
            for seal in self.fold.visible_seals
            for part in self.parts[seal.number]
            if isinstance(part, ImagePart)
        )

    @cached_property
    def recent(self) -> tuple[KeptMessage[M], ...]:
        """The messages that stay text, oldest first."""
        plain = self.folding.binder.clean_and_escape
        turns = [recent.turn for recent in self.fold.tail]
        messages = self.messages[len(self.messages) - len(turns) :]
        ids, kept = pair_calls(turns), []
        for place, (message, turn) in enumerate(zip(messages, turns, strict=True)):
            is_orphan = turn.role == "tool" and (place, RESULT) not in ids
            lost = [
                (number, call) for number, call in enumerate(turn.tool_calls) if (place, number) not in ids
            ]
            kept.append(
                KeptMessage(
                    message=message,
                    turn=turn,
                    orphan=orphan_line(plain(turn.name or "")) if is_orphan else "",
                    unanswered=tuple(
                        (number, unanswered_line(plain(call.name), plain(call.arguments)).strip("\n"))
                        for number, call in lost
                    ),
                )
            )
        return tuple(kept)

    @cached_property
    def anchors(self) -> tuple[int, ...]:
        """The anchor of every message, in order; 0 for a leading system message that has none."""
        evicted = (range(first, last + 1) for first, last in self.fold.compacted_anchors)
        sealed = (seal.anchors for seal in self.fold.seals)
        head = (turn.anchor or 0 for turn in self.fold.head)
        tail = (recent.turn.anchor or 0 for recent in self.fold.tail)
        return tuple(chain(head, *evicted, *sealed, tail))

    def turn(self, anchor: int) -> Turn | None:
        """Return the turn with an anchor; None where there is none."""
        place = self._places.get(anchor)
        return None if place is None else self._turn_at(place)

    def recall(self, query: str, k: int = 5) -> tuple[Passage, ...]:
        """Search all messages, whether shown or not; like `GlyphMemory.recall`, but each call reads the history.

        Args:
            query: Words to look for; it is no syntax.
            k: How many passages at the most.
        """
        turns = map(self.folding.turn_of, self.messages)
        hits = search(map(extract_search_text, turns), query, k=k)
        return tuple(
            cut_passage(self._turn_at(place), query, score=score, fold=self.fold) for place, score in hits
        )

    def zoom(self, what: int | str) -> ZoomResult:
        """Return the exact text of a turn by its anchor, or of a page that is shown by its number.

        Args:
            what: `42`, "§42", or "page 7".

        Raises:
            StoreError: There is no such turn, or no such page is shown.
        """
        asked = parse_target(what)
        if asked is not None and asked.is_page:
            return self._zoom_page(asked.number)
        turn = self.turn(asked.number) if asked else None
        if turn is None:
            raise StoreError(f"no turn {what!r} in this history; give an anchor such as '§42', or 'page 7'")
        return ZoomResult(text=turn.full_text, turns=(turn,))

    def _zoom_page(self, number: int) -> ZoomResult:
        for seal in self.fold.visible_seals:
            for page in seal.pages:
                if page.number == number:
                    turns = [self._turn_at(self._places[anchor]) for anchor in seal.anchors]
                    drawn = self.folding.binder.pages(seal, turns)
                    first, last = page.anchors
                    shown = [turn for turn in turns if first <= (turn.anchor or 0) <= last]
                    return ZoomResult(text=drawn[number - seal.pages[0].number].text, turns=tuple(shown))
        numbers = [page.number for seal in self.fold.visible_seals for page in seal.pages]
        there = f"pages {numbers[0]} to {numbers[-1]} are" if numbers else "none is"
        raise StoreError(f"no page {number} is shown; {there}")

    @cached_property
    def _places(self) -> dict[int, int]:
        return {anchor: place for place, anchor in enumerate(self.anchors) if anchor}

    def _turn_at(self, place: int) -> Turn:
        return replace(self.folding.turn_of(self.messages[place]), anchor=self.anchors[place] or None)
