"""`glyph-memory export-lance`: tables of pages, documents and answers as a Lance dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.documents import LanceReport, export_lance
from glyph_memory.errors import GlyphMemoryError, show_value
from glyph_memory.windows import export_answers

_EXPORTS: dict[str, Callable[..., LanceReport]] = {
    "pages": partial(export_lance, table="pages"),
    "documents": partial(export_lance, table="documents"),
    "answers": export_answers,
}


def run(
    folder: str,
    table: str,
    *,
    to: str | None,
    unfinished: bool,
    storage_options: Sequence[str],
    as_json: bool,
) -> None:
    """Export a table; say what came of it.

    Raises:
        GlyphMemoryError: There is no such table, an option is none, or the export failed.
    """
    if table not in _EXPORTS:
        raise GlyphMemoryError(
            f"--table {show_value(table)} is none of {', '.join(_EXPORTS)}; give one of them"
        )
    options = _read_options(storage_options)
    with terminal.progress(table, unit="files") as step:
        report = _EXPORTS[table](
            folder, to=to, unfinished=unfinished, storage_options=options, progress=lambda _, __: step(1)
        )
    if as_json:
        terminal.print_json(_to_json(report))
    else:
        _print(report)


def _read_options(given: Sequence[str]) -> dict[str, str]:
    options = dict[str, str]()
    for one in given:
        name, is_there, value = one.partition("=")
        if not is_there or not name:  # what was typed may be a key, and is not repeated
            raise GlyphMemoryError("--storage-option takes NAME=VALUE, such as aws_region=eu-west-1")
        options[name] = value
    return options


def _print(report: LanceReport) -> None:
    screen = terminal.console()
    table = terminal.make_table("rows", "new files", "removed", "unchanged", "version")
    counts = (report.rows, report.written, report.removed, report.unchanged, report.version)
    table.add_row(*(f"{count:,}" for count in counts))
    screen.print(table)
    screen.print(Text(f"dataset: {terminal.escape_line(report.to)}"), soft_wrap=True)
    if not report.is_new:
        screen.print(Text("Nothing is new, and no version was made.", "dim"))


def _to_json(report: LanceReport) -> dict[str, object]:
    return {
        "table": report.table,
        "rows": report.rows,
        "written": report.written,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "version": report.version,
        "new_version": report.is_new,
        "to": report.to,
    }
