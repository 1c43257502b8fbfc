"""`glyph-memory pages FOLDER --out …`: many documents at once, with a bar, and a list of those that failed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.cli.commands.bulk_engine import Report, find_documents, find_index, open_engine
from glyph_memory.cli.look import Look, find_profile
from glyph_memory.cli.sources import Sources, warn_of_skipped
from glyph_memory.documents import BulkFailure
from glyph_memory.errors import DocumentError, GlyphMemoryError, show_value
from glyph_memory.tokens import ModelProfile

_INDEXES = ("jsonl", "parquet")


def run(
    sources: Sources,
    out: str | None,
    *,
    look: Look,
    profile: str,
    tokenizer: str | None,
    jobs: int | None,
    ray: str | None,
    index: str | None,
    refused: Sequence[str],
    as_json: bool,
) -> None:
    """Draw the documents into a folder; say what came of it.

    Raises:
        GlyphMemoryError: An option does not go with a bulk run, the folder cannot be written, or a document failed.
    """
    if out is None:
        raise GlyphMemoryError(
            "--jobs, --index and --ray are for a bulk run, which writes a folder; name one with --out"
        )
    if refused:
        raise GlyphMemoryError(
            f"{refused[0]} is for single documents, and this is a bulk run: leave it out, or draw one file"
        )
    if index is not None and index not in _INDEXES:
        raise DocumentError(f"--index {show_value(index)} is none of {', '.join(_INDEXES)}; give one of them")
    if ray is not None and (jobs or index):
        raise GlyphMemoryError(
            "--jobs and --index are for this machine alone; with --ray the cluster's processors draw, into Parquet"
        )
    model = look.calibrate_profile(find_profile(profile, tokenizer=tokenizer))
    style, options = look.build_style(model), sources.options()
    with (
        terminal.tell_of_stops(),
        _show_progress() as show,
        open_engine(ray, out=out, jobs=jobs, index=index) as draw,
    ):
        report = draw(
            sources.paths,
            out,
            include=sources.include,
            exclude=sources.exclude,
            options=options,
            style=style,
            look=sources.make_look(style),
            profile=model,
            way=sources.chosen_way,
            max_pages=sources.max_pages,
            progress=show,
        )
    if as_json:
        terminal.print_json(_to_json(report, out))
    else:
        _print(report, out, model)
    warn_of_skipped([one.message for one in report.skipped], more="; --json lists them all")
    for failure in report.failures:
        terminal.print_error(failure.message)
    if report.failures:
        failed = terminal.format_count(len(report.failures), "document")
        raise GlyphMemoryError(
            f"{failed} of {report.total:,} could not be drawn; the others are in {out!r}. The same command tries "
            "those that failed again"
        )


@contextmanager
def _show_progress() -> Iterator[Callable[[Report], object]]:
    """Show documents, pages and their speed on standard error, if that is a terminal; yield what to call."""
    bar = Progress(
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} documents · {task.fields[pages]}"),
        TimeElapsedColumn(),
        console=terminal.side_console(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("", total=None, pages="", visible=False)

        def show(report: Report) -> None:
            speed = f", {report.pages / report.seconds:,.0f} a second" if report.pages else ""
            failed = f" · {len(report.failures):,} failed" if report.failures else ""
            pages = f"{report.pages:,} pages{speed}{failed}"
            bar.update(task, total=report.total, completed=report.done, pages=pages, visible=True)

        yield show


def _print(report: Report, out: str, model: ModelProfile) -> None:
    screen = terminal.console()
    table = terminal.make_table(
        "documents", "drawn", "unchanged", "failed", "pages", "text tokens", "page tokens", "ratio"
    )
    about = "" if model.text_counter.exact else "≈ "
    table.add_row(
        f"{report.total:,}",
        f"{report.drawn:,}",
        f"{report.unchanged:,}",
        f"{len(report.failures):,}",
        f"{report.pages:,}",
        f"{about}{report.text_tokens:,}",
        f"{report.tokens:,}",
        terminal.format_ratio(report.text_tokens / report.tokens) if report.tokens else Text("–"),
    )
    screen.print(table)
    screen.print(Text(f"index: {terminal.escape_line(find_index(report, out))}"), soft_wrap=True)
    if report.defects:
        defects = terminal.format_count(report.defects, "defect")
        where = terminal.escape_line(find_documents(report, out))
        screen.print(Text(f"{defects}, what was lost or guessed: in {where}"), soft_wrap=True)
    if report.unchanged:
        screen.print(Text("Pages and tokens are those of the documents that were drawn now.", "dim"))


def _list_messages(failures: Sequence[BulkFailure]) -> list[dict[str, str]]:
    return [{"source": failure.source, "message": failure.message} for failure in failures]


def _to_json(report: Report, out: str) -> dict[str, object]:
    return {
        "documents": report.total,
        "drawn": report.drawn,
        "unchanged": report.unchanged,
        "failures": _list_messages(report.failures),
        "skipped": _list_messages(report.skipped),
        "pages": report.pages,
        "page_tokens": report.tokens,
        "text_tokens": report.text_tokens,
        "defects": report.defects,
        "seconds": round(report.seconds, 3),
        "written": {"out": out, "index": find_index(report, out)},
    }
