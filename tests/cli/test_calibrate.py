"""`glyph-memory calibrate` asks a server or the nano reader, writes a file, and goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.evaluate.calibration import Calibration
from glyph_memory.nano import transcribe
from glyph_memory.testing import FakeVLMServer
from glyph_memory.transcription import Transcription
from tests.evaluate.calibration.conftest import known as known  # noqa: PLC0414 - a fixture

if TYPE_CHECKING:
    from tests.cli.conftest import Run
    from tests.evaluate.calibration.fakes import Known

FEW = ("--kinds", "logs", "--floor", "0.6", "--sizes", "12,9", "--pages", "1")
"""What takes some hundred questions."""


@pytest.fixture
def server(known: dict[str, Known]) -> Iterator[FakeVLMServer]:
    """A server whose model reads letters of 12 px, and no smaller ones."""

    def answer(question: str) -> str:
        asked = known.get(question.splitlines()[-1])
        if asked is None:
            return "yes"
        is_large = (asked.rung.size, asked.rung.letters) == (0, 0)
        return (asked.right or "Not stated.") if is_large else f"0{asked.right}"

    with FakeVLMServer(answer=lambda request: answer(request.question), model="my-model") as fake:
        yield fake


def test_a_server_is_calibrated(run: Run, server: FakeVLMServer, tmp_path: Path) -> None:
    """A table, and a file that a memory's options are made from; what the same command asks again is nothing."""
    out = tmp_path / "deep" / "mine.json"
    result = run("calibrate", "--server", server.base_url, *FEW, "--out", out)
    assert result.code == 0, result.err
    head, row, *rest = result.out.splitlines()
    assert head.split() == ["kind", "ρ", "right", "95", "%", "proven", "densest", "style"]
    assert row.split()[0] == "logs"
    assert "yes  12 px, pitch 1, marks" in row
    assert "Not stated: says so 24 of 24 times." in rest
    assert any(line.startswith("Pages, seen before") for line in rest)
    calibration = Calibration.load(out, model="my-model")
    assert calibration.options().page_style.font_size_pt == 12
    asked = len(server.requests)
    assert run("calibrate", "--server", server.base_url, *FEW, "--out", out).out == result.out
    assert len(server.requests) == asked


def test_figures_are_printed_for_programs(run: Run, server: FakeVLMServer, tmp_path: Path) -> None:
    """JSON and nothing else, the same as in the file."""
    out = tmp_path / "mine.json"
    printed = run("calibrate", "--server", server.base_url, *FEW, "--out", out, "--json").json
    assert printed == json.loads(out.read_text())
    assert printed["kinds"][0]["rung"] == "0.0.1.0.1.0"


def test_a_model_that_reads_nothing_is_told_so(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The nano reader, blind; no server is asked, whatever the environment says."""
    monkeypatch.setattr(transcribe, "transcribe", lambda _: Transcription(size=(1, 1), lines=()))
    monkeypatch.setenv("GLYPH_MEMORY_SERVER", "http://127.0.0.1:9/v1")
    result = run("calibrate", "--reader", "nano", *FEW, "--out", tmp_path / "mine.json")
    assert result.code == 0, result.err
    assert "none was proven" in result.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--reader", "nanno"), "no reader named 'nanno' can be calibrated; there is nano, or --server"),
        (("--sizes", "large"), "'large' of --sizes are no numbers; try --sizes 12,9,8"),
        (("--sizes", "8,9"), "sort them falling"),
        (("--pages", "nan"), "'nan' of --pages are no whole numbers; try --pages 1,4"),
        (("--pages", "inf"), "'inf' of --pages are no whole numbers"),
        (("--pages", "1.9"), "'1.9' of --pages are no whole numbers"),
        (("--floor", "2"), "floor=2.0 is above 0.999"),
        (("--kinds", "poems"), "no kind of text 'poems' can be calibrated"),
        (("--minutes", "0"), "minutes=0.0 is not above 0"),
    ],
)
def test_what_cannot_be_calibrated_is_told_in_a_line(
    run: Run, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    """And nothing is asked."""
    reader = () if options[0] == "--reader" else ("--reader", "nano")
    assert message in run("calibrate", *reader, *options, "--out", tmp_path / "mine.json").error
