"""A process that is killed while it writes loses nothing that was acknowledged, and leaves a store that opens."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lib.kill import kill_writer
from lib.killed_backends import kill_backends
from lib.mixed import kill_one_of_several
from lib.postgres import list_backends, wait_for_backends
from lib.starts import EMPTY, Place, Starts, fill, find_start
from lib.writes import KINDS, OF_FILES


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_writer_loses_nothing(tmp_path: Path, kind: str) -> None:
    """Cut at a third and near the end of its steps, and between: every kind of write leaves before or after.

    A child that is not killed tells how many steps there are, and that the expectations hold without kills.
    """
    starts = Starts(folder=tmp_path)
    start = find_start(kind)
    before = starts.make(start)
    with starts.copy(start) as place:
        dry = kill_writer(place, kind, before)
    assert (dry.was_killed, dry.lost, dry.faults) == (False, 0, ())
    assert dry.steps > 10
    for step in (dry.steps // 3, dry.steps - 2):
        with starts.copy(start) as place:
            outcome = kill_writer(place, kind, before, step=step)
        assert (outcome.was_killed, outcome.lost, outcome.faults) == (True, 0, ())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in OF_FILES])
def test_a_client_that_is_killed_loses_nothing_on_a_server(
    postgres_url: str, tmp_path: Path, kind: str
) -> None:
    """Its statements are the steps; the server ends what it had begun."""
    before = fill(find_start(kind), postgres_url, tmp_path)
    known = list_backends(postgres_url)
    place = Place(
        database=postgres_url, folder=tmp_path, wait=lambda: wait_for_backends(postgres_url, known=known)
    )
    outcome = kill_writer(place, kind, before, step=8)
    assert (outcome.was_killed, outcome.lost, outcome.faults) == (True, 0, ())
    assert outcome.acknowledged >= sum(len(session.anchors) for session in before.values()) - 4


def test_of_several_writers_one_is_killed(shared_url: str, tmp_path: Path) -> None:
    """What each was told is stored is there, in its order, and the others go on."""
    is_server = "://" in shared_url
    known = list_backends(shared_url) if is_server else frozenset()
    place = Place(
        database=shared_url if is_server else Path(shared_url),
        folder=tmp_path,
        wait=lambda: wait_for_backends(shared_url, known=known) if is_server else None,
    )
    outcome = kill_one_of_several(place, draw=random.Random(1))
    assert (outcome.lost, outcome.faults) == (0, ())
    assert outcome.acknowledged >= 22


def test_a_killed_process_of_the_server_loses_nothing(own_postgres_socket: str, tmp_path: Path) -> None:
    """The server starts anew, and the writer makes its call again."""
    starts = Starts(folder=tmp_path, socket=own_postgres_socket)
    starts.make(EMPTY)
    for outcome in kill_backends(starts, 2, seed=1):
        assert (outcome.was_killed, outcome.lost, outcome.faults) == (True, 0, ())
        assert outcome.acknowledged >= 6
