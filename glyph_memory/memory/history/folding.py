"""`Folding`: folds histories that somebody else keeps, as frameworks do, and goes on from where it was.

What has to be kept is the `Bookmark`, beside the history. What is remembered here saves time and nothing else: the same
history and bookmark give the same pages in any process. Knows messages only through the functions it is given.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Generic, TypeVar, Unpack

from glyph_memory.context import (
    Binder,
    Drafts,
    PageKeeper,
    PageOptionFields,
    PageOptions,
    Parts,
    ReuseCache,
    count_bytes,
)
from glyph_memory.errors import FontError
from glyph_memory.folding import Fold, Seal, Stretches, fold, is_outgrown, step
from glyph_memory.memory.fold_figures import count_made, describe_fold
from glyph_memory.memory.history.bookmark import Bookmark
from glyph_memory.memory.history.folded import FoldedHistory
from glyph_memory.memory.history.names import MessageNames
from glyph_memory.memory.history.notices import ANEW, FONTS, GONE, describe_changes
from glyph_memory.memory.history.pins import PinRule
from glyph_memory.memory.history.remembered import GivenHistory, RememberedFold
from glyph_memory.messages import message_gist, message_key, message_name, read_message
from glyph_memory.telemetry import trace_call
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Turn

M = TypeVar("M")
if TYPE_CHECKING:
    Keys = array[int]

_FOLDS = 4
"""How many folds are remembered for each conversation whose pages are: with bookmarks, there is a new one every so
often."""
_PARTS_BYTES = 16 << 20
"""How much of encoded pages is remembered as parts of messages; all others are put together from their files."""
_STEP = 512
"""Reserved tokens are rounded up to this: a system prompt that changes a little from call to call moves nothing."""


class Folding(Generic[M]):
    """Folds histories that a framework keeps. One serves any number of histories and threads.

    Without the three functions, `Folding[AnyMessage]("glyph")`, it folds whatever `read_message` takes.

    Args:
        profile: The model that will read, by name or as an object; another way to give the options' own.
        turn_of: Gives a message's turn, without an anchor.
        key_of: Gives something cheap to compare that differs where a message says something else; asked of every
            message that is shown, on every call.
        name_of: Gives a message's id, or something cheap that stands for it in every process; asked of messages that
            are no longer shown.
        gist_of: Gives something that stands for what a message says, in every process; asked of them where their names
            are others, since some frameworks mint ids anew on each call.
        pin: Which messages are pinned, and so repeated as text once they are sealed: a function of a message, or the
            names of tools whose newest calls and results are; see `PinRule`.
        options: For which model, how pages look, when messages become pages; or its fields as keywords. See
            `PageOptions`.
        **fields: The fields of `PageOptions`.

    Raises:
        ProfileError: No such model is known.
        PolicyError: The policy cannot work.
        FontError: The style's font is missing.

    Example:
        >>> folding = Folding("glyph", turn_of=lambda said: Turn(role="user", text=said), key_of=hash, name_of=str)
        >>> folded = folding.fold(["Hello.", "Are you there?"])
        >>> len(folded.recent), folded.bookmark == Bookmark()
        (2, True)
        >>> len(Folding("glyph").fold([{"role": "user", "content": "Hello."}]).recent)
        1
    """

    def __init__(
        self,
        profile: ModelProfile | str | None = None,
        /,
        *,
        turn_of: Callable[[M], Turn] = read_message,  # type: ignore[assignment]  # of M=AnyMessage
        key_of: Callable[[M], Hashable] = message_key,
        name_of: Callable[[M], str] = message_name,
        gist_of: Callable[[M], str] | None = None,
        pin: Callable[[M], bool] | Collection[str] | None = None,
        options: PageOptions | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> None:
        options = PageOptions.merge(options, fields, profile=profile)
        self._pins = PinRule[M](pin)
        self.turn_of, self.key_of = self._pins.extend(turn_of), key_of
        gist_of = gist_of or (message_gist if name_of is message_name else None)
        self._names = MessageNames[M](name_of, *filter(None, [gist_of]))
        self.pages = PageKeeper(options.pages, at_most_bytes=options.cache_bytes)
        """Where page files are kept, and for whom."""
        self._drafts = Drafts(self.pages.images)
        self.binder = Binder(options=options, cache=self._drafts)
        self._known = ReuseCache[Hashable, RememberedFold](at_most=_FOLDS * options.cached_conversations)
        self._parts = ReuseCache[Seal, Parts](at_most=_PARTS_BYTES)

    @trace_call("history.fold", lambda folded: describe_fold(folded.fold))
    def fold(
        self, messages: Sequence[M], bookmark: Bookmark | None = None, *, reserved_tokens: int = 0
    ) -> FoldedHistory[M]:
        """Fold a history.

        Args:
            messages: All of it, oldest first. Nothing in it is changed.
            bookmark: What the last call gave for this history, if it was kept.
            reserved_tokens: What the prompt holds besides the messages, such as a system prompt kept elsewhere and
                descriptions of tools beyond the policy's `tools_tokens`.

        Raises:
            FontError: A page cannot be drawn.
        """
        mark, notice = bookmark or Bookmark(), ""
        head = takewhile(lambda turn: turn.role == "system", map(self.turn_of, messages))
        history = GivenHistory(
            messages=messages, head=tuple(head), reserved_tokens=-(-reserved_tokens // _STEP) * _STEP
        )
        if mark.evicted and not self._names.are_same(history.list_compacted(mark), mark.evicted_names):
            mark, notice = (
                Bookmark(highest_sealed_anchor=mark.highest_sealed_anchor, generation=mark.generation + 1),
                GONE,
            )
        if any(seal.fingerprint != self.binder.fingerprint for seal in mark.seals):
            notice = ANEW
        before = mark.generation if bookmark is None else bookmark.generation
        folded, keys = self._fold_history(history, mark, before)
        notice = notice or describe_changes(mark, folded)
        try:
            parts = self._collect_parts(folded, history.list_remaining(mark))
        except FontError:
            mark, notice = (
                Bookmark(
                    highest_sealed_anchor=folded.highest_sealed_anchor, generation=folded.generation + 1
                ),
                FONTS,
            )
            folded, keys = self._fold_history(history, mark, folded.generation)
            parts = self._collect_parts(folded, history.list_remaining(mark))
        return FoldedHistory(
            fold=self._show(folded),
            mark=lambda: self._make_bookmark(folded, mark, history, keys),
            messages=messages,
            parts=parts,
            notice=notice,
            before=mark,
            folding=self,
        )

    def purge(self, owner: str | None = None, *, older_than_days: float | None = None) -> int:
        """Delete page files, and all that is remembered; return how many files there were: see `purge_pages`."""
        self._known.clear()
        self._parts.clear()
        return self.pages.purge(owner, older_than_days=older_than_days)

    def _show(self, folded: Fold) -> Fold:
        """Return a fold as it is shown."""
        shown = folded.drop_evicted()
        return replace(shown, pinned=self._pins.drop_older(shown.pinned)) if shown.pinned else shown

    def _fold_history(self, history: GivenHistory[M], mark: Bookmark, generation: int) -> tuple[Fold, Keys]:
        """Fold on from the bookmark or the remembered fold; return the fold and the keys of the remaining messages.

        Args:
            history: All messages.
            mark: Where it is begun.
            generation: The one that there was before.
        """
        kept = history.list_remaining(mark)
        # Hashes take no room, and keep no text of anybody's alive.
        keys = array("q", (hash(self.key_of(message)) for message in kept))
        token = _memory_key(mark, history, keys)
        known = self._known.get(token)
        folded = self._go_on(known, mark, kept, keys)
        if folded is not None and known is not None:
            count_made(folded, known.fold.seals, generation=known.fold.generation)
        else:
            folded = fold(
                [*history.head, *map(self.turn_of, kept)],
                policy=self.binder.policy,
                costs=self.binder,
                seals=mark.seals,
                highest_sealed_anchor=mark.highest_sealed_anchor,
                generation=mark.generation,
                compacted_anchors=mark.evicted,
                compacted_calls=mark.calls,
                oldest=mark.oldest,
                head_turns=len(history.head),
                request=self._find_request(history, mark),
                pinned=self._list_pinned(history, mark),
                reserved_tokens=history.reserved_tokens,
            )
            count_made(folded, mark.seals, generation=generation)
        self._known.put(token, RememberedFold(keys=keys, fold=folded))
        return folded, keys

    def _go_on(
        self, known: RememberedFold | None, mark: Bookmark, kept: Sequence[M], keys: Keys
    ) -> Fold | None:
        """Add what is new to a remembered fold; None where there is none, or whoever folds anew would begin later."""
        if known is None or known.keys != keys[: len(known.keys)] or not mark.is_reached_by(known.fold):
            return None
        folded, added = known.fold, [*map(self.turn_of, kept[len(known.keys) :])]
        before = mark.seals[-1].characters if mark.seals else 0
        policy, costs = self.binder.policy, self.binder
        if is_outgrown(folded, added, before=before, policy=policy, costs=costs):
            return None
        for turn in added:
            folded = step(folded, turn, policy=policy, costs=costs)
        return folded

    def _find_request(self, history: GivenHistory[M], mark: Bookmark) -> Turn | None:
        """Return the newest user's turn among the compacted ones; None where there is none."""
        anchors = [*_iterate_anchors(mark.evicted)]
        for message, anchor in zip(reversed(history.list_compacted(mark)), reversed(anchors), strict=False):
            turn = self.turn_of(message)
            if turn.role == "user":
                return replace(turn, anchor=anchor)
        return None

    def _list_pinned(self, history: GivenHistory[M], mark: Bookmark) -> list[Turn]:
        """Return the turns among the compacted ones that were pinned when they left, and still are."""
        if not mark.pinned:
            return []
        places = {anchor: place for place, anchor in enumerate(_iterate_anchors(mark.evicted))}
        compacted = history.list_compacted(mark)
        found = (
            (anchor, self.turn_of(compacted[places[anchor]])) for anchor in mark.pinned if anchor in places
        )
        return [replace(turn, anchor=anchor) for anchor, turn in found if turn.pinned]

    def _collect_parts(self, folded: Fold, kept: Sequence[M]) -> dict[int, Parts]:
        """Return what is sent of each visible seal, by its number."""
        shown, begin = dict[int, Parts](), 0
        for seal in folded.seals:
            end = begin + len(seal.anchors)
            if seal.number >= folded.oldest:
                shown[seal.number] = self._parts_of(seal, kept[begin:end])
            begin = end
        return shown

    def _parts_of(self, seal: Seal, run: Sequence[M]) -> Parts:
        parts = self._parts.get(seal)
        if parts is None:
            parts = self.binder.parts(seal, lambda: self.turns(seal, run))
            self._drafts.keep(seal.digests)
            weight = sum(count_bytes(part) for part in parts)
            self._parts.put(seal, parts, weight=weight)
        return parts

    def turns(self, seal: Seal, run: Sequence[M]) -> list[Turn]:
        """Return a seal's messages as turns, with its anchors."""
        return [
            replace(self.turn_of(one), anchor=anchor) for one, anchor in zip(run, seal.anchors, strict=True)
        ]

    def _make_bookmark(self, folded: Fold, mark: Bookmark, history: GivenHistory[M], keys: Keys) -> Bookmark:
        """Return the bookmark of a fold, and remember the fold under it, too."""
        compacted = folded.drop_evicted()
        marked = Bookmark.of(compacted, evicted_names=mark.evicted_names)
        if compacted is not folded:
            marked = replace(marked, evicted_names=self._names.digest(history.list_compacted(marked)))
            keys = keys[marked.evicted_count - mark.evicted_count :]
        self._known.put(_memory_key(marked, history, keys), RememberedFold(keys=keys, fold=compacted))
        return marked


def _memory_key(mark: Bookmark, history: GivenHistory[M], keys: Keys) -> Hashable:
    """Return the key under which a history is remembered."""
    last = mark.seals[-1] if mark.seals else None
    told = last and (last.number, last.turns, last.previous, last.fingerprint)
    return (
        told,
        mark.evicted_names,
        mark.highest_sealed_anchor,
        mark.generation,
        history.head,
        history.reserved_tokens,
        *keys[:1],
    )


def _iterate_anchors(stretches: Stretches) -> Iterator[int]:
    for first, last in stretches:
        yield from range(first, last + 1)
