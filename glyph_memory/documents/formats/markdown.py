"""Markdown: CommonMark with tables, footnotes, task lists, formulas and HTML in it, as blocks with their lines.

Knows files; `markdown_writer` knows Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.document import Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.decoding import decode_blocks
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.markup.markdown_writer import MarkdownWriter
from glyph_memory.documents.markup.pictures import FindPicture, make_picture_finder, read_beside
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source


def read_markdown(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a Markdown file, cut into parts between two blocks."""
    text = "".join(decode_blocks(source))
    builder = Builder(title=source.name, source=source.path, media_type="text/markdown")
    find = make_picture_finder(builder, options, read=read_beside(source.local))
    writer = MarkdownWriter(
        builder, text, find_picture=find, front_matter=True, components=source.suffix == ".mdx"
    )
    for _ in writer.write():
        yield from builder.pop_part(options.part_characters)
    if not builder.is_empty:
        yield builder.build()


def add_markdown(
    builder: Builder, text: str, *, line: int | None = 1, find_picture: FindPicture | None = None
) -> None:
    """Add a text in Markdown: of a file, a notebook's cell, a message.

    Args:
        builder: Gets the blocks; where they come from is set anew for each.
        text: Markdown.
        line: The number of its first line in the original; None leaves the builder's location as it is.
        find_picture: Returns the file of a picture by its address; captions alone where there is none.
    """
    for _ in MarkdownWriter(builder, text, line=line, find_picture=find_picture).write():
        pass


MARKDOWN = Format(
    name="Markdown",
    media_type="text/markdown",
    suffixes=(".md", ".markdown", ".mdown", ".mkd", ".mdx"),
    read=read_markdown,
)
