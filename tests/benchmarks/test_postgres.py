"""What the benchmark of PostgreSQL finds is what happened: it misses no lost turn, and its copies are sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from glyph_memory.store import Store, check_store
from glyph_memory.transcript import Turn
from lib.killed_writers import WrittenSessions, _examine, write_while_killed
from lib.many_sessions import fill_sessions
from lib.postgres import MISSING, has_postgres, make_database, run_postgres


@pytest.fixture(scope="module")
def socket() -> Iterator[str]:
    """Run a server."""
    if not has_postgres():
        pytest.skip(MISSING)
    with run_postgres() as socket:
        yield socket


def test_nothing_is_lost_while_connections_are_killed(socket: str) -> None:
    """Six writers on two sessions, for a moment."""
    url = make_database(socket, "killed")
    outcome = write_while_killed([url], server_url=url, writers=6, sessions=2, seconds=1, kill_every_s=0.05)
    assert outcome.kills > 0
    assert outcome.acknowledged == outcome.stored > 0
    assert (outcome.lost, outcome.doubled, outcome.faults) == (0, 0, ())


def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    """A turn that is gone, one that is there twice, one in another's place, another order."""
    with Store.open(tmp_path / "chat.db") as store:
        for name, said in (("session 0", ("0 0", "0 1", "0 1")), ("session 1", ("1 1", "1 0", "1 2"))):
            store.session(name).append([Turn(role="user", text=text) for text in said])
        store.session("session 1").delete([3])
        outcome = WrittenSessions()
        told = [{"0 0": 1, "0 1": 2}, {"1 1": 1, "1 0": 2, "1 2": 3}]
        _examine(store, told, sessions=2, outcome=outcome)
    assert (outcome.stored, outcome.acknowledged, outcome.doubled) == (5, 5, 1)
    assert outcome.lost == 2  # `0 1` is at another place as well, and `1 2` is gone
    assert len(outcome.faults) == 2


def test_copies_are_sessions_like_others(socket: str) -> None:
    """The doctor finds nothing wrong, and the next one that is made gets a number of its own."""
    url = make_database(socket, "many")
    fill_sessions(url, sessions=40)
    assert not check_store(url).findings
    with Store.open(url) as store:
        assert {one.turns for one in store.sessions()} == {6}
        assert len(store.session("copy 39").search("build-3.internal", k=9)) == 1
        assert store.session("new").append([Turn(role="user")])[0].anchor == 1
