"""The `Builder`: a document put together block by block, in reading order, with its source map.

Every format uses it. Between two blocks stands a blank line, between items and rows a newline; that text is what
pages, searches and models get. Knows structure; knows nothing about file formats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from glyph_memory.document import (
    Block,
    BlockKind,
    Defect,
    DefectKind,
    Document,
    Merge,
    Picture,
    SourceSpan,
    Span,
    Table,
)
from glyph_memory.documents.cells import join_cells
from glyph_memory.documents.inline import Inline, Line, Run, join_runs, list_runs, place_lines
from glyph_memory.errors import show_value

_APART: dict[BlockKind, str] = {"item": "\n", "rule": ""}
"""What ends a block, where it is no blank line."""
_EMPTY = Block(start=0, stop=0)
_NOWHERE = SourceSpan(start=0, stop=0)


class Builder:
    r"""Puts a document together.

    Example:
        >>> builder = Builder(title="Costs")
        >>> builder.add_heading(1, "Costs")
        >>> builder.add_table([["item", "EUR"], ["oak", "12"]], header_rows=1)
        >>> document = builder.build()
        >>> document.text
        'Costs\n\nitem\tEUR\noak\t12\n\n'
    """

    def __init__(
        self,
        *,
        title: str = "",
        source: str = "",
        media_type: str = "",
        encoding: str = "",
        original: Path | bytes | None = None,
    ) -> None:
        """Begin a document.

        Args:
            title: What to call it.
            source: Where it came from.
            media_type: Its MIME type.
            encoding: How the file's bytes spelled characters, of text.
            original: The file, where its own pages can be drawn.
        """
        given = Document(text="", title=title, source=source, media_type=media_type, encoding=encoding)
        self._given = replace(given, original=original)
        self._part, self._offset = 1, 0
        self._location = _NOWHERE
        self.file = ""
        """Where `set_location` names no file: the one that all comes from, such as a notebook's cell."""
        self.quotes = 0
        """How many block quotes what is added next stands in."""
        self.indent = 0
        """How many lists what is added next stands in, beyond the first."""
        self._reset()

    def _reset(self) -> None:
        self._texts, self._size = list[str](), 0
        self._blocks, self._source_map, self._defects = list[Block](), list[SourceSpan](), list[Defect]()

    @property
    def size(self) -> int:
        """How many characters the document has so far; of the part at work, where there are several."""
        return self._size

    def set_title(self, title: str) -> None:
        """Set the document's title."""
        self._given = replace(self._given, title=title)

    def set_location(
        self,
        *,
        file: str = "",
        page: int | None = None,
        sheet: str = "",
        cell: str = "",
        line: int | None = None,
        counts_lines: bool = False,
    ) -> None:
        """Note where all that is added from now on comes from; see `SourceSpan` for the fields."""
        self._location = SourceSpan(
            start=0,
            stop=0,
            file=file or self.file,
            page=page,
            sheet=sheet,
            cell=cell,
            line=line,
            counts_lines=counts_lines,
        )

    def add_defect(self, kind: DefectKind, message: str) -> None:
        """Report something that was lost or guessed, once for each sentence."""
        defect = Defect(kind=kind, message=message)
        if defect not in self._defects:
            self._defects.append(defect)

    def add_heading(self, level: int, text: Inline) -> None:
        """Add a heading; levels beyond 6 are 6."""
        self._add("heading", text, Block(start=0, stop=0, level=min(max(level, 1), 6)))

    def add_paragraph(self, text: Inline) -> None:
        """Add a paragraph; its newlines are line breaks."""
        self._add("paragraph", text)

    def add_text(self, text: str) -> None:
        """Add plain text, drawn line for line exactly as it is, and with nothing between it and what comes next."""
        if text:
            self._append("text", text, (), end="")

    def add_item(self, text: Inline, *, marker: str = "•") -> None:
        """Add an item of a list, or one more paragraph of it where the marker is empty.

        Args:
            text: What it says.
            marker: What stands before it: `•`, `3.`; it becomes part of the text.
        """
        runs = [Run(f"{marker} "), *list_runs(text)] if marker else list_runs(text)
        self._add("item", runs, Block(start=0, stop=0, hang=len(marker) + 1 if marker else 0))

    def add_code(
        self, text: str, *, language: str = "", first_line: int = 1, is_verbatim: bool = False
    ) -> None:
        """Add code, exactly as it is but for newlines at its end.

        Args:
            text: The lines.
            language: As Pygments names it.
            first_line: The number of its first line in the original.
            is_verbatim: Whether newlines at its end stay as they are, too, and nothing comes between it and what is
                added next: of a file that is code as a whole.
        """
        like = Block(start=0, stop=0, language=language, first_line=first_line)
        if not is_verbatim:
            self._add("code", text.rstrip("\n"), like)
        elif text:
            self._append("code", text, (), end="", like=like)

    def add_formula(self, latex: str) -> None:
        """Add a formula that stands alone, as LaTeX without its dollar signs."""
        self._add("formula", latex.strip())

    def add_footnote(self, text: Inline, *, label: str) -> None:
        """Add a footnote: its label, `[1]`, and what it says."""
        hung = Block(start=0, stop=0, hang=len(label) + 1)
        self._add("footnote", [Run(f"{label} "), *list_runs(text)], hung)

    def add_rule(self) -> None:
        """Add a line across the page."""
        self._append("rule", "\n", (), end="")

    def add_picture(
        self, caption: Inline, data: bytes | None = None, *, width_pt: float | None = None
    ) -> None:
        """Add a picture; a defect tells of one that is broken, or too small to show anything.

        Args:
            caption: What it shows; where nothing is known, `[picture]`.
            data: The encoded file; where it is not at hand, the caption stands for it.
            width_pt: How wide it stands in the original.
        """
        from glyph_memory.image_files import find_fault  # noqa: PLC0415 - loads Pillow, with the first picture

        runs = list_runs(caption)
        said = " ".join("".join(run.text for run in runs).split())
        runs = runs if said else [Run("[picture]")]
        if data is not None and (fault := find_fault(data)):
            shown = f" {show_value(said)}" if said and said != "[picture]" else ""
            self.add_defect("left out", f"the picture{shown} {fault}; its caption stands for it")
        picture = Picture(data=data, width_pt=width_pt) if data is not None else None
        self._add("picture", runs, Block(start=0, stop=0, picture=picture))

    def add_table(
        self,
        rows: Sequence[Sequence[Inline]],
        *,
        header_rows: int = 0,
        alignments: str = "",
        merges: Sequence[Merge] = (),
        carried: Sequence[Sequence[str]] = (),
    ) -> None:
        """Add a table; rows may differ in length, and newlines in cells are line breaks.

        Args:
            rows: The cells, row by row; those that a merged cell covers are empty.
            header_rows: How many rows at the top head it.
            alignments: One letter a column: `l`, `r`, `c`.
            merges: Cells that take the room of several.
            carried: Header rows of the table whose later part this is.
        """
        columns = max(map(len, rows), default=0)
        text, starts, spans, lines = join_cells(rows, columns, self._size)
        if not text.strip("\t\n"):
            return
        table = Table(
            columns=columns,
            starts=starts,
            header_rows=min(header_rows, len(rows)),
            alignments=alignments,
            merges=tuple(merges),
            carried=tuple(tuple(row) for row in carried),
        )
        self._append("table", text, spans, end="\n\n", table=table, lines=lines)

    def build(self) -> Document:
        """Return the document, or the last part of a long one, with what was added since the part before it."""
        document = replace(
            self._given,
            text="".join(self._texts),
            blocks=tuple(self._blocks),
            source_map=tuple(self._source_map),
            defects=tuple(self._defects),
            part=self._part,
            offset=self._offset,
        )
        self._part, self._offset = self._part + 1, self._offset + self._size
        self._reset()
        return document

    def pop_part(self, characters: int) -> Iterator[Document]:
        """Yield a part once it is long enough, and begin the next one; to be called between two blocks.

        Args:
            characters: How long a part is, about.
        """
        if self._size >= characters:
            yield self.build()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added since the last part, no defect either."""
        return not self._blocks and not self._defects

    def _add(self, kind: BlockKind, text: Inline, like: Block = _EMPTY) -> None:
        """Add a block of the kind, and of what the other one is beside its kind; one without a word is left out."""
        joined, spans, lines = (text, (), []) if isinstance(text, str) else join_runs(text, self._size)
        if joined.strip() or like.picture is not None:
            self._append(kind, joined, spans, end=_APART.get(kind, "\n\n"), like=like, lines=lines)

    def _append(
        self,
        kind: BlockKind,
        text: str,
        spans: tuple[Span, ...],
        *,
        end: str,
        like: Block = _EMPTY,
        table: Table | None = None,
        lines: Sequence[Line] = (),
    ) -> None:
        before = self._blocks[-1] if self._blocks else None
        if before is not None and before.kind == "item" and kind != "item":  # a blank line after a list
            self._texts.append("\n")
            self._size += 1
            self._blocks[-1] = replace(before, stop=self._size)
            if table is not None:
                table = replace(table, starts=tuple(start + 1 for start in table.starts))
            spans = tuple(replace(span, start=span.start + 1, stop=span.stop + 1) for span in spans)
            lines = [(at + 1, line) for at, line in lines]
        start = self._size
        self._texts += (text, end)
        self._size += len(text) + len(end)
        self._blocks.append(
            Block(
                start=start,
                stop=self._size,
                kind=kind,
                level=like.level,
                indent=self.indent,
                quotes=self.quotes,
                hang=like.hang,
                language=like.language,
                first_line=like.first_line,
                spans=spans,
                table=table,
                picture=like.picture,
            )
        )
        if self._location is not _NOWHERE:
            self._source_map += place_lines(self._location, start, start + len(text), lines)
