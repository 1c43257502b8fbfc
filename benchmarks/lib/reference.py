"""The reference pipeline: reportlab sets the text into a PDF, poppler draws it, the pages are cropped.

This is how the pages were made that the released Glyph model was trained on, stood up from its description.
It also tells where reportlab broke the lines, as offsets into the text, read from reportlab's own
paragraphs.

reportlab 5.1's rules, as far as lines, pages and glyph positions follow from them:

* A paragraph is 30 lines of the source, joined by the newline markup. Runs of white space within it are one
  space, except those of two or more U+0020, which are no-break spaces by then: these never break nor
  stretch a line's limit. Before and after `<br/>` single spaces vanish (not in CJK paragraphs).
* Words are what single spaces part. One more fits if the words and **0.95 of each space** between them fit
  the width (`spaceShrinkage`); lines wider than the box are then drawn with narrower spaces. A word wider
  than the box is split where the current line is full, to the character.
* The last piece of a paragraph gives no line if it is empty, and two empty ones alone give none.
* In CJK paragraphs any character may end a line. An overflowing character below U+3000 looks back, at most
  to the middle of the line, for a space or a character from U+3000 on to break after. A closing mark of
  `reportlab.lib.textsplit.ALL_CANNOT_START` hangs in the margin: 。、）」 but not ，；：？！”.
* 81 lines of 10 pt fill a page of 842 pt. A paragraph is not begun in a page's last line unless it has one
  line. A page that follows a `<br/>` within a paragraph begins with an empty line. The rest of a CJK
  paragraph is broken anew on its next page, with a space put in wherever a line ended before. Where there is
  no newline, `&`, `<` or `>` in the paragraph, its lines are stripped and joined without one: words run together.
* The first baseline lies margin + 6 pt + font size below the page's top. poppler draws unhinted glyphs at
  quarter pixels across and whole pixels down, both rounded down.
"""

from __future__ import annotations

import functools
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from pdf2image import convert_from_bytes
from PIL import Image
from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate

Config = Mapping[str, str | float | bool]
"""A configuration in Glyph's own keys, such as `page-size`, `font-size`."""
Pixels = NDArray[np.uint8]
"""Shape (height, width, 3), 0 to 255."""
Span = tuple[int, int]
"""Offsets of a line's first character and after its last one, white space at its ends not counted."""

DROPPED = "\u00ad\u200b"
"""Characters that the pipeline takes out: soft hyphens and zero-width spaces."""
CONFIG_PATH = Path(__file__).with_name("glyph_style.json")
"""The configuration that was published with the model; `FONT` stands for the path of a font."""

_ALIGNMENTS = {"LEFT": 0, "CENTER": 1, "RIGHT": 2, "JUSTIFY": 4}
_WITHOUT_DROPPED = str.maketrans("", "", DROPPED)
_PIECES_A_PARAGRAPH = 30
_INK_ABOVE = 5
_CJK = re.compile("[\u4e00-\u9fff]")


def load_config(path: Path = CONFIG_PATH) -> Config:
    """Return a configuration, read from a file; the published one by default."""
    config: dict[str, str | float | bool] = json.loads(path.read_text(encoding="utf-8"))
    return config


def write_config(config: Config, font_path: Path, folder: Path) -> Path:
    """Write the configuration with its font's path filled in; return the file's path."""
    path = folder / "config.json"
    path.write_text(json.dumps({**config, "font-path": str(font_path)}), encoding="utf-8")
    return path


def reference_pages(text: str, config: Config, font_path: Path) -> list[Pixels]:
    """Return a text's pages as the reference pipeline draws them, as cropped pixels."""
    return [np.asarray(image) for image in _draw_images(text, config, font_path)]


def reference_png(text: str, config: Config, font_path: Path) -> list[bytes]:
    """Return a text's pages as the reference pipeline draws them, as PNG files."""
    files = []
    for image in _draw_images(text, config, font_path):
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        files.append(buffer.getvalue())
    return files


def reference_breaks(text: str, config: Config, font_path: Path) -> list[list[Span]]:
    """Return the characters' offsets on each line of each page; lines without ink are left out.

    reportlab's paragraphs report their lines as they are drawn. Counting inked characters, which the pipeline
    neither adds nor drops (newline marks aside, which are told by their colour), leads back to the text.

    Raises:
        AssertionError: The characters drawn are not those of the text.
    """
    drawn: list[list[str]] = []
    _build_pdf(text, config, font_path, drawn)
    source = [
        (offset, character)
        for offset, character in enumerate(text)
        if not character.isspace() and character.translate(_WITHOUT_DROPPED)
    ]
    position = 0
    pages: list[list[Span]] = []
    for lines in drawn:
        spans = []
        for line in filter(None, lines):
            here = source[position : position + len(line)]
            if "".join(character for _, character in here) != line:
                raise AssertionError(f"reportlab drew {line!r} where the text goes on with {here!r}")
            spans.append((here[0][0], here[-1][0] + 1))
            position += len(line)
        pages.append(spans)
    if position != len(source):
        raise AssertionError(f"reportlab drew {position} inked characters of {len(source)}")
    return pages


def crop_right(page: Pixels, margin_px: int, background: tuple[int, int, int]) -> Pixels:
    """Return a page cut off `margin_px` right of its right-most ink."""
    columns = np.flatnonzero(_find_ink(page, background).any(axis=0))
    return page if not columns.size else page[:, : columns[-1] + 1 + margin_px]


