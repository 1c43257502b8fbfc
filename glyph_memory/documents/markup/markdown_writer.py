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
from glyph_memory.documents.markup.markdown_parser import SURPLUS, Parsed
from glyph_memory.documents.markup.markdown_values import is_costly, read_fence, read_front_matter
from glyph_memory.documents.markup.pictures import FindPicture

if TYPE_CHECKING:
    from markdown_it.token import Token

_TASK = re.compile(r"\[([ xX])\]\s+(?=\S)")
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
            "tr_close": self._close_row,
            "table_close": lambda _: self._close_table(),
            **dict.fromkeys(("footnote_reference_open", "footnote_reference_close"), self._name_note),
            "inline": self._write_inline,
            **dict.fromkeys(("fence", "code_block"), self._write_code),
            "html_block": self._write_html,
            "hr": lambda _: self._builder.add_rule(),
            **dict.fromkeys(("math_block", "math_block_label", "amsmath"), self._write_formula),
            "front_matter": self._write_front_matter,
            "deep_text": self._write_deep_text,
        }
        for token in self._parsed.list_blocks():
            if write := writers.get(token.type):
                if token.map and self._rows is None:
                    self._locate(token.map[0])
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
        if self._rows is not None:
            style = str(token.attrs.get("style", ""))
            self._alignments += "c" if "center" in style else "r" if "right" in style else "l"

    def _close_row(self, token: Token) -> None:
        for text in token.meta.get(SURPLUS, ()):
            if self._rows is not None:
                self._rows[-1].append(self._join(self._read_inline(text)))

    def _close_table(self) -> None:
        rows, self._rows = self._rows or [], None
        self._builder.add_table(rows, header_rows=1, alignments=self._alignments)

    def _name_note(self, token: Token) -> None:
        self._label = f"[{token.meta['label']}]" if token.nesting > 0 else ""

    def _write_inline(self, token: Token) -> None:
        content = token.content
        if self._marker and (task := _TASK.match(content)):
            box = "☐" if task[1] == " " else "☑"
            self._marker = box if self._marker == "•" else f"{self._marker} {box}"
            content = content[task.end() :]
        pieces = self._read_inline(content, token.map)
        if self._rows is not None:
            self._rows[-1].append(self._join(pieces))
        elif self._heading:
            self._write_heading(self._join(pieces))
        else:
            self._write_pieces(pieces)

    def _read_inline(self, content: str, lines: list[int] | None = None) -> list[Run | Image]:
        """Return the runs and pictures of a block's text; `lines` are those that it stands on."""
        if is_costly(content):
            message = (
                "a paragraph has hundreds of brackets that never end; its marks stand as they are written"
            )
            self._builder.add_defect("guessed", message)
            return [Run(content.replace("\n", " "))]
        tokens = self._parsed.parse_inline(content)
        line = None
        if lines and self._line is not None:
            breaks = sum(token.type in {"softbreak", "hardbreak"} for token in tokens)
            if breaks == content.count("\n"):  # code and tags of several lines do not say where these end
                line = self._line + lines[0]
        writer = InlineWriter(self._label_note, components=self._components, line=line)
        pieces = writer.write(tokens)
        if writer.has_titles:
            message = "titles of links and pictures, which show under a mouse alone, are not read"
            self._builder.add_defect("left out", message)
        return pieces

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
        language, title = read_fence(token.info)
        self._write_runs([Run(title)])
        self._flush_marker()
        is_fence = token.type == "fence"
        self._locate((token.map or [0])[0] + is_fence, counts_lines=True)
        self._builder.add_code(token.content, language=language)

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
        rows, title = read_front_matter(token.content)
        self._locate((token.map or [0])[0] + 1, counts_lines=True)
        if rows is not None:
            self._builder.add_table(rows)
        else:
            self._builder.add_code(token.content, language="yaml")
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
