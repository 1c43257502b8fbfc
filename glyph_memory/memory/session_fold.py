"""`SessionFold`: a session's fold, kept in step with its store, whoever else writes there.

Knows one session's store and a binder. Turns are durable before they get here; seals are stored as they are made, and
stored seals win: where another process was faster, its seals are taken.
"""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from glyph_memory.context import Binder, Drafts, Parts
from glyph_memory.errors import GlyphMemoryWarning, StoreError
from glyph_memory.folding import Fold, Seal, add_turns, count_chained, parse_seal, resume, run_digest
from glyph_memory.memory.damage import DamageNotes
from glyph_memory.memory.seal_records import find_images
from glyph_memory.transcript import Turn

if TYPE_CHECKING:
    from glyph_memory.store import SealRecord, SessionState, SessionStore

_TRIES = 20
_UNREADABLE = (
    "{count} stored seals were made by another version or are damaged: their turns are sealed and drawn again; nothing "
    "that was said is lost"
)


class ConcurrentErasure(StoreError):
    """Turns were erased between two reads of the store."""

    retryable: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True, slots=True)
class _CachedFold:
    """A fold in memory, with the state of the session that it belongs to."""

    fold: Fold
    edits: int
    turns: int
    """How many turns the fold holds."""
    stored: int
    """How many of the fold's seals are in the store."""
    replaces: frozenset[str] | None = None
    """Names of the images of stored seals, which the fold's are to take the place of; None where they are added."""


