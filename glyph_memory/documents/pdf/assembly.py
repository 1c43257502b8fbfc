"""Pages become a document: their order, headings, tables, footnotes. Knows contents of pages; opens no file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.inline import Inline
from glyph_memory.documents.pdf.content import PageContent
from glyph_memory.documents.pdf.defects import SCAN, PageDefects
from glyph_memory.documents.pdf.inline import InlineContext, make_runs
from glyph_memory.documents.pdf.lines import Piece, make_pieces
from glyph_memory.documents.pdf.paragraphs import Look, Paragraph, make_paragraphs
from glyph_memory.documents.pdf.regions import order_pieces
from glyph_memory.documents.pdf.running_heads import PageEdges, find_heads, list_edges
from glyph_memory.documents.pdf.tables import RuledTable, find_tables, make_table_pieces, may_have_table
from glyph_memory.documents.pdf.word import HYPHEN, Frame, Rect

GARBAGE = 0.2
"""So many characters that nobody wrote make a page's text useless."""
_FOOT = 0.45
"""Footnotes stand below so much of the page's height."""


@dataclass(slots=True)
class _Figure:
    data: bytes | None
    width_pt: float


@dataclass(slots=True)
class PreparedPage:
    """A page whose pieces of lines are known, not yet their order."""

    content: PageContent
    """As it was read."""
    pieces: list[Piece]
    """Of lines, and tables and pictures among them."""
    edges: PageEdges
    """Lines that may be running heads."""
    tables: list[Rect]
    """Where tables with rules stand."""


def prepare_page(content: PageContent, vocabulary: Collection[str]) -> PreparedPage:
    """Return a page with its tables found and its words as pieces of lines."""
    words, tables = content.words, list[RuledTable]()
    if may_have_table(content.drawings.rules):
        tables, words = find_tables(content.drawings.rules, words, InlineContext(vocabulary=vocabulary))
    pieces = [*make_pieces(words), *make_table_pieces(tables)]
    edges = list_edges(pieces, content.frame.size[1], page=content.number)
    for rect, data in content.pictures:
        pieces.append(Piece([], payload=_Figure(data, rect[2] - rect[0]), place=rect))
    return PreparedPage(content, pieces, edges, [table.place for table in tables])


