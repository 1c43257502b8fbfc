"""Plain text in any encoding, exactly as it is: also logs, and whatever no other format knows.

Line ends stay what they were; NUL bytes and halves of surrogate pairs come through: what can be drawn is for the
typesetter to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.document import Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.decoding import decode_blocks
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source


def read_text(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a text, cut into parts between two lines."""
    builder = Builder(
        title=source.name, source=source.path, media_type="text/plain", encoding=source.encoding
    )
    line = 1
    for piece in decode_blocks(source):
        builder.set_location(line=line, counts_lines=True)
        builder.add_text(piece)
        line += piece.count("\n")
        yield from builder.pop_part(options.part_characters)
    if not builder.is_empty:
        yield builder.build()


TEXT = Format(name="text", read=read_text, media_type="text/plain")
