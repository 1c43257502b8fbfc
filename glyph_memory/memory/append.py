"""Add turns: redact, check, guard, store, and fold them in; and check that there is room to pin one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, cast

from glyph_memory.context import PINNED, Binder
from glyph_memory.errors import (
    DocumentError,
    GlyphMemoryError,
    PolicyError,
    TurnError,
    show_value,
    warn,
)
from glyph_memory.memory.redaction import Redact
from glyph_memory.memory.seal_watch import SealWatch
from glyph_memory.memory.session_fold import SessionFold
from glyph_memory.messages import AnyMessage, AnyMessages, check_turn, iter_messages
from glyph_memory.secrets import SecretGuard
from glyph_memory.transcript import HIGHEST_ANCHOR, Turn

if TYPE_CHECKING:
    from glyph_memory.store import SessionStore


def check_room(anchor: int, session_store: SessionStore, binder: Binder) -> None:
    """Check that a turn may be pinned beside those that are pinned already.

    Raises:
        PolicyError: All of them together would take more than the policy's `pinned_tokens`.
    """
    turn = session_store.turn(anchor)
    if turn is None or turn.pinned:
        return
    pinned = [
        one
        for one in session_store.list_pinned(upto=session_store.state().last_anchor)
        if one.role != "system"
    ]
    needed = sum(binder.count(binder.cleaner.quote([one], remark=PINNED)) for one in [*pinned, turn])
    if needed > binder.policy.pinned_tokens:
        raise PolicyError(
            f"§{anchor} and the {len(pinned)} turns pinned already take {needed:,} tokens, more than pinned_tokens="
            f"{binder.policy.pinned_tokens:,}. Unpin another, or raise pinned_tokens"
        )


def compose_message(said: object, text: object, fields: Mapping[str, object]) -> AnyMessage:
    """Return the message that a call of `add` means.

    Args:
        said: Who speaks, or a whole message.
        text: A text, or blocks of content, or None.
        fields: What else a turn may have, by the names of its fields.

    Raises:
        TurnError: Beside a whole message there is something else.
    """
    if isinstance(said, str):
        if text is None or isinstance(text, list | tuple):
            return {"role": said, "content": text, **fields}
        lists = {name: fields[name] or () for name in ("tool_calls", "images", "attachments")}
        return Turn(**cast("dict[str, Any]", {"role": said, "text": text, **fields, **lists}))
    if text is not None or any(fields.values()):
        raise TurnError(
            f"add takes a whole message, {show_value(said)}, and nothing beside it; put the rest into the message"
        )
    return cast("AnyMessage", said)  # whatever it is, it is looked at when it is read


_BATCH = 500
"""Turns that are stored in one transaction where many come at once."""
_RENUMBERED = (
    "{count:,} imported turns got other numbers than the file gives them, which the session had given already, or "
    "which do not grow from 1 to 2^53: where one cites another, as §42, look it up. An empty session keeps numbers"
)


class TurnWriter:
    """Redacts, checks, guards and stores turns.

    Args:
        session_store: The session.
        session_fold: Its fold, which grows with it.
        redact: Sees every turn first.
        guard: Sees what is left of it, as it would be stored.
        watch: Sees the fold after each call.
    """

    def __init__(
        self,
        session_store: SessionStore,
        session_fold: SessionFold,
        *,
        redact: Redact | None,
        guard: SecretGuard,
        watch: SealWatch,
    ) -> None:
        self._session_store, self._session_fold = session_store, session_fold
        self._redact, self._guard, self._watch = redact, guard, watch

    def store(
        self, messages: AnyMessages, *, keep_anchors: bool, progress: Callable[[int], None] | None
    ) -> Iterator[Turn]:
        """Store turns in transactions of some hundreds, and yield each as it is stored; fold all of them at the end.

        Nothing of a list is stored where one of it cannot be; of an iterator, which may be endless, what came before
        is. Warnings of secrets come first, so that the same holds where warnings are errors.

        Args:
            messages: Turns, or others' messages, in order.
            keep_anchors: Whether anchors are kept that are higher than any the session gave.
            progress: Called after each transaction with how many turns it stored.

        Raises:
            StoreError: Some could not be stored; those of earlier transactions are.
            TurnError: One cannot be kept, or holds a secret where secrets are refused.
            DocumentError: From the turns' source; those before are stored.
        """
        source = self._examine(iter_messages(messages))
        if not isinstance(messages, Iterator):
            source = iter([*source])
        stored, renumbered = tuple[Turn, ...](), 0
        while True:
            batch, broken = list[Turn](), None
            try:
                batch.extend(islice(source, _BATCH))
            except DocumentError as error:  # of a line: the turns before it are stored
                broken = error
            known = self._count_known(batch) if keep_anchors else len(batch)
            for part, keep in ((batch[:known], False), (batch[known:], keep_anchors)):
                if part:
                    before = self._session_store.state().last_anchor if keep_anchors else 0
                    keeps = keep and _continue_after(before, part)
                    stored = self._session_store.append(part, keep_anchors=keeps)
                    renumbered += _count_renumbered(part, stored, after=before) if keep_anchors else 0
                    yield from stored
            is_last = broken is not None or len(batch) < _BATCH
            if renumbered and is_last:
                warn(_RENUMBERED.format(count=renumbered))
            if broken is not None:
                raise broken
            if batch and progress is not None:
                progress(len(batch))
            if is_last:
                break
        if stored:
            # Once, after all of them: what cannot be shown in the end need not be drawn on the way.
            self._fold(stored)

    def _fold(self, stored: Sequence[Turn]) -> None:
        # The turns are stored; whatever keeps them from being folded is told when a context is asked for.
        with suppress(GlyphMemoryError):
            self._watch.look(self._session_fold.refresh(stored))

    def _examine(self, turns: Iterable[Turn]) -> Iterator[Turn]:
        """Yield turns as they are stored; warn of each that holds secrets, before it is."""
        last = self._session_store.state().last_anchor if self._guard.mode == "warn" else 0
        for place, turn in enumerate(turns, start=last):
            examined, kinds = self._guard.examine_turn(self._redact_and_check(turn))
            if kinds and self._guard.mode == "warn":
                where = f"turn after §{place}" if place else "first turn"  # it has no anchor of its own yet
                self._guard.warn(kinds, f"the {turn.role}'s {where}")
            yield examined

    def _redact_and_check(self, turn: Turn) -> Turn:
        """Return what takes a turn's place; the turn itself was checked when it was read."""
        if self._redact is None:
            return turn
        redacted = self._redact(turn)
        if not isinstance(redacted, Turn):
            raise TurnError(f"redact returned {show_value(redacted)}; return the turn, changed or not")
        if redacted != turn and redacted.origin == turn.origin:
            redacted = replace(redacted, origin="")  # what it was made of says what was taken out of it
        return check_turn(redacted)

    def _count_known(self, batch: Sequence[Turn]) -> int:
        """Count the turns before the first whose anchor is above the session's last; an import begins there."""
        last = self._session_store.state().last_anchor
        return next((place for place, turn in enumerate(batch) if (turn.anchor or 0) > last), len(batch))


def _continue_after(last: int, batch: Sequence[Turn]) -> bool:
    """Return whether a batch's anchors grow, and are all above a session's last."""
    anchors = [last, *(turn.anchor or 0 for turn in batch)]
    return all(one < other for one, other in pairwise(anchors)) and anchors[-1] <= HIGHEST_ANCHOR


def _count_renumbered(given: Sequence[Turn], stored: Sequence[Turn], *, after: int) -> int:
    """Count the turns that were stored just now, after the session's last anchor, under another anchor than given."""
    return sum(
        one.anchor is not None and other.anchor != one.anchor and (other.anchor or 0) > after
        for one, other in zip(given, stored, strict=True)
    )
