"""What is written of a seal: captions, a run in words, the identifiers in it.

Knows seals; knows nothing about how pages are drawn or what anything costs.
"""

from __future__ import annotations

from collections.abc import Sequence

from glyph_memory.context.attachments import caption_sealed, end_attachment
from glyph_memory.context.cleaning import TextCleaner
from glyph_memory.context.wording import (
    caption_page,
    caption_picture,
    end_sealed_pictures,
    head_ledger,
    head_sealed_text,
    name_too_large,
    tell_answered_call,
)
from glyph_memory.folding import SealedAttachment, SealedCall, SealedPage, SealedPicture
from glyph_memory.transcript import Turn

_NAMED_CALLS = 12
"""How many calls of a run that is too large to be shown are named."""


def caption_page_of(page: SealedPage) -> str:
    """Return the caption of a page."""
    return f"{caption_page(page.number, page.anchors, page.digest)}:\n"


def caption_sealed_picture(picture: SealedPicture) -> str:
    """Return the caption of a picture, or the line that says that it cannot be shown."""
    return caption_picture(picture.anchor, picture.position, is_shown=picture.size is not None)


def list_captions(pictures: Sequence[SealedPicture], attachments: Sequence[SealedAttachment]) -> list[str]:
    """Return all that is said of a run's pictures and attachments."""
    lines = [*map(caption_sealed_picture, pictures), *end_pictures(pictures)]
    lines += [*map(caption_sealed, attachments), *map(end_attachment, attachments)]
    return [line for line in lines if line]


def end_pictures(pictures: Sequence[SealedPicture]) -> list[str]:
    """Return the line after each picture: empty but for a turn's last one, if any of them is shown."""
    shown = {picture.anchor for picture in pictures if picture.size is not None}
    last = {picture.anchor: place for place, picture in enumerate(pictures)}
    return [
        end_sealed_pictures(picture.anchor)
        if picture.anchor in shown and last[picture.anchor] == place
        else ""
        for place, picture in enumerate(pictures)
    ]


def list_identifiers(anchors: Sequence[int], lines: Sequence[str], omitted: int) -> str:
    """Return a run's identifiers under a heading; empty where there are none."""
    if not lines:
        return ""
    return head_ledger(anchors[0], anchors[-1], omitted=omitted) + "\n".join(lines) + "\n"


def name_run(cleaner: TextCleaner, anchors: Sequence[int], calls: Sequence[SealedCall]) -> str:
    """Return the lines that name a run which is too large to be shown, and the calls it answers."""
    clean = cleaner.clean_and_escape
    told = [
        tell_answered_call(call.anchor, clean(call.name), " ".join(clean(call.arguments).split()))
        for call in calls[-_NAMED_CALLS:]
    ]
    return name_too_large(anchors[0], anchors[-1], told, earlier=max(0, len(calls) - _NAMED_CALLS))


def quote_run(cleaner: TextCleaner, turns: Sequence[Turn]) -> str:
    """Return a run as text under a heading."""
    return head_sealed_text(turns[0].anchor or 0, turns[-1].anchor or 0) + cleaner.quote(turns)
