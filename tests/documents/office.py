"""Word documents and presentations for tests: made by the format's own library, or of raw XML where it has no words."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Protocol

import docx
import pptx
from PIL import Image

from glyph_memory.documents import Document, LoadOptions, load

SPACES = " ".join(
    f'xmlns:{short}="{name}"'
    for short, name in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "a14": "http://schemas.microsoft.com/office/drawing/2010/main",
        "v": "urn:schemas-microsoft-com:vml",
        "o": "urn:schemas-microsoft-com:office:office",
        "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    }.items()
)
_KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


class Saveable(Protocol):
    """A document of python-docx or python-pptx."""

    def save(self, path_or_stream: io.BytesIO, /) -> None:
        """Write the file."""


def save(document: Saveable) -> bytes:
    """Return a document's file."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def edit(data: bytes, changes: Mapping[str, bytes | Callable[[bytes], bytes]]) -> bytes:
    """Return a zip file with members changed, or added."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in dict.fromkeys([*old.namelist(), *changes]):
            change = changes.get(name)
            if isinstance(change, bytes):
                new.writestr(name, change)
            else:
                new.writestr(name, change(old.read(name)) if change is not None else old.read(name))
    return buffer.getvalue()


def add_relations(rels: bytes, relations: Mapping[str, tuple[str, str]]) -> bytes:
    """Return a part's relations with more: id to kind and target; a target with `//` in it lies outside."""
    added = "".join(
        f'<Relationship Id="{name}" Type="{_KINDS}/{kind}" Target="{target}"'
        + (' TargetMode="External"/>' if "//" in target else "/>")
        for name, (kind, target) in relations.items()
    )
    return rels.replace(b"</Relationships>", added.encode() + b"</Relationships>")


def make_word(
    body: str, parts: Mapping[str, str] | None = None, relations: Mapping[str, tuple[str, str]] | None = None
) -> bytes:
    """Return a Word document of raw XML.

    Args:
        body: What stands in `w:body`.
        parts: More parts by name, as `footnotes`, `numbering`: what stands in their root, `w:footnotes`.
        relations: More links of the document: id to kind and target.
    """
    linked = {f"part-{name}": (name, f"{name}.xml") for name in parts or {}} | dict(relations or {})
    changes: dict[str, bytes | Callable[[bytes], bytes]] = {
        f"word/{name}.xml": f"<w:{name} {SPACES}>{xml}</w:{name}>".encode()
        for name, xml in (parts or {}).items()
    }
    changes["word/document.xml"] = f"<w:document {SPACES}><w:body>{body}</w:body></w:document>".encode()
    drop = re.compile("|".join(f'<Relationship [^>]*/{name}"[^>]*/>' for name in parts or ["none"]))
    changes["word/_rels/document.xml.rels"] = lambda old: add_relations(
        drop.sub("", old.decode()).encode(), linked
    )
    return edit(save(docx.Document()), changes)


def make_slides(
    tree: str,
    parts: Mapping[str, bytes] | None = None,
    relations: Mapping[str, tuple[str, str]] | None = None,
) -> bytes:
    """Return a presentation of one slide of raw XML.

    Args:
        tree: What stands in `p:spTree`.
        parts: More parts, by their full name.
        relations: More links of the slide: id to kind and target.
    """
    presentation = pptx.Presentation()
    presentation.slides.add_slide(presentation.slide_layouts[6])
    slide = f"<p:sld {SPACES}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld></p:sld>".encode()
    return edit(
        save(presentation),
        {
            "ppt/slides/slide1.xml": slide,
            "ppt/slides/_rels/slide1.xml.rels": lambda old: add_relations(old, relations or {}),
            **(parts or {}),
        },
    )


def paragraph(text: str, properties: str = "") -> str:
    """Return a paragraph of Word of one run."""
    return f'<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def read(data: bytes, options: LoadOptions | None = None) -> Document:
    """Return a document that comes in one part."""
    (document,) = load(data, options=options)
    return document


def outline(document: Document) -> list[tuple[str, str]]:
    """Return the kind and text of each block; of headings with their level."""
    return [
        (
            f"{block.kind} {block.level}" if block.level else block.kind,
            document.text[block.start : block.stop].rstrip("\n"),
        )
        for block in document.blocks
    ]


def marked(document: Document) -> list[tuple[str, str, str]]:
    """Return the kind, text and target of each span, in order."""
    return [
        (span.kind, document.text[span.start : span.stop], span.target)
        for block in document.blocks
        for span in block.spans
    ]


def cells(document: Document, place: int = 0) -> list[list[str]]:
    """Return the cells of a document's table, row by row."""
    block = [one for one in document.blocks if one.table is not None][place]
    assert block.table is not None
    texts = [
        document.text[slice(*document.cell_span(block, index))] for index in range(len(block.table.starts))
    ]
    columns = block.table.columns
    return [texts[at : at + columns] for at in range(0, len(texts), columns)]


def told(document: Document) -> list[str]:
    """Return what is reported."""
    return [f"{defect.kind}: {defect.message}" for defect in document.defects]


def draw_png(size: tuple[int, int] = (4, 3)) -> bytes:
    """Return a small picture."""
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, "PNG")
    return buffer.getvalue()
