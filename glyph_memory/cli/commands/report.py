"""`glyph-memory report`: where a session's turns are, and what showing them costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from glyph_memory.cli import files, terminal
from glyph_memory.cli.memories import Place, open_existing_session
from glyph_memory.folding import Fold, Seal
from glyph_memory.memory import GlyphMemory, MemoryReport
from glyph_memory.report import MemorySection, report_html


def run(place: Place, *, html: Path | None, as_json: bool) -> None:
    """Print a session's figures, and write its HTML report where one is asked for."""
    with open_existing_session(place) as memory:
        report = memory.report()
        if html:
            title = f"Memory of {place.session}"
            files.write(html, report_html(title, [MemorySection.of(memory, title=title)]), is_private=True)
        if as_json:
            written = {"written": {"html": str(html)}} if html else {}
            terminal.print_json(report.to_json() | written)
            return
        show(report, memory.fold())
    if html:
        terminal.console().print(Text(f"report: {terminal.escape_line(str(html))}"), soft_wrap=True)


def print_report(memory: GlyphMemory) -> None:
    """Print the figures of an open memory."""
    report = memory.report()
    show(report, memory.fold())


def show(report: MemoryReport, fold: Fold, *, how_counted: bool = True) -> None:
    """Print where turns are, what that saves, further facts and, unless told not to, what counted."""
    screen = terminal.console()
    screen.print(_table(report, fold))
    screen.print(_describe_savings(report))
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(no_wrap=True, style="dim")
    facts.add_column(overflow="fold")
    for name, value in _facts(report):
        facts.add_row(name, Text(value))
    screen.print(facts)
    if how_counted:
        screen.print(Text(terminal.describe_counting(report, option="chat --tokenizer"), "dim"))


def _table(report: MemoryReport, fold: Fold) -> Table:
    about = "" if report.plain_exact else "≈ "
    heading = Text(f"session {terminal.escape_line(report.session)}")
    table = terminal.make_table(heading, "turns", "tokens", "as plain text")
    for name, turns, tokens, plain in _rows(report, fold):
        if turns:
            shown = f"{tokens:,}" if tokens is not None else "–"
            table.add_row(name, f"{turns:,}", shown, f"{about}{plain:,}")
    table.add_row(
        "all that is sent", f"{report.turns:,}", f"{report.context_tokens:,}",
        f"{about}{report.plain_tokens:,}", style="bold",
    )  # fmt: skip
    return table


def _rows(report: MemoryReport, fold: Fold) -> Iterator[tuple[str, int, int | None, int]]:
    """Return each kind of place: its name, its turns, their tokens there, their tokens as plain text."""
    on_pages = [seal for seal in fold.visible_seals if seal.kind == "pages"]
    in_words = [seal for seal in fold.visible_seals if seal.kind == "text"]
    yield "head, as text", report.head_turns, fold.head_tokens, fold.head_tokens
    yield (
        f"on {terminal.format_count(report.pages, 'page')}",
        report.page_turns,
        _sum_tokens(on_pages),
        _sum_text_tokens(on_pages),
    )
    yield "sealed as text", report.quoted_turns, _sum_tokens(in_words), _sum_text_tokens(in_words)
    yield "recent, as text", report.recent_turns, fold.tail_tokens, fold.tail_tokens
    yield "no longer shown", report.evicted_turns, None, _sum_text_tokens(fold.evicted_seals)


def _sum_tokens(seals: Sequence[Seal]) -> int:
    return sum(seal.tokens for seal in seals)


def _sum_text_tokens(seals: Sequence[Seal]) -> int:
    return sum(seal.text_tokens for seal in seals)


def _describe_savings(report: MemoryReport) -> Text:
    about = "" if report.plain_exact else "≈ "
    if report.saved_tokens <= 0:
        why = "nothing is on pages yet" if not report.pages else "turns are too few yet"
        return Text(f"Nothing saved against plain text: {why}.", "yellow")
    times = report.plain_tokens / max(1, report.context_tokens)
    said = Text(f"Saved {about}{report.saved_tokens:,} tokens: ")
    return said.append(f"{times:.2f}×", "bold green").append(" fewer than everything as plain text.")


def _facts(report: MemoryReport) -> Iterator[tuple[str, str]]:
    """Return further facts, by name; those that need not apply, only where they do."""
    yield "generation", f"{report.generation:,}"
    if report.seals:
        room = f"{report.sealed_tokens:,} of {report.budget_tokens:,} tokens"
        yield "room", f"{room} are taken by what is sealed; when they are used up, the oldest leave"
    if report.pages:
        yield (
            "identifiers",
            f"{report.identifiers_listed:,} beside the pages letter for letter, {report.identifiers_omitted:,} more "
            "on them alone",
        )
    if report.escapes:
        yield "escaped", f"{terminal.format_count(report.escapes, 'character')} on the pages as their number"
    if report.pictures_missing:
        yield (
            "pictures",
            f"{report.pictures_missing:,} of sealed turns cannot be shown; the originals are kept",
        )
    if report.attachments:
        unknown = f"; tokens of {', '.join(report.uncounted)} cannot be counted" if report.uncounted else ""
        yield "attachments", f"{report.attachments:,} are sent as they came, their tokens estimated{unknown}"
    if report.attachments_left_out:
        yield (
            "left out",
            f"{terminal.format_count(report.attachments_left_out, 'attachment')} of sealed turns, only named; raise "
            "attachments_tokens",
        )
    if report.pinned_left_out:
        left_out = ", ".join(f"§{anchor}" for anchor in report.pinned_left_out)
        yield "pinned", f"no room to repeat {left_out}; unpin another, or keep fewer pinned"
    if report.damaged:
        anchors = ", ".join(f"§{anchor}" for anchor in report.damaged)
        yield "damaged", f"the database cannot return {anchors} whole; glyph-memory doctor tells more"
    yield "chosen", report.choice.reason
    if report.request_is_repeated:
        yield "request", "the one that was sealed last is repeated as text"
