"""A process that is forked loses nothing and sticks nowhere: parent and child go on, or the child is told why not."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from glyph_memory.errors import GlyphMemoryError, StoreError
from glyph_memory.store import Store
from glyph_memory.transcript import Turn
from lib.forks import Child, check_file, fork_while_writing


def say(store: Store, *texts: str) -> list[int]:
    """Append turns to the one session; return their anchors."""
    return [store.session("chat").append([Turn(role="user", text=text)])[0].anchor or 0 for text in texts]


def texts(store: Store | str) -> list[str]:
    """Return what all turns say."""
    if isinstance(store, Store):
        return [turn.text for turn in store.session("chat").turns()]
    with Store.open(store) as opened:
        assert check_file(opened) == []
        return texts(opened)


def test_children_forked_while_threads_write_lose_nothing(shared_url: str) -> None:
    """Each of ten children writes, and so do the threads that go on; the file is whole."""
    outcome = fork_while_writing(shared_url, forks=10)
    assert (outcome.lost, outcome.refused, outcome.stuck, outcome.faults) == (0, 0, 0, ())
    assert outcome.acknowledged >= 30


def test_a_child_writes_on_when_its_parent_has_closed(shared_url: str) -> None:
    """The parent does not take the write-ahead log of a child for its own."""
    ours, theirs = os.pipe()
    with Store.open(shared_url) as store:
        say(store, "parent")

        def write() -> list[int]:
            first = say(store, "child 1")
            os.read(ours, 1)
            return first + say(store, "child 2", "child 3")

        child = Child(write)
        while len(texts(store)) < 2:
            time.sleep(0.01)
    os.write(theirs, b"!")
    assert child.result() == [2, 3, 4]
    os.close(ours)
    os.close(theirs)
    assert texts(shared_url) == ["parent", "child 1", "child 2", "child 3"]


def write_in(url: str, store: Store | None) -> None:
    """Write as a process of its own: to the parent's store where it is there, to one of its own where it is not."""
    if store is not None:
        say(store, "child 1", "child 2")
        return
    with Store.open(url) as own:
        say(own, "child 1", "child 2")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_every_start_method_works(shared_url: str, method: str) -> None:
    """A forked process uses what it inherited; others open the store themselves."""
    context = multiprocessing.get_context(method)
    with Store.open(shared_url) as store:
        say(store, "parent 1")
        inherited = store if method == "fork" else None
        child = context.Process(target=write_in, args=(shared_url, inherited))  # type: ignore[attr-defined]  # all have one
        child.start()
        say(store, "parent 2")
        child.join(60)
        assert child.exitcode == 0
        say(store, "parent 3")
    assert sorted(texts(shared_url)) == ["child 1", "child 2", "parent 1", "parent 2", "parent 3"]


_DAEMON = """
import os, sys
from glyph_memory.store import Store
from glyph_memory.transcript import Turn
def say(text):
    store.session("chat").append([Turn(role="user", text=text)])
with Store.open(sys.argv[1]) as store:
    say("parent")
    alive, parents = os.pipe()
    if os.fork() == 0:
        say("child")
        if os.fork() == 0:
            os.close(parents)
            os.read(alive, 1)  # ends when both are gone
            say("daemon")
            print("done", flush=True)
            os._exit(0)
        os._exit(0)
"""


def test_a_daemon_outlives_both_its_parents(shared_url: str) -> None:
    """Forked twice, as daemons are; what it writes then is there."""
    command = [sys.executable, "-c", _DAEMON, shared_url]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("done\n", "")
    assert texts(shared_url) == ["parent", "child", "daemon"]


def test_a_child_of_a_child_writes_too(shared_url: str) -> None:
    """Each generation connects anew."""
    with Store.open(shared_url) as store:
        say(store, "parent")

        def fork_again() -> object:
            say(store, "child")
            grandchild = Child(lambda: say(store, "grandchild")).result()
            say(store, "child again")
            return grandchild

        assert Child(fork_again).result() == [3]
        say(store, "parent again")
    assert texts(shared_url) == ["parent", "child", "grandchild", "child again", "parent again"]


def test_any_thread_may_fork(shared_url: str) -> None:
    """Several at once, while they write; the child has only the thread that forked."""
    with Store.open(shared_url) as store, ThreadPoolExecutor(4) as pool:

        def fork(number: int) -> object:
            say(store, f"before {number}")
            return Child(lambda: say(store, f"child {number}")).result()

        assert len(list(pool.map(fork, range(8)))) == 8
    assert sorted(texts(shared_url)) == sorted(f"{who} {n}" for who in ("before", "child") for n in range(8))


