"""`glyph-memory expire`, `backup` and `restore`: a whole store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from glyph_memory.cli import terminal
from glyph_memory.cli.memories import open_existing_store
from glyph_memory.context import open_place, pages_folder, read_place
from glyph_memory.errors import StoreError, show_value
from glyph_memory.memory.seal_records import make_seal_reader
from glyph_memory.store import BackupCheck, ExpiredSession, Store, backup_store, check_backup, restore_store

_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def expire(memory: str, *, older_than: str | None, dry_run: bool, pages: str | None, as_json: bool) -> None:
    """Erase the sessions whose time is over, or list them."""
    span = None if older_than is None else _parse_span(older_than)
    gone = list[ExpiredSession]()

    def tell(some: Sequence[ExpiredSession]) -> None:
        gone.extend(some)
        for one in () if as_json else some:
            name = terminal.escape_line(one.name)
            when = terminal.format_time(one.last_write) if one.last_write else "–"
            turns = terminal.format_count(one.turns, "turn")
            terminal.console().print(f"{name}  {turns}, last changed {when}", markup=False, highlight=False)

    with _open(memory, writes=not dry_run) as store:
        folder = read_place(pages) or (pages_folder(store.path) if store.path else None)
        if dry_run:
            tell(store.expire(older_than=span, dry_run=True))
        else:
            if isinstance(folder, str):
                open_place(folder)  # where it cannot be used, nothing is erased yet
            store.expire(older_than=span, seal_reader=make_seal_reader(folder), progress=tell)
    if as_json:
        told = [
            {"session": one.name, "turns": one.turns, "last_write": _spell_time(one.last_write)}
            for one in gone
        ]
        terminal.print_json({"expired": told, "dry_run": dry_run})
    else:
        count = terminal.format_count(len(gone), "session")
        terminal.print_note(f"{count} would be erased; nothing was" if dry_run else f"{count} erased")


def backup(file: str, memory: str, *, as_json: bool) -> None:
    """Write a store to a file."""
    with _open(memory, writes=False):
        pass
    with terminal.progress("backup", unit="sessions") as step:
        check = backup_store(memory, file, progress=step)
    _show(check, as_json=as_json)


def restore(file: str, memory: str, *, check_only: bool, as_json: bool) -> None:
    """Make a store of a file, or only read the file."""
    if check_only:
        check = check_backup(file)
    else:
        with terminal.progress("restore", unit="sessions") as step:
            check = restore_store(file, memory, progress=step)
    _show(check, as_json=as_json)


@contextmanager
def _open(memory: str, *, writes: bool) -> Iterator[Store]:
    """Open a store that is there."""
    with open_existing_store(memory) as store:
        if not writes:
            yield store
            return
    with Store.open(memory) as store:
        yield store


def _show(check: BackupCheck, *, as_json: bool) -> None:
    if as_json:
        rows = {"sessions": check.sessions, "turns": check.turns, "rows": dict(check.rows)}
        terminal.print_json({"file": str(check.path), **rows, "digest": check.digest})
        return
    turns = terminal.format_count(check.turns, "turn")
    sessions = terminal.format_count(check.sessions, "session")
    shown = f"{terminal.escape_line(str(check.path))}: {turns} in {sessions}, digest {check.digest}"
    terminal.console().print(shown, markup=False, highlight=False, soft_wrap=True)


def _spell_time(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _parse_span(given: str) -> timedelta:
    """Return a span of time as it is typed.

    Raises:
        StoreError: It is none.
    """
    if (found := _SPAN.fullmatch(given.strip())) is None:
        raise StoreError(
            f"--older-than {show_value(given)} is no time; give a number with h, d or w, such as 90d"
        )
    if not float(found[1]):
        raise StoreError(f"--older-than {show_value(given)} is not above 0; give a longer time, such as 90d")
    try:
        return timedelta(hours=float(found[1]) * _HOURS[found[2]])
    except OverflowError as error:
        raise StoreError(f"--older-than {show_value(given)} is too long; give a time such as 90d") from error
