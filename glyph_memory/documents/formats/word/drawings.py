"""What hangs on a Word paragraph: pictures, text boxes, charts, diagrams, in either of Word's two drawing languages.

Knows DrawingML and VML as far as anything is said in them; knows nothing about shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from xml.etree.ElementTree import Element

from glyph_memory.document import SpanKind
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.formats.office.names import choose_alternative
from glyph_memory.documents.formats.office.pictures import describe_picture, measure_width
from glyph_memory.documents.inline import Run
from glyph_memory.errors import show_value

_SEEN = frozenset(
    {
        "wp:docPr", "wp:extent", "pic:cNvPr", "a:blip", "c:chart", "cx:chart", "dgm:relIds", "w:txbxContent",
        "v:shape", "v:imagedata", "v:textpath", "o:OLEObject",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """What hangs on a paragraph, and is read after it."""

    kind: Literal["picture", "chart", "diagram", "box"]
    """What it is."""
    identifier: str = ""
    """Of the relation to its part."""
    words: str = ""
    """What a picture shows."""
    width_pt: float | None = None
    """How wide a picture stands."""
    content: Element | None = None
    """Of a box: its paragraphs and tables."""


@dataclass(kw_only=True, slots=True)
class Paragraph:
    """A paragraph's text."""

    runs: list[Run] = field(default_factory=list)
    """Its pieces; its newlines are line breaks."""
    attachments: list[Attachment] = field(default_factory=list)
    """What hangs on it, in order."""
    formulas: list[str] = field(default_factory=list)
    """Those that stand on lines of their own; they are among the runs, too."""
    pages: int = 0
    """How many pages end within it, or right before its text."""
    pages_before: int = 0
    """How many of these before its text."""

    @property
    def text(self) -> str:
        """Its characters."""
        return "".join(run.text for run in self.runs)

    def add(self, text: str, kinds: tuple[SpanKind, ...] = (), target: str = "") -> None:
        """Add text; what is marked like the piece before it joins that."""
        last = self.runs[-1] if self.runs else None
        if last is not None and (last.kinds, last.target) == (kinds, target) and "note" not in kinds:
            self.runs[-1] = Run(last.text + text, kinds, target)
        elif text:
            self.runs.append(Run(text, kinds, target))


def read_drawing(element: Element, paragraph: Paragraph, builder: Builder) -> None:
    """Hang what is seen of a drawing on its paragraph.

    Args:
        element: A `w:drawing`, `w:pict` or `w:object`.
        paragraph: Where it stands.
        builder: Gets the report of what is not read.
    """
    words, own, width = "", "", None
    for one in _find_seen(element):
        tag = one.tag
        if tag == "wp:docPr":
            words = describe_picture(one)
        elif tag == "wp:extent":
            width = measure_width(one)
        elif tag == "pic:cNvPr":
            own = describe_picture(one)
        elif tag == "v:shape":
            words = " ".join((one.get("alt") or one.get("o:title") or "").split())
        elif tag in {"a:blip", "v:imagedata"}:
            identifier = one.get("r:embed") or one.get("r:link") or one.get("r:id") or ""
            words_of = own or words or " ".join(one.get("o:title", "").split())
            paragraph.attachments.append(
                Attachment(kind="picture", identifier=identifier, words=words_of, width_pt=width)
            )
        elif tag == "w:txbxContent":
            paragraph.attachments.append(Attachment(kind="box", content=one))
        elif tag == "v:textpath":
            paragraph.add(" ".join(one.get("string", "").split()))
        elif tag == "o:OLEObject":
            builder.add_defect(
                "refused", f"the embedded object {show_value(one.get('ProgID', ''))} was not opened"
            )
        elif tag == "cx:chart":
            builder.add_defect("left out", "a chart of a kind that is not read, such as a sunburst")
        else:
            kind: Literal["chart", "diagram"] = "chart" if tag == "c:chart" else "diagram"
            identifier = one.get("r:id" if kind == "chart" else "r:dm", "")
            paragraph.attachments.append(Attachment(kind=kind, identifier=identifier))


def _find_seen(element: Element) -> Iterator[Element]:
    """Yield what is seen of a drawing, in order; what stands in a text box stays in it."""
    stack = [element]
    while stack:
        one = stack.pop()
        if one.tag in _SEEN:
            yield one
        if one.tag == "mc:AlternateContent":
            chosen = choose_alternative(one)
            stack += [chosen] if chosen is not None else []
        elif one.tag != "w:txbxContent":
            stack += reversed(one)
