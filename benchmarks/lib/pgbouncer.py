"""Run a PgBouncer in transaction mode before a PostgreSQL server for a while, where the program is installed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.postgres import find_account, make_url, wait_for_server

MISSING_BOUNCER = "no PgBouncer on this machine. Try: apt install pgbouncer"
_PORT = 6432


def has_pgbouncer() -> bool:
    """Return whether the program is here."""
    return _find_program() is not None


@contextmanager
def run_pgbouncer(socket: str, *, server_connections: int = 2) -> Iterator[str]:
    """Run PgBouncer, and yield its socket.

    Args:
        socket: The server's.
        server_connections: How many connections to each database all clients share: few, so that transactions of one
            client meet the sessions of all others.
    """
    program = _find_program()
    if program is None:
        raise RuntimeError(MISSING_BOUNCER)
    account, home = find_account(), Path(tempfile.mkdtemp(prefix="glyph-bouncer-"))
    (home / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={Path(socket).parent} user=glyph\n"
        "[pgbouncer]\npool_mode = transaction\nauth_type = any\nmax_client_conn = 200\n"
        f"default_pool_size = {server_connections}\nlisten_port = {_PORT}\nunix_socket_dir = {home}\n"
    )
    if account:
        shutil.chown(home, account)
        shutil.chown(home / "pgbouncer.ini", account)
    log = home / "log"
    try:
        with (
            log.open("wb") as lines,
            subprocess.Popen(
                [program, home / "pgbouncer.ini"], stdout=lines, stderr=lines, user=account, cwd=home
            ) as bouncer,
        ):
            try:
                yield wait_for_server(str(home / f".s.PGSQL.{_PORT}"), log)
            finally:
                bouncer.send_signal(signal.SIGTERM)  # at once
    finally:
        shutil.rmtree(home, ignore_errors=True)


def make_bounced_url(bouncer: str, url: str) -> str:
    """Return the URL of a server's database by way of PgBouncer."""
    return make_url(bouncer, url.split("/")[3].split("?", maxsplit=1)[0])


def _find_program() -> str | None:
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
