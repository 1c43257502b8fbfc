"""`glyph-memory sessions`: which conversations a database holds."""

from __future__ import annotations

from datetime import datetime

from rich.table import Table
from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.cli.memories import open_existing_store
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
