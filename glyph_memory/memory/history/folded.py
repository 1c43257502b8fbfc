"""`FoldedHistory`: a history as it is to be shown: pages of what is old, and the recent messages as they came.

Finds again what was said, too: `recall` and `zoom`, as a memory with a store has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Generic, TypeVar

from glyph_memory.context import (
    Context,
    ImagePart,
    JoinUsers,
    Parts,
    RequestPlan,
    plan_request,
    write_prefix,
)
from glyph_memory.errors import StoreError
from glyph_memory.folding import Fold
from glyph_memory.locks import cached_property
from glyph_memory.memory.history.bookmark import Bookmark
from glyph_memory.memory.history.call_report import CallReport, make_call_report
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


@dataclass(frozen=True, kw_only=True)
class FoldedHistory(Generic[M]):
    """A history, folded.

    `plan_request()` says what a request is made of; each turn in it is one of the `recent` messages, by its place.
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
    before: Bookmark = field(repr=False)
    """What it was folded on from."""
    folding: Folding[M] = field(repr=False)
    """What folded it."""

    @cached_property
    def bookmark(self) -> Bookmark:
        """What is to be kept beside the history, and given to the next call."""
        return self.mark()

    def plan_request(
        self,
        *,
        merge_pages: bool = True,
        join_users: JoinUsers = "ours",
        hoist_pictures: bool = True,
        can_recall: bool = False,
    ) -> RequestPlan:
        """Return what a request is made of: pages in a user's message, then the recent messages.

        Args:
            merge_pages: Whether pages and the user's message that follows them become one: many chat templates insist
                that roles alternate.
            join_users: Which of the users' messages that follow each other become one: those that would do so because
                of us, as what a user has to tell of a tool stands between them; "all", or "none".
            hoist_pictures: Whether pictures of anyone but a user are shown by a user: most servers take them from
                nobody else.
            can_recall: Whether the model has tools that find what is not shown: it is told of them only then.
        """
        return plan_request(
            self.fold,
            binder=self.folding.binder,
            parts_of=lambda seal: self.parts[seal.number],
            merge_pages=merge_pages,
            join_users=join_users,
            hoist_pictures=hoist_pictures,
            can_recall=can_recall,
        )

    def stable_prefix(self, *, head: Sequence[str] | None = None, can_recall: bool = False) -> Context | None:
        """Return what stays of its requests until the next seal, for `Reader.warm`; None where nothing is sealed.

        Its images have no uuids, as frameworks send none.

        Args:
            head: The system messages, as they are sent; those of the history as one message unless given.
            can_recall: As for `plan_request`.
        """
        return write_prefix(
            self.fold,
            binder=self.folding.binder,
            parts_of=lambda seal: self.parts[seal.number],
            head=head,
            can_recall=can_recall,
        )

    def report(self, plan: RequestPlan | None = None) -> CallReport:
        """Return what a request shows of the history, and what it costs.

        Args:
            plan: What the request is made of: `plan_request()`. Without it, what new messages cost is what they would
                as they came.
        """
        return make_call_report(self.fold, self.before, self.folding.binder, plan)

    def look_ahead(self, added: Sequence[M]) -> FoldedHistory[M] | None:
        """Return the history with messages that came since, where they seal something; None where pages stay the same.

        The next call, with these messages and this bookmark, finds the same seals, and finds them drawn.
        """
        costs = self.folding.binder
        reserved = self.fold.head_tokens - sum(map(costs.count_message_tokens, self.fold.head))
        ahead = self.folding.fold([*self.messages, *added], self.bookmark, reserved_tokens=reserved)
        return None if ahead.fold.visible_seals == self.fold.visible_seals else ahead

    @property
    def images(self) -> tuple[ImagePart, ...]:
        """Every page and picture of what is sealed, in order."""
        return tuple(
            part
            for seal in self.fold.visible_seals
            for part in self.parts[seal.number]
            if isinstance(part, ImagePart)
        )

    @property
    def digests(self) -> tuple[str, ...]:
        """What names the files of all pages and pictures of what is sealed."""
        return tuple(digest for seal in self.fold.visible_seals for digest in seal.digests)

    @cached_property
    def recent(self) -> tuple[KeptMessage[M], ...]:
        """The messages that stay text, oldest first."""
        turns = [recent.turn for recent in self.fold.tail]
        messages = self.messages[len(self.messages) - len(turns) :]
        pairs = zip(messages, turns, strict=True)
        return tuple(KeptMessage(message=message, turn=turn) for message, turn in pairs)

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
