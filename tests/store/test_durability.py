"""A process that is killed while it writes loses nothing that was acknowledged, and leaves a store that opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.kill import kill_writer
from lib.writes import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_writer_loses_nothing(tmp_path: Path, kind: str) -> None:
    """Cut at a third and near the end of its steps, and between: every kind of write leaves before or after.

    A child that is not killed tells how many steps there are, and that the expectations hold without kills.
    """
    dry = kill_writer(tmp_path / "dry.db", kind)
    assert (dry.was_killed, dry.lost, dry.faults) == (False, 0, ())
    assert dry.steps > 10
    for step in (dry.steps // 3, dry.steps - 2):
        outcome = kill_writer(tmp_path / f"{step}.db", kind, step=step)
        assert (outcome.was_killed, outcome.lost, outcome.faults) == (True, 0, ())
