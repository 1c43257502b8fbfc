"""The `Gate` of a database, which lets no transaction run while the process is forked.

What SQLite knows of a file's locks it keeps per process, and a server's connection is one conversation: a child that
inherits them believes what is not so, and turns that were stored are lost. So before a fork no new transaction begins,
those that run are waited for, and all connections are closed; parent and child connect anew. Knows forks and
SQLAlchemy's engines; knows nothing about tables.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from weakref import WeakSet

from sqlalchemy import Connection, Engine, StaticPool, event

from glyph_memory.errors import StoreError

_QUIET_S = 1.0
"""How long a fork waits for transactions that run; or the shortest time limit of their databases."""
_SQLITE_LOST = (
    "{shown} was in use when this process was forked, and SQLite cannot be used in it any more. Fork between calls, or "
    "start processes with multiprocessing's 'spawn' or 'forkserver'. Open the memory in them; gunicorn: in post_fork"
)
_TRANSACTION_LOST = (
    "this process was forked within a transaction on {shown}, which belongs to its parent. Open the memory anew in "
    "this process"
)


class Gate:
    """Holds a database's transactions back while the process is forked.

    Args:
        engine: Gives the connections.
        shown: The database, as people are to read it.
        wait_s: How long a call may wait.

    Raises:
        StoreError: It is an SQLite database, and this process was forked while another was in use.
    """

    def __init__(self, engine: Engine, *, shown: str, wait_s: float) -> None:
        self.shown, self.wait_s = shown, wait_s
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._is_in_memory = isinstance(engine.pool, StaticPool)
        self._refusal = ""
        self.check()
        # A statement of a transaction that a child inherited must not reach the database.
        event.listen(engine, "before_cursor_execute", lambda *_: self.check())
        with _process.changed:
            _process.gates.add(self)

    def check(self) -> None:
        """Check that the database may be used in this process.

        Raises:
            StoreError: It was in use when the process was forked.
        """
        if refusal := self._find_refusal():
            raise StoreError(refusal)

    def _find_refusal(self) -> str:
        return self._refusal or (_process.sqlite_refusal if self._is_sqlite else "")

    @contextmanager
    def pass_through(self) -> Iterator[None]:
        """Wait while the process is forked; then be waited for by whoever wants to fork."""
        process, thread = _process, threading.get_ident()
        with process.changed:
            # A thread that is inside already goes on: the fork waits for it.
            while process.forking and thread not in process.running:
                process.changed.wait()
            process.running.setdefault(thread, []).append(self)
        try:
            yield
        finally:
            with _process.changed:
                inside = _process.running.get(thread, [])
                if self in inside:  # it is not in a child
                    inside.remove(self)
                    if not inside:
                        del _process.running[thread]
                        _process.changed.notify_all()

    @contextmanager
    def begin(self, **options: object) -> Iterator[Connection]:
        """Open a transaction and yield its connection; commit at the end, roll back on an exception.

        Args:
            **options: Execution options of the connection.

        Raises:
            StoreError: The process was forked meanwhile, and this is the child: the transaction is its parent's.
        """
        self.check()
        with ExitStack() as stack:
            connection = stack.enter_context(self._engine.connect().execution_options(**options))
            stack.enter_context(connection.begin())
            try:
                yield connection
            finally:
                if self._find_refusal():
                    _leak(stack.pop_all())
                    self.check()

    def close_idle(self) -> None:
        """Close the connections that nobody uses; a database in memory lives in its only one."""
        if not self._is_in_memory:
            self._engine.pool.dispose()

    def close(self) -> None:
        """Close all connections; those in use are closed when they are done."""
        with self.pass_through():
            if not self._find_refusal():
                self._engine.dispose()

    def enter_child(self, *, was_closed: bool, is_busy: bool, is_mine: bool) -> None:
        """Find out what can be used in a child.

        Args:
            was_closed: Whether idle connections were closed before the fork.
            is_busy: Whether another thread was in a transaction.
            is_mine: Whether the thread that forked was in one.
        """
        if not self._is_in_memory:
            # In use by threads that are not here, or idle, where somebody forked without Python.
            _leak(self._engine.pool)
            self._engine.dispose(close=False)
        if self._is_sqlite and (is_busy or (not self._is_in_memory and (is_mine or not was_closed))):
            # The library's own locks may be held by threads that are not here: no file is safe from them.
            self._refusal = _process.sqlite_refusal = _SQLITE_LOST.format(shown=self.shown)
        elif is_mine and not self._is_in_memory:
            self._refusal = _TRANSACTION_LOST.format(shown=self.shown)


class _Process:
    """What all gates of a process share."""

    def __init__(self) -> None:
        self.gates: WeakSet[Gate] = WeakSet()
        self.sqlite_refusal = ""
        self.renew()

    def renew(self) -> None:
        """Begin as a process in which nothing runs."""
        self.changed = threading.Condition()
        self.running: dict[int, list[Gate]] = {}
        """The databases that threads have transactions on."""
        self.forking = 0
        """How many threads are about to fork."""

    def before_fork(self) -> None:
        thread = threading.get_ident()
        with self.changed:
            self.forking += 1
            gates = [gate for inside in self.running.values() for gate in inside]
            self.changed.wait_for(
                lambda: not self.running.keys() - {thread},
                timeout=min([_QUIET_S, *(gate.wait_s for gate in gates)]),
            )
            for gate in list(self.gates):
                gate.close_idle()

    def after_fork_in_parent(self) -> None:
        with self.changed:
            self.forking -= 1
            self.changed.notify_all()

    def after_fork_in_child(self) -> None:
        was_closed, mine = self.forking > 0, self.running.pop(threading.get_ident(), [])
        busy = [gate for inside in self.running.values() for gate in inside]
        for gate in list(self.gates):
            gate.enter_child(was_closed=was_closed, is_busy=gate in busy, is_mine=gate in mine)
        if self.sqlite_refusal:
            _leak([gate._engine.pool for gate in self.gates])
        self.renew()


def _leak(inherited: object) -> None:
    """Keep what is a parent's for ever: freed, its connections would be closed, and tell the database or the server."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_process.before_fork,
        after_in_parent=_process.after_fork_in_parent,
        after_in_child=_process.after_fork_in_child,
    )
