"""Threads and processes write to one session at once: nothing is lost, and there is one order."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from glyph_memory.errors import StoreBusy
from glyph_memory.store import SealRecord, Store
from glyph_memory.store.sessions import lock_session
from glyph_memory.transcript import Turn

_fork = multiprocessing.get_context("forkserver")


def write(url: str, writer: int, count: int) -> None:
    """Append turns one by one, and one pair, as a process of its own."""
    with Store.open(url, wait_s=60) as store:
        session_store = store.session("chat")
        for number in range(count):
            (turn,) = session_store.append([Turn(role="user", text=f"{writer} {number}")])
            assert session_store.turn(turn.anchor or 0) == turn
        session_store.append([Turn(role="user", text=f"{writer} pair {half}") for half in "ab"])


def check_order(store: Store, *, writers: int, count: int) -> None:
    """See that anchors have no gap, each writer's turns are in its order, and pairs stand together."""
    turns = list(store.session("chat").turns())
    assert [turn.anchor for turn in turns] == list(range(1, writers * (count + 2) + 1))
    for writer in range(writers):
        mine = [turn.text for turn in turns if turn.text.startswith(f"{writer} ")]
        assert mine == [
            *(f"{writer} {number}" for number in range(count)),
            f"{writer} pair a",
            f"{writer} pair b",
        ]
        pair = [turn.anchor or 0 for turn in turns if turn.text.startswith(f"{writer} pair")]
        assert pair[1] == pair[0] + 1


def test_four_processes_append_to_one_session(shared_url: str) -> None:
    """From the very first turn: the database itself is not there yet."""
    children = [_fork.Process(target=write, args=(shared_url, writer, 12)) for writer in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
    assert [child.exitcode for child in children] == [0] * 4
    with Store.open(shared_url) as store:
        check_order(store, writers=4, count=12)


def test_many_threads_share_one_store(store: Store) -> None:
    """Readers among them see only whole appends."""
    done = threading.Event()

    def append(writer: int) -> None:
        session_store = store.session("chat")
        for number in range(8):
            session_store.append([Turn(role="user", text=f"{writer} {number}")])
        session_store.append([Turn(role="user", text=f"{writer} pair {half}") for half in "ab"])

    def read() -> None:
        while not done.is_set():
            seen = [turn.text for turn in store.session("chat").turns()]
            assert sum(text.endswith("pair a") for text in seen) == sum(
                text.endswith("pair b") for text in seen
            )
            store.session("chat").search("pair", k=3)

    with ThreadPoolExecutor(20) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for writer in [pool.submit(append, writer) for writer in range(16)]:
            writer.result()
        done.set()
        for reader in readers:
            reader.result()
    check_order(store, writers=16, count=8)


def test_of_two_who_seal_the_same_turns_one_is_taken(shared_url: str) -> None:
    """The other is told, and reads again."""
    with Store.open(shared_url) as one, Store.open(shared_url) as two:
        one.session("chat").append([Turn(role="user")])
        barrier = threading.Barrier(2)

        def seal(store: Store, digest: str) -> bool:
            barrier.wait()
            return store.session("chat").add_seals([SealRecord(number=1, digest=digest, body="{}")], edits=0)

        with ThreadPoolExecutor(2) as pool:
            taken = list(pool.map(seal, (one, two), ("one", "two")))
        assert sorted(taken) == [False, True]
        assert [seal.digest for seal in one.session("chat").seals()] == ["one" if taken[0] else "two"]


def test_a_writer_does_not_keep_readers_waiting_nor_they_it(shared_url: str) -> None:
    """Readers see what was there before, until the writer is done."""
    with Store.open(shared_url, wait_s=0.2) as one, Store.open(shared_url, wait_s=0.2) as two:
        one.session("chat").append([Turn(role="user", text="before")])
        with one._database.begin_write(), two._database.begin_read():
            assert [turn.text for turn in two.session("chat").turns()] == ["before"]
        with one._database.begin_read():
            two.session("chat").append([Turn(role="user", text="after")])


def test_who_waits_too_long_is_told_to_try_again(shared_url: str) -> None:
    """Another process keeps the session: an error that can be retried, and then it goes through."""
    with Store.open(shared_url) as one, Store.open(shared_url, wait_s=0.2) as two:
        one.session("chat").append([Turn(role="user", text="a")])
        with one._database.begin_write() as connection:
            lock_session(connection, "chat")
            with pytest.raises(
                StoreBusy, match=r"is still locked by another process after 0\.2 s\. Try"
            ) as caught:
                two.session("chat").append([Turn(role="user", text="b")])
            assert caught.value.retryable
        two.session("chat").append([Turn(role="user", text="b")])
        assert [turn.text for turn in one.session("chat").turns()] == ["a", "b"]


def test_of_threads_too_one_may_wait_too_long(tmp_path_url: str) -> None:
    """The queue within a process has the same limit."""
    with Store.open(tmp_path_url, wait_s=0.1) as store, ThreadPoolExecutor(1) as pool:
        with store._database.begin_write():
            late = pool.submit(store.session("chat").append, [Turn(role="user")])
            with pytest.raises(StoreBusy, match="kept by another thread"):
                late.result()
        assert store.session("chat").append([Turn(role="user")])[0].anchor == 1


@pytest.fixture(params=["file", "memory"])
def tmp_path_url(request: pytest.FixtureRequest, tmp_path: os.PathLike[str]) -> Iterator[str]:
    """Return a new SQLite database of each kind."""
    yield f"{tmp_path}/chat.db" if request.param == "file" else ":memory:"
