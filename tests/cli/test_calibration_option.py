"""`--calibration` gives pages the style that the model reads, and refuses one that it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory import PageStyle, ServedModel
from glyph_memory.cli.commands.serve import _read_pages
from glyph_memory.cli.memories import Place, open_existing_session
from glyph_memory.errors import ProfileError, StyleError
from tests.cli.fakes import CITIES, SMALL, Chat
from tests.evaluate.calibration.test_calibration import CALIBRATION

if TYPE_CHECKING:
    from glyph_memory.testing import FakeVLMServer
    from tests.cli.conftest import Run


@pytest.fixture
def calibration(tmp_path: Path, server: FakeVLMServer) -> Path:
    """A calibration of the model that the tests' server has."""
    path = tmp_path / "calibration.json"
    replace(CALIBRATION, model=server.model).save(path)
    return path


def test_pages_are_drawn_as_the_model_reads_them(run: Run, notes: Path, calibration: Path) -> None:
    """The figures are those of the calibrated style; a denser one is refused in a line."""
    found = run("pages", notes, "--calibration", calibration, "--json")
    assert found.code == 0, found.err
    assert "calibrated" in json.dumps(found.json)
    dense = run("pages", notes, "--calibration", calibration, "--size", 6)
    assert dense.code == 1
    assert "letters of 6 px are smaller than 9 px" in dense.err
    other = run("pages", notes, "--calibration", calibration, "--profile", "qwen3-vl")
    assert "is of 'glyph', not of 'qwen3-vl'" in other.err


def test_a_question_is_asked_about_calibrated_pages(
    run: Run, notes: Path, calibration: Path, server: FakeVLMServer
) -> None:
    """And not of another model: the server's name for it counts."""
    assert run("ask", notes, "What?", "--server", server.base_url, "--calibration", calibration).code == 0
    CALIBRATION.save(calibration)
    refused = run("ask", notes, "What?", "--server", server.base_url, "--calibration", calibration)
    assert refused.code == 1
    assert f"is of 'zai-org/Glyph', not of '{server.model}'" in refused.err


def test_a_chat_keeps_its_calibration(chat: Chat, path: Path, calibration: Path) -> None:
    """With its whole path, until none is typed."""
    place = Place(memory=str(path), session="default")

    def find_style() -> PageStyle:
        with open_existing_session(place) as memory:
            return memory.style

    assert chat(*CITIES, options=(*SMALL, "--calibration", calibration))[0] == 0
    assert chat("Go on.")[0] == 0
    assert find_style() == CALIBRATION.style()
    code, _, err = chat("Go on.", options=("--size", 6))
    assert code == 1
    assert "letters of 6 px are smaller than 9 px" in err
    assert chat("Go on.", options=("--calibration", "none"))[0] == 0
    assert find_style() == PageStyle.auto()


def test_a_chat_with_another_model_is_refused(chat: Chat, calibration: Path) -> None:
    """By the name that its server has for it."""
    CALIBRATION.save(calibration)
    code, _, err = chat("Hello.", options=("--calibration", calibration))
    assert code == 1
    assert "is of 'zai-org/Glyph', not of" in err


def test_the_proxy_reads_a_calibration_when_it_starts(calibration: Path) -> None:
    """It is of the model that is served, whichever that is; a wrong one is refused before anything listens."""
    fields = _read_pages({"profile": None, "style": None, "calibration": str(calibration)})
    calibration.unlink()
    assert ServedModel(model="any", weights="zai-org/Glyph").profile is not None
    with pytest.raises(ProfileError, match="not of 'any'"):
        ServedModel(model="any", weights="zai-org/Glyph").page_options(**fields)
    CALIBRATION.save(calibration)
    fields = _read_pages({"calibration": str(calibration)})
    assert ServedModel(model="zai-org/Glyph").page_options(**fields).page_style == CALIBRATION.style()
    with pytest.raises(ProfileError, match="is of 'glyph', not of 'qwen3-vl'"):
        _read_pages({"profile": "qwen3-vl", "calibration": str(calibration)})
    with pytest.raises(StyleError, match="marks are denser"):
        _read_pages({"style": "auto", "calibration": str(calibration)})
