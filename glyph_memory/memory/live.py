"""`LiveFold`: a session's fold, kept in step with its store, whoever else writes there.

Knows the shelf of one session and a binder. Turns are durable before they get here; seals are stored as they are made,
and stored seals win: where another process was faster, its seals are taken.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glyph_memory.context import Binder, Parts
from glyph_memory.errors import StoreError
from glyph_memory.fold import Fold, Seal, resume, run_digest, step
from glyph_memory.transcript import Turn

if TYPE_CHECKING:
    from glyph_memory.store import SealRecord, Shelf

_TRIES = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What of the session is in memory."""

    fold: Fold
    edits: int
    stored: int
    """How many of the fold's seals are in the store."""


class LiveFold:
    """Folds a session as it grows. Safe to share among threads.

    Args:
        shelf: The session.
        binder: Draws and counts.
        read_only: Whether seals cannot be stored; they are made all the same, and made again next time.
    """

    def __init__(self, shelf: Shelf, binder: Binder, *, read_only: bool = False) -> None:
        self._shelf = shelf
        self._binder = binder.knowing(lambda texts, upto: shelf.occurrences(texts, upto=upto))
        self._read_only = read_only
        self._known: _Known | None = None
        self._parts: dict[str, Parts] = {}
        self._lock = threading.RLock()

    def current(self) -> Fold:
        """Give the fold of all that is in the store by now.

        Raises:
            StoreError: The store cannot be read.
            FontError: A page cannot be drawn.
        """
        with self._lock:
            for _ in range(_TRIES):
                known = self._known
                state = self._shelf.state()
                if known is None or known.edits != state.edits:
                    known = self._loaded(state.edits)
                elif state.last_anchor > known.fold.last_anchor:
                    known = self._grown(known)
                self._known = self._saved(known) if known else None
                if self._known is not None:
                    return self._known.fold
            raise StoreError(
                f"session {self._shelf.name!r} was changed by others {_TRIES} times while it was read; try again"
            )

    def forget(self) -> None:
        """Read everything anew the next time."""
        with self._lock:
            self._known = None

    def seals(self) -> tuple[Seal, ...]:
        """Give the stored seals, as they are."""
        sealed = map(_seal_of, self._shelf.seals())
        return tuple(seal for seal in sealed if seal is not None)

    def parts(self, seal: Seal) -> Parts:
        """Give what is sent of a seal that is shown."""
        with self._lock:
            digest = seal.digest
            if digest not in self._parts:
                self._parts[digest] = self._binder.parts(seal, lambda: self.turns(seal))
            return self._parts[digest]

    def turns(self, seal: Seal) -> list[Turn]:
        """Give a seal's turns from the store."""
        wanted = set(seal.anchors)
        run = self._shelf.turns(after=seal.anchors[0] - 1, upto=seal.anchors[-1])
        return [turn for turn in run if turn.anchor in wanted]

    def redraw(self) -> Fold:
        """Fold everything anew, in a new epoch: the stored pages cannot be drawn as they were."""
        with self._lock:
            known = self._anew(self._shelf.state().edits, epoch=self.current().epoch + 1)
            self._known = known and self._saved(known)
            return self.current()

    def _loaded(self, edits: int) -> _Known | None:
        """Go on from the stored seals, or fold everything anew if they are not this binder's."""
        seals = [_seal_of(record) for record in self._shelf.seals()]
        sound = [seal for seal in seals if seal is not None]
        if len(sound) < len(seals) or any(seal.fingerprint != self._binder.fingerprint for seal in sound):
            return self._anew(edits, epoch=max((seal.epoch for seal in sound), default=0) + 1)
        head = self._shelf.head()
        last = sound[-1].anchors[-1] if sound else 0
        recent = list(self._shelf.turns(after=max([last, *_anchors(head)])))
        sealed = sum(len(seal.anchors) for seal in sound)
        if len(head) + sealed + len(recent) != self._shelf.state().turns:
            self._drop_stale(sound, edits)
            return None
        fold = resume(
            head=head,
            seals=sound,
            recent=recent,
            request=self._shelf.last_user(upto=last) if sound else None,
            pinned=[turn for turn in self._shelf.pinned(upto=last) if turn.anchor not in _anchors(head)],
            policy=self._binder.policy,
            costs=self._binder,
        )
        return _Known(fold=fold, edits=edits, stored=len(sound))

    def _drop_stale(self, seals: Sequence[Seal], edits: int) -> None:
        """Drop the first seal whose turns are not all there any more, and those after it, which hold its digest."""
        keep = 0
        while keep < len(seals) and run_digest(self.turns(seals[keep])) == seals[keep].turns:
            keep += 1
        # Nothing is stale where a turn was added between two looks: then the next look finds it.
        if keep < len(seals) and not self._read_only:
            self._shelf.replace_seals(keep, [], edits=edits)

    def _anew(self, edits: int, *, epoch: int) -> _Known | None:
        head = self._shelf.head()
        fold = resume(
            head=head,
            seals=(),
            recent=self._shelf.turns(after=max(_anchors(head), default=0)),
            epoch=epoch,
            policy=self._binder.policy,
            costs=self._binder,
        )
        if self._read_only:
            return _Known(fold=fold, edits=edits, stored=0)
        changed = self._shelf.replace_seals(0, [_record_of(seal) for seal in fold.seals], edits=edits)
        return None if changed is None else _Known(fold=fold, edits=changed, stored=len(fold.seals))

    def _grown(self, known: _Known) -> _Known:
        fold = known.fold
        for turn in self._shelf.turns(after=fold.last_anchor):
            fold = step(fold, turn, policy=self._binder.policy, costs=self._binder)
        return _Known(fold=fold, edits=known.edits, stored=known.stored)

    def _saved(self, known: _Known) -> _Known | None:
        """Store seals that are new; None where others were faster."""
        kept = {seal.digest for seal in known.fold.live}
        self._parts = {digest: parts for digest, parts in self._parts.items() if digest in kept}
        new = known.fold.seals[known.stored :]
        if not new or self._read_only:
            return known
        if not self._shelf.add_seals([_record_of(seal) for seal in new], edits=known.edits):
            return None
        return _Known(fold=known.fold, edits=known.edits, stored=len(known.fold.seals))


def _anchors(turns: Sequence[Turn]) -> list[int]:
    return [turn.anchor for turn in turns if turn.anchor is not None]


def _record_of(seal: Seal) -> SealRecord:
    from glyph_memory.store import SealRecord  # noqa: PLC0415 - SQL is loaded when a store is opened

    body = json.dumps(seal.to_json(), separators=(",", ":"))
    return SealRecord(number=seal.number, digest=seal.digest, body=body)


def _seal_of(record: SealRecord) -> Seal | None:
    """Give a stored seal, or None where it is not what was stored, or from a version that sealed otherwise."""
    try:
        seal = Seal.from_json(json.loads(record.body))
    except (TypeError, KeyError, ValueError):
        return None
    return seal if seal.digest == record.digest else None
