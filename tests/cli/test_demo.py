"""`glyph-memory demo` runs anywhere and leaves something to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from glyph_memory.nano import Transcription, transcribe

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_the_demo_shows_what_pages_save_and_answers_from_pixels(spawn: Run, tmp_path: Path) -> None:
    """Two long texts, each in two ways; a table and pages to look at; six questions, what was quoted, and where."""
    result = spawn("demo")
    assert (result.code, result.err) == (0, "")
    assert result.out.count("×") == 5
    assert "out/demo.html" in result.out
    report = (tmp_path / "out" / "demo.html").read_text()
    assert report.count("<img") == 24 + 8 + 6
    assert "<script" not in report
    with Image.open(tmp_path / "out" / "demo.png") as sheet:
        assert sheet.width > 1000
    asked = result.out[result.out.index("Answered from pixels") :]
    assert asked.count("pages · ") == 6
    assert "SyntaxError" in asked
    assert "§22 user, page 1:\n" in asked
    assert "5c2a3ce7a5d69f871f8ba3a10d9488a021c735a7" in asked
    assert "“What is the deploy key of checkout?”" in report
    assert report.count("framed where it was read") == 6


def test_the_demo_remembers_its_conversation(spawn: Run, tmp_path: Path) -> None:
    """Folded, recalled by words, looked at by number; the command it names for more works, and a second run does."""
    for _ in range(2):
        result = spawn("demo")
        assert (result.code, result.err) == (0, "")
    assert "on 16 pages" in result.out
    assert '  §4 "2816561e7df57b64beea6fa11b0068779a65f4c6"' in result.out
    assert "§476 user  page 10" in result.out
    assert "  Remember: the deploy key of checkout is 5c2a3ce7" in result.out
    named = next(line for line in result.out.splitlines() if line.startswith("Look further: "))
    assert "§" in spawn(*named.removeprefix("Look further: glyph-memory ").split()).out
    html = (tmp_path / "out" / "demo.html").read_text()
    assert "The conversation&#x27;s memory" in html
    assert '<mark class="hit">catalogue</mark>' in html


def test_the_demos_figures_can_be_had_as_json(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every text costs less as pages than as text. Nothing is found on pages that seem blank."""
    monkeypatch.setattr(transcribe, "transcribe", lambda source: Transcription(size=(1, 1), lines=()))
    printed = run("demo", "--out", tmp_path / "elsewhere", "--json").json
    assert all(text["ratio"] > 1.5 for text in printed["texts"])
    assert printed["memory"]["saved_tokens"] > 0.3 * printed["memory"]["plain_tokens"]
    assert [answer["quote"] for answer in printed["answers"]] == [None] * 6
    assert all(Path(place).exists() for place in printed["written"].values())


def test_a_place_that_cannot_be_written_is_named_before_the_work(run: Run, tmp_path: Path) -> None:
    """And not blamed on standard output."""
    (tmp_path / "out").touch()
    assert "cannot write" in (error := run("demo", "--out", tmp_path / "out").error)
    assert "'" + str(tmp_path / "out") + "'" in error