def crop_bottom(page: Pixels, margin_px: int, background: tuple[int, int, int]) -> Pixels:
    """Return a page cut off `margin_px` below its last ink."""
    rows = np.flatnonzero(_find_ink(page, background).any(axis=1))
    return page if not rows.size else page[: rows[-1] + 1 + margin_px]


def _find_ink(page: Pixels, background: tuple[int, int, int]) -> NDArray[np.bool_]:
    distance = np.abs(page.astype(np.int16) - np.array(background, np.int16)).max(axis=2)
    ink: NDArray[np.bool_] = distance > _INK_ABOVE
    return ink


def _draw_images(text: str, config: Config, font_path: Path) -> Iterator[Image.Image]:
    """Build the PDF, draw it, crop the pages and scale them."""
    background = _rgb(str(config.get("page-bg-color", "#FFFFFF")))
    images = convert_from_bytes(_build_pdf(text, config, font_path), dpi=int(config.get("dpi", 72)))
    for number, image in enumerate(images, start=1):
        page: Pixels = np.asarray(image.convert("RGB"))
        if config.get("auto-crop-width", False):
            page = crop_right(page, int(config["margin-x"]), background)
        if config.get("auto-crop-last-page", False) and number == len(images):
            page = crop_bottom(page, int(config["margin-y"]), background)
        cropped = Image.fromarray(page)
        scale = float(config.get("horizontal-scale", 1))
        yield cropped if scale == 1 else cropped.resize((round(cropped.width * scale), cropped.height))


def _build_pdf(text: str, config: Config, font_path: Path, drawn: list[list[str]] | None = None) -> bytes:
    """Return a text as a PDF; append the inked characters of each line of each page to `drawn`."""
    width, height = (float(side) for side in str(config["page-size"]).split(","))
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=(width, height),
        leftMargin=float(config["margin-x"]),
        rightMargin=float(config["margin-x"]),
        topMargin=float(config["margin-y"]),
        bottomMargin=float(config["margin-y"]),
    )

    def paint_background(canvas: Canvas, _: SimpleDocTemplate) -> None:
        canvas.setFillColor(HexColor(str(config.get("page-bg-color", "#FFFFFF"))))
        canvas.rect(0, 0, width, height, stroke=0, fill=1)

    style = _style(config, _register_font(font_path), cjk=bool(_CJK.search(text)))
    mark = str(config.get("newline-markup", "<br/>"))
    pieces = [_markup(piece) for piece in text.translate(_WITHOUT_DROPPED).split("\n")]
    story = [
        _Paragraph(mark.join(pieces[first : first + _PIECES_A_PARAGRAPH]), style)
        for first in range(0, len(pieces), _PIECES_A_PARAGRAPH)
    ]
    for paragraph in story:
        paragraph.drawn = drawn
    document.build(story, onFirstPage=paint_background, onLaterPages=paint_background)
    return buffer.getvalue()


class _Paragraph(Paragraph):  # type: ignore[misc]  # reportlab has no types
    """A paragraph that records the lines it draws in a list, if it is given one."""

    drawn: list[list[str]] | None = None

    def split(self, width: float, height: float) -> list[_Paragraph]:
        parts: list[_Paragraph] = super().split(width, height)
        for part in parts:
            part.drawn = self.drawn
        return parts

    def draw(self) -> None:
        if self.drawn is not None:
            while len(self.drawn) < self.canv.getPageNumber():
                self.drawn.append([])
            self.drawn[-1] += [self._read_ink(line) for line in self.blPara.lines]
        super().draw()

    def _read_ink(self, line: Any) -> str:  # noqa: ANN401  reportlab has two kinds of line, both untyped
        """Return the line's characters without white space and newline marks."""
        if isinstance(line, tuple | list):  # a paragraph of one fragment: (space left, words)
            fragments = line[1]
        else:
            fragments = [word.text for word in line.words if word.textColor == self.style.textColor]
        return "".join("".join(fragments).split())


def _style(config: Config, font_name: str, *, cjk: bool) -> ParagraphStyle:
    def points(key: str) -> float:
        return float(config.get(key, 0))

    return ParagraphStyle(
        "reference",
        fontName=font_name,
        fontSize=points("font-size"),
        leading=points("line-height"),
        textColor=HexColor(str(config.get("font-color", "#000000"))),
        backColor=HexColor(str(config.get("para-bg-color", "#FFFFFF"))),
        borderColor=HexColor(str(config.get("para-border-color", "#000000"))),
        borderWidth=points("border-width"),
        borderPadding=points("border-padding"),
        alignment=_ALIGNMENTS[str(config.get("alignment", "JUSTIFY"))],
        firstLineIndent=points("first-line-indent"),
        leftIndent=points("left-indent"),
        rightIndent=points("right-indent"),
        spaceBefore=points("space-before"),
        spaceAfter=points("space-after"),
        wordWrap="CJK" if cjk else None,
    )


def _markup(piece: str) -> str:
    return re.sub(" {2,}", lambda run: "\u00a0" * len(run[0]), escape(piece))


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


@functools.cache
def _register_font(path: Path) -> str:
    """Register a font with reportlab and return its name; of a collection, the first font."""
    name = f"{path.stem}-{abs(hash(path)):x}"
    pdfmetrics.registerFont(TTFont(name, str(path), subfontIndex=0))
    return name
