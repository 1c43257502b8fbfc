"""Write HTML into a document, as a browser would show it without its style sheets. Knows elements; knows no files.

The tree is walked step by step, so that depth costs nothing. `_BEGIN` says what an element begins; what that returns is
called where the element ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from glyph_memory.document import SpanKind
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.markup.elements import BREAKING, INLINE_KINDS, UNSEEN
from glyph_memory.documents.markup.html_figures import Figures
from glyph_memory.documents.markup.html_flow import Flow
from glyph_memory.documents.markup.html_forms import FORMS
from glyph_memory.documents.markup.html_layout import is_layout
from glyph_memory.documents.markup.html_lists import count_items
from glyph_memory.documents.markup.html_scan import LINE
from glyph_memory.documents.markup.html_values import (
    Attributes,
    End,
    find_formula,
    find_language,
    has_unseen_title,
    is_hidden,
    is_second_mark,
)
from glyph_memory.documents.markup.pictures import FindPicture

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode


class HtmlWriter:
    """Writes one page."""

    def __init__(
        self,
        builder: Builder,
        *,
        base: str,
        line: int | None,
        file: str,
        find_picture: FindPicture | None,
        is_page: bool,
    ) -> None:
        """Begin a page; see `html_page.write_html`."""
        self._builder, self._base, self._is_page = builder, base, is_page
        self._flow = Flow(builder, line=line, file=file)
        self._figures = Figures(builder, self._flow, find_picture)
        self._languages = [""]
        self._told_titles = False

    def write(self, root: LexborNode | None) -> Iterator[None]:
        """Write what is in an element; yield between blocks."""
        node, flow = root, self._flow
        stack = list[tuple["LexborNode", End]]()
        while node is not None:
            end: End = None
            if node.is_text_node:
                flow.add_text(node.text_content or "")
            elif node.is_element_node:
                end = self._begin(node)
                if end == "skip":
                    flow.line += node.text().count("\n")
            elif node.is_comment_node:
                flow.line += (node.comment_content or "").count("\n")
            child = node.child if end != "skip" else None
            if child is not None:
                stack.append((node, end))
                node = child
                continue
            if callable(end):
                end()
            following = node.next
            while following is None and stack:
                node, end = stack.pop()
                if callable(end):
                    end()
                following = node.next
            if flow.has_written:
                flow.has_written = False
                yield
            node = following
        flow.flush()
        yield

    def _begin(self, node: LexborNode) -> End:
        name = node.tag or ""
        attributes = node.attributes
        if (number := attributes.get(LINE)) and number.isdigit():
            self._flow.line = int(number)
        if attributes and name not in {"html", "body"} and is_hidden(attributes):
            if (node.text() or "").strip():
                self._builder.add_defect("left out", "elements that the page hides are not read")
            return "skip"
        if name == "title" and self._is_page:
            self._is_page = False
            self._builder.set_title(" ".join(node.text().split()))
        if name == "script":
            return self._begin_script(node, attributes)
        if name in UNSEEN or (attributes and is_second_mark(name, attributes)):
            return "skip"
        if attributes and not self._told_titles and has_unseen_title(node, attributes):
            self._told_titles = True
            message = (
                "titles and labels of elements, which a page shows under the mouse at most, are not read"
            )
            self._builder.add_defect("left out", message)
        if formula := find_formula(node, name, attributes):
            self._flow.add_formula(*formula)
            return "skip"
        return self._begin_seen(node, name, attributes)

    def _begin_seen(self, node: LexborNode, name: str, attributes: Attributes) -> End:
        if kind := INLINE_KINDS.get(name):
            return self._begin_mark(kind, attributes)
        if begin := _BEGIN.get(name):
            return begin(self, node, attributes)
        if begin_control := FORMS.get(name):
            return begin_control(self._builder, self._flow, node, attributes)
        return self._begin_block(attributes) if name in BREAKING else None

    def _begin_script(self, node: LexborNode, attributes: Attributes) -> End:
        if (attributes.get("type") or "").startswith("math/tex"):
            self._flow.add_formula(node.text(), "display" in (attributes["type"] or ""))
        return "skip"

    def _begin_mark(self, kind: SpanKind, attributes: Attributes) -> End:
        target = ""
        if kind == "link":
            target = self._resolve(attributes.get("href") or "")
            if not target:
                return None
        marks = self._flow.marks
        marks.append((kind, target))
        return lambda: _drop_last(marks, (kind, target))

    def _resolve(self, address: str) -> str:
        address = address.strip()
        if address[:11].lower() == "javascript:":
            return ""
        try:
            return urljoin(self._base, address) if self._base else address
        except ValueError:  # an address with a broken host
            return address

    def _begin_block(self, attributes: Attributes) -> End:
        self._flow.flush()
        language = find_language(attributes.get("class") or "")
        if not language:
            return self._flow.flush
        self._languages.append(language)

        def end() -> None:
            self._flow.flush()
            self._languages.pop()

        return end

    def _begin_heading(self, node: LexborNode, attributes: Attributes) -> End:
        self._flow.flush()
        self._flow.heading = int((node.tag or "h1")[1])

        def end() -> None:
            self._flow.flush()
            self._flow.heading = 0

        return end

    def _begin_list(self, node: LexborNode, attributes: Attributes) -> End:
        self._flow.open_list(node.tag or "", attributes, count_items(node, attributes))
        return self._flow.close_list

    def _begin_item(self, node: LexborNode, attributes: Attributes) -> End:
        name = node.tag or ""
        self._flow.begin_item(name, attributes.get("value") or "")
        return lambda: self._flow.end_item(name)

    def _begin_quote(self, node: LexborNode, attributes: Attributes) -> End:
        return self._flow.begin_quote()

    def _begin_code(self, node: LexborNode, attributes: Attributes) -> End:
        inner = node.child
        classes = attributes.get("class") or ""
        if inner is not None and inner.tag == "code":
            classes += " " + (inner.attributes.get("class") or "")
        return self._flow.begin_code(find_language(classes) or self._languages[-1])

    def _begin_table(self, node: LexborNode, attributes: Attributes) -> End:
        return self._flow.begin_table(is_layout=is_layout(node, attributes))

    def _begin_row(self, node: LexborNode, attributes: Attributes) -> End:
        return self._flow.begin_row(is_header=node.parent is not None and node.parent.tag == "thead")

    def _begin_cell(self, node: LexborNode, attributes: Attributes) -> End:
        return self._flow.begin_cell(is_header=node.tag == "th", attributes=attributes)

    def _begin_caption(self, node: LexborNode, attributes: Attributes) -> End:
        return self._figures.begin_caption()

    def _begin_figure(self, node: LexborNode, attributes: Attributes) -> End:
        return self._figures.begin_figure()

    def _begin_image(self, node: LexborNode, attributes: Attributes) -> End:
        self._figures.add_image(attributes)
        return None

    def _begin_raised(self, node: LexborNode, attributes: Attributes) -> End:
        inner = node.child
        label = inner.child if inner is not None and inner.tag == "a" else None
        is_note = (
            inner is not None
            and label is not None
            and label.is_text_node
            and len(label.text_content or "") < 12
            and "#" in (inner.attributes.get("href") or "")
        )
        return self._flow.begin_raised("subscript" if node.tag == "sub" else "superscript", is_note=is_note)

    def _begin_enclosed(self, node: LexborNode, attributes: Attributes) -> End:
        before, after = ("“", "”") if node.tag == "q" else ("(", ")")
        self._flow.add(before)
        return lambda: self._flow.add(after)

    def _begin_break(self, node: LexborNode, attributes: Attributes) -> End:
        self._flow.add("\n")
        return None

    def _begin_rule(self, node: LexborNode, attributes: Attributes) -> End:
        self._flow.add_rule()
        return None

    def _begin_media(self, node: LexborNode, attributes: Attributes) -> End:
        name = node.tag or ""
        address = attributes.get("src") or attributes.get("data") or ""
        which = f" ({address[:100]})" if address else ""
        self._builder.add_defect("left out", f"what an element {name!r} shows is not read{which}")
        return "skip" if name == "iframe" else None

    def _begin_base(self, node: LexborNode, attributes: Attributes) -> End:
        self._base = self._resolve(attributes.get("href") or "") or self._base
        return None

    def _begin_drawn_text(self, node: LexborNode, attributes: Attributes) -> End:
        return lambda: self._flow.add(" ")


_BEGIN: dict[str, Callable[[HtmlWriter, LexborNode, Attributes], End]] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), HtmlWriter._begin_heading),
    **dict.fromkeys(("ul", "ol", "menu", "dir", "dl"), HtmlWriter._begin_list),
    **dict.fromkeys(("li", "dt", "dd"), HtmlWriter._begin_item),
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext"), HtmlWriter._begin_code),
    **dict.fromkeys(("td", "th"), HtmlWriter._begin_cell),
    "figcaption": HtmlWriter._begin_caption,
    **dict.fromkeys(("sup", "sub"), HtmlWriter._begin_raised),
    **dict.fromkeys(("q", "rt"), HtmlWriter._begin_enclosed),
    **dict.fromkeys(("iframe", "video", "audio", "object", "embed", "frame"), HtmlWriter._begin_media),
    "rp": lambda *_: "skip",
    "base": HtmlWriter._begin_base,
    "blockquote": HtmlWriter._begin_quote,
    "br": HtmlWriter._begin_break,
    "figure": HtmlWriter._begin_figure,
    "hr": HtmlWriter._begin_rule,
    "img": HtmlWriter._begin_image,
    "table": HtmlWriter._begin_table,
    "text": HtmlWriter._begin_drawn_text,
    "tr": HtmlWriter._begin_row,
}


def _drop_last(marks: list[tuple[SpanKind, str]], mark: tuple[SpanKind, str]) -> None:
    for place in range(len(marks) - 1, -1, -1):
        if marks[place] == mark:
            del marks[place]
            return
