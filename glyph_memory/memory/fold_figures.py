"""What spans and metrics are told of folds and contexts: how many, and what they cost; nothing that was said."""

from __future__ import annotations

from collections.abc import Sequence

from glyph_memory.context import Context
from glyph_memory.folding import Fold, Seal
from glyph_memory.telemetry import Fields, Span, count, measure


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
        count("seals", seal_kind=seal.kind)
        if seal.kind == "pages":
            count("seal.tokens", seal.text_tokens, form="text")
            count("seal.tokens", seal.tokens, form="pages")
        begun = seal.generation - (last if last is not None else 1)
        count("generations", min(begun, 1) if last is None and is_anew else begun)
        last = seal.generation
