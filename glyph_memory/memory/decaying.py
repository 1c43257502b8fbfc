"""`DecayingFold`: a session's fold whose old seals are drawn again denser, where that pays.

Which seals, `folding.decide_decay` says, from what they cost and the server's prices. What is drawn again begins a new
generation, so within one nothing changes. Knows rules and counts; draws nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from glyph_memory.context import OLD, Binder, DecayRule, Drafts, check_denser
from glyph_memory.folding import Fold, Seal, ServerPrices, decide_decay
from glyph_memory.memory.cached_fold import CachedFold
from glyph_memory.memory.session_fold import SessionFold
from glyph_memory.transcript import Turn

if TYPE_CHECKING:
    from glyph_memory.store import SessionState, SessionStore

_BY_TOKENS = ServerPrices(text=1, page=1)
"""Without prices, where the prefix is broken anyway: fewer tokens are cheaper."""


def open_fold(
    session_store: SessionStore, binder: Binder, drafts: Drafts, *, read_only: bool, takes_over: bool
) -> SessionFold:
    """Return a session's fold: one that draws old seals again where the binder has a rule for that."""
    if binder.decay is None:
        return SessionFold(session_store, binder, drafts, read_only=read_only, takes_over=takes_over)
    return DecayingFold(
        session_store, binder, drafts, rule=binder.decay, read_only=read_only, takes_over=takes_over
    )


class DecayingFold(SessionFold):
    """Folds a session as it grows, and draws its old seals again where that pays.

    Args:
        session_store: The session.
        binder: Draws and counts; into the drafts.
        drafts: Holds what is drawn until its seal is stored.
        rule: When old seals are drawn again; the binder's.
        read_only: Whether seals cannot be stored.
        takes_over: Whether the session gets this binder's look though it had it before and has another now.

    Raises:
        StyleError: Old pages would be no denser than new ones.
    """

    def __init__(
        self,
        session_store: SessionStore,
        binder: Binder,
        drafts: Drafts,
        *,
        rule: DecayRule,
        read_only: bool = False,
        takes_over: bool = False,
    ) -> None:
        super().__init__(session_store, binder, drafts, read_only=read_only, takes_over=takes_over)
        self._rule, self._share = rule, binder.measure_old_share()
        check_denser(rule.style, self._share)
        self._old_upto = 0
        self._is_deciding = False
        self._seen: tuple[int, int] | None = None

    def refresh(self, added: Sequence[Turn] = ()) -> Fold:
        """Bring the fold up to date with the store, draw old seals again where that pays, and return it."""
        with self._lock:
            fold = super().refresh(added)
            if self._is_deciding or self._is_unstored:
                return fold
            upto = self._choose(fold)
            if upto <= self._old_upto:
                return fold
            self._set_old(upto)
            self._is_deciding = True
            try:
                fold = self.redraw()
            finally:
                self._is_deciding = False
            self._seen = fold.generation, len(fold.seals)
            return fold

    def _load(self, state: SessionState) -> CachedFold | None:
        known = super()._load(state)
        self._seen = None  # a generation that another process began is sent already, and its prefix is whole
        if known is not None:
            old = [seal.anchors[-1] for seal in known.fold.seals if _is_old(seal)]
            self._set_old(max([self._old_upto, *old]))
        return known

    def _set_old(self, upto: int) -> None:
        if upto > self._old_upto:
            self._old_upto, self._binder = upto, self._binder.draw_old(upto)

    def _choose(self, fold: Fold) -> int:
        """Return the last anchor that is to be drawn as old; what is already, where nothing more pays."""
        seen, self._seen = self._seen, (fold.generation, len(fold.seals))
        if seen == self._seen:
            return self._old_upto
        prices, is_broken = self._binder.options.prices, seen is not None and seen[0] != fold.generation
        if prices is None and not is_broken:
            return self._old_upto
        visible = fold.visible_seals
        aged = len(visible) - self._rule.keep_seals
        plan = decide_decay(
            [seal.tokens for seal in visible],
            [self._estimate(seal) if place < aged else seal.tokens for place, seal in enumerate(visible)],
            recent_tokens=fold.tail_tokens,
            prices=prices or _BY_TOKENS,
            within_requests=self._rule.within_requests,
            is_broken=is_broken,
        )
        return visible[min(plan.seals, aged) - 1].anchors[-1] if plan.seals else self._old_upto

    def _estimate(self, seal: Seal) -> int:
        """Return about what a seal would cost denser: its pages by what prose takes, the text beside them as it is."""
        if seal.kind != "pages" or _is_old(seal):
            return seal.tokens
        pages = sum(page.tokens for page in seal.pages)
        return seal.tokens - pages + ceil(pages * self._share)


def _is_old(seal: Seal) -> bool:
    return any(page.kind == OLD for page in seal.pages)
