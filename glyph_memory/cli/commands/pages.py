"""`glyph-memory pages`: text in, pictures out, in memory that does not grow with the text."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from glyph_memory.cli import files, terminal
from glyph_memory.cli.look import Look, find_profile, load_fonts
from glyph_memory.documents import STDIN, open_text
from glyph_memory.files import is_file
from glyph_memory.page import Escape, Page
from glyph_memory.report import ContactSheet, Figures, Plate, Section, Tally, broken_limits, report_html
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import iter_pages

if TYPE_CHECKING:
    from glyph_memory.evaluate import Checker

_NUMBER = re.compile(r"page-([0-9]{1,18})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where to write what; nothing where `None`."""

    out: Path | None = None
    """Folder of the pages' pictures."""
    report: Path | None = None
    """HTML file."""
    sheet: Path | None = None
    """Contact sheet."""

    def to_json(self) -> dict[str, str]:
        """Return the paths that were asked for, by kind."""
        places = {"out": self.out, "report": self.report, "sheet": self.sheet}
        return {name: str(place) for name, place in places.items() if place is not None}


@dataclass(kw_only=True)
class _Printer:
    """Takes pages as they come, writes their pictures and keeps what reports need."""

    places: Places
    checker: Checker | None = None
    sheet: ContactSheet = field(default_factory=ContactSheet)
    plates: list[Plate] = field(default_factory=list)
    last: int = 0

    def add_page(self, page: Page) -> None:
        self.last = page.number
        if self.checker:
            self.checker.check_page(page)
        if self.places.sheet:
            self.sheet.add(page)
        if self.places.out or self.places.report:
            plate = Plate.of(page)
            if self.places.out:
                files.write(self.places.out / f"page-{page.number:04d}.png", plate.png)
            if self.places.report:
                self.plates.append(plate)

    def pop_plates(self) -> list[Plate]:
        """Return the plates since the last call, and drop them."""
        plates, self.plates = self.plates, []
        return plates


def run(
    paths: Sequence[str],
    places: Places,
    *,
    look: Look,
    profile: str,
    tokenizer: str | None,
    encoding: str,
    check: bool,
    as_json: bool,
) -> None:
    """Typeset the files one after another; each begins a new page, and page numbers continue."""
    model = find_profile(profile, tokenizer=tokenizer)
    style = look.build_style(model)
    printer = _Printer(places=places, checker=_checker(style) if check else None)
    tallies, sections = [], []
    for path in paths or [STDIN]:
        tally = Tally(profile=model, style=look.name)
        for page in _typeset(path, encoding, style, tally, first_page=printer.last + 1):
            printer.add_page(page)
        tallies.append(tally)
        sections.append(
            Section(
                title=_title(path),
                figures=tally.figures(),
                plates=printer.pop_plates(),
                is_smooth=style.antialias,
            )
        )
    if places.report:
        title = ", ".join(section.title for section in sections)
        files.write(places.report, report_html(title, sections))
    if places.sheet:
        files.write(places.sheet, printer.sheet.png())
    total = Tally.total(tallies)
    warnings = [
        *broken_limits(total, model),
        *hints(total.escaped),
        *_find_old_pages(places.out, printer.last),
    ]
    read = printer.checker.report() if printer.checker else None
    if as_json:
        texts = [{"text": section.title} | section.figures.to_json() for section in sections]
        written = places.to_json()
        told = {"total": total.to_json(), "texts": texts, "written": written, "warnings": warnings}
        terminal.print_json(told | ({"check": read.to_json()} if read else {}))
    else:
        _show(sections, total, places)
        if read:
            from glyph_memory.cli.commands import check_view as checked  # noqa: PLC0415  as in `_checker`

            checked.show(read)
    for warning in warnings:
        terminal.warn(warning)


def _checker(style: PageStyle) -> Checker:
    # Imported where it is asked for: pages that are not checked come sooner.
    from glyph_memory.evaluate import Checker  # noqa: PLC0415

    return Checker(style=style)


def _title(path: str) -> str:
    return "standard input" if path == STDIN else Path(path).name


def _typeset(path: str, encoding: str, style: PageStyle, tally: Tally, *, first_page: int) -> Iterator[Page]:
    if path == STDIN and sys.stdin and sys.stdin.isatty():
        terminal.print_note("Reading what you type; Ctrl-D ends it.")
    pieces = open_text(path, encoding)
    load_fonts(style)
    size = Path(path).stat().st_size if path != STDIN and is_file(path) else None
    with terminal.progress(_title(path), total=size) as step:
        for page in tally.watch(iter_pages(pieces, style=style, first_page=first_page)):
            step(len(page.text.encode("utf-8", "surrogatepass")))
            yield page


def _show(sections: Sequence[Section], total: Figures, places: Places) -> None:
    rows = [(section.title, section.figures) for section in sections]
    if len(rows) > 1:
        rows.append(("together", total))
    screen = terminal.console()
    screen.print(terminal.figures_table(rows))
    screen.print(Text(terminal.describe_counting(total), "dim"))
    for what, place in places.to_json().items():
        named = {"out": f"{total.pages:,} pages in", "report": "report:", "sheet": "contact sheet:"}[what]
        screen.print(Text(f"{named} {terminal.escape_line(place)}"), soft_wrap=True)
    if not places.to_json():
        screen.print(Text("Nothing was written; see --out, --report and --sheet.", "dim"))


def hints(escaped: Sequence[Escape]) -> Iterator[str]:
    """Return what to install so that escaped characters can be drawn: a font, or HarfBuzz."""
    missing = [escape for escape in escaped if escape.reason == "no font"]
    if missing:
        letters = (escape.character for escape in missing if unicodedata.category(escape.character) == "Lo")
        east_asian = any(unicodedata.east_asian_width(letter) in "WF" for letter in letters)
        where = (
            " (for Chinese, Japanese and Korean on Debian: apt install fonts-noto-cjk)" if east_asian else ""
        )
        yield (
            f"{_describe_escapes(missing)}: no font here has them, so they stand as their number; install a font "
            f"that has them{where}, or give one with --font"
        )
    unshaped = [escape for escape in escaped if escape.reason == "needs shaping"]
    if unshaped:
        yield (
            f"{_describe_escapes(unshaped)}: their script has to be shaped, so they stand as their number; "
            "pip install 'glyph-memory[shaping]'"
        )


def _describe_escapes(escapes: Sequence[Escape]) -> str:
    shown = "".join(escape.character for escape in escapes[:8])
    more = "…" if len(escapes) > 8 else ""
    return f"{sum(escape.count for escape in escapes):,} characters ({shown}{more})"


def _find_old_pages(out: Path | None, last: int) -> Iterator[str]:
    """Return a warning where the folder also holds pages of an earlier, longer text."""
    if out is None:
        return
    old = [
        path
        for path in out.glob("page-*.png")
        if (number := _NUMBER.fullmatch(path.stem)) and int(number[1]) > last
    ]
    if old:
        first = min(old).name
        yield f"{str(out)!r} also holds {len(old):,} pages of an earlier run, from {first} on; delete them"
