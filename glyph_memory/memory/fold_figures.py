"""What spans and metrics are told of folds and contexts: how many, and what they cost; nothing that was said."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from glyph_memory.context import Context
from glyph_memory.folding import Fold, Seal
from glyph_memory.telemetry import Fields, Span, count, is_counting, measure


def describe_fold(fold: Fold) -> Fields:
    """Return what a span is told of a fold."""
    return Fields(seals=len(fold.visible_seals), recent=len(fold.tail), generation=fold.generation)


def report_context(span: Span, fold: Fold, context: Context) -> None:
    """Report a span and the metrics what a context is made of."""
    shown = fold.visible_seals
    in_pages = sum(seal.tokens for seal in shown if seal.kind == "pages")
    in_text = fold.head_tokens + fold.tail_tokens + sum(seal.tokens for seal in shown) - in_pages
    measure("context.tokens", in_pages, form="pages")
    measure("context.tokens", in_text, form="text")
    span.set(
        seals=len(shown),
        pages=sum(image.kind == "page" for image in context.images),
        page_tokens=in_pages,
        text_tokens=in_text,
        recent=len(fold.tail),
        generation=fold.generation,
    )


def count_seals(seals: Sequence[Seal], before: int, *, is_anew: bool) -> None:
    """Count seals that were stored, and generations that began with them.

    Args:
        seals: All of the session.
        before: How many of them were stored before.
        is_anew: Whether all were made anew, which begins a generation.
    """
    last = seals[before - 1].generation if before else None
    for seal in seals[before:]:
        _count_seal(seal)
        begun = seal.generation - (last if last is not None else 1)
        count("generations", min(begun, 1) if last is None and is_anew else begun)
        last = seal.generation


def count_made(fold: Fold, before: Sequence[Seal], *, generation: int) -> None:
    """Count seals and generations of a history that somebody else keeps, as far as they were made now.

    Args:
        fold: The history's.
        before: The seals that were there.
        generation: The one that was there.
    """
    if not is_counting():
        return
    kept = takewhile(
        lambda pair: pair[0] is pair[1] or pair[0] == pair[1], zip(fold.seals, before, strict=False)
    )
    for seal in fold.seals[sum(1 for _ in kept) :]:
        _count_seal(seal)
    count("generations", fold.generation - generation)


def _count_seal(seal: Seal) -> None:
    count("seals", seal_kind=seal.kind)
    if seal.kind == "pages":
        count("seal.tokens", seal.text_tokens, form="text")
        count("seal.tokens", seal.tokens, form="pages")
