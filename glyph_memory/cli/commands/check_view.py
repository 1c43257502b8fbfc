"""What a reader made of pages, for the terminal: rates, confused pairs, lines beside what was read there."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.evaluate import CharacterErrors, CheckReport, LineErrors, PageCheck, align_characters

_PAGES, _LINES, _IDENTIFIERS, _CONFUSIONS = 10, 5, 8, 12
"""How many of each are shown at most."""

_SIGNS = {(False, True): "+", (True, False): "-", (True, True): "^"}
"""Under a character that was put in, left out, changed: whether the truth has one, and what was read."""

_MEANINGS = {"∅": "∅: nothing", "␣": "␣: a space"}

_STYLES = {"+": "bold red", "-": "bold yellow", "^": "bold red", " ": ""}


def show(report: CheckReport) -> None:
    """Print what came back wrong: in total, by page, worst lines, identifiers, confused pairs."""
    screen = terminal.console()
    errors, counts = report.errors, report.counts
    screen.print(
        Text.assemble(
            ("Read back by the nano reader: ", "bold"),
            f"{terminal.format_count(errors.edits, 'edit')} on "
            f"{terminal.format_count(errors.characters, 'character')}, "
            f"{percent(errors.rate)} (95 % interval: {bounds(report.interval)} %); "
            f"{counts.silent:,} silent, {percent(counts.silent / max(1, errors.characters))}",
        )
    )
    if report.unclaimed:
        screen.print(
            Text(
                f"The nano reader does not vouch for {', '.join(report.unclaimed)}: nothing of it is sure, and these "
                "figures say nothing about how legible it is.",
                "yellow",
            )
        )
    screen.print(_table(report))
    for line in report.lines[:_LINES]:
        screen.print(compare_line(line, width=screen.width), no_wrap=True, overflow="crop")
    if report.wrong_lines > _LINES:
        screen.print(
            Text(f"… and {report.wrong_lines - _LINES:,} more lines that came back wrong; see --json", "dim")
        )
    for found in report.misread[:_IDENTIFIERS]:
        truth, said = terminal.escape_line(found.truth), terminal.escape_line(found.said)
        screen.print(Text(f"{found.kind} {truth} was read as {said}, page {found.page}"))
    left = counts.identifiers - counts.identifiers_exact - min(len(report.misread), _IDENTIFIERS)
    if left > 0:
        screen.print(Text(f"… and {terminal.format_count(left, 'more identifier')}", "dim"))
    if errors.edits:
        screen.print(format_confusions(errors))
        screen.print(
            Text(
                f"The reader was unsure of {terminal.format_count(counts.unsure, 'character')}; that marks "
                f"{counts.marked:,} of the {terminal.format_count(errors.edits, 'edit')}. The others are silent.",
                "dim",
            )
        )
    screen.print(Text("A report, and no more: pages are drawn from the text, and the text is kept.", "dim"))


def _table(report: CheckReport) -> Table:
    table = terminal.make_table(
        "page",
        "characters",
        "edits",
        "silent",
        "error rate",
        "words exact",
        "identifiers exact",
        "confidence",
    )
    worst = sorted(report.pages, key=lambda page: -page.errors.rate)[:_PAGES]
    for page in sorted(worst, key=lambda page: page.number):
        table.add_row(f"{page.number}", *_cells(page))
    if len(report.pages) > _PAGES:
        table.add_row(Text(f"the worst {_PAGES} of {len(report.pages):,}", "dim"))
    return table


def _cells(page: PageCheck) -> Iterable[str]:
    return (
        f"{page.errors.characters:,}",
        f"{page.errors.edits:,}",
        f"{page.counts.silent:,}",
        percent(page.errors.rate),
        share(page.counts.words_exact, page.counts.words),
        share(page.counts.identifiers_exact, page.counts.identifiers),
        f"{page.confidence:.3f}",
    )


def compare_line(line: LineErrors, *, width: int) -> Text:
    """Return a line above what was read there, each difference marked: ^ changed, - left out, + put in.

    Args:
        line: The line.
        width: Of the terminal; what is farther from the first difference is cut off.
    """
    columns = [
        (*_pad_pair(truth, said), _SIGNS[bool(truth), bool(said)] if truth != said else " ")
        for truth, said in align_characters(line.truth, line.said)
    ]
    shown = _choose_columns(
        [cell_len(truth) for truth, _, _ in columns], [sign != " " for *_, sign in columns], width - 10
    )
    text = Text.assemble(
        (f"page {line.page}, line {line.line}: {terminal.format_count(line.edits, 'edit')}\n", "dim")
    )
    for name, row in (("drawn", 0), ("read", 1), ("", 2)):
        text.append(f"  {name:<6}", "dim")
        for column in columns[shown]:
            sign = column[2]
            text.append(column[row] if row < 2 else sign.ljust(cell_len(column[0])), _STYLES[sign])
        text.append("\n" if row < 2 else "")
    return text


def _pad_pair(truth: str, said: str) -> tuple[str, str]:
    """Return two characters made visible and equally wide; a combining mark stands on a circle."""
    shown = [_make_visible(character) for character in (truth, said)]
    width = max(map(cell_len, shown))
    return shown[0] + " " * (width - cell_len(shown[0])), shown[1] + " " * (width - cell_len(shown[1]))


def _make_visible(character: str) -> str:
    visible = terminal.escape_line(character)
    return f"\u25cc{visible}" if visible and unicodedata.combining(visible[0]) else visible


def _choose_columns(widths: Sequence[int], differs: Sequence[bool], room: int) -> slice:
    """Choose the columns to show: from the beginning, or a third of the room before the first difference."""
    start = stop = 0
    if sum(widths) > room:
        first = differs.index(True) if True in differs else 0
        while sum(widths[start : first + 1]) > room // 3 and sum(widths[start:]) > room:
            start += 1
    used = 0
    for stop in range(start, len(widths)):
        used += widths[stop]
        if used > room:
            return slice(start, stop)
    return slice(start, len(widths))


def format_confusions(errors: CharacterErrors) -> Text:
    """Return which characters were taken for which, most often first."""
    if not errors.edits:
        return Text("Confused: none.")
    said = Text.assemble(("Confused most: ", "bold"))
    most = errors.confusions.most_common(_CONFUSIONS)
    for number, ((truth, read), times) in enumerate(most):
        said.append("  " if number else "")
        said.append(f"{_name_character(truth)}→{_name_character(read)}", "cyan").append(f" {times:,}×")
    shown = {_name_character(character) for pair, _ in most for character in pair}
    meant = [meaning for sign, meaning in _MEANINGS.items() if sign in shown]
    return said.append(f" ({', '.join(meant)})" if meant else "", "dim")


def _name_character(character: str) -> str:
    return {"": "∅", " ": "␣"}.get(character, _make_visible(character))


def percent(rate: float) -> str:
    """Return a rate in per cent, with three digits that count: 0.0123 %."""
    value = 100 * rate
    return f"{value:.3g} %" if value < 100 else f"{value:,.0f} %"


def bounds(of: tuple[float, float]) -> str:
    """Return an interval in per cent, in as few digits as make sense: 0.007–0.3."""
    return "–".join(f"{round(100 * bound, 3):.2g}" if bound < 0.1 else f"{100 * bound:,.0f}" for bound in of)


def share(part: int, whole: int) -> str:
    """Return a share in per cent; never 100 % where one is missing."""
    if not whole:
        return "–"
    tenths = min(round(1000 * part / whole), 1000 if part == whole else 999)
    return f"{tenths / 10:g} %"