def test_turns_that_are_half_read_are_read_on_in_both(shared_url: str) -> None:
    """No transaction stays open between them."""
    big = "x" * 3_000_000  # read in several chunks
    with Store.open(shared_url) as store:
        say(store, *(f"{number} {big}" for number in range(4)))
        turns = store.session("chat").turns()
        first = next(turns)
        child = Child(lambda: [turn.anchor for turn in turns])
        assert [first.anchor, *(turn.anchor for turn in turns)] == [1, 2, 3, 4]
        assert child.result() == [2, 3, 4]


def test_a_store_in_memory_is_copied(tmp_path: Path) -> None:
    """The child has what was there, and writes for itself."""
    with Store.open(":memory:") as store, Store.open(tmp_path / "other.db") as other:
        say(store, "before")
        say(other, "before")
        assert Child(lambda: say(store, "child") and texts(store)).result() == ["before", "child"]
        assert say(store, "parent") == [2]
        assert texts(store) == ["before", "parent"]


@pytest.fixture
def busy(shared_url: str) -> str:
    """Return a database with one turn."""
    with Store.open(shared_url) as store:
        say(store, "before")
    return shared_url


def test_where_a_transaction_does_not_end_in_time_the_child_is_told(busy: str) -> None:
    """On SQLite it can use no database then, nor open one; a server's serves it. The parent goes on."""
    begun, go = threading.Event(), threading.Event()
    with Store.open(busy, wait_s=0.2) as store, ThreadPoolExecutor(1) as pool:

        def keep() -> None:
            with store._database.begin_write():
                begun.set()
                go.wait(60)

        kept = pool.submit(keep)
        begun.wait(60)
        child = Child(lambda: texts(store))
        opening = Child(lambda: texts(busy))
        if busy.startswith("postgresql"):
            assert child.result() == opening.result() == ["before"]
        else:
            for one in (child, opening):
                with pytest.raises(GlyphMemoryError) as caught:
                    one.result()
                assert str(caught.value) == (
                    f"{busy!r} was in use when this process was forked, and SQLite cannot be used in it any more. Fork "
                    "between calls, or start processes with multiprocessing's 'spawn' or 'forkserver'. Open the memory "
                    "in them; gunicorn: in post_fork"
                )
        go.set()
        kept.result()
        say(store, "after")
        assert Child(lambda: say(store, "child")).result() == [3]
    assert texts(busy) == ["before", "after", "child"]


def test_a_child_forked_within_a_transaction_cannot_end_it(busy: str) -> None:
    """It is the parent's, which commits; nothing the child does with it reaches the database."""
    with Store.open(busy, wait_s=0.2) as store:

        def fork_within() -> int:
            with store._database.begin_write() as connection:
                if (pid := os.fork()) == 0:
                    connection.exec_driver_sql("DELETE FROM glyph_turns")
                connection.exec_driver_sql("UPDATE glyph_turns SET pinned = true")
            return pid

        def fork_without_a_word() -> int:
            with store._database.begin_write():
                return os.fork()

        for fork in (fork_within, fork_without_a_word):
            try:
                pid = fork()
            except StoreError as error:
                os._exit(7 if "forked" in str(error) else 8)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        assert [turn.pinned for turn in store.session("chat").turns()] == [True]
        say(store, "after")
    assert texts(busy) == ["before", "after"]


def test_who_forks_without_python_is_told(tmp_path: Path) -> None:
    """As some servers do, in C: then there was no moment to close what the child must not have."""
    url = str(tmp_path / "chat.db")
    with Store.open(url) as store:
        say(store, "parent")
        pid = ctypes.PyDLL(None).fork()
        if pid == 0:
            ctypes.pythonapi.PyOS_AfterFork_Child()
            try:
                say(store, "child")
            except StoreError:
                store.close()
                os._exit(7)
            os._exit(8)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        say(store, "parent again")
    assert texts(url) == ["parent", "parent again"]


def test_an_open_store_is_not_pickled(shared_url: str) -> None:
    """Whoever gives one to a spawned process is told what to give instead."""
    with Store.open(shared_url) as store:
        for thing in (store, store.session("chat")):
            with pytest.raises(StoreError) as caught:
                pickle.dumps(thing)
            assert str(caught.value).endswith(
                " cannot be pickled or copied. Give the process its path or URL, and open the memory there"
            )
