"""The benchmark of training runs as a whole on a CPU; a dry run is no result, and a table is made of its rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import training_cost_gpu
from figure_tables import TABLES
from lib import results


def test_a_dry_run_trains_on_text_and_on_pages_and_is_no_result(tmp_path: Path) -> None:
    """Each step has a loss that is a number; the pages' prompt is as much shorter as the compression says."""
    path = training_cost_gpu.main(["--dry-run"], folder=tmp_path)
    assert path.parent == tmp_path / "dry-run"
    assert not (results.RESULTS / "dry-run").exists()
    figures = json.loads(path.read_text())["figures"]
    for row in figures["rows"]:
        assert 5 < row["text"]["loss"] < 8
        assert 5 < row["pages"]["loss"] < 8
        rest = 64 + 128
        assert row["text"]["tokens"] == row["text_tokens"] + rest
        assert row["pages"]["tokens"] - rest == pytest.approx(
            row["text_tokens"] / row["compression"], rel=1e-3
        )
    assert TABLES["training-cost"].draw(figures).count("\n") == 3


def test_without_a_gpu_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to do instead."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match="--dry-run"):
        training_cost_gpu.main([])
