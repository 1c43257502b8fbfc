"""`LiveFold`: a session's fold, kept in step with its store, whoever else writes there.

Knows the shelf of one session and a binder. Turns are durable before they get here; seals are stored as they are made,
and stored seals win: where another process was faster, its seals are taken.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from glyph_memory.context import Binder, Parts
from glyph_memory.errors import StoreError
from glyph_memory.folding import Fold, Seal, resume, run_digest, step
from glyph_memory.memory.cache import Drafts
from glyph_memory.transcript import Turn

if TYPE_CHECKING:
    from glyph_memory.store import SealRecord, Shelf, ShelfState

_TRIES = 20


class ErasedMeanwhile(StoreError):
    """Turns were erased between two looks at the store."""

    retryable: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What of the session is in memory."""

    fold: Fold
    edits: int
    turns: int
    """How many turns the fold holds."""
    stored: int
    """How many of the fold's seals are in the store."""
    replaces: tuple[Seal, ...] | None = None
    """The stored seals that the fold's are to take the place of; None where they are added to them."""


class LiveFold:
    """Folds a session as it grows. Safe to share among threads.

    Args:
        shelf: The session.
        binder: Draws and counts; into the drafts.
        drafts: Holds what is drawn until its seal is stored.
        read_only: Whether seals cannot be stored; they are made all the same, and made again next time.
    """

    def __init__(self, shelf: Shelf, binder: Binder, drafts: Drafts, *, read_only: bool = False) -> None:
        self._shelf, self._drafts = shelf, drafts
        self._binder = binder.knowing(lambda texts, upto: shelf.occurrences(texts, upto=upto))
        self._read_only = read_only
        self._known: _Known | None = None
        self._parts: dict[int, tuple[Seal, Parts]] = {}
        self._lock = threading.RLock()

    def current(self, added: Sequence[Turn] = ()) -> Fold:
        """Give the fold of all that is in the store by now.

        Args:
            added: Turns that were just stored, as they are there: read again only if others added some, too.

        Raises:
            StoreError: The store cannot be read.
            FontError: A page cannot be drawn.
        """
        with self._lock:
            for _ in range(_TRIES):
                known, state = self._known, self._shelf.state()
                if known is None or known.edits != state.edits:
                    known = self._loaded(state)
                elif state.last_anchor > known.fold.last_anchor:
                    known = self._grown(known, state, added)
                self._known = self._saved(known) if known else None
                if self._known is not None:
                    return self._known.fold
            raise StoreError(
                f"session {self._shelf.name!r} was changed by others {_TRIES} times while it was read; try again"
            )

    def forget(self, digests: Collection[str]) -> None:
        """Read everything anew the next time; drop images whose turns are erased."""
        with self._lock:
            self._known = None
            self._parts.clear()
            for digest in digests:
                self._drafts.forget(digest)

    def seals(self) -> tuple[Seal, ...]:
        """Give the stored seals, as they are."""
        sealed = map(_seal_of, self._shelf.seals())
        return tuple(seal for seal in sealed if seal is not None)

    def parts(self, seal: Seal) -> Parts:
        """Give what is sent of a seal that is shown.

        Raises:
            ErasedMeanwhile: Its turns are not all there any more.
            FontError: A page drawn again is not what it was.
        """
        with self._lock:
            held, parts = self._parts.get(seal.number, (None, ()))
            # Compared field by field: a seal's digest takes milliseconds, and a context shows dozens.
            if held is not seal and held != seal:
                parts = self._binder.parts(seal, lambda: self.turns(seal))
                self._keep([seal])
            self._parts[seal.number] = seal, parts
            return parts

    def turns(self, seal: Seal) -> list[Turn]:
        """Give a seal's turns from the store.

        Raises:
            ErasedMeanwhile: They are not all there any more.
        """
        turns = self._run(seal)
        if len(turns) < len(seal.anchors):
            raise ErasedMeanwhile(
                f"turns between §{seal.anchors[0]} and §{seal.anchors[-1]} of session {self._shelf.name!r} were "
                "erased while they were read; try again"
            )
        return turns

    def redraw(self) -> Fold:
        """Fold everything anew, in a new epoch: the stored pages cannot be drawn as they were."""
        with self._lock:
            fold = self.current()
            known = self._anew(self._shelf.state(), fold.seals, epoch=fold.epoch + 1)
            self._known = self._saved(known)
            return self.current()

    def _loaded(self, state: ShelfState) -> _Known | None:
        """Go on from the stored seals, or fold anew if they are not this binder's; None where to look again."""
        records = self._shelf.seals()
        seals = [seal for seal in map(_seal_of, records) if seal is not None]
        is_ours = all(seal.fingerprint == self._binder.fingerprint for seal in seals)
        if len(seals) < len(records) or not is_ours or not _is_chain(seals, records):
            return self._anew(state, seals, epoch=max((seal.epoch for seal in seals), default=0) + 1)
        known = self._resumed(seals, state)
        # Nothing after the state's last anchor was read: what is missing now was erased.
        if known.turns == state.turns:
            return known
        if self._shelf.state().edits != state.edits:
            return None
        kept = self._unchanged(seals)
        if self._read_only:
            return self._resumed(kept, state)
        self._forget_images(seals[len(kept) :], still=kept)
        self._shelf.replace_seals(len(kept), [], edits=state.edits)
        return None

    def _anew(self, state: ShelfState, seals: Sequence[Seal], *, epoch: int) -> _Known:
        return replace(self._resumed((), state, epoch=epoch), replaces=tuple(seals))

    def _resumed(self, seals: Sequence[Seal], state: ShelfState, *, epoch: int = 1) -> _Known:
        head = [turn for turn in self._shelf.head() if (turn.anchor or 0) <= state.last_anchor]
        heads = [turn.anchor or 0 for turn in head]
        last = seals[-1].anchors[-1] if seals else 0
        recent = list(self._shelf.turns(after=max([last, *heads]), upto=state.last_anchor))
        fold = resume(
            head=head,
            seals=seals,
            recent=recent,
            request=self._shelf.last_user(upto=last) if seals else None,
            pinned=[turn for turn in self._shelf.pinned(upto=last) if turn.anchor not in heads],
            epoch=epoch,
            policy=self._binder.policy,
            costs=self._binder,
        )
        turns = len(head) + sum(len(seal.anchors) for seal in seals) + len(recent)
        return _Known(fold=fold, edits=state.edits, turns=turns, stored=len(seals))

    def _unchanged(self, seals: Sequence[Seal]) -> Sequence[Seal]:
        """Give the seals up to the first whose turns are not all there any more; those after it hold its digest."""
        for place, seal in enumerate(seals):
            if run_digest(self._run(seal)) != seal.turns:
                return seals[:place]
        return seals

    def _grown(self, known: _Known, state: ShelfState, added: Sequence[Turn]) -> _Known | None:
        fold, missing = known.fold, state.turns - known.turns
        fresh = list({turn.anchor: turn for turn in added if (turn.anchor or 0) > fold.last_anchor}.values())
        if len(fresh) != missing:
            fresh = list(self._shelf.turns(after=fold.last_anchor, upto=state.last_anchor))
        if len(fresh) != missing:
            return None
        for turn in fresh:
            fold = step(fold, turn, policy=self._binder.policy, costs=self._binder)
        return replace(known, fold=fold, turns=state.turns)

    def _saved(self, known: _Known) -> _Known | None:
        """Store seals that are new; None where others were faster."""
        fold = known.fold
        if self._parts and not fold.oldest <= min(self._parts) <= max(self._parts) <= len(fold.seals):
            shown = range(fold.oldest, len(fold.seals) + 1)
            self._parts = {number: parts for number, parts in self._parts.items() if number in shown}
        new = fold.seals[known.stored :]
        if self._read_only or (known.replaces is None and not new):
            return known
        records, edits = [_record_of(seal) for seal in new], known.edits
        try:
            if known.replaces is None:
                is_stored = self._shelf.add_seals(records, edits=edits)
            else:
                self._forget_images(known.replaces, still=fold.seals)
                changed = self._shelf.replace_seals(0, records, edits=edits)
                is_stored, edits = changed is not None, changed or 0
        except StoreError:
            return (
                known  # locked or full: the turns are stored, and their seals are tried again the next time
            )
        if not is_stored:
            return None
        self._known = _Known(fold=fold, edits=edits, turns=known.turns, stored=len(fold.seals))
        self._keep([seal for seal in new if seal.number >= fold.oldest])
        return self._known

    def _keep(self, seals: Sequence[Seal]) -> None:
        """Hand images to the cache, now that the store knows their names and can have them erased."""
        known, digests = self._known, [digest for seal in seals for digest in seal.digests]
        if known is None or any(seal.number > known.stored for seal in seals):
            return
        if self._drafts.keep(digests) and self._shelf.state().edits != known.edits:
            for digest in digests:
                self._drafts.forget(digest)

    def _forget_images(self, seals: Sequence[Seal], *, still: Sequence[Seal]) -> None:
        """Drop the images of seals that are about to go: no one will know their names afterwards."""
        shown = {digest for seal in still for digest in seal.digests}
        for seal in seals:
            for digest in seal.digests:
                if digest not in shown:
                    self._drafts.forget(digest)

    def _run(self, seal: Seal) -> list[Turn]:
        wanted = set(seal.anchors)
        run = self._shelf.turns(after=seal.anchors[0] - 1, upto=seal.anchors[-1])
        return [turn for turn in run if turn.anchor in wanted]


def _is_chain(seals: Sequence[Seal], records: Sequence[SealRecord]) -> bool:
    """Whether seals follow each other from the first on, as they do unless a database was damaged."""
    before = ["", *(record.digest for record in records)]
    numbers = range(1, len(seals) + 1)
    return all(
        (seal.number, seal.previous) == link
        for seal, link in zip(seals, zip(numbers, before, strict=False), strict=True)
    )


def _record_of(seal: Seal) -> SealRecord:
    from glyph_memory.store import SealRecord  # noqa: PLC0415 - SQL is loaded when a store is opened

    body = json.dumps(seal.to_json(), separators=(",", ":"))
    return SealRecord(number=seal.number, digest=seal.digest, body=body)


def _seal_of(record: SealRecord) -> Seal | None:
    """Give a stored seal, or None where it is not what was stored, or from a version that sealed otherwise."""
    try:
        seal = Seal.from_json(json.loads(record.body))
    except (TypeError, KeyError, ValueError, AttributeError, RecursionError):
        return None
    return seal if seal.digest == record.digest else None
