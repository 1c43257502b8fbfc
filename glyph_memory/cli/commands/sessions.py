"""`glyph-memory sessions`, `export` and `import`: what a store holds, and moving it."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

from rich.table import Table
from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.cli.memories import (
    Place,
    open_existing_session,
    open_existing_store,
    open_or_create_session,
)
from glyph_memory.cli.settings import Settings
from glyph_memory.documents import STDIN
from glyph_memory.errors import DocumentError
from glyph_memory.files import exists, is_file
from glyph_memory.memory.jsonl import write_lines
from glyph_memory.store import SessionInfo


def run(memory: str, *, as_json: bool) -> None:
    """Print a database's sessions."""
    with open_existing_store(memory) as store:
        sessions = store.sessions()
    if as_json:
        terminal.print_json({"sessions": [_to_json(session) for session in sessions]})
    elif sessions:
        terminal.console().print(_table(sessions))
    else:
        terminal.print_note("No session has been begun yet.")


def _table(sessions: tuple[SessionInfo, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("session", overflow="fold")
    table.add_column("turns", justify="right", no_wrap=True)
    table.add_column("first", no_wrap=True)
    table.add_column("last", no_wrap=True)
    for session in sessions:
        name = Text(terminal.escape_line(session.name))
        table.add_row(name, f"{session.turns:,}", _time(session.first_time), _time(session.last_time))
    return table


def _time(time: datetime | None) -> str:
    return terminal.format_time(time) if time else "–"


def _to_json(session: SessionInfo) -> dict[str, object]:
    first, last = session.first_time, session.last_time
    return {
        "session": session.name,
        "turns": session.turns,
        "first": first.isoformat() if first else None,
        "last": last.isoformat() if last else None,
    }


def export(file: str, place: Place) -> None:
    """Write a session's turns to a file."""
    with open_existing_session(place) as memory:
        if file == STDIN:
            for line in write_lines(memory.turns(), session=memory.session):
                sys.stdout.write(line)
            return
        count = memory.export(file)
    terminal.print_note(f"{terminal.format_count(count, 'turn')} in {file}")


def import_(file: str, place: Place, *, secrets: str = "off") -> None:
    """Add a file's turns to a session."""
    with _source(file) as source:
        lines = _count_lines(source)
        with (
            open_or_create_session(place, Settings(), secrets=secrets) as (memory, _),
            terminal.progress(file, total=lines, unit="turns") as step,
        ):
            count = memory.import_(source, progress=lambda turns: step(turns, turns))
            known = sum(1 for _ in memory.turns()) - count
    more = f"; {terminal.format_count(known, 'turn')} were there before" if known else ""
    terminal.print_note(f"{terminal.format_count(count, 'turn')} added to {place}{more}")


class _StandardInput(io.TextIOWrapper):
    """Text that was piped in; errors name where it came from."""

    name = "standard input"


@contextmanager
def _source(file: str) -> Iterator[Path | TextIO]:
    """Return the input; what is piped is copied to a file without a name first, to be read only once all is there.

    Raises:
        DocumentError: There is none, or it cannot be read.
    """
    if file != STDIN:
        if not exists(file):  # before a database is made for it
            raise DocumentError(f"cannot read {file!r}: there is no such file; is the path right?")
        yield Path(file)
        return
    if sys.stdin is None:
        raise DocumentError("standard input is closed; name a file")
    with tempfile.TemporaryFile() as copy:
        try:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        except OSError as error:
            raise DocumentError(
                f"cannot copy standard input to {tempfile.gettempdir()!r}: {error.strerror or error}; name a file"
            ) from error
        copy.seek(0)
        yield _StandardInput(copy, encoding="utf-8-sig", errors="surrogateescape")


def _count_lines(source: Path | TextIO) -> int | None:
    """Return how many turns a file has, for the progress bar; None where no bar is shown, or the file is a pipe."""
    if not sys.stderr.isatty() or not isinstance(source, Path) or not is_file(source):
        return None
    with suppress(OSError), source.open("rb") as stream:
        return sum(1 for _ in stream)
    return None
