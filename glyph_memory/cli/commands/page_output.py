"""Take pages as they come: write their pictures, and keep what reports need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from glyph_memory.cli import files, terminal
from glyph_memory.documents import DocumentPage
from glyph_memory.report import ContactSheet, Plate

if TYPE_CHECKING:
    from glyph_memory.evaluate import Checker

_RANGES_SHOWN = 40


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A page that could have been made another way, and what of the original is on it."""

    number: int
    """The page."""
    title: str
    """The document's."""
    way: str
    """How it was made."""
    reason: str
    """Why."""
    tokens: int
    """What it costs."""
    other_tokens: int | None
    """What it would have cost the other way."""
    place: str
    """What stands on it, in the original: `page 3`."""

    def to_json(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {
            "page": self.number,
            "text": self.title,
            "way": self.way,
            "reason": self.reason,
            "tokens": self.tokens,
            "other_tokens": self.other_tokens,
            "source": self.place,
        }


@dataclass(kw_only=True)
class PageOutput:
    """Takes pages."""

    places: Places
    """Where to write what."""
    checker: Checker | None = None
    """Reads pages back, if that was asked for."""
    sheet: ContactSheet = field(default_factory=ContactSheet)
    """The pages, scaled down."""
    choices: list[Choice] = field(default_factory=list)
    """Pages that could have been made another way."""
    last: int = 0
    """Number of the last page."""
    typeset: int = 0
    """How many pages were typeset; others are as another program drew them."""
    _plates: list[Plate] = field(default_factory=list)

    def add(self, drawn: DocumentPage, title: str) -> None:
        """Take a page.

        Raises:
            GlyphMemoryError: It cannot be written.
        """
        page = drawn.page
        self.last = page.number
        self.typeset += page.style is not None
        choice = _find_choice(drawn, title)
        if choice is not None:
            self.choices.append(choice)
        if self.checker:
            self.checker.check_page(page)
        if self.places.sheet:
            self.sheet.add(page)
        if self.places.out or self.places.report:
            plate = Plate.of(page)
            if self.places.out:
                files.write(self.places.out / f"page-{page.number:04d}.png", plate.png)
            if self.places.report:
                self._plates.append(
                    replace(
                        plate,
                        start=drawn.document.offset + plate.start,
                        notes=tuple(_describe(drawn, choice)),
                        links=drawn.links,
                    )
                )

    def pop_plates(self) -> list[Plate]:
        """Return the plates since the last call, and drop them."""
        plates, self._plates = self._plates, []
        return plates


def ways_table(choices: list[Choice]) -> Table:
    """Return a table of pages that could have been made another way, those alike in one row."""
    table = terminal.make_table("page", "way", "tokens", "other way")
    table.columns[1].justify = "left"
    table.add_column("why", overflow="fold")
    ranges = list(_join_alike(choices))
    for alike in ranges[:_RANGES_SHOWN]:
        first, last = alike[0].number, alike[-1].number
        others = [one.other_tokens for one in alike if one.other_tokens is not None]
        table.add_row(
            f"{first:,}" if first == last else f"{first:,}–{last:,}",
            alike[0].way,
            f"{sum(one.tokens for one in alike):,}",
            f"{sum(others):,}" if others else "–",
            Text(terminal.escape_line(alike[0].reason)),
        )
    if len(ranges) > _RANGES_SHOWN:
        table.add_row(Text(f"and {len(ranges) - _RANGES_SHOWN:,} more; see --json", "dim"))
    return table


def _join_alike(choices: list[Choice]) -> Iterator[list[Choice]]:
    alike = list[Choice]()
    for choice in choices:
        before = alike[-1] if alike else choice
        if (before.title, before.way, before.reason) != (choice.title, choice.way, choice.reason):
            yield alike
            alike = []
        alike.append(choice)
    if alike:
        yield alike


def _find_choice(drawn: DocumentPage, title: str) -> Choice | None:
    if not drawn.reason and drawn.other_tokens is None:
        return None
    return Choice(
        number=drawn.page.number,
        title=title,
        way=drawn.way,
        reason=drawn.reason,
        tokens=drawn.tokens,
        other_tokens=drawn.other_tokens,
        place=_name_place(drawn),
    )


def _name_place(drawn: DocumentPage) -> str:
    """Return what of the original stands on a page; lines are told by offsets already."""
    named = (str(replace(place, line=None)) for place in drawn.source_map[:1])
    return next(named, "")


def _describe(drawn: DocumentPage, choice: Choice | None) -> Iterator[str]:
    place = _name_place(drawn)
    if place:
        yield f"from {place}"
    if choice is not None:
        other = f"; {choice.other_tokens:,} the other way" if choice.other_tokens is not None else ""
        why = f", {choice.reason}" if choice.reason else ""
        yield f"{choice.way}{why} ({choice.tokens:,} tokens{other})"
