"""Translate what SQLAlchemy, SQLite and database servers raise into one line: what, which, what next.

The one place where foreign exceptions are known. A message holds nothing of what was stored: neither statements nor
their values, only what the database itself says went wrong.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from glyph_memory.errors import StoreBusy, StoreError

_FULL = (
    "there is no room left for {shown}. Make room on the disk and try again; what was stored before is safe"
)
READ_ONLY = "{shown} is read-only. Open it with an account that may write to it and its directory, or copy it"
NOT_FOR_WRITING = "{shown} is read-only: it was opened so. Open it for writing"
_BUSY = (
    "{shown} is still locked by another process after {wait_s:g} s. Try again, or open with wait_s={more:g}"
)

_SQLITE: dict[int, str] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_NOTADB: "{shown} is not an SQLite database. Choose another path, or move that file away",
    sqlite3.SQLITE_CORRUPT: "{shown} is damaged: {said}. Try: glyph-memory doctor --memory {shown}",
    sqlite3.SQLITE_CONSTRAINT: "{shown} holds rows that do not fit together: {said}. Try: glyph-memory doctor --memory "
    "{shown}",
    sqlite3.SQLITE_CANTOPEN: "cannot open {shown}: {said}. Is it there, and may this account read and write its "
    "directory?",
    sqlite3.SQLITE_PERM: "may not open {shown}: {said}. Change its permissions, or choose another path",
    sqlite3.SQLITE_AUTH: "may not open {shown}: {said}. Change its permissions, or choose another path",
    sqlite3.SQLITE_IOERR: "the disk under {shown} gave an error: {said} ({code}). Is it full, or over a limit? "
    "What was stored before is safe",
    sqlite3.SQLITE_TOOBIG: "a turn is too large for {shown}: SQLite takes up to 1 GB in one. Split it",
}
_LETTERS = (
    "{shown} cannot hold all letters: {said}. Back it up, and restore into a database made with: createdb "
    "--template=template0 --encoding=UTF8 NAME"
)
_BROKEN = (
    "no connection to {shown} any more: {said}. What the call was to store may be stored or not: make it again with "
    "the same ids, and a turn is stored once"
)
_SERVER: dict[str, str] = {
    "08": "no connection to {shown}: {said}. Is the server running, and is there such a database? Try: pg_isready",
    "22021": _LETTERS,
    "22P05": _LETTERS,
    "25006": "{shown} is read-only: {said}. Is it a standby, or told default_transaction_read_only? Open the primary",
    "28": "{shown} did not let us in: {said}. Check user and password",
    "3D": "{shown} does not exist: {said}. Try: createdb",
    "3F": "{shown} has no schema for the tables: {said}. Make one, or name one that is there in the user's search_path",
    "40": "{shown} undid this because of another process: {said}. Try again",
    "42501": "{shown} does not allow this: {said}. Grant the user what is missing",
    "53300": "{shown} takes no more connections: {said}. Open it with a smaller pool_size and pool_overflow, or let "
    "the server take more",
    "53": _FULL,
    "54": "a turn is too large for {shown}: {said}. Split it",
    "25P03": "{shown} ended a transaction that stood still for longer than idle_timeout_s: {said}. Try again",
    "55P03": _BUSY,
    "57P03": "{shown} does not let anybody in now: {said}. Try again",
    "57014": "{shown} stopped a statement that took too long: {said}. Try again, or open with a larger "
    "statement_timeout_s",
    "57": "{shown} is shutting down or stopped this: {said}. Is the server running? Try: pg_isready",
}
_NONE_FREE = (
    "all connections to {shown} were in use for too long. Try again, or open with a larger pool_overflow or "
    "pool_wait_s"
)
_DEEPEST = 6
_RETRYABLE = {"25P03", "40", "53300", "55P03", "57014", "57P03"}


@contextmanager
def translate_errors(shown: str, *, wait_s: float) -> Iterator[None]:
    """Raise whatever a database raises inside as a `StoreError`.

    Args:
        shown: The database, as people are to read it.
        wait_s: How long was waited for others.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, ImportError, OSError, UnicodeError) as error:
        raise translate(error, shown=shown, wait_s=wait_s) from error