class SessionFold:
    """Folds a session as it grows. Safe to share among threads.

    Args:
        session_store: The session.
        binder: Draws and counts; into the drafts.
        drafts: Holds what is drawn until its seal is stored.
        read_only: Whether seals cannot be stored; they are made all the same, and made again next time.
    """

    def __init__(
        self, session_store: SessionStore, binder: Binder, drafts: Drafts, *, read_only: bool = False
    ) -> None:
        self._session_store, self._drafts = session_store, drafts
        self._binder = binder.with_occurrences(
            lambda texts, upto: session_store.occurrences(texts, upto=upto)
        )
        self._read_only = read_only
        self.damage = DamageNotes(session_store.name)
        self._known: _CachedFold | None = None
        self._parts: dict[int, tuple[Seal, Parts]] = {}
        self._lock = threading.RLock()

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
                if known is None or known.edits != state.edits:
                    known = self._load(state)
                elif state.last_anchor > known.fold.last_anchor:
                    known = self._add_turns(known, state, added)
                self._known = self._save(known) if known else None
                if self._known is not None:
                    return self._known.fold
            raise StoreError(
                f"session {self._session_store.name!r} was changed by others {_TRIES} times while it was read; "
                "try again"
            )

    def forget(self, digests: Collection[str]) -> None:
        """Drop the fold, so that it is read again the next time, and images of erased turns that are held in memory."""
        with self._lock:
            self._known = None
            self._parts.clear()
            for digest in digests:
                self._drafts.forget(digest)

    def seals(self) -> tuple[Seal, ...]:
        """Return the stored seals, in order."""
        sealed = map(_parse_seal, self._session_store.seals())
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
        turns = self._read_run(seal)
        if len(turns) < len(seal.anchors):
            raise ConcurrentErasure(
                f"turns between §{seal.anchors[0]} and §{seal.anchors[-1]} of session {self._session_store.name!r} "
                "were erased while they were read; try again"
            )
        return turns

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

    def _load(self, state: SessionState) -> _CachedFold | None:
        """Resume from the stored seals, or fold again if they are not this binder's; None to ask for another try."""
        records = self._session_store.seals()
        seals = [seal for seal in map(_parse_seal, records) if seal is not None]
        is_ours = all(seal.fingerprint == self._binder.fingerprint for seal in seals)
        if len(seals) < len(records):
            warnings.warn(
                _UNREADABLE.format(count=len(records) - len(seals)), GlyphMemoryWarning, stacklevel=2
            )
        is_chain = count_chained(seals, [record.digest for record in records]) == len(records)
        if not is_ours or not is_chain:
            return self._fold_anew(
                state,
                {name for record in records for name in find_images(record)},
                generation=max((seal.generation for seal in seals), default=0) + 1,
            )
        known = self._resume(seals, state)
        # Nothing after the state's last anchor was read: what is missing now was erased.
        if known.turns == state.turns:
            return known
        if self._session_store.state().edits != state.edits:
            return None
        kept = self._find_unchanged(seals)
        if self._read_only:
            return self._resume(kept, state)
        dropped = {digest for seal in seals[len(kept) :] for digest in seal.digests}
        self._session_store.replace_seals(len(kept), [], edits=state.edits)
        self._forget_images(dropped, still=kept)
        return None

    def _fold_anew(self, state: SessionState, replaces: Collection[str], *, generation: int) -> _CachedFold:
        return replace(self._resume((), state, generation=generation), replaces=frozenset(replaces))

    def _resume(self, seals: Sequence[Seal], state: SessionState, *, generation: int = 1) -> _CachedFold:
        head = [turn for turn in self._session_store.head() if (turn.anchor or 0) <= state.last_anchor]
        heads = [turn.anchor or 0 for turn in head]
        last = seals[-1].anchors[-1] if seals else 0
        recent = list(self._session_store.turns(after=max([last, *heads]), upto=state.last_anchor))
        self.damage.note([*head, *recent])
        fold = resume(
            head=head,
            seals=seals,
            recent=recent,
            request=self._session_store.last_user(upto=last) if seals else None,
            pinned=[turn for turn in self._session_store.list_pinned(upto=last) if turn.anchor not in heads],
            generation=generation,
            policy=self._binder.policy,
            costs=self._binder,
        )
        turns = len(head) + sum(len(seal.anchors) for seal in seals) + len(recent)
        return _CachedFold(fold=fold, edits=state.edits, turns=turns, stored=len(seals))

    def _find_unchanged(self, seals: Sequence[Seal]) -> Sequence[Seal]:
        """Return the seals before the first whose turns are not all there; later seals depend on its digest."""
        for place, seal in enumerate(seals):
            if run_digest(self._read_run(seal)) != seal.turns:
                return seals[:place]
        return seals

    def _add_turns(
        self, known: _CachedFold, state: SessionState, added: Sequence[Turn]
    ) -> _CachedFold | None:
        fold, missing = known.fold, state.turns - known.turns
        fresh = list({turn.anchor: turn for turn in added if (turn.anchor or 0) > fold.last_anchor}.values())
        if len(fresh) != missing:
            fresh = list(self._session_store.turns(after=fold.last_anchor, upto=state.last_anchor))
        if len(fresh) != missing:
            return None
        fold = add_turns(fold, fresh, policy=self._binder.policy, costs=self._binder)
        return replace(known, fold=fold, turns=state.turns)

    def _save(self, known: _CachedFold) -> _CachedFold | None:
        """Store new seals; return None where another process was faster."""
        fold = known.fold
        if self._parts and not fold.oldest <= min(self._parts) <= max(self._parts) <= len(fold.seals):
            shown = range(fold.oldest, len(fold.seals) + 1)
            self._parts = {number: parts for number, parts in self._parts.items() if number in shown}
        new = fold.seals[known.stored :]
        if self._read_only or (known.replaces is None and not new):
            return known
        records, edits = [_make_record(seal) for seal in new], known.edits
        try:
            if known.replaces is None:
                is_stored = self._session_store.add_seals(records, edits=edits)
            else:
                changed = self._session_store.replace_seals(0, records, edits=edits)
                self._forget_images(known.replaces, still=fold.seals)
                is_stored, edits = changed is not None, changed or 0
        except StoreError:
            return (
                known  # locked or full: the turns are stored, and their seals are tried again the next time
            )
        if not is_stored:
            return None
        self._known = _CachedFold(fold=fold, edits=edits, turns=known.turns, stored=len(fold.seals))
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

    def _read_run(self, seal: Seal) -> list[Turn]:
        wanted = set(seal.anchors)
        run = self._session_store.turns(after=seal.anchors[0] - 1, upto=seal.anchors[-1])
        found = [turn for turn in run if turn.anchor in wanted]
        self.damage.note(found)
        return found


def _make_record(seal: Seal) -> SealRecord:
    from glyph_memory.store import SealRecord  # noqa: PLC0415 - SQL is loaded when a store is opened

    body = json.dumps(seal.to_json(), separators=(",", ":"))
    return SealRecord(number=seal.number, digest=seal.digest, body=body)


def _parse_seal(record: SealRecord) -> Seal | None:
    """Return a stored seal, or None where it or its number was changed, or it comes from another version."""
    seal = parse_seal(record.body, digest=record.digest)
    return seal if seal is not None and seal.number == record.number else None
