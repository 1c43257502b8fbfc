"""The text of a Word paragraph in marked pieces: runs, links, fields, notes, formulas.

Knows what stands in a paragraph; knows nothing about lists and tables.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from glyph_memory.document import SpanKind
from glyph_memory.documents.formats.office.math import write_latex
from glyph_memory.documents.formats.office.names import (
    find_path,
    is_on,
    unfold,
    value,
    value_of,
)
from glyph_memory.documents.formats.office.numerals import write_number
from glyph_memory.documents.formats.office.symbols import find_symbol
from glyph_memory.documents.formats.word.context import Context
from glyph_memory.documents.formats.word.drawings import Paragraph, read_drawing
from glyph_memory.documents.formats.word.fields import Fields, find_link, report_field
from glyph_memory.documents.formats.word.styles import Style, is_code_font
from glyph_memory.documents.scripts import move_script
from glyph_memory.errors import show_value

WRAPPERS: dict[str, str | None] = {
    "w:ins": None,
    "w:moveTo": None,
    "w:smartTag": None,
    "w:customXml": None,
    "w:dir": None,
    "w:bdo": None,
    "w:sdt": "w:sdtContent",
}
"""Elements that say something about what they wrap, and are not seen."""
_SIGNS = {"w:tab": "\t", "w:ptab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-"}
_PRIVATE = re.compile("[\uf000-\uf0ff]")
_NOTES = {"w:footnoteReference": "footnote", "w:endnoteReference": "endnote", "w:commentReference": "comment"}


class TextReader:
    """Reads paragraphs, one after the other: fields may reach over several."""

    def __init__(self, context: Context) -> None:
        """Begin to read.

        Args:
            context: The document.
        """
        self._context = context
        self._fields = Fields()
        self._plain = context.styles.plain

    def read(self, element: Element, style: Style) -> Paragraph:
        """Return a paragraph's text.

        Args:
            element: A `w:p`.
            style: The paragraph's.
        """
        paragraph = Paragraph()
        self._read_children(element, paragraph, style, "")
        self._fields.end_paragraph(self._context.builder)
        return paragraph

    def _read_children(self, parent: Element, paragraph: Paragraph, style: Style, link: str) -> None:
        for child in unfold(parent, WRAPPERS):
            tag = child.tag
            if tag == "w:r":
                self._read_run(child, paragraph, style, link)
            elif tag == "w:hyperlink":
                self._read_children(child, paragraph, style, self._find_target(child) or link)
            elif tag == "w:fldSimple":
                report_field(child.get("w:instr", ""), self._context.builder)
                self._read_children(child, paragraph, style, find_link(child.get("w:instr", "")) or link)
            elif tag == "m:oMath":
                paragraph.add(write_latex(child), ("formula",))
            elif tag == "m:oMathPara":
                self._read_formulas(child, paragraph)
            elif tag in {"w:del", "w:moveFrom"}:
                self._context.builder.add_defect("left out", "text that tracked changes delete")

    def _read_formulas(self, element: Element, paragraph: Paragraph) -> None:
        for one in element.iter("m:oMath"):
            latex = write_latex(one)
            if paragraph.runs:
                paragraph.add("\n")
            paragraph.add(latex, ("formula",))
            paragraph.formulas.append(latex)

    def _find_target(self, element: Element) -> str:
        relation = self._context.package.list_relations(self._context.part).get(element.get("r:id", ""))
        target = relation.target if relation is not None else ""
        anchor = element.get("w:anchor", "")
        return f"{target}#{anchor}" if anchor else target

    def _read_run(self, run: Element, paragraph: Paragraph, style: Style, link: str) -> None:
        properties = run.find("w:rPr")
        kinds, place, is_hidden = self._find_marks(properties, style)
        custom = False
        for child in unfold(run, {}):
            tag = child.tag
            if tag == "w:t":
                text = child.text or ""
            elif tag in _SIGNS:
                text = _SIGNS[tag]
            elif tag == "w:sym":
                text = self._find_sign(child)
            elif tag == "w:ruby":
                text = _read_ruby(child)
            elif tag in _NOTES:
                custom = child.get("w:customMarkFollows", "0") in {"1", "true", "on"}
                self._cite(child, paragraph)
                continue
            else:
                self._read_other(child, paragraph)
                continue
            if not self._fields.shows_text or not text or custom:  # the mark of a note is told already
                continue
            if is_hidden:
                self._context.builder.add_defect("left out", "text that is formatted as hidden")
                continue
            if _PRIVATE.search(text):
                text = _PRIVATE.sub(lambda found: self._find_private(found[0], properties), text)
            text = move_script(text.replace("\u00ad", ""), place)
            target = self._fields.link or link
            paragraph.add(text, (*kinds, "link") if target else kinds, target)

    def _find_marks(self, properties: Element | None, style: Style) -> tuple[tuple[SpanKind, ...], str, bool]:
        """Return what a run is marked as, whether it stands above or below the line, and whether it is hidden."""
        if properties is None and style is self._plain:  # nearly all runs of a large table
            return (), "", False
        named = value_of(properties, "w:rStyle")
        own = self._context.styles.find(named) if named else style
        strong, emphasis, struck, hidden = (
            direct if (direct := is_on(properties, name)) is not None else by_style
            for name, by_style in (
                ("w:b", own.strong or style.strong),
                ("w:i", own.emphasis or style.emphasis),
                ("w:strike", own.struck or style.struck),
                ("w:vanish", own.is_hidden or style.is_hidden),
            )
        )
        is_code = not style.is_code and (own.is_code or is_code_font(properties))
        marks: tuple[tuple[bool, SpanKind], ...] = (
            (strong and not style.heading, "strong"),
            (emphasis, "emphasis"),
            (is_code, "code"),
            (struck or bool(is_on(properties, "w:dstrike")), "struck"),
        )
        place = value_of(properties, "w:vertAlign")
        return tuple(kind for held, kind in marks if held), place, hidden

    def _find_sign(self, element: Element) -> str:
        try:
            code = int(value(element, "w:char", "0"), 16)
        except ValueError:
            code = 0
        return self._name_sign(element.get("w:font", ""), code)

    def _find_private(self, sign: str, properties: Element | None) -> str:
        return self._name_sign(value_of(properties, "w:rFonts", "w:ascii", "Symbol"), ord(sign))

    def _name_sign(self, font: str, code: int) -> str:
        sign = find_symbol(font, code)
        if sign is None:
            self._context.builder.add_defect(
                "guessed",
                f"sign {code & 0xFF:#x} of the font {show_value(font)} has no known meaning; it reads □",
            )
        return sign or "□"

    def _cite(self, element: Element, paragraph: Paragraph) -> None:
        context, kind = self._context, _NOTES[element.tag]
        count = context.counts[kind] = context.counts.get(kind, 0) + 1
        form = "lowerRoman" if kind == "endnote" else "decimal"
        label = f"[{'comment ' if kind == 'comment' else ''}{write_number(count, form)}]"
        context.citations.append((label, kind, element.get("w:id", "")))
        paragraph.add(label, ("note",))

    def _read_other(self, element: Element, paragraph: Paragraph) -> None:
        tag = element.tag
        if tag == "w:lastRenderedPageBreak":
            paragraph.pages += 1
            if not paragraph.text.strip():
                paragraph.pages_before += 1
        elif tag == "w:fldChar":
            if (box := find_path(element, "w:ffData/w:checkBox")) is not None:
                checked = is_on(box, "w:checked")
                paragraph.add("☒" if (checked if checked is not None else is_on(box, "w:default")) else "☐")
            self._fields.change(element.get("w:fldCharType", ""), self._context.builder)
        elif tag == "w:instrText":
            self._fields.add_instruction(element.text or "")
        elif tag in {"w:drawing", "w:pict", "w:object"}:
            read_drawing(element, paragraph, self._context.builder)


def _read_ruby(element: Element) -> str:
    """Return text with the reading that stands above it, in brackets."""
    base, reading = (
        "".join(text.text or "" for part in element.findall(name) for text in part.iter("w:t"))
        for name in ("w:rubyBase", "w:rt")
    )
    return f"{base}({reading})" if reading.strip() else base
