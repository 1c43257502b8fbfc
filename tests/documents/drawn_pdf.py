"""A PDF of two pages: a table, and a drawing without text."""

from __future__ import annotations

import io
from pathlib import Path

from reportlab.lib.pagesizes import A6
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table, TableStyle


def write_pdf(path: Path | None = None, *, radius: int = 60, password: str | None = None) -> bytes:
    """Return the PDF, and write it where there is a path.

    Args:
        path: Where to.
        radius: Of the circle on the second page.
        password: What it takes to open it.
    """
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A6, invariant=True, encrypt=password)
    canvas.setTitle("Costs of timber")
    canvas.drawString(40, 380, "Prices as agreed with the mill in March.")
    rows = [["item", "EUR"], ["oak", "12.50"], ["ash", "7.00"]]
    table = Table(rows, style=TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black")]))
    table.wrapOn(canvas, 200, 200)
    table.drawOn(canvas, 40, 300)
    canvas.showPage()
    for step in range(5, radius, 5):
        canvas.circle(150, 200, step)
    canvas.showPage()
    canvas.save()
    if path is not None:
        path.write_bytes(file.getvalue())
    return file.getvalue()
