"""Write Markdown into a document, block by block. Knows tokens of blocks; `markdown_inline` knows those within."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.inline import Run
from glyph_memory.documents.markup.blanks import tidy_runs
from glyph_memory.documents.markup.elements import KNOWN
from glyph_memory.documents.markup.html_page import write_html
from glyph_memory.documents.markup.markdown_inline import Image, InlineWriter
from glyph_memory.documents.markup.markdown_parser import Parsed
from glyph_memory.documents.markup.pictures import FindPicture

if TYPE_CHECKING:
    from markdown_it.token import Token

_TASK = re.compile(r"\[([ xX])\]\s+(?=\S)")
_DATA = re.compile(r"([\w.-][\w .-]*):(?:\s+(.*))?")
_FIRST_TAG = re.compile(r"\s*</?([A-Za-z][\w:.-]*)")
_ROW = re.compile(r"\s*</?(?:tr|td|th|tbody|thead|tfoot|caption)\b", re.IGNORECASE)


class MarkdownWriter:
    """Writes the blocks of one text."""

    def __init__(
        self,
        builder: Builder,
        text: str,
        *,
        line: int | None = 1,
        find_picture: FindPicture | None = None,
        front_matter: bool = False,
        components: bool = False,
    ) -> None:
        """Begin a text.

        Args:
            builder: Gets the blocks.
            text: Markdown.
            line: The number of its first line in the original; None leaves the builder's location as it is.
            find_picture: Returns the file of a picture by its address.
            front_matter: Whether it may begin with lines of data between dashes.
            components: Whether elements that HTML does not know are those of MDX.
        """
        self._builder, self._text, self._line = builder, text, line
        self._find, self._components = find_picture or (lambda _: None), components
        self._parsed = Parsed(text, front_matter=front_matter)
        self._lists = list[tuple[bool, int]]()  # whether it is numbered, and the last number
        self._indent, self._marker, self._label = builder.indent, "", ""
        self._heading = 0
        self._rows: list[list[list[Run]]] | None = None
        self._alignments = ""
        self._notes = list[int]()

    def write(self) -> Iterator[None]:
        """Write block after block; yield between those that stand in no other."""
        writers: dict[str, Callable[[Token], None]] = {
            "bullet_list_open": lambda _: self._open_list(is_numbered=False),
            "ordered_list_open": lambda _: self._open_list(is_numbered=True),
            "bullet_list_close": lambda _: self._close_list(),
            "ordered_list_close": lambda _: self._close_list(),
            "list_item_open": self._open_item,
            "blockquote_open": lambda _: self._quote(1),
            "blockquote_close": lambda _: self._quote(-1),
            "heading_open": self._open_heading,
            "table_open": lambda _: self._open_table(),
            "tr_open": lambda _: self._open_row(),
            "th_open": self._open_cell,
            "td_open": self._open_cell,
            "table_close": lambda _: self._close_table(),
            "footnote_reference_open": self._open_note,
            "footnote_reference_close": lambda _: self._set_label(""),
            "inline": self._write_inline,
            "fence": self._write_code,
            "code_block": self._write_code,
            "html_block": self._write_html,
            "hr": lambda _: self._builder.add_rule(),
            "math_block": self._write_formula,
            "math_block_label": self._write_formula,
            "amsmath": self._write_formula,
            "front_matter": self._write_front_matter,
            "deep_text": self._write_deep_text,
        }
        for token in self._parsed.blocks:
            if token.map and self._rows is None:
                self._locate(token.map[0])
            if write := writers.get(token.type):
                write(token)
            if token.level == 0 and token.nesting <= 0:
                self._write_notes()
                yield
        self._write_unused()

    def _locate(self, line: int, *, counts_lines: bool = False) -> None:
        if self._line is not None:
            self._builder.set_location(line=self._line + line, counts_lines=counts_lines)

    def _open_list(self, *, is_numbered: bool) -> None:
        self._flush_marker()
        self._lists.append((is_numbered, -1))
        self._builder.indent = self._indent + len(self._lists) - 1

    def _close_list(self) -> None:
        self._flush_marker()
        self._lists.pop()
        self._builder.indent = self._indent + max(len(self._lists) - 1, 0)

    def _open_item(self, token: Token) -> None:
        self._flush_marker()
        is_numbered, last = self._lists[-1]
        if not is_numbered:
            self._marker = "•"
            return
        number = int(token.info)
        number = number if number > last else last + 1  # "1. 1. 1." is a list of three
        self._lists[-1] = (is_numbered, number)
        self._marker = f"{number}{token.markup}"

    def _flush_marker(self) -> None:
        """Write the marker of an item that does not begin with text."""
        if self._marker:
            self._builder.add_item("", marker=self._marker)
            self._marker = ""

    def _quote(self, change: int) -> None:
        self._builder.quotes += change

    def _open_heading(self, token: Token) -> None:
        self._heading = int(token.tag[1:])

    def _open_table(self) -> None:
        self._flush_marker()
        self._rows, self._alignments = [], ""

    def _open_row(self) -> None:
        if self._rows is not None:
            self._rows.append([])

    def _open_cell(self, token: Token) -> None:
        if self._rows is not None and len(self._rows) == 1:
            style = str(token.attrs.get("style", ""))
            self._alignments += "c" if "center" in style else "r" if "right" in style else "l"

    def _close_table(self) -> None:
        rows, self._rows = self._rows or [], None
        self._builder.add_table(rows, header_rows=1, alignments=self._alignments)

    def _open_note(self, token: Token) -> None:
        self._set_label(f"[{token.meta['label']}]")

    def _set_label(self, label: str) -> None:
        self._label = label

    def _write_inline(self, token: Token) -> None:
        content = token.content
        if self._marker and (task := _TASK.match(content)):
            box = "☐" if task[1] == " " else "☑"
            self._marker = box if self._marker == "•" else f"{self._marker} {box}"
            content = content[task.end() :]
        writer = InlineWriter(self._label_note, components=self._components)
        pieces = writer.write(self._parsed.parse_inline(content))
        if self._rows is not None:
            self._rows[-1].append(self._join(pieces))
        elif self._heading:
            self._write_heading(self._join(pieces))
        else:
            self._write_pieces(pieces)

    def _join(self, pieces: list[Run | Image]) -> list[Run]:
        """Return the runs of a text that has no room for pictures."""
        if any(isinstance(piece, Image) for piece in pieces):
            message = "pictures in headings, in tables and within links are their captions alone"
            self._builder.add_defect("left out", message)
        return tidy_runs(
            run for piece in pieces for run in ([piece] if isinstance(piece, Run) else piece.caption)
        )

    def _write_heading(self, runs: list[Run]) -> None:
        level, self._heading = self._heading, 0
        if self._lists:
            self._write_runs(runs)
        else:
            self._builder.add_heading(level, runs)

    def _write_pieces(self, pieces: list[Run | Image]) -> None:
        """Write a paragraph; its pictures stand between the texts around them."""
        is_picture = all(isinstance(piece, Image) or not piece.text.strip() for piece in pieces)
        held = list[Run | Image]()
        for piece in pieces:
            if isinstance(piece, Image) and not piece.is_linked:
                data = self._find(piece.address)
                if data is not None or is_picture:
                    self._write_runs(self._join(held))
                    self._flush_marker()
                    held = []
                    self._builder.add_picture(tidy_runs([*piece.caption]), data)
                    continue
                held += piece.caption
            else:
                held.append(piece)
        self._write_runs(self._join(held))

    def _write_runs(self, runs: list[Run]) -> None:
        if not any(run.text.strip() for run in runs):
            return
        if self._label:
            self._builder.add_footnote(runs, label=self._label)
            self._label = ""
        elif self._lists:
            self._builder.add_item(runs, marker=self._marker)
            self._marker = ""
        else:
            self._builder.add_paragraph(runs)

    def _write_code(self, token: Token) -> None:
        self._flush_marker()
        is_fence = token.type == "fence"
        self._locate((token.map or [0])[0] + is_fence, counts_lines=True)
        words = token.info.split(maxsplit=1)
        self._builder.add_code(token.content, language=words[0].strip("{}.") if words else "")

    def _write_html(self, token: Token) -> None:
        self._flush_marker()
        html = token.content
        tag = _FIRST_TAG.match(html)
        is_comment = html.lstrip().startswith("<!--")
        if (is_comment and "-->" not in html) or (
            tag and tag[1].lower() not in KNOWN and not self._components
        ):
            self._builder.add_paragraph(html.strip())  # <file> alone on its line
        else:
            table = "<table>" if _ROW.match(html) else ""  # a row whose table began in another block
            line = None if self._line is None else self._line + (token.map or [0])[0]
            for _ in write_html(self._builder, table + html, line=line, find_picture=self._find):
                pass

    def _write_formula(self, token: Token) -> None:
        self._flush_marker()
        self._builder.add_formula(token.content)

    def _write_front_matter(self, token: Token) -> None:
        lines = token.content.strip("\n").split("\n")
        found = [_DATA.fullmatch(line.rstrip()) for line in lines]
        rows = [[one[1], one[2] or ""] for one in found if one is not None]
        self._locate((token.map or [0])[0] + 1, counts_lines=True)
        if len(rows) == len(lines):
            self._builder.add_table(rows)
        else:
            self._builder.add_code(token.content, language="yaml")
        title = next((value for name, value in rows if name == "title"), "").strip("\"' ")
        if title:
            self._builder.set_title(title)

    def _write_deep_text(self, token: Token) -> None:
        self._flush_marker()
        self._builder.add_paragraph(token.content.strip("\n"))
        message = "what is nested more deeply than can be read stands as it is written"
        self._builder.add_defect("damaged", message)

    def _label_note(self, number: int) -> str:
        self._notes.append(number)
        return f"*{number + 1}"

    def _write_notes(self) -> None:
        """Write footnotes that stood within the block before."""
        while self._notes:
            number = self._notes.pop(0)
            pieces = InlineWriter(self._label_note).write(self._parsed.read_note(number))
            self._builder.add_footnote(self._join(pieces), label=f"[*{number + 1}]")

    def _write_unused(self) -> None:
        """Write definitions of links that no link uses: in a plain text, `[note]: so` may be one."""
        unused = self._parsed.list_unused()
        lines = re.split(r"\r\n|\r|\n", self._text) if unused else []
        for first, stop in unused:
            self._locate(first, counts_lines=True)
            self._builder.add_paragraph("\n".join(lines[first:stop]))
