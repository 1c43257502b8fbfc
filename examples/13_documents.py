"""Turn documents of every format into pages, and trace a quote back to where it stands.

    python examples/13_documents.py [FOLDER]

Makes a few small documents, and writes a page of each as PNG into FOLDER, `out/documents` if none is given.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

from PIL import Image, ImageDraw

from glyph_memory.documents import draw_pages, load

REPORT = """# Quarterly report

The workshop sold **oak** and *ash*, as the [price list](https://example.org/prices) says. Run `make prices`.

1. Order the timber, at the price that was agreed in the letter of the third of May.
   - in two lots
   - 中文字符 and Latin, mixed
2. Pay.

> Whoever pays late pays twice, said the merchant, and wrote it on the wall of his shop.

## Prices

| item | unit | EUR | remark |
|------|:----:|----:|--------|
| oak  | m³   | 1,234.50 | the best of it, dried for two years under a roof, and sold by the plank |
| ash  | m³   | 84.00 | |
| glue | l    | 3.10 | see the note[^1] |

```python
class Price:
    def total(self, count: int = 10) -> float:
        # a rebate for many
        return count * 0.9 if count > 3 else float(count)
```

$$\\int_0^\\infty e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2}$$

![A ball on a slope](ball.png)

[^1]: The price list is of May.
"""

NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Squares"},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "execution_count": 1,
            "source": "[n * n for n in range(5)]",
            "outputs": [
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {"text/plain": "[0, 1, 4, 9, 16]"},
                }
            ],
        },
    ],
}


CHAT = [
    {"role": "user", "content": "When does the gate open?"},
    {"role": "assistant", "content": "At nine."},
]

REST = """
Hours
=====

It opens at *nine*.

=======  =====
day      until
=======  =====
Monday   six
Tuesday  five
=======  =====
"""

NAMESPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    "s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
}
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def draw_ball() -> Image.Image:
    """Return a picture."""
    picture = Image.new("RGB", (300, 120), "#CFE8FF")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((20, 20, 120, 100), fill="#E07020")
    pen.line((0, 119, 299, 0), fill="black", width=3)
    return picture


def write_zip(members: dict[str, str]) -> bytes:
    """Return an archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return file.getvalue()


def write_relations(**targets: str) -> str:
    """Return which part of an Office file leads where, by the relation's name."""
    each = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}{name}" Target="{target}"/>'
        for name, target in targets.items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{each}</Relationships>'


