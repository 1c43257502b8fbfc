"""The `Fold`: a conversation split into its head, seals, and the recent turns that stay text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from glyph_memory.folding.seal import Seal, SealedCall
from glyph_memory.folding.tail import RecentTurn, TailSums
from glyph_memory.transcript import Turn

Stretches = tuple[tuple[int, int], ...]
"""Anchors of turns, written as ranges: `((3, 7), (9, 9))` is 3, 4, 5, 6, 7 and 9."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """A conversation, split: each turn is in the head, in one seal, or in the tail.

    Seals before `oldest` have left in a generation: they are kept, and not shown.
    """

    head: tuple[Turn, ...] = ()
    """The leading system turns."""
    head_tokens: int = 0
    """What they cost."""
    seals: tuple[Seal, ...] = ()
    """The chain, oldest first; without its beginning where that was dropped."""
    oldest: int = 1
    """Number of the oldest seal that is shown; one more than the newest's if none is."""
    tail: tuple[RecentTurn, ...] = ()
    """The recent turns, which are text."""
    request: Turn | None = None
    """The newest user turn, if it was sealed with all that came before it: it is repeated as text. It stays when a
    newer one comes, until the next seal: taking it away at once would have a server read all recent turns anew."""
    pinned: tuple[Turn, ...] = ()
    """Sealed turns that are pinned: they are repeated as text."""
    generation: int = 1
    """Begins at 1; goes up when seals leave, and when a changed fingerprint has everything drawn anew."""
    last_anchor: int = 0
    """The newest turn's anchor."""
    highest_sealed_anchor: int = 0
    """The highest anchor that any seal ever had, dropped ones included: shown once, it is never given again."""
    compacted_anchors: Stretches = ()
    """Anchors of evicted turns whose seals are not kept any more; see `drop_evicted`."""
    compacted_calls: tuple[SealedCall, ...] = ()
    """Tool calls of those seals that belong to the request."""
    _counted: tuple[tuple[RecentTurn, ...], TailSums] = field(
        default=((), TailSums()), compare=False, repr=False
    )
    """A tail with its sums, which are those of this fold if it is the same tail; else they are found anew."""

    def __post_init__(self) -> None:
        """Count the tail, where that was not done yet."""
        if self._counted[0] is not self.tail:
            # A frozen value's own constructor.
            object.__setattr__(self, "_counted", (self.tail, TailSums.of(self.tail)))

    def with_recent(self, recent: Sequence[RecentTurn], sums: TailSums, *, last_anchor: int) -> Fold:
        """Return the fold with turns added to its tail.

        Args:
            recent: The turns.
            sums: What the whole tail comes to then.
            last_anchor: The newest turn's anchor.
        """
        tail = (*self.tail, *recent)
        return replace(self, tail=tail, last_anchor=last_anchor, _counted=(tail, sums))

    @property
    def sums(self) -> TailSums:
        """What the tail comes to."""
        return self._counted[1]

    @property
    def visible_seals(self) -> tuple[Seal, ...]:
        """The seals that are shown."""
        return tuple(seal for seal in self.seals if seal.number >= self.oldest)

    @property
    def evicted_seals(self) -> tuple[Seal, ...]:
        """The seals that were evicted; recall still finds their turns."""
        return tuple(seal for seal in self.seals if seal.number < self.oldest)

    @property
    def evicted_anchors(self) -> Stretches:
        """Anchors of all evicted turns, as ranges without a gap."""
        return _join_stretches(
            [*self.compacted_anchors, *(stretch for seal in self.evicted_seals for stretch in seal.stretches)]
        )

    @property
    def evicted_span(self) -> tuple[int, int] | None:
        """The first and the last anchor among evicted turns, None where there are none; as cheap for long histories."""
        first = [self.compacted_anchors[0][0]] if self.compacted_anchors else []
        last = [self.compacted_anchors[-1][1]] if self.compacted_anchors else []
        if evicted := self.evicted_seals:
            first.append(evicted[0].anchors[0])
            last.append(evicted[-1].anchors[-1])
        return (first[0], last[-1]) if first else None

    @property
    def answered_calls(self) -> tuple[SealedCall, ...]:
        """The tool calls for the repeated request that were answered and are no longer shown, oldest first."""
        if self.request is None:
            return ()
        begin = self.request.anchor or 0
        calls = [*self.compacted_calls, *(call for seal in self.evicted_seals for call in seal.calls)]
        return tuple(call for call in calls if call.anchor > begin)

    def drop_evicted(self) -> Fold:
        """Return the fold without the evicted seals that nothing depends on any more; their anchors are kept.

        The newest seal stays, and the newest that has pages, since numbers go on from them.
        """
        with_pages = [seal.number for seal in self.seals if seal.pages]
        first = min([self.oldest, *(seal.number for seal in self.seals[-1:]), *with_pages[-1:]])
        dropped = [seal for seal in self.seals if seal.number < first]
        if not dropped:
            return self
        stretches = [*self.compacted_anchors, *(stretch for seal in dropped for stretch in seal.stretches)]
        begin = self.request.anchor or 0 if self.request else self.last_anchor
        calls = [*self.compacted_calls, *(call for seal in dropped for call in seal.calls)]
        return replace(
            self,
            seals=self.seals[len(dropped) :],
            compacted_anchors=_join_stretches(stretches),
            compacted_calls=tuple(call for call in calls if call.anchor > begin),
        )

    @property
    def sealed_characters(self) -> int:
        """How many characters were said up to the newest seal's end; see `Seal.characters`."""
        return self.seals[-1].characters if self.seals else 0

    @property
    def tail_tokens(self) -> int:
        """What the tail costs, pictures included."""
        return self.sums.tokens

    @property
    def tail_images(self) -> int:
        """How many pictures the tail has."""
        return self.sums.images

    @property
    def tail_image_bytes(self) -> int:
        """Length of their files."""
        return self.sums.image_bytes


def _join_stretches(stretches: Iterable[tuple[int, int]]) -> Stretches:
    joined: list[tuple[int, int]] = []
    for first, last in stretches:
        if joined and joined[-1][1] + 1 == first:
            joined[-1] = joined[-1][0], last
        else:
            joined.append((first, last))
    return tuple(joined)
