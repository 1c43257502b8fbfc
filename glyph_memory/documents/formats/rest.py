"""reStructuredText: what docutils reads, and what only Sphinx would. Knows files; `rest_writer` knows the markup."""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.document import Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.decoding import decode_blocks
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.markup.pictures import make_picture_finder, read_beside
from glyph_memory.documents.markup.rest_nodes import is_costly
from glyph_memory.documents.markup.rest_writer import RestWriter
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError


def read_rest(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a text in reStructuredText, cut into parts between two blocks.

    Raises:
        DocumentError: It is nested too deeply, or docutils fails on it.
    """
    text = "".join(decode_blocks(source))
    builder = Builder(title=source.name, source=source.path, media_type="text/x-rst")
    find = make_picture_finder(builder, options, read=read_beside(source.local))
    if is_costly(text):
        builder.add_defect(
            "guessed", "a paragraph has thousands of links or of marks that never end; read as plain text"
        )
        builder.set_location(line=1, counts_lines=True)
        builder.add_text(text)
        yield builder.build()
        return
    blocks = RestWriter(builder, text, find_picture=find, depth=options.limits.depth).write()
    while True:
        try:
            next(blocks)
        except StopIteration:
            break
        except DocumentError:
            raise
        except RecursionError as error:
            message = f"{source.shown} is nested too deeply; read it as plain text, with structure=False"
            raise DocumentError(message) from error
        except Exception as error:
            raise DocumentError(
                f"{source.shown} cannot be read as reStructuredText ({type(error).__name__}); read it as plain "
                "text, with structure=False"
            ) from error
        yield from builder.pop_part(options.part_characters)
    if not builder.is_empty:
        yield builder.build()


REST = Format(name="reStructuredText", media_type="text/x-rst", suffixes=(".rst", ".rest"), read=read_rest)
