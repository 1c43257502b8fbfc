"""`SessionFold`: a session's fold, kept in step with its store, whoever else writes there.

Knows one session's store and a binder. Turns are durable before they get here; seals are stored as they are made, and
stored seals win: where another process was faster, its seals are taken.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from glyph_memory.context import Binder, Drafts, Parts
from glyph_memory.errors import StoreError
from glyph_memory.folding import Fold, Seal, add_turns, resume
from glyph_memory.locks import ForkSafeLock
from glyph_memory.memory.cached_fold import CachedFold
from glyph_memory.memory.damage import DamageNotes, warn_of_seals
from glyph_memory.memory.fold_figures import count_seals, describe_fold
from glyph_memory.memory.looks import Look
from glyph_memory.memory.seal_records import find_images, is_chain, make_record, next_generation, parse_seal
from glyph_memory.memory.waiting import WaitingTurns, find_unchanged, read_recent, read_waiting
from glyph_memory.telemetry import trace_call
from glyph_memory.transcript import Turn

if TYPE_CHECKING:
    from glyph_memory.store import SessionState, SessionStore

_TRIES = 20
_STALE = -1
"""The edits of a fold that is to be compared with the store, whatever the store's are."""


class ConcurrentErasure(StoreError):
    """Turns were erased between two reads of the store."""

    retryable: ClassVar[bool] = True


