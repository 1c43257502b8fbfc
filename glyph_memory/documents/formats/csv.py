"""CSV and TSV: a table of text, in parts where it is long. Knows nothing about how rows are read, nor about pages."""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.document import Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.csv_rows import DELIMITERS, RowReader
from glyph_memory.documents.decoding import decode_blocks
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.text import read_text
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.row_tables import RowTables
from glyph_memory.documents.source import Source
from glyph_memory.documents.tabular import align_columns, find_header

_MEDIA_TYPE = "text/csv"
_TABS = {".tsv", ".tab"}
_FEWEST_ROWS = 8
"""Of a file without a name: fewer could be anything."""
_FEWEST_COLUMNS = 3
_CODE = (b"(", b"{", b"=")
"""What programs and logs have in all of their lines."""


def read_csv(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a table, cut into parts between two rows; each of them repeats the header."""
    if not options.structure:
        yield from read_text(source, options)
        return
    builder = Builder(title=source.name, source=source.path, media_type=_MEDIA_TYPE, encoding=source.encoding)
    reader = RowReader(
        shown=source.shown,
        tell=lambda sentence: builder.add_defect("damaged", sentence),
        delimiter="\t" if source.suffix in _TABS else ",",
    )
    tables: RowTables | None = None
    for rows, lines in reader.read(decode_blocks(source)):
        if tables is None:
            tables = RowTables(builder, part_characters=options.part_characters, line=reader.line)
        yield from tables.add(rows, lines=lines)
    if tables is not None:
        tables.finish()
    if not builder.is_empty:
        yield builder.build()


def recognizes_csv(source: Source) -> bool:
    """Return whether a file without a name is a table, beyond doubt: many equal rows, a header, a column of numbers."""
    if source.suffix or source.media_type or b"\0" in source.head:
        return False
    lines = source.head.decode(errors="replace").splitlines()[:-1]
    if len(lines) < _FEWEST_ROWS or any(sign in source.head for sign in _CODE):
        return False
    for delimiter in DELIMITERS:
        rows = [line.split(delimiter) for line in lines]
        if {*map(len, rows)} == {len(rows[0])} and len(rows[0]) >= _FEWEST_COLUMNS:
            return bool(find_header(rows) and align_columns(rows, header_rows=1))
    return False


CSV = Format(
    name="a CSV table",
    media_type=_MEDIA_TYPE,
    recognizes=recognizes_csv,
    suffixes=(".csv", *sorted(_TABS), ".psv"),
    read=read_csv,
)
