"""PDFs for tests, built with reportlab: each function returns the bytes of one."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

from PIL import Image
from reportlab.lib import colors, pagesizes, pdfencrypt
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas
from reportlab.platypus import Table, TableStyle

SENTENCE = "The quick brown fox jumps over the lazy dog and then it sleeps until the next day begins. "


def draw_pdf(
    *pages: Callable[[canvas.Canvas], object], size: tuple[float, float] = pagesizes.A4, **options: object
) -> bytes:
    """Return a PDF whose pages are drawn by functions."""
    buffer = io.BytesIO()
    pen = canvas.Canvas(buffer, pagesize=size, invariant=1, **options)
    for page in pages:
        page(pen)
        pen.showPage()
    pen.save()
    return buffer.getvalue()


def write(
    pen: canvas.Canvas,
    x: float,
    y: float,
    text: str,
    *,
    width: float = 450.0,
    size: float = 10.0,
    font: str = "Helvetica",
    indent: float = 0.0,
) -> float:
    """Write a paragraph, and return where the next one may begin."""
    pen.setFont(font, size)
    line, first = "", True
    for word in [*text.split(), ""]:
        wider = f"{line} {word}".strip()
        room = width - (indent if first else 0)
        if word and pen.stringWidth(wider, font, size) <= room:
            line = wider
            continue
        pen.drawString(x + (indent if first else 0), y, line)
        y, line, first = y - 1.2 * size, word, False
    return y - 0.6 * size


def write_columns(pen: canvas.Canvas, left: str, right: str, *, top: float = 760.0) -> None:
    """Write two columns, line by line across both: the order of the file is not that of reading."""
    pen.setFont("Helvetica", 10)
    lines = [split_lines(pen, text, 220.0) for text in (left, right)]
    for number in range(max(map(len, lines))):
        for x, column in ((50, lines[0]), (320, lines[1])):
            if number < len(column):
                pen.drawString(x, top - 12 * number, column[number])


def split_lines(pen: canvas.Canvas, text: str, width: float) -> list[str]:
    """Return the lines of a text that fit a width, in Helvetica of 10 points."""
    lines = [""]
    for word in text.split():
        wider = f"{lines[-1]} {word}".strip()
        if pen.stringWidth(wider, "Helvetica", 10) > width:
            lines.append(word)
        else:
            lines[-1] = wider
    return lines


def write_table(
    pen: canvas.Canvas,
    rows: Sequence[Sequence[str]],
    *,
    y: float = 500.0,
    spans: Sequence[tuple[int, int, int, int]] = (),
) -> None:
    """Write a table with rules; spans are first column, first row, last column, last row."""
    table = Table(rows, style=TableStyle([
        ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
        ("FONT", (0, 0), (-1, 0), "Helvetica-Bold"),
        *(("SPAN", (a, b), (c, d)) for a, b, c, d in spans),
    ]))  # fmt: skip
    table.wrapOn(pen, 400, 400)
    table.drawOn(pen, 60, y)


def make_picture(color: str = "#336699", size: tuple[int, int] = (200, 150)) -> ImageReader:
    """Return a picture of one colour."""
    return ImageReader(Image.new("RGB", size, color))


def encrypt(password: str) -> object:
    """Return what makes `draw_pdf` encrypt."""
    return pdfencrypt.StandardEncryption(password, canPrint=0)


def make_raw(
    content: bytes = b"BT /F 12 Tf 20 100 Td (Hello there) Tj ET",
    *,
    page: bytes = b"",
    pages: bytes = b"",
    font: bytes = b"",
    catalog: bytes = b"",
    more: Sequence[bytes] = (),
) -> bytes:
    """Return a PDF of one page, spelled by hand.

    Args:
        content: What the page draws.
        page: More entries of the page.
        pages: Entries of the page tree that come after the right ones, and win.
        font: Entries of its font, in place of Helvetica's.
        catalog: More entries of the catalog.
        more: More objects, from number 6.
    """
    objects = [
        b"<</Type/Catalog/Pages 2 0 R" + catalog + b">>",
        b"<</Type/Pages/Kids[3 0 R]" + (pages or b"/Count 1") + b">>",
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>"
        + (b"" if b"MediaBox" in page else b"/MediaBox[0 0 300 200]") + page + b">>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        font or b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        *more,
    ]  # fmt: skip
    data, places = b"%PDF-1.7\n", list[int]()
    for number, one in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n"
    return data + end % (len(objects) + 1, table, len(objects) + 1, len(data))
