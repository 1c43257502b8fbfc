"""Where a stretch of a document comes from, in words: what a page is cited by.

Knows source maps; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Sequence

from glyph_memory.document import Document, SourceSpan


def name_place(spans: Sequence[SourceSpan], document: Document) -> str:
    r"""Return where a stretch of a document comes from, in words: by pages, else by sheet and cells, else by lines.

    Args:
        spans: The stretch's source map.
        document: Whose it is.

    Example:
        >>> book = Document(text="a\nb\n", source_map=(SourceSpan(start=0, stop=4, line=1, counts_lines=True),))
        >>> name_place(book.trace(0, 4), book)
        'lines 1 to 2'
    """
    if not spans:
        return ""
    files = list(dict.fromkeys(span.file for span in spans if span.file))
    parts = [_range("file", "files", repr(files[0]), repr(files[-1]))] if files else []
    pages = [span.page for span in spans if span.page is not None]
    if pages:
        parts.append(_range("page", "pages", min(pages), max(pages)))
        return ", ".join(parts)
    if sheets := list(dict.fromkeys(span.sheet for span in spans if span.sheet)):
        parts.append(_range("sheet", "sheets", repr(sheets[0]), repr(sheets[-1])))
        cells = [span.cell for span in spans if span.cell]
        if cells and len(sheets) == 1:
            parts.append(f"from cell {cells[0]}")
        return ", ".join(parts)
    lines = [line for span in spans if span.line is not None for line in _lines_of(span, document.text)]
    if lines:
        parts.append(_range("line", "lines", min(lines), max(lines)))
    return ", ".join(parts)


def _lines_of(span: SourceSpan, text: str) -> tuple[int, int]:
    """Return the first and the last line of a stretch; a newline at its end begins no other."""
    first = span.line or 1
    if not span.counts_lines:
        return first, first
    return first, first + text.count("\n", span.start, max(span.start, span.stop - 1))


def _range(one: str, many: str, first: object, last: object) -> str:
    return f"{one} {first}" if first == last else f"{many} {first} to {last}"
