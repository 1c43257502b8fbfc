"""Plain text in any encoding, exactly as it is: also logs, and whatever no other format knows.

Line ends stay what they were, and so do NUL bytes: what can be drawn is for the typesetter to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.document import Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.decoding import decode_blocks
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.parts import split_parts
from glyph_memory.documents.source import Source
from glyph_memory.terminal_text import strip_terminal_escapes


def read_text(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a text, cut into parts between two lines."""
    builder = Builder(title=source.name, source=source.path, media_type="text/plain")
    line = 1
    for read in split_parts(decode_blocks(source), options.part_characters):
        part, count = (
            strip_terminal_escapes(read) if options.terminal_escapes and "\x1b" in read else (read, 0)
        )
        if count:
            builder.add_defect(
                "left out", f"{count:,} characters of terminal escapes are taken out of the text"
            )
        builder.set_location(line=line, counts_lines=True)
        builder.add_text(part)
        line += read.count("\n")
        yield builder.build()


TEXT = Format(name="text", read=read_text, media_type="text/plain", suffixes=(".txt", ".text", ".log"))
