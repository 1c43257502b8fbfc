"""`glyph-memory train pages`: data in a folder, what came of it, and every mistake in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glyph_memory.training.pages import StyleDistribution, StyleTheme, read_samples
from tests.cli.conftest import Run
from tests.training.pages.small import TEXT

FEW = ("--samples", 6, "--workers", 0, "--keep-out", "none", "--pages-per-sample", 1)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A file of text."""
    file = tmp_path / "text.txt"
    file.write_text(TEXT)
    return file


def test_a_text_becomes_samples_and_the_same_command_goes_on(run: Run, text: Path, tmp_path: Path) -> None:
    """The second time nothing is made, and it is told."""
    out = tmp_path / "out"
    first = run("train", "pages", text, "--out", out, "--styles", "glyph", "--shard-samples", 2, *FEW)
    assert first.code == 0 and "samples with" in first.out and "pages a minute" in first.out
    made = list(read_samples(out))
    again = run("train", "pages", text, "--out", out, "--styles", "glyph", "--shard-samples", 2, *FEW)
    assert "Shards that were there before" in again.err
    assert list(read_samples(out)) == made


def test_families_and_styles_are_those_that_were_typed(run: Run, text: Path, tmp_path: Path) -> None:
    """Styles of a file, as JSON tells it."""
    styles = tmp_path / "styles.json"
    theme = StyleTheme.of("mine", [[{"page_width_pt": 300, "page_height_pt": 200}]])
    styles.write_text(json.dumps(StyleDistribution(themes=(theme,)).to_json()))
    typed = ("--families", "question=1, ocr", "--styles", styles, "--format", "webdataset", "--json")
    report = run("train", "pages", text, "--out", tmp_path / "out", *typed, *FEW).json
    assert set(report["families"]) <= {"question", "ocr"} and report["themes"] == {"mine": 6}
    assert report["samples"] == report["wanted"] == 6


def test_texts_that_end_early_and_files_that_cannot_be_read_are_warned_of(
    run: Run, text: Path, tmp_path: Path
) -> None:
    """And the rest is made."""
    broken = tmp_path / "broken.txt"
    broken.write_bytes(b"\xff\xfe")
    done = run(
        "train", "pages", text, broken, "--out", tmp_path / "out", "--samples", 900, "--workers", 0,
        "--styles", "glyph", "--keep-out", "none",
    )  # fmt: skip
    assert done.code == 0
    assert "warning: the texts ended after" in done.err and "--passes" in done.err
    assert "not read:" in done.err and "broken.txt" in done.err


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (("nothing.txt",), "no text is at 'nothing.txt'"),
        (("--styles", "odd"), "--styles 'odd' is no file, and none of default, system, glyph"),
        (("--families", "ocr=often"), "'ocr=often' in --families is no weight"),
        (("--families", "odd=1"), "no family 'odd'"),
        (("--format", "zip"), "no format 'zip'"),
        (("--keep-out", "nothing"), "'nothing' cannot be kept out"),
    ],
)
def test_a_mistake_is_one_line(run: Run, tmp_path: Path, typed: tuple[str, ...], message: str) -> None:
    """It says what to give."""
    error = run("train", "pages", *typed, "--out", tmp_path / "out", "--samples", 2, "--workers", 0).error
    assert message in error


def test_other_settings_in_the_same_folder_are_one_line(run: Run, text: Path, tmp_path: Path) -> None:
    """Naming the setting."""
    out = tmp_path / "out"
    run("train", "pages", text, "--out", out, "--styles", "glyph", *FEW)
    assert "was begun with seed 0" in run(
        "train", "pages", text, "--out", out, "--styles", "glyph", "--seed", 1, *FEW
    ).error  # fmt: skip