def write_types(**parts: str) -> str:
    """Return the content types of an Office file: the part of each kind."""
    application = "application/vnd.openxmlformats-officedocument."
    each = "".join(
        f'<Override PartName="/{part}" ContentType="{application}{kind.replace("_", ".")}.main+xml"/>'
        for kind, part in parts.items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    return f'<Types xmlns="{space}"><Default Extension="rels" ContentType="{relations}"/>{each}</Types>'


def write_xml(text: str) -> str:
    """Return a part of an Office file, its names declared at its first element."""
    declared = " ".join(f'xmlns:{name}="{space}"' for name, space in NAMESPACES.items())
    head, rest = text.split(">", 1)
    return f"{head} {declared}>{rest}"


def write_word() -> bytes:
    """Return a Word document, as small as one can be."""
    rows = "".join(
        f"<w:tr>{''.join(f'<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>' for cell in row)}</w:tr>"
        for row in (("item", "EUR"), ("oak", "12"))
    )
    body = f"<w:p><w:r><w:t>A letter of the workshop.</w:t></w:r></w:p><w:tbl>{rows}</w:tbl>"
    return write_zip(
        {
            "[Content_Types].xml": write_types(wordprocessingml_document="word/document.xml"),
            "_rels/.rels": write_relations(officeDocument="word/document.xml"),
            "word/document.xml": write_xml(f"<w:document><w:body>{body}</w:body></w:document>"),
        }
    )


def write_slides() -> bytes:
    """Return a presentation of one slide."""
    text = "<a:p><a:r><a:t>Plans for May</a:t></a:r></a:p>"
    shape = f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="t"/></p:nvSpPr><p:txBody>{text}</p:txBody></p:sp>'
    slide = f"<p:sld><p:cSld><p:spTree>{shape}</p:spTree></p:cSld></p:sld>"
    show = '<p:presentation><p:sldIdLst><p:sldId id="256" r:id="slide"/></p:sldIdLst></p:presentation>'
    return write_zip(
        {
            "[Content_Types].xml": write_types(presentationml_presentation="ppt/presentation.xml"),
            "_rels/.rels": write_relations(officeDocument="ppt/presentation.xml"),
            "ppt/presentation.xml": write_xml(show),
            "ppt/_rels/presentation.xml.rels": write_relations(slide="slides/slide1.xml"),
            "ppt/slides/slide1.xml": write_xml(slide),
        }
    )


def write_workbook() -> bytes:
    """Return a workbook of one sheet."""
    space = NAMESPACES["s"]
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>plank {n}</t></is></c><c r="B{n}"><v>{n * n}</v></c></row>'
        for n in range(1, 30)
    )
    sheets = (
        f'<sheets><sheet name="Stock" sheetId="1" r:id="worksheet" xmlns:r="{NAMESPACES["r"]}"/></sheets>'
    )
    return write_zip(
        {
            "[Content_Types].xml": write_types(spreadsheetml_sheet="xl/workbook.xml"),
            "_rels/.rels": write_relations(officeDocument="xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns="{space}">{sheets}</workbook>',
            "xl/_rels/workbook.xml.rels": write_relations(worksheet="worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>',
        }
    )


def write_book() -> bytes:
    """Return a book of one chapter."""
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        '<item id="one" href="one.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="one"/></spine></package>'
    )
    chapter = (
        '<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>The gate</h1><p>It opened.</p></body></html>'
    )
    return write_zip(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "book.opf": package,
            "one.xhtml": chapter,
        }
    )


def write_documents(folder: Path) -> list[Path]:
    """Write a document of each kind; return their paths."""
    draw_ball().save(folder / "ball.png")
    scan = io.BytesIO()
    draw_ball().resize((1200, 480)).save(scan, "PDF")
    documents: dict[str, bytes] = {
        "report.md": REPORT.encode(),
        "hours.rst": REST.encode(),
        "note.html": b"<h1>Hours</h1><p>It opens at <b>nine</b>.<ul><li>Monday<li>Tuesday</ul>",
        "book.epub": write_book(),
        "letter.docx": write_word(),
        "plans.pptx": write_slides(),
        "stock.xlsx": write_workbook(),
        "stock.csv": b"item,left\n" + b"".join(f"plank {n},{n * n}\n".encode() for n in range(300)),
        "squares.ipynb": json.dumps(NOTEBOOK).encode(),
        "chat.json": json.dumps(CHAT).encode(),
        "events.jsonl": b'{"at": "09:00", "gate": "open"}\n{"at": "18:00", "gate": "shut"}\n',
        "example.py": Path(__file__).read_bytes(),
        "plain.txt": b"The gate opens at nine.\n" * 20,
        "letter.eml": b"From: ada@example.org\r\nTo: bob@example.org\r\nSubject: The gate\r\n\r\nThe code is 4711.\r\n",
        "scan.pdf": scan.getvalue(),
    }
    for name, data in documents.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in documents]


def main(folder: Path) -> None:
    """Draw a page of each document, and trace a quote."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in write_documents(folder):
        pages = list(draw_pages(load(path)))
        first = pages[0]
        size = "x".join(map(str, first.page.size))
        print(f"{path.name}: {len(pages)} pages, the first {size}, {first.tokens} tokens, {first.way}")
        (folder / f"{path.name}.png").write_bytes(first.page.png())

    (document,) = load(folder / "stock.csv")
    at = document.text.index("289")
    print("289 stands in", *document.trace(at, at + 3))
    print(f"The pictures are in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/documents"))
