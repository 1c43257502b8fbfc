"""A document as JSON. Knows names and numbers; knows nothing about how it is read again.

The keys are short, what is the default is left out, and offsets are written as lengths: a page's structure goes into
the metadata of vector stores.
"""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from glyph_memory.document.blocks import Block, Table
from glyph_memory.document.source_map import SourceSpan

if TYPE_CHECKING:
    from glyph_memory.document.document import Document

Fields = dict[str, Any]
"""An object of JSON."""

VERSION = 1
"""Of how a document is written."""
TEXTS = ("title", "source", "media_type", "encoding")
"""Fields of a document that are written under their own names."""
NUMBERS = (("v", "level"), ("i", "indent"), ("q", "quotes"), ("g", "hang"), ("f", "first_line"))
"""Keys and names of a block's numbers."""
BLOCK = Block(start=0, stop=0)
"""A block of defaults."""


def dump_document(document: Document, *, text: bool, pictures: bool) -> str:
    """Return a document's JSON; what is empty is left out.

    Args:
        document: The document.
        text: Whether its text is in it.
        pictures: Whether the files of pictures are in it.
    """
    written: Fields = {"glyph_document": VERSION}
    written |= {name: value for name in TEXTS if (value := getattr(document, name))}
    if text:
        written["text"] = document.text
    if document.part != 1:
        written["part"] = document.part
    if document.offset:
        written["offset"] = document.offset
    lists = {
        "blocks": [_dump_block(block, pictures=pictures) for block in document.blocks],
        "map": [_dump_place(place) for place in document.source_map],
        "defects": [[defect.kind, defect.message] for defect in document.defects],
    }
    written |= {name: value for name, value in lists.items() if value}
    return json.dumps(written, separators=(",", ":"))


def _dump_block(block: Block, *, pictures: bool) -> Fields:
    """Return a block as JSON; where it starts is left to the blocks before it."""
    written: Fields = {"n": block.stop - block.start}
    if block.kind != BLOCK.kind:
        written["k"] = block.kind
    written |= {
        key: getattr(block, name) for key, name in NUMBERS if getattr(block, name) != getattr(BLOCK, name)
    }
    if block.language:
        written["l"] = block.language
    if block.spans:
        written["s"] = [
            [
                span.start - block.start,
                span.stop - block.start,
                span.kind,
                *([span.target] * bool(span.target)),
            ]
            for span in block.spans
        ]
    if block.table is not None:
        written["t"] = _dump_table(block.table, block.start)
    if block.picture is not None and pictures:
        data = base64.b64encode(block.picture.data).decode()
        written["p"] = [data] if block.picture.width_pt is None else [data, block.picture.width_pt]
    return written


def _dump_table(table: Table, start: int) -> Fields:
    lengths = [later - sooner for sooner, later in pairwise((start, *table.starts))]
    written: Fields = {"c": table.columns, "s": lengths}
    if table.header_rows:
        written["h"] = table.header_rows
    if table.alignments:
        written["a"] = table.alignments
    if table.merges:
        written["m"] = [[one.row, one.column, one.rows, one.columns] for one in table.merges]
    if table.carried:
        written["x"] = table.carried
    return written


def _dump_place(place: SourceSpan) -> Fields:
    """Return where a stretch comes from as JSON."""
    known = {"f": place.file, "p": place.page, "s": place.sheet, "c": place.cell, "l": place.line}
    written: Fields = {"b": place.start, "n": place.stop - place.start}
    written |= {key: value for key, value in known.items() if value not in ("", None)}
    return written | ({"y": 1} if place.counts_lines else {})
