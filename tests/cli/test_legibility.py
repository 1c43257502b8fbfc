"""`glyph-memory legibility` measures a reader on styles and texts, or says in one line why it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.evaluate import style_grid
from glyph_memory.nano import transcribe
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcription import Transcription
from glyph_memory.typesetting import typeset
from glyph_memory.typesetting.fonts import installed_fonts
from tests.evaluate.fakes import image_key, transcribed

if TYPE_CHECKING:
    from PIL import Image

    from tests.cli.conftest import Run

TEXT = "All calls are well.\n" * 30


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a text, and a reader of it in the embedded one's place that cannot tell small `l` from `1`."""
    known: dict[tuple[tuple[int, int], bytes], tuple[Page, PageStyle]] = {}
    grids = (style_grid(PageStyle.glyph().with_snap_px(snap_px), sizes=(7, 9)) for snap_px in (28, 1))
    for style in (style for grid in grids for style in grid.values()):
        known |= {image_key(page.image): (page, style) for page in typeset(TEXT, style=style)}

    def read(image: Image.Image) -> Transcription:
        page, style = known[image_key(image)]
        small = style.font_size_pt < 8
        return transcribed(page, style, lambda text: text.replace("l", "1") if small else text)

    monkeypatch.setattr(transcribe, "transcribe", read)
    path = tmp_path / "calls.txt"
    path.write_text(TEXT)
    return path


def test_a_table_says_what_each_size_saves_and_costs(run: Run, text: Path) -> None:
    """ρ, the error rate with its interval, the confused pair, and whose error it is."""
    result = run("legibility", text, "--style", "glyph", "--sizes", "7,9")
    assert result.code == 0
    head, seven, *_ = result.out.splitlines()
    assert head.split()[:3] == ["style", "ρ", "calls.txt"]
    assert seven.split()[:3] == ["glyph", "7", "pt"]
    assert "30.1 %" in seven
    assert "glyph 9 pt" in result.out
    assert "Confused most: l→1 180×" in result.out
    assert "The nano reader's error: a lower bound on difficulty, not a VLM's." in result.out


def test_figures_are_printed_for_programs(run: Run, text: Path) -> None:
    """JSON and nothing else."""
    told = run("legibility", text, "--style", "glyph", "--sizes", "7,9", "--json").json
    assert told["reader"] == "nano"
    assert [(row["size_pt"], row["edits"]) for row in told["rows"]] == [(7, 180), (9, 0)]
    assert "lower bound" in told["note"]


def test_a_plot_is_written(run: Run, text: Path, tmp_path: Path) -> None:
    """As the picture its name asks for."""
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (pip install 'glyph-memory[plot]')")
    place = tmp_path / "deep" / "out.svg"
    assert str(place) in run("legibility", text, "--style", "glyph", "--sizes", "7,9", "--plot", place).out
    assert b"<svg" in place.read_bytes()


def test_made_texts_are_read_where_no_file_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the kinds and the length that were asked for."""
    monkeypatch.setattr(transcribe, "transcribe", lambda image: Transcription(size=image.size, lines=()))
    rows = run("legibility", "--kinds", "prose, hex", "--characters", "400", "--sizes", "9", "--json").json[
        "rows"
    ]
    assert [(row["kind"], row["rate"]) for row in rows] == [("prose", 1.0), ("hex", 1.0)]
    assert all(380 < row["characters"] <= 400 for row in rows)


def test_several_styles_are_measured_beside_each_other(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in every size."""
    monkeypatch.setattr(transcribe, "transcribe", lambda image: Transcription(size=image.size, lines=()))
    told = run(
        "legibility", "-", "--style", "glyph", "--style", "dark", "--sizes", "8,9", "--json", stdin=b"Hello."
    ).json
    assert [row["style"] for row in told["rows"]] == ["glyph 8 pt", "glyph 9 pt", "dark 8 pt", "dark 9 pt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kinds", "poetry"], "no kind of text is named 'poetry'"),
        (["--style", "fancy"], "no page style and no file 'fancy'"),
        (["--reader", "owl"], "no reader named 'owl'"),
        (["--sizes", "7,large"], "'large' of --sizes is no number of points"),
        (["--sizes", "0"], "font_size_pt"),
        (["--profile", "no-such-model"], "no model profile 'no-such-model'"),
        (["--plot", "out.txt"], "a plot cannot be written as 'out.txt'"),
        (["nowhere.txt"], "there is no file 'nowhere.txt'"),
        (["-"], "standard input is empty"),
    ],
)
def test_mistakes_are_told_in_one_line(run: Run, arguments: list[str], said: str) -> None:
    """Before anything is read."""
    assert said in run("legibility", "--characters", "200", *arguments).error


def test_a_missing_tesseract_is_told_with_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line."""
    installed_fonts()  # remembered by the process: without a PATH it would find others, for all tests that follow
    monkeypatch.setenv("PATH", "")
    error = run("legibility", "--reader", "tesseract", "--characters", "100", "--kinds", "prose").error
    assert "apt install tesseract-ocr" in error


def test_a_narrow_terminal_gets_fewer_columns_and_every_rate(
    run: Run, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words, identifiers and seconds go first, then the intervals."""
    wide = run("legibility", text, "--style", "glyph", "--sizes", "7,9").out
    assert "s/page" in wide
    assert "27–34" in wide
    monkeypatch.setattr("glyph_memory.cli.terminal._WIDTH_OF_FILES", 30)
    narrow = run("legibility", text, "--style", "glyph", "--sizes", "7,9").out
    assert "s/page" not in narrow
    assert "30.1 %" in narrow


def test_a_model_that_sees_smaller_letters_than_the_reader_is_told(run: Run, text: Path) -> None:
    """Else the table says that pages are fine which the model shrinks; small letters by themselves are measured."""
    shrunk = run("legibility", text, "--style", "glyph", "--sizes", "9", "--profile", "deepseek-ocr-tiny")
    assert shrunk.err.startswith("warning: 'deepseek-ocr-tiny' shrinks pages")
    assert run("legibility", text, "--style", "glyph", "--sizes", "7,9").err == ""
