"""Build documents of each format, seeded: of Python's own documentation and sources, by each format's own library.

Knows files; knows nothing about what reads them. A format whose library is missing is left out.
"""

from __future__ import annotations

import csv
import json
import random
import sysconfig
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from itertools import count, islice
from pathlib import Path
from pydoc_data.topics import topics

_SEED = 20261128
_CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
)


def iter_paragraphs(seed: int = _SEED) -> Iterator[str]:
    """Yield paragraphs of Python's documentation without end, each numbered, so that no two are the same."""
    dice = random.Random(seed)
    found = [" ".join(part.split()) for name in sorted(topics) for part in topics[name].split("\n\n")]
    known = [part for part in found if len(part) > 80]
    for number in count(1):
        yield f"{number}. {dice.choice(known)}"


def write_text(path: Path, characters: int) -> None:
    """Write a text of about so many characters, a paragraph a line."""
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for paragraph in iter_paragraphs():
            written += file.write(f"{paragraph}\n")
            if written >= characters:
                return


def build_files(folder: Path, *, scale: int) -> dict[str, Path]:
    """Return a file of each format, by the format's name, in the order of the table.

    Args:
        folder: Where they are written.
        scale: How large they are: some 70 to 100 kB of text times this.
    """
    built = dict[str, Path]()
    for name, (suffix, write) in WRITERS.items():
        path = folder / f"document{suffix}"
        try:
            write(path, scale)
        except ImportError as error:
            print(f"{name}: left out, {error.name} is not installed")
            continue
        built[name] = path
    return built


def _sections(scale: int) -> Iterator[tuple[str, list[str]]]:
    """Yield headings, each with some paragraphs."""
    paragraphs = iter_paragraphs()
    for number in range(1, 20 * scale + 1):
        yield f"Chapter {number}", list(islice(paragraphs, 12))


def make_table(rows: int) -> list[list[str]]:
    """Return a table with a header."""
    dice = random.Random(_SEED)
    body = [
        [
            f"ORD-{dice.randrange(10**6):06}",
            dice.choice(("shipped", "open", "returned")),
            f"{dice.random() * 500:.2f}",
        ]
        for _ in range(rows)
    ]
    return [["order", "state", "price"], *body]


def _write_plain(path: Path, scale: int) -> None:
    write_text(path, 100_000 * scale)


def _write_source(path: Path, scale: int) -> None:
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    text, place = "", 0
    while len(text) < 100_000 * scale:
        text += files[place % len(files)].read_text(encoding="utf-8", errors="replace")
        place += 1
    path.write_text(text, encoding="utf-8")


def _write_markdown(path: Path, scale: int) -> None:
    table = "\n".join(f"| {' | '.join(row)} |" for row in make_table(20)).replace(
        "\n", "\n|---|---|---|\n", 1
    )
    parts = [
        f"## {heading}\n\n"
        + "\n\n".join(f"- {part}" if number % 3 else part for number, part in enumerate(parts))
        for heading, parts in _sections(scale)
    ]
    path.write_text("\n\n".join([*parts, table]), encoding="utf-8")


def _write_rest(path: Path, scale: int) -> None:
    parts = [
        f"{heading}\n{'=' * len(heading)}\n\n" + "\n\n".join(map(_plain, parts))
        for heading, parts in _sections(scale)
    ]
    path.write_text("\n\n".join(parts), encoding="utf-8")


def _plain(text: str) -> str:
    """Return a text without what reStructuredText would read as markup."""
    return "".join(char for char in text if char.isalnum() or char in " .,;()-'")


def _write_html(path: Path, scale: int) -> None:
    from html import escape

    path.write_text(
        f"<!doctype html><title>Manual</title><body>{_make_html(scale, escape)}</body>", encoding="utf-8"
    )


def _make_html(scale: int, escape: Callable[[str], str]) -> str:
    parts = [
        f"<h2>{escape(heading)}</h2>"
        + "".join(f"<p>{escape(part)} <a href='#top'>up</a></p>" for part in parts)
        for heading, parts in _sections(scale)
    ]
    rows = "".join(
        f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in make_table(20 * scale)
    )
    return "".join(parts) + f"<table>{rows}</table>"


