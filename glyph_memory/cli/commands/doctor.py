"""`glyph-memory doctor`: what is damaged in a database, what a repair would do, and the repair."""

from __future__ import annotations

from dataclasses import asdict
from typing import NoReturn

import typer
from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.store import StoreCheck, StoreRepair, check_store, repair_store

_LISTED = 40
"""So many findings are printed."""


def run(memory: str, *, repair: bool, drop_damaged: bool, backup: bool, as_json: bool) -> NoReturn:
    """Check a database, repair it where that is asked for, and leave with 0 where it is healthy, else with 1.

    Raises:
        GlyphMemoryError: It cannot be checked, backed up or repaired.
    """
    with terminal.PageProgress("checking", unit="turns") as progress:
        if repair or drop_damaged:
            repaired = repair_store(memory, backup=backup, drop_damaged=drop_damaged, progress=progress)
        else:
            check = check_store(memory, progress=progress)
            repaired = StoreRepair(before=check, after=check, backup=None)
    if as_json:
        terminal.print_json(_to_json(repaired))
    else:
        _show(repaired, is_repair=repair or drop_damaged)
    raise typer.Exit(0 if repaired.after.is_healthy else 1)


def _show(repaired: StoreRepair, *, is_repair: bool) -> None:
    before, after = repaired.before, repaired.after
    _print(f"{before.shown}: {_count(before)}")
    _list_findings(before, with_remedies=not is_repair)
    if before.is_healthy:
        _print("Nothing is damaged.")
    if repaired.backup is not None:
        _print(f"Backup: {repaired.backup}")
    for heading, lines in (("Done", repaired.done), ("Lost", repaired.lost)):
        if lines:
            _print(f"{heading}:")
            for line in lines:
                _print(f"- {line}")
    if repaired.done or repaired.lost:
        _print(f"Now: {_count(after)}")
        if not repaired.lost:
            _print("Nothing was lost.")
        _list_findings(after, with_remedies=True)


def _list_findings(check: StoreCheck, *, with_remedies: bool) -> None:
    """Print findings with what a repair does about each; of very many, the first."""
    for finding in check.findings[:_LISTED]:
        _print(f"- {finding}")
        if with_remedies:
            remedy = f"--repair {finding.remedy}" if finding.is_repairable else f"It {finding.remedy}"
            _print(f"  {remedy}.", style="dim")
    if len(check.findings) > _LISTED:
        _print(f"- … and {len(check.findings) - _LISTED:,} more; --json lists all")


def _count(check: StoreCheck) -> str:
    found = terminal.format_count(len(check.findings), "finding") if check.findings else "healthy"
    # Nothing was counted in tables of another version.
    if any(one.kind == "version" for one in check.findings):
        return found
    turns = terminal.format_count(check.turns, "turn")
    return f"{turns} in {terminal.format_count(check.sessions, 'session')}, {found}"


def _print(line: str, *, style: str = "") -> None:
    terminal.console().print(Text(terminal.escape_line(line), style), soft_wrap=True)


def _to_json(repaired: StoreRepair) -> dict[str, object]:
    return {
        "database": repaired.before.shown.strip("'"),
        "healthy": repaired.after.is_healthy,
        "sessions": repaired.after.sessions,
        "turns": repaired.after.turns,
        "findings": [asdict(finding) for finding in repaired.before.findings],
        "remaining": [asdict(finding) for finding in repaired.after.findings],
        "backup": str(repaired.backup) if repaired.backup else None,
        "done": list(repaired.done),
        "lost": list(repaired.lost),
    }
