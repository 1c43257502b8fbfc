"""`glyph-memory demo` runs anywhere and leaves something to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_the_demo_shows_what_pages_save(spawn: Run, tmp_path: Path) -> None:
    """Two long texts, each in two ways; a table to read and pages to look at."""
    result = spawn("demo")
    assert (result.code, result.err) == (0, "")
    assert result.out.count("×") == 5
    assert "out/demo.html" in result.out
    report = (tmp_path / "out" / "demo.html").read_text()
    assert report.count("<img") == 24 + 8
    assert "<script" not in report
    with Image.open(tmp_path / "out" / "demo.png") as sheet:
        assert sheet.width > 1000


def test_the_demos_figures_can_be_had_as_json(run: Run, tmp_path: Path) -> None:
    """Every text costs less as pages than as text."""
    printed = run("demo", "--out", tmp_path / "elsewhere", "--json").json
    assert all(text["ratio"] > 1.5 for text in printed["texts"])
    assert all(Path(place).exists() for place in printed["written"].values())
