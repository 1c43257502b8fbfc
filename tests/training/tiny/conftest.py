"""A Llama of a few units, and a plan of seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyph_memory.training.tiny import CellLayout, StagePlan, TinyPlan, TowerShape
from tests.training.tiny.llamas import write_llama


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the Llama, and return its folder."""
    return write_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def plan() -> TinyPlan:
    """A plan of seconds."""
    return TinyPlan(
        tower=TowerShape(depth=1, hidden=32, heads=2, intermediate=48),
        read=StagePlan(steps=24, batch=4, rate=4e-3),
        connect=StagePlan(steps=24, batch=4, rate=4e-3),
        answer=StagePlan(steps=16, batch=2, rate=4e-3),
        layouts=(CellLayout(columns=4),),
        cells=8,
        positions=400,
    )
