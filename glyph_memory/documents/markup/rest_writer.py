"""Write reStructuredText into a document, block by block. Knows docutils' blocks; knows no files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.inline import Run
from glyph_memory.documents.markup.blanks import tidy_runs
from glyph_memory.documents.markup.grid import Cell, add_grid
from glyph_memory.documents.markup.html_lists import name_number
from glyph_memory.documents.markup.pictures import FindPicture
from glyph_memory.documents.markup.rest_directives import RestDirectives
from glyph_memory.documents.markup.rest_nodes import Node, read_runs
from glyph_memory.documents.markup.rest_output import Indent
from glyph_memory.documents.markup.rest_parts import (
    SILENT,
    TITLES,
    find_line,
    list_addresses,
    list_lines,
    read_table,
    read_term,
)

_STYLES = {"loweralpha": "a", "upperalpha": "A", "lowerroman": "i", "upperroman": "I"}


class RestWriter(RestDirectives):
    """Writes one text."""

    def __init__(
        self, builder: Builder, text: str, *, find_picture: FindPicture | None = None, depth: int = 100
    ) -> None:
        """Begin a text.

        Args:
            builder: Gets the blocks.
            text: reStructuredText.
            find_picture: Returns the file of a picture by its address.
            depth: How deep unknown directives may be nested.
        """
        super().__init__(builder, text, find_picture=find_picture, depth=depth)
        self._level = 0
        self._targets, self._used = dict[str, str](), set[str]()

    def write(self) -> Iterator[None]:
        """Write block after block; yield between them."""
        yield from self.write_nodes(self.parse(self.text), 1)
        for name, address in self._targets.items():
            if address not in self._used:
                self.locate(f"{name}: {address}", 1)
                self.builder.add_paragraph([Run(name, ("link",), address), Run(f": {address}")])
        self.unseen.tell(self.builder)
        yield

    def write_nodes(self, nodes: Sequence[Node], line: int) -> Iterator[None]:
        """Write nodes whose text begins on a line of the file."""
        for node in nodes:
            yield from self._write(node, line)

    def _write(self, node: Node, first: int) -> Iterator[None]:
        """Write a node.

        Args:
            node: Of the tree.
            first: The line of the file where the text began that the tree is of.
        """
        name = node.tagname
        number = find_line(node)
        line = first - 1 + number if number else self.lines.last
        if name == "section":
            self._level += 1
            yield from self.write_nodes(node.children, first)
            self._level -= 1
        elif write := _WRITERS.get(name):
            write(self, node, line)
            yield
        elif walk := _WALKERS.get(name):
            yield from walk(self, node, first)
        elif name == "system_message":
            yield from self.write_message(node, first)
        elif name not in SILENT:
            yield from self.write_nodes(node.children, first)

    def _write_paragraph(self, node: Node, line: int) -> None:
        images = [child for child in node.children if child.tagname == "image"]
        if images and len(images) == len(node.children):
            for image in images:
                self._write_image(image, line)
            return
        self._used.update(list_addresses(node))
        dash = [Run("— ")] if node.tagname == "attribution" else []
        self.write_runs([*dash, *read_runs(node)], line)

    def _write_title(self, node: Node, line: int) -> None:
        runs = tidy_runs(read_runs(node))
        self.locate("".join(run.text for run in runs), line - 1)
        self.builder.add_heading(self._level, runs)

    def _write_strong(self, node: Node, line: int) -> None:
        self.write_runs([*read_runs(node, "strong")], line)

    def _write_code(self, node: Node, line: int) -> None:
        classes = node.get("classes")
        words = [str(word) for word in classes if word != "code"] if isinstance(classes, list) else []
        language = "pycon" if node.tagname == "doctest_block" else (words or [""])[0]
        self.add_code(node.astext(), language, line)

    def _write_formula(self, node: Node, line: int) -> None:
        self.flush_marker()
        self.locate(node.astext(), line)
        self.builder.add_formula(node.astext())

    def _write_rule(self, node: Node, line: int) -> None:
        self.builder.set_location(line=line)
        self.builder.add_rule()

    def _write_image(self, node: Node, line: int, caption: list[Run] | None = None) -> None:
        self.flush_marker()
        address = str(node.get("uri") or "")
        runs = caption or [Run(str(node.get("alt") or ""))]
        self.locate(address, line)
        self.builder.add_picture(runs, self.find(address))

    def _write_lines(self, node: Node, line: int) -> None:
        runs = list[Run]()
        for depth, one in list_lines(node):
            runs += [*([Run("\n")] if runs else []), Run("\u2003" * depth), *read_runs(one)]
        self.write_runs(runs, line)

    def _write_table(self, node: Node, line: int) -> None:
        self.flush_marker()
        for title in (child for child in node.children if child.tagname == "title"):
            self.write_runs([*read_runs(title, "strong")], line)
        rows, header_rows = read_table(node)
        self._used.update(list_addresses(node))
        first = next((cell for row in rows for cell in row if cell.runs), Cell())
        self.locate("".join(run.text for run in first.runs), line)
        add_grid(self.builder, rows, header_rows=header_rows)

    def _write_target(self, node: Node, line: int) -> None:
        names, address = node.get("names"), node.get("refuri")
        if isinstance(names, list) and names and address:
            self._targets[str(names[0])] = str(address)

    def _walk_list(self, node: Node, first: int) -> Iterator[None]:
        self.flush_marker()
        number, style = int(str(node.get("start") or 1)), _STYLES.get(str(node.get("enumtype")), "1")
        with Indent(self):
            for item in node.children:
                self.marker = "•"
                if node.tagname == "enumerated_list":
                    name = name_number(number, style)
                    self.marker = f"{node.get('prefix') or ''}{name}{node.get('suffix') or ''}"
                    number += 1
                yield from self.write_nodes(item.children, first)
                self.marker = ""

    def _walk_terms(self, node: Node, first: int) -> Iterator[None]:
        """Write terms with what explains them; fields and options, too."""
        self.flush_marker()
        with Indent(self):
            for item in node.children:
                terms = [child for child in item.children if child.tagname not in _BODIES]
                runs = list[Run]()
                for term in terms:
                    between = [Run(" : " if term.tagname == "classifier" else ", ")] if runs else []
                    runs += [*between, *read_term(term)]
                self.write_runs(runs, first - 1 + (find_line(item) or 1))
                with Indent(self):
                    for body in (child for child in item.children if child.tagname in _BODIES):
                        yield from self.write_nodes(body.children, first)

    def _walk_quote(self, node: Node, first: int) -> Iterator[None]:
        self.builder.quotes += 1
        if title := TITLES.get(node.tagname):
            self.write_runs([Run(title, ("strong",))], first - 1 + (find_line(node) or 1))
        yield from self._write_boxed(node.children, first)
        self.builder.quotes -= 1

    def _walk_topic(self, node: Node, first: int) -> Iterator[None]:
        classes = node.get("classes")
        if not (isinstance(classes, list) and "contents" in classes):  # headings, told twice
            yield from self._write_boxed(node.children, first)

    def _write_boxed(self, nodes: Sequence[Node], first: int) -> Iterator[None]:
        for child in nodes:
            if child.tagname == "title":
                self._write_strong(child, first - 1 + (find_line(child) or 1))
            else:
                yield from self._write(child, first)

    def _walk_figure(self, node: Node, first: int) -> Iterator[None]:
        captions = [child for child in node.children if child.tagname == "caption"]
        for child in node.children:
            image = child.children[0] if child.tagname == "reference" and child.children else child
            if image.tagname == "image":
                has_own = bool(node.get("alt") or image.get("alt"))
                caption = None if has_own or not captions else tidy_runs(read_runs(captions.pop()))
                self._write_image(image, first - 1 + (find_line(node) or 1), caption)
            elif child.tagname != "caption" or captions:
                yield from self._write(child, first)

    def _walk_note(self, node: Node, first: int) -> Iterator[None]:
        for child in node.children:
            if child.tagname == "label":
                self.label = f"[{child.astext()}]"
            else:
                yield from self._write(child, first)
        self.label = ""


_BODIES = frozenset(("definition", "field_body", "description"))
_Write = Callable[[RestWriter, Node, int], None]
_Walk = Callable[[RestWriter, Node, int], Iterator[None]]
_WRITERS: dict[str, _Write] = {
    "paragraph": RestWriter._write_paragraph,
    "title": RestWriter._write_title,
    "subtitle": RestWriter._write_title,
    "rubric": RestWriter._write_strong,
    "caption": RestWriter._write_paragraph,
    "attribution": RestWriter._write_paragraph,
    "literal_block": RestWriter._write_code,
    "doctest_block": RestWriter._write_code,
    "math_block": RestWriter._write_formula,
    "transition": RestWriter._write_rule,
    "image": RestWriter._write_image,
    "line_block": RestWriter._write_lines,
    "table": RestWriter._write_table,
    "target": RestWriter._write_target,
}
_WALKERS: dict[str, _Walk] = {
    **dict.fromkeys(("bullet_list", "enumerated_list"), RestWriter._walk_list),
    **dict.fromkeys(("definition_list", "field_list", "option_list"), RestWriter._walk_terms),
    **dict.fromkeys((*TITLES, "block_quote", "admonition", "sidebar"), RestWriter._walk_quote),
    **dict.fromkeys(("footnote", "citation"), RestWriter._walk_note),
    "topic": RestWriter._walk_topic,
    "figure": RestWriter._walk_figure,
}
