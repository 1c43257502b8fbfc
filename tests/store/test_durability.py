"""A process that is killed while it writes loses nothing that was acknowledged, and leaves a store that opens."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lib.kill import kill_writer
from lib.mixed import kill_one_of_several
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


@pytest.mark.parametrize("kind", ["append one", "clear"])
def test_a_client_that_is_killed_loses_nothing_on_a_server(postgres_url: str, kind: str) -> None:
    """Its statements are the steps; the server ends what it had begun."""
    outcome = kill_writer(postgres_url, kind, step=8)
    assert (outcome.was_killed, outcome.lost, outcome.faults) == (True, 0, ())
    assert outcome.acknowledged >= 1


def test_of_several_writers_one_is_killed(shared_url: str) -> None:
    """What each was told is stored is there, in its order, and the others go on."""
    database = shared_url if "://" in shared_url else Path(shared_url)
    outcome = kill_one_of_several(database, draw=random.Random(1))
    assert (outcome.lost, outcome.faults) == (0, ())
    assert outcome.acknowledged >= 22
