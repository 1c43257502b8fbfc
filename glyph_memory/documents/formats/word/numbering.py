"""The markers of lists and numbered headings: what Word shows before a paragraph, and does not write in its text.

Knows `numbering.xml` and counts; knows nothing about text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from glyph_memory.documents.formats.office.names import is_on, number, value, value_of
from glyph_memory.documents.formats.office.numerals import write_number
from glyph_memory.documents.formats.office.symbols import write_bullet

_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Level:
    """How one level of a numbering is shown."""

    start: int = 1
    """Its first number."""
    form: str = "decimal"
    """How numbers are written."""
    text: str = ""
    """The marker, with `%1` for the number of the first level."""
    font: str = ""
    """Of a bullet."""
    restart: int | None = None
    """After which level it begins again, counted from 1; 0 for never, None for any above."""
    is_legal: bool = False
    """Whether numbers of levels above are digits here, whatever their form there."""
    style: str = ""
    """Paragraphs of this style stand on this level."""


class Numbering:
    """The numberings of a document, counting as its paragraphs come."""

    def __init__(self, root: Element | None) -> None:
        """Read the numberings.

        Args:
            root: Of `numbering.xml`; None where there is none.
        """
        self._abstract = dict[str, dict[int, _Level]]()
        self._abstract_of = dict[str, str]()
        self._own = dict[str, dict[int, _Level]]()
        self._starts = dict[str, dict[int, int]]()
        self._counts = dict[
            str, list[int | None]
        ]()  # what each level has reached; None where it has not begun
        links, styles = dict[str, str](), dict[str, str]()
        for one in root if root is not None else ():
            if one.tag == "w:abstractNum":
                identifier = one.get("w:abstractNumId", "")
                self._abstract[identifier] = _read_levels(one)
                links[identifier] = value_of(one, "w:numStyleLink")
                if name := value_of(one, "w:styleLink"):
                    styles[name] = identifier
            elif one.tag == "w:num":
                self._read_number(one)
        for identifier, name in links.items():
            if name in styles and not self._abstract[identifier]:
                self._abstract[identifier] = self._abstract[styles[name]]

    def _read_number(self, element: Element) -> None:
        identifier = element.get("w:numId", "")
        self._abstract_of[identifier] = value_of(element, "w:abstractNumId")
        overrides = element.findall("w:lvlOverride")
        self._own[identifier] = {
            level: found for one in overrides for level, found in _read_levels(one).items()
        }
        self._starts[identifier] = {
            number(one.get("w:ilvl")): number(start.get("w:val"), 1)
            for one in overrides
            if (start := one.find("w:startOverride")) is not None
        }

    def find_level(self, numbering: str, style: str) -> int | None:
        """Return the level on which paragraphs of a style stand; None where the numbering does not say."""
        levels = self._abstract.get(self._abstract_of.get(numbering, ""), {})
        return next((place for place, level in levels.items() if style and level.style == style), None)

    def count(self, numbering: str, level: int) -> str | None:
        """Return the marker of the next paragraph of a numbering; None where there is no such numbering.

        Args:
            numbering: Its id; `0` takes a paragraph out of any.
            level: Counted from 0.
        """
        abstract = self._abstract_of.get(numbering)
        if abstract is None or numbering == "0":
            return None
        level = min(max(level, 0), _LEVELS - 1)
        levels = {**self._abstract.get(abstract, {}), **self._own[numbering]}
        reached = self._counts.setdefault(abstract, [None] * _LEVELS)
        for place, start in self._starts[numbering].items():
            if 0 <= place < _LEVELS:
                reached[place] = None
                levels[place] = replace(levels.get(place, _Level()), start=start)
        self._own[numbering] = levels
        self._starts[numbering] = {}
        shown = levels.get(level, _Level())
        for above in range(level):
            if reached[above] is None:
                reached[above] = levels.get(above, _Level()).start
        now = reached[level]
        reached[level] = shown.start if now is None else now + 1
        for below in range(level + 1, _LEVELS):
            restart = levels.get(below, _Level()).restart
            if restart is None or level < restart:
                reached[below] = None
        if shown.form == "bullet":
            return write_bullet(shown.text, shown.font) or "•"
        return _PLACE.sub(lambda found: self._write(found, reached, levels, shown), shown.text).strip()

    @staticmethod
    def _write(
        found: re.Match[str], reached: list[int | None], levels: dict[int, _Level], shown: _Level
    ) -> str:
        place = int(found[1]) - 1
        level = levels.get(place, _Level())
        count = reached[place]
        form = "decimal" if shown.is_legal and level.form != "decimalZero" else level.form
        return write_number(level.start if count is None else count, form)


def _read_levels(parent: Element) -> dict[int, _Level]:
    levels = dict[int, _Level]()
    for one in parent.findall("w:lvl"):
        restart = value_of(one, "w:lvlRestart")
        is_picture = one.find("w:lvlPicBulletId") is not None
        levels[number(one.get("w:ilvl"))] = _Level(
            start=number(value_of(one, "w:start"), 1),
            form=value_of(one, "w:numFmt", default="decimal"),
            text="•" if is_picture else value(one.find("w:lvlText")),
            font=value_of(one, "w:rPr/w:rFonts", "w:ascii"),
            restart=number(restart) if restart else None,
            is_legal=bool(is_on(one, "w:isLgl")),
            style=value_of(one, "w:pStyle"),
        )
    return levels
