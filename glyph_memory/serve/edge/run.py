"""`run_server`: start the proxy, and end it: open answers finish, within a limit. One process or several.

Knows sockets, signals and processes; knows nothing about what is answered.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Protocol
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.serve.edge.access_log import AccessLog
from glyph_memory.serve.edge.greeting import describe_server
from glyph_memory.serve.edge.keys import Keys
from glyph_memory.serve.edge.metrics import FOLDER_VARIABLE
from glyph_memory.serve.edge.protocol import PatientProtocol
from glyph_memory.serve.edge.wiring import Listener
from glyph_memory.serve.options import ServeError, ServeOptions
from glyph_memory.store import Store


class AppFactory(Protocol):
    """Makes the application in a worker."""

    def __call__(self, options: ServeOptions, *, listeners: Sequence[Listener]) -> ASGIApp:
        """Return the application; the listeners are told of each request."""


_IDLE_S = 75
"""How long a connection without a request stays open: longer than clients keep theirs, or both would part at once."""
_MOST_HEADER_BYTES = 64 << 10
_SIGN_OF_LIFE_S = 60
"""After so long without one, a worker is started anew; a long computation may hold one back."""
_LOOK_S = 0.05
_COLLECTIONS = (20_000, 20, 20)


def run_server(
    options: ServeOptions, *, make_app: AppFactory, tell: Callable[[str], object] | None = None
) -> None:
    """Serve until Ctrl-C or SIGTERM; a second one ends at once.

    Args:
        options: What to serve.
        make_app: Makes the application, in each worker; a function of a module, for processes that are spawned.
        tell: Takes the lines that are printed at the start; by default they go to standard error.

    Raises:
        ServeError: The port is in use, or the keys cannot be read.
        StoreError: The store cannot be opened.
    """
    if options.key_file is not None:
        Keys.read(options.key_file)
    Store.open(options.memory).close()  # here, once: not by each worker
    with ExitStack() as stack:
        listening = stack.enter_context(_listen(options))
        port = listening.getsockname()[1]
        _refuse_itself(options, port)
        url = _spell_url(options.host, port)
        for line in describe_server(options, url=url):
            (tell or _print_line)(line)
        if options.workers > 1 and FOLDER_VARIABLE not in os.environ:
            os.environ[FOLDER_VARIABLE] = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="glyph-metrics-")
            )
            stack.callback(os.environ.pop, FOLDER_VARIABLE)
        if options.workers > 1:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="glyph-serve-"))
            options = replace(options, shared_folder=Path(folder))
        config = _configure(options, make_app)
        if options.workers > 1:
            _Workers(config, sockets=[listening]).run()
        else:
            _Server(config).run(sockets=[listening])


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves with status 0, and at once where it is told twice."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; what is kept for uvicorn to raise again at the end would be the exit status."""
        if self.should_exit:
            self.force_exit = True
            for connection in list(self.server_state.connections):
                connection.transport.abort()
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take a terminal that is closed for Ctrl-C, too; not where it is told to live on, as by nohup."""
        hangup = getattr(signal, "SIGHUP", None)
        with super().capture_signals():
            if hangup is None or not _is_ending(hangup):
                yield
                return
            before = signal.signal(hangup, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(hangup, before)


def _is_ending(number: int) -> bool:
    """Return whether a signal would end the process at once, here where signals can be heard."""
    return (
        threading.current_thread() is threading.main_thread() and signal.getsignal(number) is signal.SIG_DFL
    )


class _Workers(Multiprocess):
    """uvicorn's workers; a second signal ends them at once."""

    def join_all(self) -> None:
        """Wait until all have ended."""
        for listening in self.sockets:
            listening.close()  # or whoever comes now would wait for nobody
        self.signal_queue.clear()
        while any(worker.process.is_alive() for worker in self.processes):
            if {signal.SIGINT, signal.SIGTERM} & set(self.signal_queue):
                for worker in self.processes:
                    worker.kill()
                break
            time.sleep(_LOOK_S)
        super().join_all()


def _configure(options: ServeOptions, make_app: AppFactory) -> uvicorn.Config:
    return uvicorn.Config(
        partial(_start_app, options, make_app),
        factory=True,
        host=options.host,
        port=options.port,
        workers=options.workers,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,  # an upstream sends its own
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=options.grace_s,  # type: ignore[arg-type]  # it is waited for as a float
        timeout_worker_healthcheck=_SIGN_OF_LIFE_S,
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
    )


def _spare_collections() -> None:
    """Let Python look for garbage less often: a long history is thousands of objects, and none of them is garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTIONS)


def _start_app(options: ServeOptions, make_app: AppFactory) -> ASGIApp:
    """Return the application of a worker; one that cannot be made ends all, in one line."""
    _set_up_logging()
    try:
        app = make_app(options, listeners=[AccessLog().add])
        _spare_collections()
        return app
    except GlyphMemoryError as error:
        logging.getLogger("glyph_memory.serve").error("error: %s", error)
        sys.exit(STARTUP_FAILURE)


def _set_up_logging() -> None:
    """Let uvicorn's and our own messages go to standard error, a line each."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(_drop_traceback)
    for name, level in {"uvicorn": logging.WARNING, "glyph_memory.serve": logging.INFO}.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


def _drop_traceback(record: logging.LogRecord) -> bool:
    """Take uvicorn's tracebacks away: the guard tells of what goes wrong; what is left are answers that were cut."""
    record.exc_info = record.exc_text = None
    return not record.getMessage().rstrip().endswith("asyncio.exceptions.CancelledError")  # told twice to end


def _listen(options: ServeOptions) -> socket.socket:
    """Return a socket that nobody else has.

    Raises:
        ServeError: The port is in use, or there is no such address here.
    """
    host, port = options.host.strip("[]"), options.port
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, proto)
    except (OSError, UnicodeError) as error:
        raise ServeError(
            f"{options.host!r} is no address of this machine: {error}; give another by --host"
        ) from None
    try:
        if os.name == "posix":  # elsewhere it would let two listen at one port
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(2048)
        found.set_inheritable(True)
    except OSError as error:
        found.close()
        raise ServeError(_describe_refusal(error, options)) from None
    return found


def _refuse_itself(options: ServeOptions, port: int) -> None:
    """Raise ServeError where an upstream is this server: each request would come back for ever."""
    own = {"127.0.0.1", "localhost", "::1", "0.0.0.0", options.host.strip("[]").lower()}  # noqa: S104 - they are compared
    for upstream in options.upstreams:
        parts = urlsplit(upstream.url)
        if (parts.hostname or "") in own and (parts.port or 80) == port:
            raise ServeError(
                f"the upstream at port {port} is this server itself; give the model's address, or another --port"
            )


def _describe_refusal(error: OSError, options: ServeOptions) -> str:
    where = f"port {options.port} at {options.host!r}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use; stop what listens there, or give another by --port"
    if error.errno == errno.EACCES:
        return f"{where} is the system's; give one above 1023 by --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{options.host!r} is no address of this machine; give another by --host"
    return f"{where} cannot be listened at: {error.strerror or error}; give another by --host or --port"


def _spell_url(host: str, port: int) -> str:
    shown = host.strip("[]")
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(shown, f"[{shown}]" if ":" in shown else shown)  # noqa: S104 - it is compared
    return f"http://{reached}:{port}"


def _print_line(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
