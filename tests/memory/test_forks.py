"""A memory in a forked child: it adds, folds and draws, whatever threads of the parent were doing with it."""

from __future__ import annotations

import copy
import pickle
import threading
from functools import partial
from pathlib import Path

import pytest

from glyph_memory import GlyphMemory, OpenAIReader, StoreError, Turn
from glyph_memory.testing import FakeVLMServer
from lib.forks import Child
from tests.memory.worker import small


def test_children_of_a_parent_whose_threads_use_the_memory_are_not_stuck(
    database: Path, talk: tuple[Turn, ...]
) -> None:
    """Threads add and ask for contexts while children are forked that do the same: locks, caches, fonts and store."""
    done, failed = threading.Event(), list[BaseException]()
    with small(database) as memory:
        memory.extend(talk[:60])

        def use(thread: int) -> None:
            number = 0
            try:
                while not done.is_set():
                    number += 1
                    new = chr(0x4E00 + number)  # not drawn before
                    memory.add("user", f"thread {thread}, turn {number}: {talk[number % 60].text} {new}")
                    memory.context()
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=use, args=(thread,)) for thread in range(3)]
        for thread in threads:
            thread.start()

        def answer(number: int) -> bool:
            turn = memory.add("assistant", f"child {number}")
            return bool(memory.context().images) and memory.report().turns >= (turn.anchor or 0) > 60

        for number in range(6):
            assert Child(partial(answer, number)).result() is True
        done.set()
        for thread in threads:
            thread.join(60)
        assert failed == []
    with small(database) as memory:
        said = [turn.text for turn in memory.turns()]
        assert [text for text in said if text.startswith("child")] == [
            f"child {number}" for number in range(6)
        ]
        assert memory.context().images


def test_a_child_sends_the_same_request(database: Path, talk: tuple[Turn, ...]) -> None:
    """Nothing that was held in memory is lost where nobody was changing it."""
    with small(database) as memory:
        memory.extend(talk)
        ours = [part.digest if hasattr(part, "digest") else repr(part) for part in memory.context().messages]
        assert Child(lambda: [repr(one) for one in memory.context().messages]).result() == ours


def test_a_reader_in_a_child_does_not_share_its_parents_connection() -> None:
    """Two processes on one connection would read each other's answers."""
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader, small() as memory:
        memory.add("user", "Hello.")
        context = memory.context()
        reader.read(context)
        client = reader._clients._client
        assert client is not None
        child = Child(lambda: [reader.read(context).text != "", reader._clients._client is not client])
        assert reader.read(context).text
        assert child.result() == [True, True]
        assert reader._clients._client is client


@pytest.mark.parametrize("take", [pickle.dumps, copy.deepcopy])
def test_a_memory_is_not_pickled_nor_copied(database: Path, take: object) -> None:
    """Whoever gives one to a spawned process is told what to give instead."""
    with small(database, session="alice") as memory:
        with pytest.raises(StoreError) as caught:
            take(memory)  # type: ignore[operator]  # either takes one
        assert str(caught.value) == (
            "the open session 'alice' cannot be pickled or copied. Give the process the database's path or URL, and "
            "open the memory there, with session='alice'"
        )


def test_a_memory_in_memory_is_copied_by_a_fork(talk: tuple[Turn, ...]) -> None:
    """Each goes on for itself."""
    with GlyphMemory.open(":memory:") as memory:
        memory.extend(talk[:5])
        assert Child(lambda: memory.add("user", "child").anchor).result() == 6
        assert memory.add("user", "parent").anchor == 6
