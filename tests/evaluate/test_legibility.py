"""Errors are counted style by style and text by text, beside what each style saves."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from PIL import Image

from glyph_memory.errors import DocumentError, GlyphMemoryError, ReaderError, StyleError
from glyph_memory.evaluate import LegibilityReport, measure_legibility, style_grid
from glyph_memory.evaluate.plot import check_plot, plot
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcription import Transcription
from glyph_memory.typesetting import typeset
from tests.evaluate.fakes import image_key, transcribed

GRID = style_grid(PageStyle.glyph(), sizes=(7, 9))
TEXTS = {"prose": "All is well that ends well.\n" * 40, "keys": "id 5c2a3ce9d81f4a60 left\n" * 40}


def short_sighted(image: Image.Image) -> Transcription:
    """Read letters of 9 points right, and take an `l` of 7 points for a `1`."""
    known = {
        image_key(page.image): (page, style)
        for style in GRID.values()
        for text in TEXTS.values()
        for page in typeset(text, style=style)
    }
    page, style = known[image_key(image)]
    return transcribed(page, style, lambda text: text.replace("l", "1") if style.font_size_pt == 7 else text)


def measured() -> LegibilityReport:
    """Measure the short-sighted reader."""
    return measure_legibility(GRID, TEXTS, reader=short_sighted)


def test_a_row_for_every_style_and_text() -> None:
    """With the error of that reader on those letters."""
    report = measured()
    assert [(row.style, row.kind) for row in report.rows] == [
        (f"glyph {size} pt", kind) for size in (7, 9) for kind in ("prose", "keys")
    ]
    small, _, large, _ = report.rows
    assert small.errors.confusions == {("l", "1"): 40 * 6}
    assert large.errors.edits == 0
    assert small.interval[0] <= small.errors.rate <= small.interval[1]
    assert small.counts.words_exact == 40 * 3
    assert report.errors.edits == 40 * 6 + 40


def test_what_a_style_saves_is_counted_by_the_models_rule() -> None:
    """Text tokens over the tokens of its pages; smaller letters save more."""
    report = measured()
    profile = ModelProfile.from_name("glyph")
    row = report.rows[0]
    pages = typeset(TEXTS["prose"], style=GRID["glyph 7 pt"])
    assert row.page_tokens == profile.pages_tokens(page.size for page in pages)
    assert row.text_tokens == profile.text_tokens(TEXTS["prose"])
    assert row.ratio == row.text_tokens / row.page_tokens
    assert row.ratio > report.rows[2].ratio


def test_progress_is_told_of_every_page() -> None:
    """Of every style and text."""
    seen: list[Page] = []
    report = measure_legibility(GRID, TEXTS, reader=short_sighted, progress=seen.append)
    assert len(seen) == sum(row.pages for row in report.rows)


def test_a_text_without_a_font_is_left_out_and_said_so() -> None:
    """Its escapes would be measured, not its characters."""
    texts = TEXTS | {"private": "\U000f0000\U000f0001 " * 20}
    report = measure_legibility(GRID, texts, reader=short_sighted)
    assert {row.kind for row in report.rows} == {"prose", "keys"}
    assert (
        report.left_out[0] == "'private' is left out in style 'glyph 7 pt': no font here has its characters"
    )
    assert len(report.left_out) == 2
    with pytest.raises(DocumentError, match=r"'private' is left out"):
        measure_legibility(GRID, {"private": "\U000f0000"}, reader=short_sighted)


def test_nothing_to_measure_is_told_in_one_line() -> None:
    """No style, no text, an empty one, no such reader."""
    with pytest.raises(StyleError, match="no page style"):
        measure_legibility({}, TEXTS, reader=short_sighted)
    with pytest.raises(DocumentError, match="no text to measure"):
        measure_legibility(GRID, {}, reader=short_sighted)
    with pytest.raises(DocumentError, match="nothing to read in the text 'blank'"):
        measure_legibility(GRID, {"blank": " \n"}, reader=short_sighted)
    with pytest.raises(ReaderError, match="no reader named 'owl'"):
        measure_legibility(GRID, TEXTS, reader="owl")


def test_a_grid_keeps_the_proportion_of_lines_to_letters() -> None:
    """And the style's own size comes out as it went in."""
    grid = style_grid(PageStyle.glyph(), name="mine", sizes=(9, 18), dpi=96)
    assert list(grid) == ["mine 9 pt", "mine 18 pt"]
    assert grid["mine 9 pt"] == replace(PageStyle.glyph(), dpi=96)
    assert grid["mine 18 pt"].line_height_pt == 20


def test_a_report_can_be_written_as_json() -> None:
    """Every row with its rate, interval, ratio and confusions."""
    spelled = json.loads(json.dumps(measured().to_json()))
    row = spelled["rows"][0]
    assert (row["style"], row["kind"], row["edits"]) == ("glyph 7 pt", "prose", 240)
    assert row["confusions"] == [{"truth": "l", "said": "1", "count": 240}]
    assert spelled["profile"] == "glyph"


def test_a_plot_is_drawn_with_a_point_for_each_size() -> None:
    """As SVG its words can be read: both sizes, both texts, and what the axes are."""
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (pip install 'glyph-memory[plot]')")
    svg = plot(measured(), reader="a short-sighted reader", suffix=".svg").decode()
    words = [line for line in svg.splitlines() if line.strip().startswith("<!--")]
    shown = " ".join(words)
    assert all(word in shown for word in ("prose", "keys", "character error rate", "short-sighted"))
    assert sum("<!-- 7 -->" in line for line in words) == sum("<!-- 9 -->" in line for line in words) == 2
    png = plot(measured(), reader="x")
    assert png.startswith(b"\x89PNG")


def test_a_plot_that_cannot_be_written_is_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name without a format; matplotlib missing."""
    from pathlib import Path

    with pytest.raises(GlyphMemoryError, match=r"cannot be written as 'out.txt'.*\.png, \.svg"):
        check_plot(Path("out.txt"))
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(GlyphMemoryError, match=r"pip install 'glyph-memory\[plot\]'"):
        check_plot(Path("out.png"))


def test_one_style_and_one_text_need_no_names() -> None:
    """They are called what they are."""
    alone = measure_legibility(GRID["glyph 9 pt"], TEXTS["prose"], reader=short_sighted)
    named = measure_legibility({"style": GRID["glyph 9 pt"]}, {"text": TEXTS["prose"]}, reader=short_sighted)
    assert [row.errors for row in alone.rows] == [row.errors for row in named.rows]
    assert (alone.rows[0].style, alone.rows[0].kind) == ("style", "text")


def test_a_text_that_the_nano_reader_does_not_vouch_for_is_named_and_not_measured() -> None:
    """Its figures would tell of the reader and not of the page; another reader's are measured."""
    texts = {"plain": "All is well.", "turkish": "İyi akşamlar, kadın."}
    report = measure_legibility(PageStyle.glyph(), texts)
    assert [row.kind for row in report.rows] == ["plain"]
    assert report.left_out == (
        "'turkish' is left out: the nano reader does not vouch for what it reads in Turkish",
    )
    blind = measure_legibility(
        PageStyle.glyph(), texts, reader=lambda image: Transcription(size=image.size, lines=())
    )
    assert len(blind.rows) == 2
    with pytest.raises(DocumentError, match="Turkish; name another reader"):
        measure_legibility(PageStyle.glyph(), texts["turkish"])
