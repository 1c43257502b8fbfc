"""A result is kept by a full run alone, and holds the same things in the same order."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from lib import results


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Where full runs and all others write."""
    kept, trials = tmp_path / "results", tmp_path / "out"
    monkeypatch.setattr(results, "RESULTS", kept)
    monkeypatch.setattr(results, "TRIALS", trials)
    return kept, trials


def test_a_full_run_is_kept(folders: tuple[Path, Path]) -> None:
    """With what made it, when, and on what."""
    path = results.write_results("savings", {"ratio": 1 / 3, "pages": [1, 2]}, arguments=[])
    assert path == folders[0] / "savings.json"
    written = json.loads(path.read_text())
    assert list(written) == ["name", "command", "date", "machine", "versions", "figures"]
    assert written["command"] == "python benchmarks/savings.py"
    assert written["figures"] == {"ratio": 0.333333, "pages": [1, 2]}


@pytest.mark.parametrize("arguments", [["--quick"], ["--texts", "prose"]])
def test_a_run_with_options_overwrites_nothing(folders: tuple[Path, Path], arguments: list[str]) -> None:
    """Its figures are not comparable with those that are kept."""
    kept = results.write_results("savings", 1, arguments=[])
    before = kept.read_text()
    assert results.write_results("savings", 2, arguments=arguments).parent == folders[1]
    assert kept.read_text() == before


def test_the_machine_is_told_in_plain_words() -> None:
    """How many cores, which Python; no names of machines, people or folders."""
    machine = results.describe_machine()
    assert "CPU core" in machine
    assert "Python 3." in machine
    assert "/" not in machine


def test_what_is_no_number_is_none() -> None:
    """JSON knows neither infinity nor NaN."""
    assert results.to_plain({"ratio": math.inf, "mean": (math.nan, 2.0)}) == {
        "ratio": None,
        "mean": [None, 2.0],
    }
