"""Read pages back without a model: no server, no GPU. The nano reader works from pixels, and quotes what it read.

    python examples/12_read_pages_without_a_model.py [PICTURE]

PICTURE is a screenshot or a scan of printed text; without one, a page is typeset and looked at.
"""

from __future__ import annotations

import sys

from glyph_memory.context import Context
from glyph_memory.nano import NanoReader
from glyph_memory.testing import agent_conversation
from glyph_memory.typesetting import typeset


def show(reader: NanoReader, picture: str) -> None:
    """Return what stands on a picture, and of which lines one should not be sure."""
    read = reader.transcribe(picture)
    for line in read.lines:
        print(f"{'' if line.is_sure else '?':2}{line.text}")
    print(f"{len(read.lines)} lines, {read.confidence:.1%} sure")


def ask(reader: NanoReader) -> None:
    """Look things up in a conversation that is there as pages alone."""
    pages = typeset(agent_conversation(turns=100))
    for question in (
        "What is the deploy key of checkout?",
        "Who signs off importer?",
        "Where is the warehouse?",
    ):
        # Only the pictures are looked at: of what the pages say, the reader is told nothing.
        reading = reader.read(Context.of(question, pages=pages))
        print(f"{question}\n{reading.text}\n")
        for quote in reading.quotes[:1]:
            print(f"{quote.confidence:.1%} sure of what stands at {quote.box} of page {quote.page}\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        show(NanoReader(), sys.argv[1])
    else:
        ask(NanoReader())