class Assembly:
    """Puts pages into a document, one after the other."""

    def __init__(
        self, builder: Builder, defects: PageDefects, look: Look, vocabulary: Collection[str]
    ) -> None:
        self._builder, self._defects, self._look = builder, defects, look
        self._vocabulary = vocabulary

    def add_page(
        self, page: PreparedPage, neighbours: Sequence[PreparedPage], outline: Mapping[str, int]
    ) -> None:
        """Add a page.

        Args:
            page: The page.
            neighbours: Pages before and after it, by which running heads are known.
            outline: Headings that the file lists on it.
        """
        content, number = page.content, page.content.number
        self._builder.set_location(page=number)
        self._report(page)
        pieces = self._drop_heads(page, [other.edges for other in neighbours])
        if not content.text.characters and not content.words:
            self._add_blank(content)
        self._add_pieces(pieces, content.frame, outline, number)
        self._add_sideways(content, outline)
        for note in content.extras.notes:
            self._builder.add_paragraph(f"[note: {note}]")

    def _drop_heads(self, page: PreparedPage, neighbours: Sequence[PageEdges]) -> list[Piece]:
        """Return the pieces of a page without its running heads, which are reported."""
        limit = 1.1 * self._look.size
        found = [
            head
            for head in find_heads(page.edges, neighbours)
            if all(piece.size <= limit for piece in head.line.pieces)
        ]
        heads = {id(piece) for head in found for piece in head.line.pieces}
        if len(heads) == len(page.pieces):
            return page.pieces
        for head in found:
            text = " ".join(piece.text for piece in head.line.pieces)
            self._defects.add_head(head.key, text, page.content.number)
        return [piece for piece in page.pieces if id(piece) not in heads]

    def _add_pieces(self, pieces: list[Piece], frame: Frame, outline: Mapping[str, int], number: int) -> None:
        is_rtl = sum(piece.is_rtl for piece in pieces) * 2 > len(pieces)
        blocks = list[Paragraph | list[list[str]]]()
        for region in order_pieces(pieces, size=self._look.size, is_rtl=is_rtl):
            if region.grid is not None:
                blocks.append(region.grid)
                self._defects.add("guessed", "the cells of a table without rules, by their gaps", number)
                continue
            if region.is_unsure:
                self._defects.add("guessed", "the order of words that stand beside each other", number)
            found = [*make_paragraphs(region.lines, self._look, outline, foot=_FOOT * frame.size[1])]
            if found and (before := _last_text(blocks)) is not None and _continues(before, found[0]):
                before.lines += found.pop(0).lines
            blocks += found
        notes = [block for block in blocks if isinstance(block, Paragraph) and block.part == "footnote"]
        context = InlineContext(labels={note.marker for note in notes}, vocabulary=self._vocabulary)
        for block in blocks:
            if not isinstance(block, Paragraph):
                self._builder.add_table(block)
            elif block.part != "footnote":
                self._add_paragraph(block, context)
        for note in notes:
            self._add_paragraph(note, context)

    def _add_paragraph(self, block: Paragraph, context: InlineContext) -> None:
        builder, first = self._builder, block.lines[0]
        if block.part == "payload":
            self._add_payload(first.payload)
        elif block.part == "code":
            builder.add_code(write_code(block.lines))
        elif block.part == "heading":
            plain = InlineContext(
                vocabulary=context.vocabulary, labels=context.labels, is_bold=True, is_italic=True
            )
            builder.add_heading(block.level, make_runs(block.lines, plain))
        elif block.part in ("item", "footnote"):
            rest = [Piece(first.words[1:]), *block.lines[1:]]
            runs = make_runs(rest, context)
            if runs and runs[0].text.startswith(" "):
                runs = runs[1:] if not runs[0].text.strip() else runs
            if block.part == "footnote":
                builder.add_footnote(runs, label=f"[{block.marker}]")
            else:
                builder.indent = block.indent
                builder.add_item(runs, marker=block.marker)
                builder.indent = 0
        else:
            builder.add_paragraph(make_runs(block.lines, context, block.ends))

    def _add_payload(self, payload: object) -> None:
        if isinstance(payload, RuledTable):
            rows: list[list[Inline]] = payload.rows
            self._builder.add_table(
                rows,
                header_rows=payload.header_rows,
                alignments=payload.alignments,
                merges=payload.merges,
            )
        elif isinstance(payload, _Figure):
            self._builder.add_picture("[picture]", payload.data, width_pt=payload.width_pt)

    def _add_sideways(self, content: PageContent, outline: Mapping[str, int]) -> None:
        """Add text that runs another way than most of the page."""
        words = [word for word in content.text.words if word.angle != content.text.angle]
        for angle in dict.fromkeys(word.angle for word in words):
            self._defects.add("guessed", "text that runs sideways stands after the rest", content.number)
            turned = make_pieces([word for word in words if word.angle == angle])
            self._add_pieces(turned, Frame(content.frame.box, angle), outline, content.number)

    def _add_blank(self, content: PageContent) -> None:
        if content.drawings.images:
            self._builder.add_picture(f"[page {content.number}: a scan without text]")
            self._defects.add("left out", SCAN, content.number)
        elif content.drawings.has_shapes:
            self._builder.add_picture(f"[page {content.number}: a drawing without text]")

    def _report(self, page: PreparedPage) -> None:
        """Report what is lost of a page, or guessed."""
        content = page.content
        text, number, add = content.text, content.number, self._defects.add
        if text.garbage > GARBAGE * text.characters:
            add(
                "damaged",
                "the file does not say which characters its glyphs are; the text is garbage",
                number,
            )
        elif text.garbage:
            add("damaged", "some glyphs are of no known character", number)
        if text.invisible > 0.5 * text.characters:
            add("guessed", "the text is not seen on the page, as that of a recognised scan", number)
        elif text.invisible:
            add("guessed", "some of the text is not seen on the page", number)
        if text.outside:
            shown = " ".join(text.outside)
            shown = shown if len(shown) <= 200 else f"{shown[:200]}… ({len(text.outside)} words)"
            add("left out", f"text outside of the page: {shown!r}", number)
        if text.is_cut:
            add("left out", "it has more text than is read of one page", number)
        if text.has_cut_string:
            add("left out", "what stands after 32,767 bytes of a single string, which pdfium drops", number)
        if content.drawings.is_cut:
            add(
                "left out", "it has more shapes than are looked at; tables may be missing their rules", number
            )
        for loss in dict.fromkeys(content.losses):
            add("left out", loss, number)
        if (content.text.characters or content.words) and content.measure_figures(page.tables):
            add("left out", "a drawing; its words alone are in the text", number)


def write_code(lines: Sequence[Piece]) -> str:
    """Return code with its indentation: characters of one width say how far in a line begins."""
    widths = [
        (word.right - word.left) / len(word.text)
        for line in lines
        for word in line.words
        if len(word.text) > 2
    ]
    wide = max(median(widths) if widths else 0.6 * lines[0].size, 1.0)
    left = min(line.box[0] for line in lines)
    steps = [below.baseline - above.baseline for above, below in pairwise(lines)]
    step = max(min((step for step in steps if step > 0), default=0.0), 1.0)
    written, before = list[str](), lines[0].baseline
    for line in lines:
        written += [""] * min(max(round((line.baseline - before) / step) - 1, 0), 3)
        before, text, at = line.baseline, "", left
        for word in line.words:
            if not (word.glued and text):
                least = 1 if text else 0
                text += " " * min(max(round((word.left - at) / wide), least), 200)
            text, at = text + word.text.replace(HYPHEN, "-"), word.right
        written.append(text)
    return "\n".join(written)


def _last_text(blocks: Sequence[Paragraph | list[list[str]]]) -> Paragraph | None:
    """Return the block that a next column may go on with: the last one but for footnotes."""
    for block in reversed(blocks):
        if not isinstance(block, Paragraph):
            return None
        if block.part != "footnote":
            return block
    return None


def _continues(before: Paragraph, block: Paragraph) -> bool:
    """Return whether a block at the top of a column goes on with the one at the end of the column before it."""
    if before.part not in ("paragraph", "item") or block.part != "paragraph":
        return False
    last, first = before.lines[-1], block.lines[0]
    if abs(last.size - first.size) > 0.06 * last.size:
        return False
    return last.text[-1:] not in ".!?:;" and (first.text[:1].islower() or last.text.endswith("-"))
