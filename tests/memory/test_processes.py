"""Several processes on one session, and processes that are killed: one order, one chain of seals, nothing lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from glyph_memory import Turn
from tests.memory.conftest import Start
from tests.memory.worker import small

COUNT = 12


def test_four_processes_add_to_one_session_while_others_look(database: Path, start: Start) -> None:
    """Each one's turns are there, in its order, once; all end with the same seals."""
    with small(database) as memory:
        adding = [start("add", database, who, COUNT) for who in range(4)]
        looking = [start("look", database, 8) for _ in range(2)]
        while any(process.poll() is None for process in adding):
            context = memory.context()
            assert memory.tokens(context) <= memory.policy.prompt_tokens
        assert [process.wait() for process in adding + looking] == [0] * 6
        said = [turn.text.split(" ", 1)[0] for turn in memory.turns()]
        for who in range(4):
            assert [word for word in said if word.startswith(f"{who}:")] == [
                f"{who}:{n}" for n in range(COUNT)
            ]
        assert [turn.anchor for turn in memory.turns()] == list(range(1, 4 * COUNT + 1))
        chain = [seal.digest for seal in memory.fold().seals]
        for process in adding + looking:
            seen = (process.stdout.read() if process.stdout else "").split()
            assert seen == chain[: len(seen)]
        turns = list(memory.turns())
        fold, context = memory.fold(), memory.context()
    with small(database) as memory:
        assert memory.fold() == fold
        assert memory.context() == context
    with small() as alone:
        alone.extend(turns)
        assert alone.fold() == fold


def test_a_process_killed_between_a_turn_and_its_seal_leaves_the_same_seals(
    database: Path, start: Start, talk: tuple[Turn, ...]
) -> None:
    """As if it had never been killed, however often it is."""
    for _ in range(3):
        assert start("die-sealing", database, len(talk)).wait() == -9
    with sqlite3.connect(database) as connection:
        (there,) = connection.execute("SELECT count(*) FROM glyph_turns").fetchone()
        assert connection.execute("SELECT count(*) FROM glyph_seals").fetchone() == (0,)
    connection.close()
    assert there > 5
    with small(database) as memory, small() as never:
        assert len(memory.fold().seals) == 1
        never.extend(talk[:there])
        for turn in talk[there:]:
            assert memory.fold() == never.fold()
            memory.add(turn)
            never.add(turn)
        assert memory.fold() == never.fold()