class SessionFold:
    """Folds a session as it grows. Safe to share among threads.

    Args:
        session_store: The session.
        binder: Draws and counts; into the drafts.
        drafts: Holds what is drawn until its seal is stored.
        read_only: Whether seals cannot be stored; they are made all the same, and made again next time.
        takes_over: Whether the session gets this binder's look though it had it before and has another now.
    """

    def __init__(
        self,
        session_store: SessionStore,
        binder: Binder,
        drafts: Drafts,
        *,
        read_only: bool = False,
        takes_over: bool = False,
    ) -> None:
        self._session_store, self._drafts = session_store, drafts
        self._binder = binder.with_occurrences(
            lambda texts, upto: session_store.occurrences(texts, upto=upto)
        )
        self._read_only = self._is_unstored = read_only
        self.damage = DamageNotes(session_store.name)
        self._look = Look(binder.fingerprint, session=session_store.name, takes_over=takes_over)
        self._known: CachedFold | None = None
        self._parts: dict[int, tuple[Seal, Parts]] = {}
        self._lock = ForkSafeLock(in_child=self._check)

    @trace_call("memory.fold", describe_fold)
    def refresh(self, added: Sequence[Turn] = ()) -> Fold:
        """Bring the fold up to date with the store, and return it.

        Args:
            added: Turns that were just stored, as they are there: read again only if others added some, too.

        Raises:
            StoreError: The store cannot be read.
            FontError: A page cannot be drawn.
        """
        with self._lock:
            for _ in range(_TRIES):
                known, state = self._known, self._session_store.state()
                self._is_unstored = self._look.is_displaced(state.looks) or self._read_only
                if known is None or known.edits != state.edits or known.may_grow_head(state):
                    known = self._load(state)
                elif state.last_anchor > known.fold.last_anchor:
                    known = self._add_turns(known, state, added)
                if known and (saved := self._save(known)):
                    self._known = saved
                    return saved.fold
                self._set_stale()
            raise StoreError(
                f"session {self._session_store.name!r} was changed by others {_TRIES} times while it was read; "
                "try again"
            )

    def forget(self, digests: Collection[str]) -> None:
        """Drop the fold, so that it is read again the next time, and images of erased turns that are held in memory."""
        with self._lock:
            self._set_stale()
            self._parts.clear()
            for digest in digests:
                self._drafts.forget(digest)

    def _set_stale(self) -> None:
        self._known = replace(self._known, edits=_STALE) if self._known else None

    def _check(self, may_be_broken: bool) -> None:
        if may_be_broken:
            self._known = None
            self._parts.clear()

    def seals(self) -> tuple[Seal, ...]:
        """Return the stored seals, in order."""
        sealed = map(parse_seal, self._session_store.seals())
        return tuple(seal for seal in sealed if seal is not None)

    def parts(self, seal: Seal) -> Parts:
        """Return what is sent of a visible seal.

        Raises:
            ConcurrentErasure: Its turns are not all there any more.
            FontError: A page drawn again is not what it was.
        """
        with self._lock:
            held, parts = self._parts.get(seal.number, (None, ()))
            # Compared field by field: a seal's digest takes milliseconds, and a context shows dozens.
            if held is not seal and held != seal:
                parts = self._binder.parts(seal, lambda: self.turns(seal))
                self._cache_images([seal])
            self._parts[seal.number] = seal, parts
            return parts

    def turns(self, seal: Seal) -> list[Turn]:
        """Return a seal's turns from the store.

        Raises:
            ConcurrentErasure: They are not all there any more.
        """
        run = self._session_store.turns(after=seal.anchors[0] - 1, upto=seal.anchors[-1])
        wanted = set(seal.anchors)
        turns = self.damage.note([turn for turn in run if turn.anchor in wanted])
        if len(turns) < len(seal.anchors):
            raise ConcurrentErasure(
                f"turns between §{seal.anchors[0]} and §{seal.anchors[-1]} of session {self._session_store.name!r} "
                "were erased while they were read; try again"
            )
        return turns

    def take_over(self) -> None:
        """Show the session in this binder's look again, in a new generation; do nothing where it has it.

        Raises:
            StoreError: The session is open read-only, or cannot be read.
        """
        if self._read_only:
            raise StoreError(f"session {self._session_store.name!r} is open read-only. Open it for writing")
        with self._lock:
            self._look.takes_over = True
            self._set_stale()
            self.refresh()

    def redraw(self) -> Fold:
        """Fold everything again in a new generation: the stored pages cannot be drawn as they were."""
        with self._lock:
            fold = self.refresh()
            known = self._fold_anew(
                self._session_store.state(),
                {digest for seal in fold.seals for digest in seal.digests},
                generation=fold.generation + 1,
            )
            self._known = self._save(known)
            return self.refresh()

    def _load(self, state: SessionState) -> CachedFold | None:
        """Resume from the stored seals, or fold again if they are not this binder's; None to ask for another try."""
        records = self._session_store.seals()
        seals = [seal for seal in map(parse_seal, records) if seal is not None]
        is_ours = all(seal.fingerprint == self._binder.fingerprint for seal in seals)
        if self._is_unstored and not (self._read_only and is_ours):
            return self._load_own(state, seals)
        if len(seals) < len(records):
            warn_of_seals(len(records) - len(seals))
        if len(seals) < len(records) or not is_ours or self._look.takes_over or not is_chain(seals, records):
            self._look.follow(seal.fingerprint for seal in seals)
            return self._fold_anew(
                state,
                {name for record in records for name in find_images(record)},
                generation=next_generation(seals),
            )
        known = self._resume(seals, state)
        # Nothing after the state's last anchor was read: what is missing now was erased.
        if known.turns == state.turns:
            return known
        if self._session_store.state().edits != state.edits:
            return None
        kept = find_unchanged(self._session_store, seals)
        if self._read_only:
            return self._resume(kept, state)
        dropped = {digest for seal in seals[len(kept) :] for digest in seal.digests}
        self._session_store.replace_seals(len(kept), [], edits=state.edits)
        self._forget_images(dropped, still=kept)
        return None

    def _load_own(self, state: SessionState, seals: Sequence[Seal]) -> CachedFold:
        """Go on from the seals that are held here and nowhere else, as far as their turns are all there."""
        if self._known is None:
            return self._fold_anew(state, (), generation=next_generation(seals))
        fold = self._known.fold
        known = self._resume(
            find_unchanged(self._session_store, fold.seals), state, generation=fold.generation
        )
        return replace(known, stored=0)

    def _fold_anew(self, state: SessionState, replaces: Collection[str], *, generation: int) -> CachedFold:
        return replace(self._resume((), state, generation=generation), replaces=frozenset(replaces))

    def _resume(self, seals: Sequence[Seal], state: SessionState, *, generation: int = 1) -> CachedFold:
        head = [turn for turn in self._session_store.head() if (turn.anchor or 0) <= state.last_anchor]
        heads = [turn.anchor or 0 for turn in head]
        last = seals[-1].anchors[-1] if seals else 0
        policy, after = self._binder.policy, max([last, *heads])
        waiting = read_recent(
            self._session_store, seals, after=after, upto=state.last_anchor, policy=policy, costs=self._binder
        )
        self.damage.note([*head, *waiting.turns])
        fold = resume(
            head=head,
            seals=seals,
            recent=waiting.turns,
            unread=waiting.unread,
            request=self._session_store.last_user(upto=last) if seals else None,
            pinned=[turn for turn in self._session_store.list_pinned(upto=last) if turn.anchor not in heads],
            generation=generation,
            policy=policy,
            costs=self._binder,
        )
        turns = len(head) + sum(len(seal.anchors) for seal in seals) + waiting.count
        return CachedFold(fold=fold, edits=state.edits, turns=turns, stored=len(seals))

    def _add_turns(self, known: CachedFold, state: SessionState, added: Sequence[Turn]) -> CachedFold | None:
        fold, missing, policy = known.fold, state.turns - known.turns, self._binder.policy
        fresh = tuple({turn.anchor: turn for turn in added if (turn.anchor or 0) > fold.last_anchor}.values())
        waiting = WaitingTurns(turns=fresh)
        if waiting.count != missing:
            waiting = read_waiting(
                self._session_store,
                after=fold.last_anchor,
                upto=state.last_anchor,
                before=fold.sealed_characters + fold.sums.characters,
                policy=policy,
                costs=self._binder,
            )
        if waiting.count != missing:
            return None
        fold = add_turns(fold, waiting.turns, policy=policy, costs=self._binder, unread=waiting.unread)
        return replace(known, fold=fold, turns=state.turns)

    def _save(self, known: CachedFold) -> CachedFold | None:
        """Store new seals; return None where another process was faster."""
        fold = known.fold
        if self._parts and not fold.oldest <= min(self._parts) <= max(self._parts) <= len(fold.seals):
            shown = range(fold.oldest, len(fold.seals) + 1)
            self._parts = {number: parts for number, parts in self._parts.items() if number in shown}
        new = fold.seals[known.stored :]
        if self._is_unstored or (known.replaces is None and not new):
            return known
        records, edits = [make_record(seal) for seal in new], known.edits
        try:
            if known.replaces is None:
                is_stored = self._session_store.add_seals(records, edits=edits, looks=self._look.names())
            else:
                changed = self._session_store.replace_seals(0, records, edits=edits, looks=self._look.names())
                self._forget_images(known.replaces, still=fold.seals)
                is_stored, edits = changed is not None, changed or 0
        except StoreError:
            return known  # locked or full: turns are stored, and their seals are tried again the next time
        if not is_stored:
            return None
        count_seals(fold.seals, known.stored, is_anew=known.replaces is not None)
        self._look.takes_over = False
        self._known = CachedFold(fold=fold, edits=edits, turns=known.turns, stored=len(fold.seals))
        self._cache_images([seal for seal in new if seal.number >= fold.oldest])
        return self._known

    def _cache_images(self, seals: Sequence[Seal]) -> None:
        """Move images to the cache, now that the store knows their names and can have them erased."""
        known, digests = self._known, [digest for seal in seals for digest in seal.digests]
        if known is None or any(seal.number > known.stored for seal in seals):
            return
        if self._drafts.keep(digests) and self._session_store.state().edits != known.edits:
            for digest in digests:
                self._drafts.forget(digest)

    def _forget_images(self, digests: Collection[str], *, still: Sequence[Seal]) -> None:
        """Drop the images of seals that were erased, where they are kept in memory; files go by the store's journal."""
        for digest in {*digests} - {digest for seal in still for digest in seal.digests}:
            self._drafts.forget(digest)
