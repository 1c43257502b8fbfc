"""`glyph-memory pages`: documents in, pictures out; plain text in memory that does not grow with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from glyph_memory.cli import files, terminal
from glyph_memory.cli.commands.page_output import PageOutput, Places, ways_table
from glyph_memory.cli.font_hints import hints
from glyph_memory.cli.look import Look, find_profile, load_fonts
from glyph_memory.cli.sources import Sources, defects_to_json, print_defects
from glyph_memory.document import Defect, Document
from glyph_memory.documents import LoadOptions, fit
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.files import is_file
from glyph_memory.report import Figures, Section, Tally, broken_limits, report_html
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile, describe_small_letters

if TYPE_CHECKING:
    from glyph_memory.evaluate import Checker

_NOTED = 5
"""Defects that stand below a title in the report."""
_NUMBER = re.compile(r"page-([0-9]{1,18})")


@dataclass(kw_only=True)
class _Run:
    """Draws documents one after another; each begins a new page, and page numbers continue."""

    sources: Sources
    model: ModelProfile
    style: PageStyle
    name: str
    output: PageOutput
    tallies: list[Tally] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    layouts: list[Counter[str]] = field(default_factory=list)
    """Of each document: how many typeset pages have which layout."""
    defects: list[tuple[str, list[Defect]]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    options: LoadOptions = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.options = self.sources.options()

    def draw(self) -> None:
        """Draw all.

        Raises:
            GlyphMemoryError: One that was typed cannot be drawn, or none of those in a folder can.
        """
        for path, documents in self._load():
            try:
                self._draw_one(path, documents)
            except GlyphMemoryError as error:
                self._fail(path, error)
        if not self.tallies:
            raise GlyphMemoryError(
                f"none of {len(self.failures):,} documents can be drawn; {self.failures[0][1]}"
            )

    def draw_to_fit(self, tokens: int) -> None:
        """Draw all in the sharpest style in which they cost so many tokens together."""
        held = list[tuple[str, list[Document]]]()
        for path, documents in self._load():
            try:
                held.append((path, list(documents)))
            except GlyphMemoryError as error:
                self._fail(path, error)
        found = fit(
            [document for _, documents in held for document in documents],
            tokens=tokens,
            profile=self.model,
            style=self.style,
            way=self.sources.chosen_way,
            max_pages=self.sources.max_pages,
        )
        self.style, self.name = found.style, f"{self.name}, {found.rungs[-1].name}"
        for path, read in held:
            self._draw_one(path, iter(read))

    def _load(self) -> Iterator[tuple[str, Iterator[Document]]]:
        for path in self.sources.find():
            try:
                yield path, self.sources.load(path, self.options)
            except GlyphMemoryError as error:
                self._fail(path, error)

    def _fail(self, path: str, error: GlyphMemoryError) -> None:
        if path in self.sources.paths:
            raise error
        self.failures.append((path, str(error)))

    def _draw_one(self, path: str, documents: Iterator[Document]) -> None:
        title, tally = self.sources.name(path), Tally(profile=self.model, style=self.name)
        load_fonts(self.style)
        first = next(documents)
        run = self.sources.make_run(
            path,
            chain([first], documents),
            self.options,
            style=self.style,
            profile=self.model,
            first_page=self.output.last + 1,
        )
        layouts = Counter[str]()
        with terminal.progress(title, total=_size(path, first)) as step:
            for drawn in tally.watch(run.draw()):
                step(len(drawn.page.text.encode("utf-8", "surrogatepass")))
                self.output.add(drawn, title)
                layouts.update([drawn.layout] if drawn.layout else [])
        self.layouts.append(layouts)
        self.tallies.append(tally)
        self.defects.append((title, run.defects))
        self.sections.append(
            Section(
                title=title,
                figures=tally.figures(),
                plates=self.output.pop_plates(),
                note="; ".join(defect.message for defect in run.defects[:_NOTED]),
                is_smooth=self.style.antialias,
            )
        )


def run(
    sources: Sources,
    places: Places,
    *,
    look: Look,
    profile: str,
    tokenizer: str | None,
    fit_tokens: int | None,
    check: bool,
    as_json: bool,
) -> None:
    """Draw documents, write what was asked for, print what they cost."""
    model = look.calibrate_profile(find_profile(profile, tokenizer=tokenizer))
    style = look.build_style(model)
    output = PageOutput(places=places, checker=_make_checker() if check else None)
    drawing = _Run(sources=sources, model=model, style=style, name=look.name, output=output)
    if fit_tokens is None:
        drawing.draw()
    else:
        drawing.draw_to_fit(fit_tokens)
    sections = drawing.sections
    if places.report:
        title = ", ".join(section.title for section in sections)
        files.write(places.report, report_html(title, sections))
    if places.sheet:
        files.write(places.sheet, output.sheet.png())
    total = Tally.total(drawing.tallies)
    if total.pages == 1:  # some models ask more for a page that is alone
        output.choices = [replace(choice, tokens=total.page_tokens) for choice in output.choices]
    warnings = [
        *broken_limits(total, model),
        *hints(total.escaped),
        *_find_old_pages(places.out, output.last),
        *_find_small_letters(drawing.style, model, output.typeset),
    ]
    read = output.checker.report() if output.checker else None
    layouts = dict(sum(drawing.layouts, Counter[str]()).most_common())
    if as_json:
        told = {
            "total": total.to_json() | {"layouts": layouts},
            "texts": [
                {"text": section.title} | section.figures.to_json() | {"layouts": dict(counted)}
                for section, counted in zip(sections, drawing.layouts, strict=True)
            ],
            "written": places.to_json(),
            "warnings": warnings,
            "defects": [one for title, defects in drawing.defects for one in defects_to_json(title, defects)],
            "ways": [choice.to_json() for choice in output.choices],
            "failures": [{"source": path, "message": message} for path, message in drawing.failures],
        }
        terminal.print_json(told | ({"check": read.to_json()} if read else {}))
    else:
        _show(sections, total, output, fit_tokens, layouts)
        if read:
            from glyph_memory.cli.commands import check_view as checked  # noqa: PLC0415  as in `_make_checker`

            checked.show(read)
    for title, defects in drawing.defects:
        print_defects(title, defects)
    for warning in warnings:
        terminal.warn(warning)
    for _, message in drawing.failures:
        terminal.print_error(message)
    if drawing.failures:
        failed = terminal.format_count(len(drawing.failures), "document")
        raise GlyphMemoryError(
            f"{failed} could not be drawn, {terminal.format_count(len(sections), 'other')} could"
        )


def _find_small_letters(style: PageStyle, model: ModelProfile, pages: int) -> Iterator[str]:
    sentence = describe_small_letters(style, model, images=pages) if pages else None
    if sentence:
        yield sentence


def _make_checker() -> Checker:
    # Imported where it is asked for: pages that are not checked come sooner.
    from glyph_memory.evaluate import Checker  # noqa: PLC0415

    return Checker()  # of each page by its own style: the layout may have been chosen


def _size(path: str, first: Document) -> int | None:
    """Return how many bytes of text there will be, for the bar; None where the file is more than its text."""
    return Path(path).stat().st_size if is_file(path) and first.media_type == "text/plain" else None


def _show(
    sections: Sequence[Section],
    total: Figures,
    output: PageOutput,
    fit_tokens: int | None,
    layouts: Mapping[str, int],
) -> None:
    rows = [(section.title, section.figures) for section in sections]
    if len(rows) > 1:
        rows.append(("together", total))
    screen = terminal.console()
    screen.print(terminal.figures_table(rows))
    if output.choices:
        screen.print(ways_table(output.choices))
    screen.print(Text(terminal.describe_counting(total), "dim"))
    if layouts:
        told = ", ".join(
            f"{name} ({terminal.format_count(pages, 'page')})" for name, pages in layouts.items()
        )
        screen.print(Text(f"Layout: {told}.", "dim"))
    if fit_tokens is not None:
        screen.print(Text(f"Fits {fit_tokens:,} tokens in this style: {total.style}.", "dim"))
    written = output.places.to_json()
    counted = terminal.format_count(total.pages, "page")
    for what, place in written.items():
        named = {"out": f"{counted} in", "report": "report:", "sheet": "contact sheet:"}[what]
        screen.print(Text(f"{named} {terminal.escape_line(place)}"), soft_wrap=True)
    if not written:
        screen.print(Text("Nothing was written; see --out, --report and --sheet.", "dim"))


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
