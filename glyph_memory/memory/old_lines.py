"""Find the lines of old turns that bear on a question in the store, and put them before it.

Knows the store's search and the fold; how lines are chosen and spelled is told in `focusing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from glyph_memory.context import Binder, Context
from glyph_memory.errors import warn
from glyph_memory.focusing import SourceLine, focus, read_lines, read_question
from glyph_memory.folding import Fold
from glyph_memory.memory.recall import locate
from glyph_memory.transcript import Turn

if TYPE_CHECKING:
    from glyph_memory.store import SessionStore

_TURNS = 32
"""How many old turns are looked into."""
_RECENT = 96
"""How many hits more are asked for at the most, since recent turns may be among the best."""


def focus_on_question(
    context: Context,
    question: str | None,
    *,
    fold: Fold,
    session_store: SessionStore,
    binder: Binder,
    budget_tokens: int,
) -> Context:
    """Return a context with the lines of old turns that bear on its question, within a budget and the model's window.

    Only turns that the search finds, or that the question names, are read from the store.

    Args:
        context: Of the fold.
        question: What is asked; the latest words of a user, where they come last, unless given.
        fold: Where each turn is.
        session_store: Where turns are kept.
        binder: Who made the context.
        budget_tokens: What the lines may cost.
    """
    if question is None:
        last = fold.tail[-1].turn if fold.tail else None
        question = last.text if last is not None and last.role == "user" else ""
    if not fold.seals:
        return context
    lines = [*find_old_lines(question, fold=fold, session_store=session_store, binder=binder)]
    found = focus(context, question, source=lines, budget_tokens=budget_tokens, binder=binder)
    if found.left_out and not found.lines:
        warn(
            f"no line of an old turn stands before the question: {found.reason}. Give more focus_tokens than "
            f"{budget_tokens:,}, or a larger window"
        )
    return found.context


def find_old_lines(
    question: str, *, fold: Fold, session_store: SessionStore, binder: Binder
) -> Iterator[SourceLine]:
    """Yield the lines of the old turns that fit a question best, and of those that it names; oldest first.

    Args:
        question: What is asked.
        fold: Where each turn is.
        session_store: Where turns are kept.
        binder: Spells turns as they are drawn.
    """
    wanted = read_question(question)
    weights, turns = dict[int, float](), dict[int, Turn]()
    hits = session_store.search(wanted.query, k=_TURNS + min(_RECENT, len(fold.tail)))
    for hit in hits:
        anchor = hit.turn.anchor or 0
        if len(turns) < _TURNS and _is_old(fold, anchor):
            weights[anchor], turns[anchor] = hit.score, hit.turn
    for anchor in wanted.anchors - turns.keys():
        turn = session_store.turn(anchor) if _is_old(fold, anchor) else None
        if turn is not None:
            turns[anchor] = turn
    for anchor in sorted(turns):
        yield from read_lines([turns[anchor]], cleaner=binder.cleaner, weight=weights.get(anchor, 0.0))


def _is_old(fold: Fold, anchor: int) -> bool:
    return locate(fold, anchor)[0] in {"page", "evicted"}