def _write_epub(path: Path, scale: int) -> None:
    from html import escape

    chapter = f"<html xmlns='http://www.w3.org/1999/xhtml'><body>{_make_html(scale, escape)}</body></html>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr(
            "META-INF/container.xml",
            f'{_CONTAINER}<rootfiles><rootfile full-path="b.opf" media-type="application/oebps-package+xml"/>'
            "</rootfiles></container>",
        )
        book.writestr(
            "b.opf",
            '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
            '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">b</dc:identifier>'
            '<dc:title>Manual</dc:title><dc:language>en</dc:language></metadata><manifest><item id="c" href="c.xhtml" '
            'media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/></spine></package>',
        )
        book.writestr("c.xhtml", chapter)


def _write_word(path: Path, scale: int) -> None:
    import docx

    document = docx.Document()
    for heading, parts in _sections(scale):
        document.add_heading(heading, level=1)
        for part in parts:
            document.add_paragraph(part)
    rows = make_table(20 * scale)
    table = document.add_table(rows=len(rows), cols=3)
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    document.save(str(path))


def _write_slides(path: Path, scale: int) -> None:
    import pptx

    slides = pptx.Presentation()
    for heading, parts in _sections(scale):
        slide = slides.slides.add_slide(slides.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text = "\n".join(parts)
    slides.save(str(path))


def _write_workbook(path: Path, scale: int) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Orders")
        for number, row in enumerate(make_table(2_000 * scale)):
            sheet.write_row(number, 0, row)


def _write_csv(path: Path, scale: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(make_table(2_000 * scale))


def _write_notebook(path: Path, scale: int) -> None:
    import nbformat
    from nbformat import v4

    cells = []
    for heading, parts in _sections(scale):
        said = f"## {heading}\n\n" + "\n\n".join(parts)
        cells.append(v4.new_markdown_cell(said))  # type: ignore[no-untyped-call]  # nbformat says no types
        code = v4.new_code_cell("total = sum(row.price for row in rows)")  # type: ignore[no-untyped-call]  # nor here
        cells.append(code)
    notebook = v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]  # nor here
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]  # nor here


def _write_jsonl(path: Path, scale: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, part in enumerate(islice(iter_paragraphs(), 400 * scale)):
            print(json.dumps({"id": number, "text": part}), file=file)


def _write_chat(path: Path, scale: int) -> None:
    said = [
        {"role": ("user", "assistant")[number % 2], "content": part}
        for number, part in enumerate(islice(iter_paragraphs(), 400 * scale))
    ]
    path.write_text(json.dumps({"messages": said}), encoding="utf-8")


def _write_mail(path: Path, scale: int) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ada@example.com", "grace@example.com", "The manual"
    mail.set_content("\n\n".join(part for _, parts in _sections(scale) for part in parts))
    path.write_bytes(bytes(mail))


def write_pdf(path: Path, scale: int, *, columns: int = 1, has_tables: bool = True) -> None:
    """Write a PDF with headings, paragraphs and a table a chapter."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Spacer, Table

    styles, (width, height) = getSampleStyleSheet(), A4
    room = (width - 80) / columns
    frames = [
        Frame(40 + place * room, 40, room - 10 * (columns > 1), height - 80) for place in range(columns)
    ]
    story = list[object]()
    for heading, parts in _sections(scale):
        story += [
            Paragraph(heading, styles["Heading1"]),
            *(Paragraph(_plain(part), styles["BodyText"]) for part in parts),
        ]
        if has_tables:
            story += [
                Spacer(1, 8),
                Table(make_table(8), style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black)]),
            ]
    template = BaseDocTemplate(str(path), pagesize=A4, invariant=1)
    template.addPageTemplates(PageTemplate(frames=frames))
    template.build(story)


WRITERS: dict[str, tuple[str, Callable[[Path, int], None]]] = {
    "plain text": (".txt", _write_plain),
    "Python source": (".py", _write_source),
    "Markdown": (".md", _write_markdown),
    "reStructuredText": (".rst", _write_rest),
    "HTML": (".html", _write_html),
    "EPUB": (".epub", _write_epub),
    "PDF": (".pdf", write_pdf),
    "Word": (".docx", _write_word),
    "PowerPoint": (".pptx", _write_slides),
    "Excel": (".xlsx", _write_workbook),
    "CSV": (".csv", _write_csv),
    "Jupyter": (".ipynb", _write_notebook),
    "JSON lines": (".jsonl", _write_jsonl),
    "chat export": (".json", _write_chat),
    "e-mail": (".eml", _write_mail),
}
"""How a file of each format is written, and how its name ends."""
