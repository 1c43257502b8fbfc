"""`glyph-memory check`: whether a served model still reads a session's pages, by the codes on them."""

from __future__ import annotations

from dataclasses import asdict
from typing import NoReturn

import typer
from rich.table import Table
from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.cli.memories import Place, open_existing_session
from glyph_memory.cli.server import Server
from glyph_memory.errors import GlyphMemoryError, ReaderRefused
from glyph_memory.memory import CodeAnswer, ReadingCheck, ReadingRate

_STYLES = {"correct": "green", "abstained": "yellow", "silently wrong": "bold red", "failed": "red"}


def run(place: Place, server: Server, *, pages: int, floor: float, as_json: bool) -> NoReturn:
    """Ask for codes, print what came, and leave with 0 where the pages are read, else with 1.

    Raises:
        ReaderRefused: No server is given.
        GlyphMemoryError: There is no such session, how it is shown cannot be told, or no question was answered.
    """
    if server.is_nano:
        raise ReaderRefused("whose reading is to be checked? Name a server with --server")
    with open_existing_session(place, needs_settings=True) as memory, server.reader(memory.profile) as reader:
        check = memory.check(reader, pages=pages, floor=floor)
    if as_json:
        terminal.print_json(_to_json(check, floor))
    else:
        _show(check)
    if check.answers and not check.rate.answers:
        raise GlyphMemoryError(f"nothing was answered: {check.answers[-1].error}")
    raise typer.Exit(1 if check.has_fallen else 0)


def _show(check: ReadingCheck) -> None:
    if check.reason:
        terminal.print_note(check.reason)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("page", "code", "answer", ""):
        table.add_column(heading)
    for answer in check.answers:
        said = terminal.escape_line(answer.said or answer.error)
        style = _STYLES[answer.outcome]
        table.add_row(str(answer.page), answer.code or "none", Text(said), Text(answer.outcome, style))
    terminal.console().print(table)
    terminal.print_note(_describe(check.rate))


def _describe(rate: ReadingRate) -> str:
    low, high = rate.interval
    failed = f"; {terminal.format_count(rate.failed, 'question')} had no answer" if rate.failed else ""
    return (
        f"{rate.correct} of {terminal.format_count(rate.answers, 'answer')} correct (95 % interval: {low:.0%} to "
        f"{high:.0%}), {rate.abstained} abstained, {rate.silently_wrong} silently wrong{failed}"
    )


def _to_json(check: ReadingCheck, floor: float) -> dict[str, object]:
    rate = check.rate
    return {
        "floor": floor,
        "has_fallen": check.has_fallen,
        "rate": rate.rate,
        "interval": rate.interval,
        **asdict(rate),
        "answers": [_answer_to_json(answer) for answer in check.answers],
        "usage": asdict(check.usage),
        "reason": check.reason,
    }


def _answer_to_json(answer: CodeAnswer) -> dict[str, object]:
    return asdict(answer) | {"is_control": answer.is_control}