def translate(error: Exception, *, shown: str, wait_s: float) -> StoreError:
    """Return the `StoreError` that explains a database's exception in one line."""
    cause = error.orig if isinstance(error, DBAPIError) and isinstance(error.orig, Exception) else error
    words: dict[str, str | float] = {"shown": shown, "wait_s": wait_s, "more": max(30.0, 2 * wait_s)}
    if isinstance(cause, ArgumentError):
        return StoreError(
            f"{shown} names no kind of database that is known here: {_first_line(cause)}. Try 'sqlite:///chat.db'"
        )
    if isinstance(cause, PoolTimeout):
        return StoreBusy(_NONE_FREE.format(**words))
    if isinstance(cause, ImportError):
        return StoreError(
            f"the driver for {shown} is not installed: {_first_line(cause)}. "
            "Try: pip install 'glyph-memory[postgres]', "
            "and a URL that begins with postgresql+pg8000://"
        )
    if isinstance(
        cause, UnicodeDecodeError
    ):  # of SQLite's own message, which quotes a name in a damaged file
        return StoreError(_SQLITE[sqlite3.SQLITE_CORRUPT].format(**words, said="its tables cannot be read"))
    if isinstance(cause, sqlite3.Error):
        return _translate_sqlite(cause, words)
    is_broken = isinstance(error, DBAPIError) and error.connection_invalidated
    return _translate_server(cause, words, is_broken=is_broken)


def find_state(error: StoreError) -> str | None:
    """Return the server's code for what a `StoreError` translates; empty where it never came to a conversation.

    `None` where nothing was translated.
    """
    cause = error.__cause__
    if isinstance(cause, DBAPIError) and isinstance(cause.orig, Exception):
        cause = cause.orig
    return _sqlstate(_find_told(cause)) if isinstance(cause, Exception) else None


def _translate_sqlite(error: sqlite3.Error, words: dict[str, str | float]) -> StoreError:
    code: int = getattr(error, "sqlite_errorcode", 0) & 0xFF
    told = words | {"said": _first_line(error), "code": getattr(error, "sqlite_errorname", "")}
    if code in _SQLITE:
        kind = StoreBusy if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} else StoreError
        return kind(_SQLITE[code].format(**told))
    if "fts5" in str(error):
        return StoreError(
            "this Python's SQLite was built without FTS5. Try: another Python, such as python.org's"
        )
    if isinstance(error, OverflowError | sqlite3.DataError):
        return StoreError(_SQLITE[sqlite3.SQLITE_TOOBIG].format(**told))
    return StoreError(
        "{shown} failed: {said}. Try again; if it fails again: glyph-memory doctor --memory {shown}".format(
            **told
        )
    )


def _translate_server(error: Exception, words: dict[str, str | float], *, is_broken: bool) -> StoreError:
    if isinstance(error, UnicodeEncodeError):  # the driver says so before the server does
        return StoreError(_LETTERS.format(**words, said=f"{error.encoding} has not all that was given"))
    error = _find_told(error)
    told = words | {"said": _first_line(error)}
    state = _sqlstate(error)
    for prefix, message in _SERVER.items():
        if state.startswith(prefix):
            return (StoreBusy if prefix in _RETRYABLE else StoreError)(message.format(**told))
    if is_broken and not state:
        said = "no answer in time" if isinstance(error.__cause__, TimeoutError) else "it broke"
        return StoreError(_BROKEN.format(**words, said=said))
    if not state:  # It never came to a conversation with the server.
        return StoreError(_SERVER["08"].format(**told))
    return StoreError("{shown} failed: {said} ({state}). Check the server's log".format(**told, state=state))


def _find_told(error: Exception) -> Exception:
    """Return what the server said, where a driver failed over closing the connection after it."""
    found: BaseException | None = error
    for _ in range(_DEEPEST):
        if isinstance(found, Exception) and _sqlstate(found):
            return found
        found = None if found is None else found.__context__
    return error


def _sqlstate(error: Exception) -> str:
    """Return PostgreSQL's five-letter error code; drivers keep it in different places."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    first = error.args[0] if error.args else None
    if state is None and isinstance(first, dict):  # pg8000
        state = first.get("C")
    return str(state or "")


def _first_line(error: Exception) -> str:
    """Return the first line of a database's message; further lines may hold stored values."""
    first = error.args[0] if error.args else None
    said = str(first.get("M") or "") if isinstance(first, dict) else str(error)
    return " ".join(said.split("\n")[0].split())[:300].rstrip(".")
