"""`glyph-memory ask-pages`: questions about the pages of many documents, with a bar and a list of failures."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.cli.commands.bulk_engine import open_adapter
from glyph_memory.errors import DocumentError, GlyphMemoryError
from glyph_memory.windows import AskFields, AskReport, Questions, ShardAsker, open_questions

_LONGEST_FIELD = 1 << 30
"""Of a table of questions, in characters; Python's own limit is shorter than some questions."""
Show = Callable[[AskReport], object]


def run(
    pages: str,
    questions: Sequence[str],
    question_file: Path | None,
    *,
    servers: Sequence[str],
    out: str | None,
    ray: str | None,
    workers: int | None,
    options: AskFields,
    as_json: bool,
) -> None:
    """Ask; say what came of it.

    Raises:
        GlyphMemoryError: Nothing is asked, or nobody, or a document got no answer.
    """
    asked = _choose_questions(questions, question_file)
    if not servers:
        raise GlyphMemoryError("no server is given, and pages are many; name one with --server")
    if workers is not None and ray is None:
        raise GlyphMemoryError(
            "--workers is for a cluster, and this process asks; name one with --ray, or leave it out"
        )
    with terminal.tell_of_stops("what was answered is kept, and "), _show_progress() as show:
        if ray is None:
            report = _ask_here(pages, asked, servers, out, options, show)
        else:
            with open_adapter(ray) as adapter:
                report = adapter.ask_documents(
                    pages, asked, url=servers, out=out, workers=workers, progress=show, **options
                )
    where = f"{out or pages}/answers"
    if as_json:
        terminal.print_json(_to_json(report, where))
    else:
        _print(report, where)
    for failure in report.failures:
        terminal.print_error(f"{failure.source}: {failure.message}")
    if report.cut_off:
        cut = terminal.format_count(report.cut_off, "answer")
        terminal.warn(f"{cut} of now ended before the model was done; raise --max-tokens")
    if report.failures:
        raise GlyphMemoryError(
            f"{len(report.failures):,} of {report.total:,} got no answer; the others are in {where!r}. The same "
            "command asks those again"
        )


def _choose_questions(questions: Sequence[str], file: Path | None) -> Questions:
    if questions and file is not None:
        raise GlyphMemoryError("questions are given and --questions, too; give one of them")
    if file is not None:
        return _read_questions(file)
    if not questions:
        raise GlyphMemoryError("nothing is asked; give a question behind the folder, or --questions")
    return list(questions)


def _read_questions(file: Path) -> dict[str, list[str]]:
    """Return the questions of each document.

    Raises:
        DocumentError: The file cannot be read, or has no such columns.
    """
    asked = dict[str, list[str]]()
    try:
        for number, row in enumerate(_READERS.get(file.suffix.lower(), _read_csv)(file), 1):
            document, question = row["document"], row["question"]
            if not isinstance(document, str) or not isinstance(question, str) or not question.strip():
                raise ValueError(f"row {number:,} has no text as its document or its question")
            asked.setdefault(document, []).append(question)
    except KeyError as error:
        raise DocumentError(
            f"{str(file)!r} has no column {error}; it needs document and question, in .csv, .jsonl or .parquet"
        ) from error
    except (OSError, ValueError, TypeError, csv.Error) as error:
        why = (
            "its rows are no objects"
            if isinstance(error, TypeError)
            else getattr(error, "strerror", None) or error
        )
        raise DocumentError(
            f"{str(file)!r} cannot be read: {why}; give a .csv, .jsonl or .parquet"
        ) from error
    if not asked:
        raise DocumentError(f"{str(file)!r} asks nothing; give a row with a document and a question")
    return asked


def _read_csv(file: Path) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))  # one number for the whole process
    with file.open(newline="", encoding="utf-8-sig") as lines:
        yield from csv.DictReader(lines)


def _read_json_lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _read_parquet(file: Path) -> Iterator[dict[str, Any]]:
    try:
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        raise GlyphMemoryError(
            "Parquet needs pyarrow, which is not installed; pip install pyarrow"
        ) from error
    yield from parquet.read_table(file).to_pylist()


_READERS = {".csv": _read_csv, ".jsonl": _read_json_lines, ".parquet": _read_parquet}


def _ask_here(
    pages: str, asked: Questions, servers: Sequence[str], out: str | None, options: AskFields, show: Show
) -> AskReport:
    with open_questions(pages, asked, url=servers, out=out, **options) as run:
        show(run.report())
        with closing(ShardAsker(*run.asker)) as asker:
            for shard in run.shards:
                run.add(asker.ask(shard))
                show(run.report())
    return run.report()


@contextmanager
def _show_progress() -> Iterator[Show]:
    """Show how far it is on standard error, if that is a terminal; yield what to call."""
    bar = Progress(
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} questions · {task.fields[told]}"),
        TimeElapsedColumn(),
        console=terminal.side_console(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("", total=None, told="", visible=False)

        def show(report: AskReport) -> None:
            failed = f" · {len(report.failures):,} failed" if report.failures else ""
            told = f"{report.requests:,} requests{failed}"
            bar.update(task, total=report.total, completed=report.done, told=told, visible=True)

        yield show


def _print(report: AskReport, where: str) -> None:
    screen = terminal.console()
    table = terminal.make_table(
        "questions",
        "answered",
        "unchanged",
        "failed",
        "requests",
        "cut off",
    )
    table.add_row(
        *(
            f"{count:,}"
            for count in (
                report.total, report.answered, report.unchanged, len(report.failures), report.requests,
                report.cut_off,
            )
        )
    )  # fmt: skip
    screen.print(table)
    tokens = f"tokens: {report.prompt_tokens:,} sent, {report.completion_tokens:,} written"
    screen.print(Text(tokens), soft_wrap=True)
    screen.print(Text(f"answers: {terminal.escape_line(where)}"), soft_wrap=True)
    if report.unchanged:
        screen.print(Text("Requests and tokens are those of now.", "dim"))


def _to_json(report: AskReport, where: str) -> dict[str, object]:
    return {
        "questions": report.total,
        "answered": report.answered,
        "unchanged": report.unchanged,
        "failures": [{"source": one.source, "message": one.message} for one in report.failures],
        "requests": report.requests,
        "cut_off": report.cut_off,
        "prompt_tokens": report.prompt_tokens,
        "completion_tokens": report.completion_tokens,
        "seconds": round(report.seconds, 3),
        "written": where,
    }
