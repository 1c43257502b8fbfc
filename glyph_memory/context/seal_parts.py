"""Write what is sent of a seal: each page, picture and attachment under its caption, or its text.

Knows seals and their parts; decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from glyph_memory.context.attachments import caption_sealed, end_attachment
from glyph_memory.context.cleaning import TextCleaner
from glyph_memory.context.counting import TokenCounts
from glyph_memory.context.messages import Part, Parts, Text
from glyph_memory.context.option_fields import Captions
from glyph_memory.context.page_drawer import PageDrawer
from glyph_memory.context.seal_text import (
    caption_page_of,
    caption_sealed_picture,
    end_pictures,
    list_identifiers,
    name_run,
    quote_run,
)
from glyph_memory.folding import Seal
from glyph_memory.transcript import Turn


def write_parts(
    seal: Seal,
    turns: Callable[[], Sequence[Turn]],
    *,
    drawer: PageDrawer,
    cleaner: TextCleaner,
    counts: TokenCounts,
    captions: Captions,
) -> Parts:
    """Return what is sent of a seal; see `Binder.parts`."""
    pictures, parts = drawer.load_pictures(seal, turns), list[Part]()
    if seal.kind == "named":
        parts.append(Text(name_run(cleaner, seal.anchors, seal.calls), kind="sealed"))
    elif seal.kind == "text":
        parts.append(Text(quote_run(cleaner, turns()), kind="sealed"))
    else:
        for page, image in zip(seal.pages, drawer.load_page_images(seal, turns), strict=True):
            told = [Text(caption_page_of(page), kind="caption")] if captions == "text" else []
            parts += [*told, image]
    for sealed, picture, end in zip(seal.pictures, pictures, end_pictures(seal.pictures), strict=True):
        parts.append(Text(caption_sealed_picture(sealed), kind="caption"))
        parts += [picture] if picture is not None else []
        parts += [Text(end, kind="caption")] if end else []
    attached = {turn.anchor: turn.attachments for turn in turns()} if seal.attachments else {}
    for held in seal.attachments:
        parts.append(Text(caption_sealed(held), kind="caption"))
        if held.is_sent:
            parts.append(counts.make_attachment_part(attached[held.anchor][held.position - 1]))
        parts += [Text(end, kind="caption")] if (end := end_attachment(held)) else []
    listed = list_identifiers(seal.anchors, seal.ledger, seal.ledger_omitted)
    return (*parts, *([Text(cleaner.clean(listed), kind="ledger")] if listed else []))
