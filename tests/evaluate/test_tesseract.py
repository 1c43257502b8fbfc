"""Tesseract is a reader like any other; where it is missing, one line says what to install."""

from __future__ import annotations

import shutil

import pytest
from PIL import Image

from glyph_memory.errors import BadReading, ReaderError
from glyph_memory.evaluate import Tesseract, check_pages, find_reader
from glyph_memory.evaluate.readers import parse_tsv
from glyph_memory.style import PageStyle
from glyph_memory.transcription import SURE
from glyph_memory.typesetting import typeset

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is not installed (apt install tesseract-ocr)"
)

HEAD = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
SAMPLE = "\n".join(
    [
        HEAD,
        "1\t1\t0\t0\t0\t0\t0\t0\t800\t240\t-1\t",
        "2\t1\t1\t0\t0\t0\t40\t20\t400\t90\t-1\t",
        "4\t1\t1\t1\t1\t0\t40\t20\t400\t30\t-1\t",
        '5\t1\t1\t1\t1\t1\t40\t20\t80\t30\t96.5\t"Only',
        "5\t1\t1\t1\t1\t2\t140\t22\t61\t27\t42.0\tl3",
        "5\t1\t1\t1\t2\t1\t40\t60\t80\t30\t-1\t ",
        "4\t1\t1\t1\t2\t0\t40\t60\t400\t30\t-1\t",
        "5\t1\t1\t1\t2\t1\t40\t60\t120\t30\t91.0\tlines",
        "",
    ]
)


def test_words_become_lines_with_boxes_in_the_pages_own_pixels() -> None:
    """Four times magnified; boxes hold all of their words, and a lone quote is no quoting."""
    read = parse_tsv(SAMPLE, size=(200, 60), scale=4)
    assert read.size == (200, 60)
    assert read.text == '"Only l3\nlines'
    assert [line.box for line in read.lines] == [(10, 5, 51, 13), (10, 15, 40, 23)]


def test_a_words_confidence_is_its_characters() -> None:
    """And a space is as sure as the less sure of its neighbours."""
    line = parse_tsv(SAMPLE, size=(200, 60), scale=4).lines[0]
    assert line.confidence.tolist() == pytest.approx([0.965] * 5 + [0.42] * 3)
    assert line.left[:5].tolist() == pytest.approx([10, 14, 18, 22, 26])
    assert [bool(value >= SURE) for value in line.confidence] == [True] * 5 + [False] * 3
    assert (len(line.left), len(line.confidence)) == (len(line.text), len(line.text))


def test_an_empty_table_is_an_empty_page() -> None:
    """No word was found."""
    assert parse_tsv(HEAD + "\n", size=(10, 10)).is_blank


def test_anything_else_is_refused() -> None:
    """In one line that shows what came."""
    with pytest.raises(BadReading, match="no table of words but 'Usage:"):
        parse_tsv("Usage: tesseract imagename", size=(10, 10))


def test_a_missing_program_is_told_with_what_to_install() -> None:
    """Before any page is drawn."""
    with pytest.raises(ReaderError, match=r"no program 'tesseract-9'.*apt install tesseract-ocr"):
        Tesseract(program="tesseract-9")


def test_an_unknown_reader_is_told_with_those_there_are() -> None:
    """In one line."""
    with pytest.raises(ReaderError, match=r"no reader named 'eagle'.*nano, tesseract"):
        find_reader("eagle")


@needs_tesseract
def test_tesseract_reads_a_page_and_is_checked_like_any_reader() -> None:
    """Larger letters than pages mostly have: it gets them all but for a few."""
    style = PageStyle(font_size_pt=12, line_height_pt=16)
    pages = typeset("The quick brown fox jumps over the lazy dog again.\n" * 6, style=style)
    report = check_pages(pages, style=style, reader=find_reader("tesseract"))
    assert report.errors.characters == 305
    assert report.errors.rate < 0.05
    assert report.pages[0].confidence > 0.7


@needs_tesseract
def test_a_missing_language_is_told_in_one_line() -> None:
    """With the name that was asked for."""
    with pytest.raises(ReaderError, match=r"languages='xyz'.*--list-langs"):
        Tesseract(languages="xyz")(Image.new("L", (40, 40), 255))
